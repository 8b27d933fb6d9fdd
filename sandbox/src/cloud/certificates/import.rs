//! `ImportCertificate`: what ACM checks before it takes a certificate.
//!
//! <https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html> and
//! <https://docs.aws.amazon.com/acm/latest/userguide/import-reimport.html>. That content is refused with
//! `ValidationException` is known; most texts are worded here: UNCONFIRMED.

use super::super::x509::{self, KeyProblem, PrivateKey, X509};
use super::{Certificate, check_tags, not_found};
use crate::cloud::{CertificateArn, Cloud, Moment, Refusal, Tags};

/// What came with the call: PEM, as text.
#[derive(Debug, Default)]
pub struct ImportCertificate {
    /// The certificate to put this one in the place of.
    pub arn: Option<String>,
    /// One certificate.
    pub certificate: String,
    /// Its key.
    pub private_key: String,
    /// The certificates above it.
    pub chain: Option<String>,
    /// Only with a first import.
    pub tags: Tags,
}

/// Limits in bytes. The model of 2026-11 has 8192 for the key, the documentation still says 5 KB.
const MAX_CERTIFICATE: usize = 32_768;
const MAX_PRIVATE_KEY: usize = 8_192;
const MAX_CHAIN: usize = 2_097_152;

impl Cloud {
    /// Imports a certificate, or puts another one in the place of one that is there.
    ///
    /// # Errors
    /// `ValidationException` for what is wrong with the content, `ResourceNotFoundException`, `InvalidArnException`,
    /// `InvalidTagException`, `TooManyTagsException`, `LimitExceededException`.
    pub fn import_certificate(
        &mut self,
        request: ImportCertificate,
        moment: &Moment,
    ) -> Result<CertificateArn, Refusal> {
        let ImportCertificate { arn, certificate, private_key, chain, tags } = request;
        check_size("certificate", &certificate, MAX_CERTIFICATE)?;
        check_size("privateKey", &private_key, MAX_PRIVATE_KEY)?;
        check_size("certificateChain", chain.as_deref().unwrap_or_default(), MAX_CHAIN)?;

        let leaf = read_leaf(&certificate)?;
        check_dates(&leaf, moment)?;
        let private_key = PrivateKey::of(&leaf, &private_key).map_err(key_refusal)?;
        let chain = chain.map_or_else(|| Ok(Vec::new()), |pem| read_chain(&leaf, &pem))?;
        let imported = moment.now;

        let Some(arn) = arn else {
            check_tags(&tags)?;
            let most = self.limits.certificates;
            if self.certificates.len() >= most {
                let message = format!("The maximum number of certificates ({most}) has been reached.");
                return Err(Refusal::new("LimitExceededException", message));
            }
            let arn = CertificateArn::from(self.certificate_arn_prefix() + &moment.uuid());
            let certificate = Certificate { arn: arn.clone(), leaf, chain, private_key, tags, imported };
            self.certificates.insert(arn.clone(), certificate);
            return Ok(arn);
        };

        self.check_certificate_arn(&arn)?;
        if !tags.is_empty() {
            // The code is not published: UNCONFIRMED.
            return Err(invalid("You cannot apply tags when reimporting a certificate."));
        }
        let arn = CertificateArn::from(arn);
        let old = self.certificates.get_mut(&arn).ok_or_else(|| not_found(arn.as_str()))?;
        check_replacement(&old.leaf, &leaf)?;
        *old =
            Certificate { arn: arn.clone(), leaf, chain, private_key, tags: std::mem::take(&mut old.tags), imported };
        Ok(arn)
    }
}

fn check_size(member: &str, value: &str, most: usize) -> Result<(), Refusal> {
    if value.len() <= most {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
         Member must have length less than or equal to {most}"
    )))
}

fn read_leaf(pem: &str) -> Result<X509, Refusal> {
    let found = x509::blocks(pem, "CERTIFICATE")
        .ok_or_else(|| invalid("The certificate field contains a certificate that is not valid PEM."))?;
    let [der] = found.as_slice() else {
        return Err(invalid(
            "The certificate field contains more than one certificate. \
             You can specify only one certificate in this field.",
        ));
    };
    X509::read(der).ok_or_else(|| {
        invalid(
            "The certificate is not an X.509 version 3 certificate with a supported key \
             (RSA 1024, 2048, 3072, 4096; EC P-256, P-384, P-521).",
        )
    })
}

fn check_dates(leaf: &X509, moment: &Moment) -> Result<(), Refusal> {
    if moment.now < leaf.not_before {
        return Err(invalid("The certificate is not valid yet: its NotBefore lies in the future."));
    }
    if moment.now > leaf.not_after {
        return Err(invalid("The certificate has expired: its NotAfter lies in the past."));
    }
    Ok(())
}

