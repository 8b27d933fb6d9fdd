//! How clients show who they are: with a certificate, and with what a directory or an identity provider asks for as well.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/client-authentication.html>. The sandbox has neither directory
//! nor identity provider: whether one of that name exists is not checked. A user-based kind without certificates is
//! refused. Texts of messages are worded here: UNCONFIRMED.

use super::Refusal;

/// One of the ways for clients to show who they are, as it came.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct AuthenticationOption {
    pub kind: Option<String>,
    pub client_root: Option<String>,
    pub directory: Option<String>,
    pub saml_provider: Option<String>,
    pub self_service_saml_provider: Option<String>,
}

/// What clients show beside their certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactor {
    /// Name and password, which a directory knows.
    Directory {
        /// `d-` and 10 hexadecimal digits.
        id: String,
    },
    /// An assertion of an identity provider.
    Federated {
        /// The provider's ARN in IAM.
        saml_provider: String,
        /// That for the self-service portal.
        self_service_saml_provider: Option<String>,
    },
}

/// The ARN of the client root certificate, and the second factor.
pub(super) fn check(options: Vec<AuthenticationOption>) -> Result<(String, Option<SecondFactor>), Refusal> {
    if options.is_empty() {
        return Err(Refusal::missing("Authentication"));
    }
    let (mut client_root, mut second_factor) = (None, None);
    for (place, option) in options.into_iter().enumerate() {
        let missing = |member: &str| Refusal::missing(&format!("Authentication.{}.{member}", place + 1));
        let is_second = match option.kind.as_deref() {
            None => return Err(missing("Type")),
            Some("certificate-authentication") => {
                let arn =
                    option.client_root.ok_or_else(|| missing("MutualAuthentication.ClientRootCertificateChainArn"))?;
                client_root.replace(arn).is_some()
            }
            Some("directory-service-authentication") => {
                let id = option.directory.ok_or_else(|| missing("ActiveDirectory.DirectoryId"))?;
                second_factor.replace(directory(id)?).is_some()
            }
            Some("federated-authentication") => {
                let arn = option.saml_provider.ok_or_else(|| missing("FederatedAuthentication.SAMLProviderArn"))?;
                second_factor.replace(federated(arn, option.self_service_saml_provider)?).is_some()
            }
            Some(other) => {
                return Err(Refusal::invalid_value(format!("Value ({other}) for parameter Type is invalid")));
            }
        };
        if is_second {
            return Err(Refusal::invalid_value(
                "Authentication takes certificate-authentication once and one user-based type at most",
            ));
        }
    }
    let client_root = client_root.ok_or_else(|| {
        Refusal::new(
            "UnsupportedOperation",
            "The sandbox does not support user-based authentication without certificates",
        )
    })?;
    Ok((client_root, second_factor))
}

fn directory(id: String) -> Result<SecondFactor, Refusal> {
    let digits = id.strip_prefix("d-").unwrap_or_default();
    if digits.len() == 10 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(SecondFactor::Directory { id });
    }
    Err(Refusal::invalid_value(format!("'{id}' is not the id of a directory")))
}

fn federated(saml_provider: String, self_service: Option<String>) -> Result<SecondFactor, Refusal> {
    for arn in std::iter::once(&saml_provider).chain(&self_service) {
        let known = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":saml-provider/"));
        if !known.is_some_and(|(account, name)| account.len() == 12 && !name.is_empty()) {
            return Err(Refusal::invalid_value(format!("'{arn}' is not the ARN of a SAML provider")));
        }
    }
    Ok(SecondFactor::Federated { saml_provider, self_service_saml_provider: self_service })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAML: &str = "arn:aws:iam::123456789012:saml-provider/office";

    fn option(kind: &str, value: &str) -> AuthenticationOption {
        let mut option = AuthenticationOption { kind: Some(kind.to_owned()), ..AuthenticationOption::default() };
        let member = match kind {
            "certificate-authentication" => &mut option.client_root,
            "directory-service-authentication" => &mut option.directory,
            _ => &mut option.saml_provider,
        };
        *member = Some(value.to_owned()).filter(|value| !value.is_empty());
        option
    }

    #[test]
    fn a_certificate_goes_with_one_user_based_kind_in_any_order() {
        let directory = || option("directory-service-authentication", "d-0123456789");
        let certificate = || option("certificate-authentication", "arn");
        let known = SecondFactor::Directory { id: "d-0123456789".to_owned() };
        assert_eq!(check(vec![certificate()]), Ok(("arn".to_owned(), None)));
        assert_eq!(check(vec![certificate(), directory()]), Ok(("arn".to_owned(), Some(known.clone()))));
        assert_eq!(check(vec![directory(), certificate()]), Ok(("arn".to_owned(), Some(known))));
        let saml = SecondFactor::Federated { saml_provider: SAML.to_owned(), self_service_saml_provider: None };
        let federated = option("federated-authentication", SAML);
        assert_eq!(check(vec![certificate(), federated]), Ok(("arn".to_owned(), Some(saml))));
    }

    #[test]
    fn what_does_not_go_together_or_is_incomplete_is_refused() {
        let refused = |options: &[(&str, &str)], code: &str, text: &str| {
            let refusal = check(options.iter().map(|(kind, value)| option(kind, value)).collect()).unwrap_err();
            assert!(refusal.code == code && refusal.message.contains(text), "{refusal}");
        };
        let (certificate, directory) = ("certificate-authentication", "directory-service-authentication");
        let federated = "federated-authentication";
        refused(&[], "MissingParameter", "Authentication");
        refused(&[(certificate, "a"), (certificate, "b")], "InvalidParameterValue", "once");
        let three = [(certificate, "a"), (directory, "d-0123456789"), (federated, SAML)];
        refused(&three, "InvalidParameterValue", "one user-based type at most");
        refused(&[(directory, "d-0123456789")], "UnsupportedOperation", "without certificates");
        refused(
            &[(certificate, "a"), (directory, "")],
            "MissingParameter",
            "Authentication.2.ActiveDirectory.DirectoryId",
        );
        refused(&[(certificate, "a"), (federated, "")], "MissingParameter", "SAMLProviderArn");
        refused(&[(certificate, "")], "MissingParameter", "Authentication.1.MutualAuthentication");
        refused(&[(certificate, "a"), (directory, "office")], "InvalidParameterValue", "'office'");
        refused(&[(certificate, "a"), (federated, "arn:aws:iam::1:role/x")], "InvalidParameterValue", "SAML provider");
        refused(&[("password", "a")], "InvalidParameterValue", "password");
    }
}
