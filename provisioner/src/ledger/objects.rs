//! Everything that a ledger has, object by object: what each is by its name, and whether that is in it.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use profile::certificate::Certificate;

use super::{AT_ONCE, End, Issued, Ledger, LedgerError, Revocation, attempt, index, invite, log, revocation};
use crate::pki::{crl::Crl, serial::Serial};

/// What an object is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Object {
    /// The CA's certificate.
    CaCertificate(Box<Certificate>),
    /// An issued certificate.
    Issued {
        /// The serial number by which it is named.
        name: Serial,
        /// What it says.
        record: Box<Issued>,
    },
    /// Something that was decided about a certificate.
    Revoked {
        /// The serial number by which it is named.
        name: Serial,
        /// The how manieth decision about it, from 1.
        number: u32,
        /// What it says.
        record: Box<Revocation>,
    },
    /// A CRL.
    Crl {
        /// The number by which it is named.
        name: u64,
        /// The CRL.
        crl: Box<Crl>,
    },
    /// The end of something, whose beginning has this other path.
    End {
        /// The path of the beginning.
        beginning: String,
    },
    /// A request has used an invite, whose path is the other one.
    InviteUsed {
        /// The invite's path.
        beginning: String,
        /// The number that the certificate of this request has or will have.
        serial: Serial,
    },
    /// Whose a key is.
    Claim {
        /// The common name for which the key may be certified.
        subject: String,
    },
    /// In order as far as it can be judged alone, or of a kind that others judge.
    Known,
    /// It is called like something that the ledger has, and is not that.
    Damaged,
    /// Nothing in the ledger is called so.
    Foreign,
}

impl Object {
    /// What the object of this name and content is.
    pub fn of(path: &str, content: &[u8]) -> Self {
        let text = std::str::from_utf8(content).unwrap_or_default();
        let read = match path.split_once('/') {
            Some(("ca", "ca.crt")) => Certificate::from_pem(text).ok().map(|it| Self::CaCertificate(Box::new(it))),
            Some(("issued", file)) => match file.strip_suffix(".json").and_then(named) {
                Some(name) => Issued::from_json(text).map(|record| Self::Issued { name, record: Box::new(record) }),
                None => Some(Self::Foreign),
            },
            Some(("revoked", _)) => match revocation::parse(path) {
                Some((name, number)) => {
                    revocation::read(text).map(|record| Self::Revoked { name, number, record: Box::new(record) })
                }
                None => Some(Self::Foreign),
            },
            Some(("crl", file)) => match file.strip_suffix(".pem").and_then(|number| number.parse().ok()) {
                Some(name) => Crl::from_pem(text).ok().map(|crl| Self::Crl { name, crl: Box::new(crl) }),
                None => Some(Self::Foreign),
            },
            Some(("attempts", _)) => match attempt::is_end(path) {
                Some(is_end) => attempt::is_readable(text, is_end).then(|| ended(path, ".done.json", is_end)),
                None => Some(Self::Foreign),
            },
            Some(("log", _)) => match log::is_end(path) {
                Some(is_end) => log::is_readable(text, is_end).then(|| ended(path, ".end.json", is_end)),
                None => Some(Self::Foreign),
            },
            Some(("invites", file)) => match file.strip_suffix(".used.json") {
                Some(id) => invite::read_end(text).map(|ended| match ended.by {
                    End::Used(used) => Self::InviteUsed { beginning: invited(id), serial: used.serial },
                    End::Cancelled => Self::End { beginning: invited(id) },
                }),
                None => is_json(text).then_some(Self::Known),
            },
            Some(("keys", _)) => index::read_claim(text).map(|subject| Self::Claim { subject }),
            Some(("ca" | "index", _)) => Some(Self::Known),
            Some(_) | None => Some(Self::Foreign),
        };
        read.unwrap_or(Self::Damaged)
    }
}

impl Ledger {
    /// Everything that the ledger has. The CA's key is not read.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn objects(&self) -> Result<BTreeMap<String, Object>, LedgerError> {
        let paths = self.store.list("").await?;
        let read = stream::iter(paths).map(async |path| {
            let content = if needs_no_reading(&path) { Some(Vec::new()) } else { self.store.read(&path).await? };
            Ok::<_, LedgerError>(content.map(|content| (Object::of(&path, &content), path)))
        });
        let read = read.buffer_unordered(AT_ONCE).try_filter_map(async |read| Ok(read));
        read.map_ok(|(object, path)| (path, object)).try_collect().await
    }
}

fn needs_no_reading(path: &str) -> bool {
    path != "ca/ca.crt" && ["ca/", "index/"].iter().any(|kind| path.starts_with(kind))
}

/// The serial number that is written as the ledger writes it.
fn named(text: &str) -> Option<Serial> {
    Serial::from_hex(text).filter(|serial| serial.to_string() == text)
}

/// The path of an invite.
fn invited(id: &str) -> String {
    format!("invites/{id}.json")
}

fn ended(path: &str, suffix: &str, is_end: bool) -> Object {
    match path.strip_suffix(suffix) {
        Some(stem) if is_end => Object::End { beginning: format!("{stem}.json") },
        _ => Object::Known,
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_an_object_is() {
        let of = |path: &str| Object::of(path, b"{}");
        for path in ["ca/ca.key", "index/user/a/1", "invites/1.json"] {
            assert_eq!(of(path), Object::Known, "{path}");
        }
        let end = r#"{"version": 1, "serial": null, "request_sha256": null, "who": "admin",
            "when": "2026-11-23T12:00:00Z", "nonce": "07"}"#;
        let (beginning, serial) = ("invites/1.json".to_owned(), Serial::from_hex("09").unwrap());
        let of_end = |text: &str| Object::of("invites/1.used.json", text.as_bytes());
        assert_eq!(of_end(end), Object::End { beginning: beginning.clone() });
        let used = end.replacen("null", "\"09\"", 1).replace("null", "\"ab\"");
        assert_eq!(of_end(&used), Object::InviteUsed { beginning, serial });
        assert_eq!(of_end("{}"), Object::Damaged);
        let serial = "07".repeat(16);
        for path in [
            "ca/ca.crt",
            &format!("issued/{serial}.json"),
            &format!("revoked/{serial}.json"),
            &format!("revoked/{serial}.2.json"),
            "crl/7.pem",
            "attempts/create-endpoint/1.json",
            "attempts/create-endpoint/1.done.json",
            &format!("log/20261123T120000.000Z-{serial}.json"),
            &format!("log/20261123T120000.000Z-{serial}.end.json"),
        ] {
            assert_eq!(of(path), Object::Damaged, "{path}");
        }
        for path in [
            "notes.txt",
            "issued/alice.json",
            "issued/7.json",
            &format!("issued/{serial}.json.bak"),
            &format!("revoked/{serial}.1.json"),
            "crl/latest.pem",
            "attempts/create-endpoint/first.json",
            "attempts/1.json",
            "log/yesterday.json",
            "other/1.json",
        ] {
            assert_eq!(of(path), Object::Foreign, "{path}");
        }
    }
}