fn key_refusal(problem: KeyProblem) -> Refusal {
    invalid(match problem {
        KeyProblem::Encrypted => "The private key is encrypted. It must not need a passphrase.",
        KeyProblem::Unreadable => "The private key is not a supported private key in PEM.",
        KeyProblem::OfAnother => "The private key does not match the certificate.",
    })
}

/// Each certificate of the chain must directly certify the one before it; the leaf is not part of it.
fn read_chain(leaf: &X509, pem: &str) -> Result<Vec<X509>, Refusal> {
    let chain: Vec<X509> = x509::blocks(pem, "CERTIFICATE")
        .and_then(|found| found.iter().map(|der| X509::read(der)).collect())
        .ok_or_else(|| invalid("The certificate chain contains something that is not a certificate in PEM."))?;
    let mut subject = leaf;
    for issuer in &chain {
        if !subject.is_issued_by(issuer) {
            return Err(invalid("Could not validate the certificate with the certificate chain."));
        }
        subject = issuer;
    }
    Ok(chain)
}

/// What may change under one ARN.
fn check_replacement(old: &X509, new: &X509) -> Result<(), Refusal> {
    if old.key_algorithm != new.key_algorithm {
        return Err(invalid("A reimported certificate must have a key of the same type and size."));
    }
    let kept_a_domain = old.names().any(|name| new.names().any(|other| other == name));
    if !kept_a_domain && old.names().next().is_some() {
        return Err(invalid("A reimported certificate must keep at least one of its domain names."));
    }
    let lost_usage = old.key_usages.iter().any(|usage| !new.key_usages.contains(usage))
        // Client authentication is the one extended usage that may be taken away.
        || old.extended_key_usages.iter().any(|usage| {
            usage.name != "TLS_WEB_CLIENT_AUTHENTICATION" && !new.extended_key_usages.contains(usage)
        });
    let new_extension = (old.key_usages.is_empty() && !new.key_usages.is_empty())
        || (old.extended_key_usages.is_empty() && !new.extended_key_usages.is_empty());
    if lost_usage || new_extension {
        return Err(invalid("A reimported certificate must keep its key usages and extended key usages."));
    }
    Ok(())
}

impl X509 {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.common_name.as_deref().into_iter().chain(self.dns_names.iter().map(String::as_str))
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::cloud::fixture::pki::{Authority, Identity, NOW, Wish, another_key};
    use crate::cloud::fixture::{at, empty_cloud};

    fn request(identity: Identity) -> ImportCertificate {
        ImportCertificate {
            certificate: identity.certificate,
            private_key: identity.private_key,
            chain: Some(Authority::new().certificate),
            ..ImportCertificate::default()
        }
    }

    fn server() -> ImportCertificate {
        request(Authority::new().issue(Wish::server()))
    }

    /// Imports what `change` makes of a good request, and compares the refusal.
    fn check_refused(change: impl FnOnce(&mut ImportCertificate), expected: &str) {
        let mut request = server();
        change(&mut request);
        let refusal = empty_cloud().import_certificate(request, &at(0, 1)).unwrap_err();
        assert_eq!(refusal.to_string(), expected);
    }

    #[test]
    fn a_certificate_is_imported_with_what_it_says() {
        let mut cloud = empty_cloud();
        let arn = cloud.import_certificate(server(), &at(0, 1)).unwrap();
        let certificate = cloud.certificate(arn.as_str()).unwrap();
        assert_eq!(certificate.leaf.domain_name(), Some("vpn.example.com"));
        assert_eq!(certificate.leaf.key_algorithm.as_str(), "RSA_2048");
        assert_eq!(certificate.leaf.key_usages, ["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"]);
        assert_eq!(certificate.leaf.extended_key_usages[0].name, "TLS_WEB_SERVER_AUTHENTICATION");
        assert_eq!(certificate.leaf.serial, "02");
        assert_eq!(certificate.chain.len(), 1);
        assert!(!format!("{certificate:?}").contains("PRIVATE KEY"));
    }

    #[test]
    fn a_key_on_a_curve_is_imported_too() {
        let identity = Authority::new().issue_with_ec_key(Wish::server());
        let mut cloud = empty_cloud();
        let arn = cloud.import_certificate(request(identity), &at(0, 1)).unwrap();
        assert_eq!(cloud.certificate(arn.as_str()).unwrap().leaf.key_algorithm.as_str(), "EC_prime256v1");
    }

    #[test]
    fn text_around_the_certificate_is_skipped() {
        let mut request = server();
        request.certificate = format!("Certificate:\n    Data:\n{}", request.certificate);
        assert!(empty_cloud().import_certificate(request, &at(0, 1)).is_ok());
    }

