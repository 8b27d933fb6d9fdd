//! Who calls? The check that comes before anything else is read.
//!
//! The access key id and region of the credential scope are checked (Signature Version 4,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>); the signature itself is not yet: that
//! check belongs into [`Credentials::check`].

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::Service;
use crate::cloud::{Refusal, hex};
use crate::edge;

/// An access key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// `AKIA` and 16 capital letters and digits.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", self.access_key_id)
    }
}

impl Credentials {
    /// A fresh access key.
    ///
    /// # Errors
    /// When the random number generator fails.
    pub fn random() -> std::io::Result<Self> {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let id: [u8; 16] = edge::random()?;
        let id: String = id.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
        let secret: [u8; 20] = edge::random()?;
        Ok(Self { access_key_id: format!("AKIA{id}"), secret_access_key: hex(&secret) })
    }

    /// Whether the secret comes as a bearer token, as the sandbox's own commands send it.
    #[must_use]
    pub fn are_borne_by(&self, headers: &HeaderMap) -> bool {
        let token = authorization(headers).and_then(|value| value.strip_prefix("Bearer "));
        token.is_some_and(|token| {
            aws_lc_rs::constant_time::verify_slices_are_equal(token.as_bytes(), self.secret_access_key.as_bytes())
                .is_ok()
        })
    }

    /// Checks the credential scope of a call.
    pub(super) fn check(&self, service: Service, headers: &HeaderMap, region: &str) -> Result<(), Refusal> {
        let scope = authorization(headers)
            .and_then(|value| value.strip_prefix("AWS4-HMAC-SHA256"))
            .and_then(|rest| rest.split(',').find_map(|part| part.trim().strip_prefix("Credential=")));
        let Some(scope) = scope else { return Err(missing(service)) };
        let mut parts = scope.split('/');
        let (id, _date) = (parts.next(), parts.next());
        if id != Some(&self.access_key_id) {
            return Err(unknown(service));
        }
        if parts.next() != Some(region) {
            return Err(wrong_region(service, region));
        }
        Ok(())
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()
}

fn missing(service: Service) -> Refusal {
    let code = match service {
        Service::Acm => "MissingAuthenticationTokenException",
        Service::Ec2 => "MissingAuthenticationToken",
    };
    Refusal::new(code, "Request is missing Authentication Token")
}

fn unknown(service: Service) -> Refusal {
    match service {
        Service::Acm => {
            Refusal::new("UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        Service::Ec2 => Refusal::new("AuthFailure", "AWS was not able to validate the provided access credentials"),
    }
}

fn wrong_region(service: Service, region: &str) -> Refusal {
    let code = match service {
        Service::Acm => "InvalidSignatureException",
        Service::Ec2 => "SignatureDoesNotMatch",
    };
    Refusal::new(code, format!("Credential should be scoped to a valid region, '{region}'"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::AUTHORIZATION;

    use super::*;

    fn check(service: Service, authorization: Option<&'static str>) -> Option<&'static str> {
        let credentials =
            Credentials { access_key_id: "AKIAEXAMPLE".to_owned(), secret_access_key: "secret".to_owned() };
        let mut headers = HeaderMap::new();
        headers.extend(authorization.map(|value| (AUTHORIZATION, HeaderValue::from_static(value))));
        credentials.check(service, &headers, "eu-central-1").err().map(|refusal| refusal.code)
    }

    #[test]
    fn the_scope_names_key_and_region() {
        let good = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261123/eu-central-1/ec2/aws4_request, SignedHeaders=host, Signature=00";
        assert_eq!(check(Service::Ec2, Some(good)), None);
        assert_eq!(check(Service::Acm, Some(good)), None);

        let other_key = "AWS4-HMAC-SHA256 Credential=AKIAOTHER/20261123/eu-central-1/ec2/aws4_request";
        assert_eq!(check(Service::Ec2, Some(other_key)), Some("AuthFailure"));
        assert_eq!(check(Service::Acm, Some(other_key)), Some("UnrecognizedClientException"));

        let other_region = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261123/us-east-1/acm/aws4_request";
        assert_eq!(check(Service::Acm, Some(other_region)), Some("InvalidSignatureException"));

        assert_eq!(check(Service::Ec2, None), Some("MissingAuthenticationToken"));
        assert_eq!(check(Service::Acm, Some("Bearer secret")), Some("MissingAuthenticationTokenException"));
    }
}
