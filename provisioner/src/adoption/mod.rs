//! Takes over a PKI that easy-rsa made: its CA, what it issued, and what is revoked, so that users keep their profiles.
//! Pure: from what stands in the files to what is to stand in the ledger.

pub mod index;

use std::collections::{BTreeMap, BTreeSet};

use der::{Decode, oid::ObjectIdentifier};
use profile::{
    certificate::{Certificate, CertificateRefusal},
    fingerprint::Fingerprint,
    key::{KeyRefusal, PublicKey},
};
use thiserror::Error;
use time::OffsetDateTime;
use x509_cert::ext::pkix::ExtendedKeyUsage;

use crate::{
    ledger::{Issued, Provenance, Role},
    pki::{crl::Crl, key::verifies, reason::Reason, serial::Serial},
};

/// What stands in the files of the PKI, apart from keys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Files {
    /// `ca.crt`.
    pub ca: String,
    /// `index.txt`.
    pub index: String,
    /// Every certificate, by the path that messages name.
    pub certificates: Vec<(String, String)>,
    /// `crl.pem`, where there is one.
    pub crl: Option<String>,
}

/// What is to be taken over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adoption {
    /// The CA.
    pub ca: Certificate,
    /// Its public key.
    pub ca_key: PublicKey,
    /// Every certificate that it issued and of which there is a file, sorted by serial number.
    pub issued: Vec<Adopted>,
    /// What is revoked.
    pub revoked: Vec<AdoptedRevocation>,
    /// Certificates of the index that have expired and of which there is no file: nobody needs them any more.
    pub forgotten: usize,
    /// The number of the last CRL, 0 where it has none.
    pub crl_number: u64,
}

/// A certificate that is taken over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adopted {
    /// Its serial number.
    pub serial: Serial,
    /// Whom it is for: by its extended key usage, a client wherever it could be one.
    pub role: Role,
    /// Its common name, or its whole subject where it has none.
    pub subject: String,
    /// The certificate.
    pub certificate: Certificate,
    /// Its validity.
    pub not_before: OffsetDateTime,
    /// Its last second.
    pub not_after: OffsetDateTime,
}

/// A revocation that is taken over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdoptedRevocation {
    /// The certificate's serial number.
    pub serial: Serial,
    /// The last second of the certificate's validity.
    pub not_after: OffsetDateTime,
    /// Since when.
    pub since: OffsetDateTime,
    /// Why.
    pub reason: Reason,
}

