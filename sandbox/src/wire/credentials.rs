//! Who calls? The check that comes before anything else is read.
//!
//! Each service refuses in its own words. Which ones ACM has is known from other services of its protocol; the words for
//! a wrong region or service are UNCONFIRMED.

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Service;
use super::signature::{Flaw, Signed};
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

    /// Checks who signed a call, and that it is the call that was signed.
    ///
    /// `now` is the time outside: a sandbox whose clock was put ahead has callers whose clock was not.
    pub(super) fn check(
        &self,
        service: Service,
        headers: &HeaderMap,
        body: &[u8],
        region: &str,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        let refused = |flaw| refusal(service, flaw);
        let signed = Signed::read(headers).map_err(refused)?;
        if signed.access_key_id != self.access_key_id {
            return Err(unknown(service));
        }
        if signed.region != region {
            return Err(out_of_scope(service, &format!("a valid region, '{region}'")));
        }
        if signed.service != service.name() {
            return Err(out_of_scope(service, &format!("the correct service, '{}'", service.name())));
        }
        signed.check(&self.secret_access_key, headers, body, now).map_err(refused)
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()
}

fn refusal(service: Service, flaw: Flaw) -> Refusal {
    const WRONG: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                         Secret Access Key and signing method. Consult the service documentation for details.";
    let (code, message) = match (flaw, service) {
        (Flaw::Missing, Service::Acm) => ("MissingAuthenticationTokenException", "Missing Authentication Token"),
        (Flaw::Missing, Service::Ec2 | Service::Sts) => {
            ("MissingAuthenticationToken", "Request is missing Authentication Token")
        }
        (Flaw::Incomplete, Service::Acm) => ("IncompleteSignatureException", INCOMPLETE),
        (Flaw::Incomplete, Service::Ec2 | Service::Sts) => ("IncompleteSignature", INCOMPLETE),
        (Flaw::OutOfTime(message), Service::Acm) => return Refusal::new("InvalidSignatureException", message),
        (Flaw::OutOfTime(_), Service::Ec2) => ("RequestExpired", "Request has expired."),
        (Flaw::OutOfTime(message), Service::Sts) => return Refusal::new("SignatureDoesNotMatch", message),
        (Flaw::Mismatch, Service::Acm) => ("InvalidSignatureException", WRONG),
        (Flaw::Mismatch, Service::Ec2) => return unknown(service),
        (Flaw::Mismatch, Service::Sts) => ("SignatureDoesNotMatch", WRONG),
    };
    Refusal::new(code, message)
}

const INCOMPLETE: &str = "The request signature does not conform to AWS standards: it lacks a part, or does not cover a \
                          header that it must cover.";

fn unknown(service: Service) -> Refusal {
    const INVALID: &str = "The security token included in the request is invalid.";
    match service {
        Service::Acm => Refusal::new("UnrecognizedClientException", INVALID),
        Service::Ec2 => Refusal::new("AuthFailure", "AWS was not able to validate the provided access credentials"),
        Service::Sts => Refusal::new("InvalidClientTokenId", INVALID),
    }
}

fn out_of_scope(service: Service, expected: &str) -> Refusal {
    let code = match service {
        Service::Acm => "InvalidSignatureException",
        Service::Ec2 => "AuthFailure",
        Service::Sts => "SignatureDoesNotMatch",
    };
    Refusal::new(code, format!("Credential should be scoped to {expected}"))
}

#[cfg(test)]
mod tests {
    use axum::http::header::AUTHORIZATION;
    use axum::http::{HeaderName, HeaderValue};
    use time::macros::datetime;

    use super::*;

    /// Checks a call whose credential has that scope and whose signature is wrong.
    fn check(service: Service, authorization: Option<&str>) -> &'static str {
        let credentials =
            Credentials { access_key_id: "AKIAEXAMPLE".to_owned(), secret_access_key: "secret".to_owned() };
        let date = (HeaderName::from_static("x-amz-date"), HeaderValue::from_static("20261123T120000Z"));
        let mut headers: HeaderMap = [date].into_iter().collect();
        headers.extend(authorization.map(|scope| {
            let value = match scope.strip_prefix("Bearer") {
                Some(_) => scope.to_owned(),
                None => {
                    format!("AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=x-amz-date, Signature=0")
                }
            };
            (AUTHORIZATION, HeaderValue::from_str(&value).unwrap())
        }));
        let now = datetime!(2026-11-23 12:00 UTC);
        credentials.check(service, &headers, b"", "eu-central-1", now).unwrap_err().code
    }

    #[test]
    fn each_service_refuses_in_its_own_words() {
        use Service::{Acm, Ec2, Sts};
        let wrong_secret =
            |service: Service| check(service, Some(&format!("AKIAEXAMPLE/20261123/eu-central-1/{}", service.name())));
        assert_eq!(
            [Acm, Ec2, Sts].map(wrong_secret),
            ["InvalidSignatureException", "AuthFailure", "SignatureDoesNotMatch"]
        );
        let other_key = |service| check(service, Some("AKIAOTHER/20261123/eu-central-1/ec2"));
        assert_eq!(
            [Acm, Ec2, Sts].map(other_key),
            ["UnrecognizedClientException", "AuthFailure", "InvalidClientTokenId"]
        );
        let other_region = |service| check(service, Some("AKIAEXAMPLE/20261123/us-east-1/ec2"));
        assert_eq!(
            [Acm, Ec2, Sts].map(other_region),
            ["InvalidSignatureException", "AuthFailure", "SignatureDoesNotMatch"]
        );
        let other_service = |service| check(service, Some("AKIAEXAMPLE/20261123/eu-central-1/s3"));
        assert_eq!(
            [Acm, Ec2, Sts].map(other_service),
            ["InvalidSignatureException", "AuthFailure", "SignatureDoesNotMatch"]
        );
        let unsigned = |service| check(service, None);
        let missing =
            ["MissingAuthenticationTokenException", "MissingAuthenticationToken", "MissingAuthenticationToken"];
        assert_eq!([Acm, Ec2, Sts].map(unsigned), missing);
        assert_eq!([Acm, Ec2, Sts].map(|service| check(service, Some("Bearer secret"))), missing);
    }
}
