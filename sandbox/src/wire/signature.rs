//! Signature Version 4, as far as the sandbox needs it: `POST /` without a query.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>. The crates that sign
//! for AWS cannot verify; what is left to do here is to build the same text and to compare.

use std::collections::BTreeSet;

use aws_lc_rs::{digest, hmac};
use axum::http::HeaderMap;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use crate::cloud::hex;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far the caller's clock may be off.
const MAX_SKEW: Duration = Duration::minutes(5);

/// The `Authorization` header of a signed call, and the `X-Amz-Date` that goes with it.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// Of the scope: eight digits.
    day: &'a str,
    date: &'a str,
    headers: BTreeSet<&'a str>,
    signature: &'a str,
}

/// Why a signature does not count.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// There is none.
    Missing,
    /// It lacks a part, or is of another kind.
    Incomplete,
    /// It was made too long ago, or in the future. With the sentence of the services that tell.
    OutOfTime(String),
    /// It was made with another secret, or for another call.
    Mismatch,
}

impl<'a> Signed<'a> {
    pub(super) fn read(headers: &'a HeaderMap) -> Result<Self, Flaw> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let authorization = header("authorization").ok_or(Flaw::Missing)?;
        let parts = authorization.strip_prefix(ALGORITHM).ok_or(Flaw::Missing)?;
        let part = |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let scope: Vec<_> = part("Credential").ok_or(Flaw::Incomplete)?.split('/').collect();
        let [access_key_id, day, region, service, "aws4_request"] = scope[..] else { return Err(Flaw::Incomplete) };
        let signed = Self {
            access_key_id,
            region,
            service,
            day,
            date: header("x-amz-date").ok_or(Flaw::Incomplete)?,
            headers: part("SignedHeaders").ok_or(Flaw::Incomplete)?.split(';').collect(),
            signature: part("Signature").ok_or(Flaw::Incomplete)?,
        };
        // Whatever steers the service must be signed.
        let steers = |name: &&str| *name == "host" || name.starts_with("x-amz-");
        let all = headers.keys().map(|name| name.as_str()).filter(steers).all(|name| signed.headers.contains(name));
        if all && signed.date.starts_with(day) { Ok(signed) } else { Err(Flaw::Incomplete) }
    }

    /// Whether this secret made the signature, for this call, about now.
    pub(super) fn check(
        &self,
        secret: &str,
        headers: &HeaderMap,
        body: &[u8],
        now: OffsetDateTime,
    ) -> Result<(), Flaw> {
        let expected = self.expected(secret, headers, body).ok_or(Flaw::Incomplete)?;
        let same = aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), self.signature.as_bytes());
        same.map_err(|_| Flaw::Mismatch)?;
        self.check_time(now)
    }

    fn check_time(&self, now: OffsetDateTime) -> Result<(), Flaw> {
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let signed = PrimitiveDateTime::parse(self.date, format).map_err(|_| Flaw::Incomplete)?.assume_utc();
        let text = |time: OffsetDateTime| time.format(format).unwrap_or_default();
        let (earliest, latest) = (now - MAX_SKEW, now + MAX_SKEW);
        if signed < earliest {
            return Err(Flaw::OutOfTime(format!(
                "Signature expired: {} is now earlier than {} ({} - 5 min.)",
                self.date,
                text(earliest),
                text(now)
            )));
        }
        if signed > latest {
            return Err(Flaw::OutOfTime(format!(
                "Signature not yet current: {} is still later than {} ({} + 5 min.)",
                self.date,
                text(latest),
                text(now)
            )));
        }
        Ok(())
    }

    /// `None` when a header that is said to be signed is not there.
    fn expected(&self, secret: &str, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let Self { day, region, service, date, .. } = self;
        let mut request = String::from("POST\n/\n\n");
        for name in &self.headers {
            let values: Option<Vec<_>> = headers.get_all(*name).iter().map(|value| value.to_str().ok()).collect();
            let values = values.filter(|values| !values.is_empty())?;
            let values: Vec<_> =
                values.iter().map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            request += &format!("{name}:{}\n", values.join(","));
        }
        let names: Vec<_> = self.headers.iter().copied().collect();
        request += &format!("\n{}\n{}", names.join(";"), sha256(body));

        let to_sign =
            format!("{ALGORITHM}\n{date}\n{day}/{region}/{service}/aws4_request\n{}", sha256(request.as_bytes()));
        let key = [*day, *region, *service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| sign(&key, part));
        Some(hex(&sign(&key, &to_sign)))
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use time::macros::datetime;

    use super::*;

    /// `post-x-www-form-urlencoded` of AWS's published test suite for signers.
    const VECTOR: [(&str, &str); 4] = [
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        ("content-type", "application/x-www-form-urlencoded"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ];
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const THEN: OffsetDateTime = datetime!(2015-08-30 12:36 UTC);

    fn check(change: impl FnOnce(&mut HeaderMap), secret: &str, body: &str, now: OffsetDateTime) -> Result<(), Flaw> {
        let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let mut headers: HeaderMap = VECTOR.map(header).into_iter().collect();
        change(&mut headers);
        Signed::read(&headers)?.check(secret, &headers, body.as_bytes(), now)
    }

    #[test]
    fn the_published_example_is_right_and_nothing_of_it_may_change() {
        let same = |_: &mut HeaderMap| {};
        assert_eq!(check(same, SECRET, "Param1=value1", THEN), Ok(()));
        assert_eq!(check(same, SECRET, "Param1=value2", THEN), Err(Flaw::Mismatch));
        assert_eq!(check(same, "another", "Param1=value1", THEN), Err(Flaw::Mismatch));
        let other_host =
            |headers: &mut HeaderMap| drop(headers.insert("host", HeaderValue::from_static("example.com")));
        assert_eq!(check(other_host, SECRET, "Param1=value1", THEN), Err(Flaw::Mismatch));
    }

    #[test]
    fn what_steers_the_service_must_be_signed() {
        let target = HeaderValue::from_static("CertificateManager.DeleteCertificate");
        let added = |headers: &mut HeaderMap| drop(headers.insert("x-amz-target", target));
        assert_eq!(check(added, SECRET, "Param1=value1", THEN), Err(Flaw::Incomplete));
        let unsigned = |headers: &mut HeaderMap| drop(headers.remove("authorization"));
        assert_eq!(check(unsigned, SECRET, "Param1=value1", THEN), Err(Flaw::Missing));
        let undated = |headers: &mut HeaderMap| drop(headers.remove("x-amz-date"));
        assert_eq!(check(undated, SECRET, "Param1=value1", THEN), Err(Flaw::Incomplete));
    }

    #[test]
    fn a_signature_counts_for_five_minutes_either_way() {
        let at = |now| check(|_| {}, SECRET, "Param1=value1", now);
        assert_eq!(at(THEN + MAX_SKEW), Ok(()));
        assert_eq!(at(THEN - MAX_SKEW), Ok(()));
        assert_eq!(
            at(THEN + MAX_SKEW + Duration::SECOND),
            Err(Flaw::OutOfTime(
                "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
                    .to_owned()
            ))
        );
        assert!(matches!(at(THEN - MAX_SKEW - Duration::SECOND), Err(Flaw::OutOfTime(_))));
    }
}
