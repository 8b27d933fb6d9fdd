//! The record of an issued certificate. Its JSON is a stable form of its own: an old ledger must stay readable.

use profile::certificate::Certificate;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::pki::serial::Serial;

/// Whom a certificate is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The endpoint.
    Server,
    /// Nobody: it stands for the CA in ACM.
    Anchor,
    /// A user.
    User,
    /// Nobody: with it was tried whether the endpoint lets people in. Its key was never written anywhere.
    Probe,
}

/// Who did something and when. The nonce makes two records of the same deed different.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// The admin, as the machine knows them.
    pub who: String,
    /// When.
    pub when: OffsetDateTime,
    /// 128 random bits.
    pub nonce: Serial,
}

/// An issued certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issued {
    /// Its serial number.
    pub serial: Serial,
    /// Whom it is for.
    pub role: Role,
    /// The subject's common name.
    pub subject: String,
    /// SHA-256 of the key's SPKI, 64 hexadecimal digits.
    pub key_sha256: String,
    /// SHA-256 of the request's DER where there was one.
    pub request_sha256: Option<String>,
    /// The first second of its validity.
    pub not_before: OffsetDateTime,
    /// The last second of its validity.
    pub not_after: OffsetDateTime,
    /// The certificate, PEM.
    pub certificate: String,
    /// Who issued it and when.
    pub provenance: Provenance,
}

impl Issued {
    /// The record of `certificate`; `None` where that is not one that Latchkey issues.
    pub fn of(
        certificate: &Certificate,
        role: Role,
        request_sha256: Option<String>,
        provenance: Provenance,
    ) -> Option<Self> {
        let time = |seconds| OffsetDateTime::from_unix_timestamp(seconds).ok();
        Some(Self {
            serial: Serial::from_hex(&certificate.serial_hex())?,
            role,
            subject: certificate.common_name()?,
            key_sha256: profile::fingerprint::Fingerprint::of(certificate.public_key_der()).hex(),
            request_sha256,
            not_before: time(certificate.not_before())?,
            not_after: time(certificate.not_after())?,
            certificate: certificate.to_pem(),
            provenance,
        })
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        json(&Form::from(self))
    }

    pub(super) fn from_json(text: &str) -> Option<Self> {
        let form: Form = serde_json::from_str(text).ok()?;
        let Form {
            version,
            serial,
            role,
            subject,
            key_sha256,
            request_sha256,
            not_before,
            not_after,
            certificate,
            who,
            when,
            nonce,
        } = form;
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        if version != VERSION {
            return None;
        }
        Some(Self {
            serial: Serial::from_hex(&serial)?,
            role,
            subject,
            key_sha256,
            request_sha256,
            not_before: time(&not_before)?,
            not_after: time(&not_after)?,
            certificate,
            provenance: Provenance { who, when: time(&when)?, nonce: Serial::from_hex(&nonce)? },
        })
    }
}

/// Pretty-printed: the ledger is there to be read.
pub(super) fn json(form: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(form).unwrap_or_default();
    text.push(b'\n');
    text
}

/// A time as the ledger writes it, to the second.
pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_default()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    serial: String,
    role: Role,
    subject: String,
    key_sha256: String,
    request_sha256: Option<String>,
    not_before: String,
    not_after: String,
    certificate: String,
    who: String,
    when: String,
    nonce: String,
}

impl From<&Issued> for Form {
    fn from(issued: &Issued) -> Self {
        let Issued {
            serial,
            role,
            subject,
            key_sha256,
            request_sha256,
            not_before,
            not_after,
            certificate,
            provenance,
        } = issued;
        let Provenance { who, when, nonce } = provenance;
        Self {
            version: VERSION,
            serial: serial.to_string(),
            role: *role,
            subject: subject.clone(),
            key_sha256: key_sha256.clone(),
            request_sha256: request_sha256.clone(),
            not_before: rfc3339(*not_before),
            not_after: rfc3339(*not_after),
            certificate: certificate.clone(),
            who: who.clone(),
            when: rfc3339(*when),
            nonce: nonce.to_string(),
        }
    }
}

const VERSION: u32 = 1;