    #[test]
    fn the_key_must_be_the_certificate_s_and_readable() {
        check_refused(
            |request| request.private_key = another_key(),
            "ValidationException: The private key does not match the certificate.",
        );
        check_refused(
            |request| request.private_key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n".to_owned(),
            "ValidationException: The private key is encrypted. It must not need a passphrase.",
        );
        check_refused(
            |request| request.private_key = request.certificate.clone(),
            "ValidationException: The private key is not a supported private key in PEM.",
        );
    }

    #[test]
    fn the_chain_must_certify_the_certificate() {
        check_refused(
            |request| request.chain = Some(Authority::namesake().certificate),
            "ValidationException: Could not validate the certificate with the certificate chain.",
        );
        check_refused(
            |request| request.chain = Some(format!("{}{}", request.certificate, Authority::new().certificate)),
            "ValidationException: Could not validate the certificate with the certificate chain.",
        );
    }

    #[test]
    fn the_certificate_must_be_one_in_pem_and_in_date() {
        check_refused(
            |request| request.certificate = "hello".to_owned(),
            "ValidationException: The certificate field contains a certificate that is not valid PEM.",
        );
        check_refused(
            |request| request.certificate += &Authority::new().certificate,
            "ValidationException: The certificate field contains more than one certificate. \
             You can specify only one certificate in this field.",
        );
        let until = |not_after| Authority::new().issue(Wish { not_after, ..Wish::server() }).certificate;
        check_refused(
            |request| request.certificate = until(NOW - Duration::SECOND),
            "ValidationException: The certificate has expired: its NotAfter lies in the past.",
        );
        let from = |not_before| Authority::new().issue(Wish { not_before, ..Wish::server() }).certificate;
        check_refused(
            |request| request.certificate = from(NOW + Duration::SECOND),
            "ValidationException: The certificate is not valid yet: its NotBefore lies in the future.",
        );
    }

    #[test]
    fn a_replacement_keeps_arn_and_tags_and_at_least_one_domain() {
        let mut cloud = empty_cloud();
        let tags = Tags::from([("a".to_owned(), "b".to_owned())]);
        let first = ImportCertificate { tags: tags.clone(), ..server() };
        let arn = cloud.import_certificate(first, &at(0, 1)).unwrap();
        let again = |request| ImportCertificate { arn: Some(arn.to_string()), ..request };

        let renewed = Authority::new().issue(Wish { serial: 9, ..Wish::server() });
        assert_eq!(cloud.import_certificate(again(request(renewed)), &at(1, 2)), Ok(arn.clone()));
        assert_eq!(cloud.certificate(arn.as_str()).unwrap().tags, tags);

        let tagged = ImportCertificate { tags, ..again(server()) };
        let refusal = cloud.import_certificate(tagged, &at(1, 2)).unwrap_err();
        assert_eq!(refusal.message, "You cannot apply tags when reimporting a certificate.");

        let mut wish = Wish::server();
        (wish.common_name, wish.dns_name) = ("other.example.com", None);
        let other = again(request(Authority::new().issue(wish)));
        let refusal = cloud.import_certificate(other, &at(1, 2)).unwrap_err();
        assert_eq!(refusal.message, "A reimported certificate must keep at least one of its domain names.");

        let unknown = ImportCertificate { arn: Some(format!("{arn}0")), ..server() };
        assert_eq!(cloud.import_certificate(unknown, &at(1, 2)).unwrap_err().code, "ResourceNotFoundException");
    }

    #[test]
    fn the_quota_of_certificates_does_not_count_replacements() {
        let mut cloud = empty_cloud();
        cloud.limits.certificates = 1;
        let arn = cloud.import_certificate(server(), &at(0, 1)).unwrap();
        assert_eq!(cloud.import_certificate(server(), &at(0, 2)).unwrap_err().code, "LimitExceededException");
        let again = ImportCertificate { arn: Some(arn.to_string()), ..server() };
        assert_eq!(cloud.import_certificate(again, &at(0, 3)), Ok(arn));
    }

    #[test]
    fn a_replacement_keeps_kind_of_key_and_usages() {
        let authority = Authority::new();
        let mut cloud = empty_cloud();
        let arn = cloud.import_certificate(server(), &at(0, 1)).unwrap().to_string();
        let mut message = |identity| {
            let again = ImportCertificate { arn: Some(arn.clone()), ..request(identity) };
            cloud.import_certificate(again, &at(1, 2)).unwrap_err().message
        };
        let other_key = message(authority.issue_with_ec_key(Wish::server()));
        assert_eq!(other_key, "A reimported certificate must have a key of the same type and size.");
        let for_clients = Wish { dns_name: Some("vpn.example.com"), ..Wish::client("vpn.example.com", 4) };
        assert_eq!(
            message(authority.issue(for_clients)),
            "A reimported certificate must keep its key usages and extended key usages."
        );
    }
}