/// Why a PKI cannot be taken over.
#[derive(Debug, Error)]
pub enum AdoptionRefusal {
    /// `ca.crt`.
    #[error("`ca.crt` cannot be read")]
    Ca(#[source] CertificateRefusal),
    /// It is no CA.
    #[error("`ca.crt` is not the certificate of a CA")]
    NoCa,
    /// A CA under another one.
    #[error("the CA is not self-signed with RSA and SHA-256: its own issuer would be needed, too")]
    NotSelfSigned,
    /// AWS would not take it.
    #[error("the CA's key is of no use: AWS Client VPN takes chains of RSA keys with 1024 or 2048 bits, Latchkey 2048")]
    CaKey(#[source] KeyRefusal),
    /// It has ended.
    #[error("the CA has expired on {}: nobody can connect with a certificate of it", .end.date())]
    CaExpired {
        /// When.
        end: OffsetDateTime,
    },
    /// `index.txt`.
    #[error("`index.txt` is damaged in line {line}")]
    Index {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        source: index::LineError,
    },
    /// Two lines about one certificate.
    #[error("`index.txt` has the serial number {serial} twice")]
    Twice {
        /// The serial number.
        serial: String,
    },
    /// A file.
    #[error("`{path}` cannot be read")]
    Certificate {
        /// The file.
        path: String,
        /// Why.
        source: CertificateRefusal,
    },
    /// Somebody else signed it.
    #[error("`{path}` was not signed by this CA (with RSA and SHA-256)")]
    Foreign {
        /// The file.
        path: String,
    },
    /// Two certificates with one serial number.
    #[error("`{path}` has the serial number of another certificate")]
    SameSerial {
        /// The file.
        path: String,
    },
    /// Whoever holds the key would be two people.
    #[error("the certificates of `{first}` and `{second}` have the same key, and a key belongs to one name")]
    SharedKey {
        /// The subject of one.
        first: String,
        /// The subject of the other.
        second: String,
    },
    /// A certificate that could still be used, and could not be revoked.
    #[error("the certificate {serial} (`{subject}`) is valid by `index.txt`, and there is no file of it")]
    Missing {
        /// The serial number.
        serial: String,
        /// The subject.
        subject: String,
    },
    /// RFC 5280 allows 160 bits.
    #[error("the serial number {serial} has more than 128 bits, which Latchkey does not keep")]
    LongSerial {
        /// The serial number.
        serial: String,
    },
    /// `crl.pem`.
    #[error("`crl.pem` is not a CRL of this CA")]
    Crl,
    /// They say different things about who may connect.
    #[error("`crl.pem` lists {}, which `index.txt` does not have as revoked", .serials.join(", "))]
    CrlDisagrees {
        /// The serial numbers.
        serials: Vec<String>,
    },
}

impl Adoption {
    /// Reads everything and holds it against each other.
    ///
    /// # Errors
    /// [`AdoptionRefusal`]: the first thing that does not fit. Half a PKI would let in whom the other half locks out.
    pub fn of(files: &Files, now: OffsetDateTime) -> Result<Self, AdoptionRefusal> {
        let (ca, ca_key) = ca(&files.ca, now)?;
        let entries = index::read(&files.index).map_err(|(line, source)| AdoptionRefusal::Index { line, source })?;
        let issued = issued(&files.certificates, &ca, &ca_key)?;
        check_keys(issued.values())?;
        let (mut revoked, mut forgotten, mut seen) = (Vec::new(), 0, BTreeSet::new());
        for entry in entries {
            let serial = Serial::from_hex(&entry.serial);
            let serial = serial.ok_or_else(|| AdoptionRefusal::LongSerial { serial: entry.serial.clone() })?;
            if !seen.insert(serial) {
                return Err(AdoptionRefusal::Twice { serial: entry.serial });
            }
            match (entry.revoked, issued.contains_key(&serial)) {
                (Some((since, reason)), _) => {
                    revoked.push(AdoptedRevocation { serial, not_after: entry.not_after, since, reason });
                }
                (None, true) => {}
                (None, false) if entry.not_after < now => forgotten += 1,
                (None, false) => {
                    return Err(AdoptionRefusal::Missing { serial: entry.serial, subject: entry.subject });
                }
            }
        }
        let crl_number = files.crl.as_deref().map_or(Ok(0), |crl| crl_number(crl, &ca_key, &revoked))?;
        Ok(Self { ca, ca_key, issued: issued.into_values().collect(), revoked, forgotten, crl_number })
    }
}

impl Adopted {
    /// The record of it, as if it had been issued here. `who` takes it over; `nonce` is random.
    pub fn record(&self, who: &str, nonce: Serial) -> Issued {
        Issued {
            serial: self.serial,
            role: self.role,
            subject: self.subject.clone(),
            key_sha256: Fingerprint::of(self.certificate.public_key_der()).hex(),
            request_sha256: None,
            not_before: self.not_before,
            not_after: self.not_after,
            certificate: self.certificate.to_pem(),
            provenance: Provenance { who: adopted_by(who), when: self.not_before, nonce },
        }
    }
}

/// Who did something that was done elsewhere, as the ledger says it.
pub fn adopted_by(who: &str) -> String {
    format!("{who}{ADOPTED}")
}

/// Whether it was done elsewhere, as [`adopted_by`] says it.
pub fn is_adopted(provenance: &Provenance) -> bool {
    provenance.who.ends_with(ADOPTED)
}

const ADOPTED: &str = " (adopted)";

fn ca(pem: &str, now: OffsetDateTime) -> Result<(Certificate, PublicKey), AdoptionRefusal> {
    let ca = Certificate::from_pem(pem).map_err(AdoptionRefusal::Ca)?;
    if !ca.is_ca() {
        return Err(AdoptionRefusal::NoCa);
    }
    let key = PublicKey::from_spki_der(ca.public_key_der()).map_err(AdoptionRefusal::CaKey)?;
    if !ca.signed().is_ok_and(|signed| verifies(&key, signed)) {
        return Err(AdoptionRefusal::NotSelfSigned);
    }
    let end = time(ca.not_after()).map_err(AdoptionRefusal::Ca)?;
    if end <= now {
        return Err(AdoptionRefusal::CaExpired { end });
    }
    Ok((ca, key))
}

/// The certificates by serial number. The same one may lie in several places.
fn issued(
    files: &[(String, String)],
    ca: &Certificate,
    ca_key: &PublicKey,
) -> Result<BTreeMap<Serial, Adopted>, AdoptionRefusal> {
    let mut issued = BTreeMap::new();
    for (path, pem) in files {
        let damaged = |source| AdoptionRefusal::Certificate { path: path.clone(), source };
        let certificate = Certificate::from_pem(pem).map_err(damaged)?;
        if certificate == *ca {
            continue;
        }
        if !certificate.signed().is_ok_and(|signed| verifies(ca_key, signed)) {
            return Err(AdoptionRefusal::Foreign { path: path.clone() });
        }
        let serial = Serial::from_hex(&certificate.serial_hex());
        let serial = serial.ok_or_else(|| AdoptionRefusal::LongSerial { serial: certificate.serial_hex() })?;
        let read = x509_cert::Certificate::from_der(certificate.der());
        let read = read.map_err(|_| damaged(CertificateRefusal::NotACertificate))?;
        let subject = certificate.common_name().unwrap_or_else(|| read.tbs_certificate().subject().to_string());
        let adopted = Adopted {
            serial,
            role: role(&read),
            subject,
            not_before: time(certificate.not_before()).map_err(damaged)?,
            not_after: time(certificate.not_after()).map_err(damaged)?,
            certificate,
        };
        if issued.get(&serial).is_some_and(|other| *other != adopted) {
            return Err(AdoptionRefusal::SameSerial { path: path.clone() });
        }
        issued.insert(serial, adopted);
    }
    Ok(issued)
}

/// Refuses a key under two names, which no later request with it could be held against.
fn check_keys<'a>(issued: impl Iterator<Item = &'a Adopted>) -> Result<(), AdoptionRefusal> {
    let mut holders = BTreeMap::new();
    for adopted in issued {
        let holder = holders.entry(adopted.certificate.public_key_der()).or_insert(&adopted.subject);
        if **holder != adopted.subject {
            let (first, second) = ((*holder).clone(), adopted.subject.clone());
            return Err(AdoptionRefusal::SharedKey { first, second });
        }
    }
    Ok(())
}

/// A certificate without extended key usage serves any purpose (RFC 5280 section 4.2.1.12).
fn role(certificate: &x509_cert::Certificate) -> Role {
    let usage = certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>().ok().flatten();
    match usage {
        Some((_, usage)) if !usage.0.contains(&CLIENT_AUTH) && !usage.0.contains(&ANY) => Role::Server,
        _ => Role::User,
    }
}

fn crl_number(pem: &str, ca_key: &PublicKey, revoked: &[AdoptedRevocation]) -> Result<u64, AdoptionRefusal> {
    let crl = Crl::from_pem(pem).ok().filter(|crl| crl.is_signed_by(ca_key)).ok_or(AdoptionRefusal::Crl)?;
    let known: BTreeSet<Serial> = revoked.iter().map(|it| it.serial).collect();
    let unknown = crl.serials().difference(&known).map(Serial::to_string);
    let serials: Vec<String> = unknown.chain(crl.unlike_ours()).collect();
    if !serials.is_empty() {
        return Err(AdoptionRefusal::CrlDisagrees { serials });
    }
    Ok(crl.number().unwrap_or_default())
}

fn time(seconds: i64) -> Result<OffsetDateTime, CertificateRefusal> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| CertificateRefusal::NotACertificate)
}

/// RFC 5280 section 4.2.1.12.
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

#[cfg(test)]
mod tests;
