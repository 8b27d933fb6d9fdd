//! Certificate revocation lists (RFC 5280 section 5).
//!
//! The endpoint lets nobody in once its CRL has expired, and a CRL is pushed to it, never fetched: a short life
//! would buy nothing and lock everyone out. So nextUpdate is the end of the CA.

use std::collections::BTreeSet;

use der::{Decode, Document, oid::ObjectIdentifier, pem::LineEnding};
use profile::{key::PublicKey, signed::Signed};
use rcgen::{CertificateRevocationListParams, RevokedCertParams, SerialNumber};
use time::OffsetDateTime;
use x509_cert::crl::CertificateList;

use super::{
    PkiError,
    authority::{Authority, BACKDATED},
    key::verifies,
    reason::Reason,
    serial::Serial,
};

/// A certificate that must not be let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// Its serial number.
    pub serial: Serial,
    /// Since when.
    pub since: OffsetDateTime,
    /// Why.
    pub reason: Reason,
}

/// A CRL as it stands in the ledger or at the endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crl {
    der: Vec<u8>,
    serials: BTreeSet<Serial>,
    /// Serial numbers that no certificate of ours can have, as they stand there.
    unlike_ours: Vec<Vec<u8>>,
    this_update: OffsetDateTime,
    number: Option<u64>,
}

impl Authority {
    /// The CRL with this number, PEM. Numbers must rise (section 5.2.3).
    ///
    /// # Errors
    /// [`PkiError::AuthorityExpired`], [`PkiError::Signing`], [`PkiError::Remote`] or [`PkiError::WrongSignature`].
    pub fn crl(&self, number: u64, revoked: &[Revoked], now: OffsetDateTime) -> Result<String, PkiError> {
        let end = self.not_after()?;
        if now >= end {
            return Err(PkiError::AuthorityExpired { not_after: end });
        }
        let params = CertificateRevocationListParams {
            this_update: this_update(now),
            next_update: end,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|&Revoked { serial, since, reason }| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(serial.as_bytes()),
                    revocation_time: since,
                    reason_code: reason.code(),
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: self.key_identifier(),
        };
        let subject = format!("CRL {number}");
        let der = self.sign(&subject, |issuer| Ok(params.signed_by(issuer)?.der().to_vec()))?;
        der::pem::encode_string(LABEL, LineEnding::LF, &der).map_err(|_| PkiError::Signing { subject })
    }
}

impl Crl {
    /// Reads the first CRL of `pem`.
    ///
    /// # Errors
    /// [`PkiError::Crl`].
    pub fn from_pem(pem: &str) -> Result<Self, PkiError> {
        let (label, document) = Document::from_pem(pem.trim()).map_err(|_| PkiError::Crl)?;
        if label != LABEL {
            return Err(PkiError::Crl);
        }
        let der = document.into_vec();
        let list: CertificateList = CertificateList::from_der(&der).map_err(|_| PkiError::Crl)?;
        let list = list.tbs_cert_list;
        let seconds = i64::try_from(list.this_update.to_unix_duration().as_secs()).map_err(|_| PkiError::Crl)?;
        let this_update = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| PkiError::Crl)?;
        let number = list.crl_extensions.iter().flatten().find(|extension| extension.extn_id == CRL_NUMBER);
        let number = number.and_then(|extension| u32::from_der(extension.extn_value.as_bytes()).ok());
        let number = number.map(u64::from);
        let (mut serials, mut unlike_ours) = (BTreeSet::new(), Vec::new());
        for entry in list.revoked_certificates.iter().flatten() {
            let bytes = entry.serial_number.as_bytes();
            match Serial::from_be_bytes(bytes) {
                Some(serial) => drop(serials.insert(serial)),
                None => unlike_ours.push(bytes.to_vec()),
            }
        }
        Ok(Self { der, serials, unlike_ours, this_update, number })
    }

    /// Whether it lists `serial`.
    pub fn lists(&self, serial: Serial) -> bool {
        self.serials.contains(&serial)
    }

    /// What it lists of certificates that can be ours.
    pub fn serials(&self) -> &BTreeSet<Serial> {
        &self.serials
    }

    /// What else it lists: serial numbers of more than 128 bits, in hexadecimal digits.
    pub fn unlike_ours(&self) -> impl Iterator<Item = String> {
        self.unlike_ours.iter().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// How many certificates it lists.
    pub fn entries(&self) -> usize {
        self.serials.len() + self.unlike_ours.len()
    }

    /// Its number; `None` where it has none, or one that is none of ours.
    pub fn number(&self) -> Option<u64> {
        self.number
    }

    /// As of when it says what is revoked.
    pub fn this_update(&self) -> OffsetDateTime {
        self.this_update
    }

    /// Whether the holder of `key` signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        Signed::of_crl(&self.der).is_some_and(|signed| verifies(key, signed))
    }

    /// Its DER. Two CRLs are the same when these are: PEM may be wrapped in more than one way.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// As of when a CRL that is made at `now` says what is revoked. As with certificates: one from the future is not
/// accepted.
pub fn this_update(now: OffsetDateTime) -> OffsetDateTime {
    now.replace_nanosecond(0).unwrap_or(now) - BACKDATED
}

/// RFC 7468 section 8.
const LABEL: &str = "X509 CRL";

/// RFC 5280 section 5.2.3.
const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");

#[cfg(test)]
mod tests {
    use rcgen::KeyIdMethod;

    use super::*;
    use crate::{
        custody::{Custody, testing::Service},
        key::PrivateKey,
        testing::{NOW, authority, key},
    };

    #[test]
    fn a_crl_lists_what_was_revoked_and_nothing_else() {
        let (first, second, other) =
            (Serial::from_random([1; 16]), Serial::from_random([0xff; 16]), Serial::from_random([3; 16]));
        let revoked = [first, second].map(|serial| Revoked { serial, since: NOW, reason: Reason::Superseded });
        let crl = Crl::from_pem(&authority().crl(300, &revoked, NOW).unwrap()).unwrap();
        assert!(crl.lists(first) && crl.lists(second) && !crl.lists(other));
        assert_eq!((crl.entries(), crl.number(), crl.this_update()), (2, Some(300), this_update(NOW)));
    }

    /// In somebody else's list serial numbers may have 20 octets.
    #[test]
    fn what_cannot_be_ours_is_counted_too() {
        let long = SerialNumber::from_slice(&[0x5a; 20]);
        let entry = |serial_number| RevokedCertParams {
            serial_number,
            revocation_time: NOW,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: NOW,
            next_update: NOW + time::Duration::DAY,
            crl_number: SerialNumber::from_slice(&[0x7f; 12]),
            issuing_distribution_point: None,
            revoked_certs: vec![entry(long), entry(SerialNumber::from_slice(&[1; 16]))],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let der = authority().sign("CRL", |issuer| Ok(params.signed_by(issuer)?.der().to_vec())).unwrap();
        let crl = Crl::from_pem(&der::pem::encode_string(LABEL, LineEnding::LF, &der).unwrap()).unwrap();
        assert_eq!((crl.entries(), crl.serials().len(), crl.number()), (2, 1, None));
        assert_eq!(crl.unlike_ours().collect::<Vec<_>>(), ["5a".repeat(20)]);
    }

    /// 80 entries and more are too long to be sent to AWS KMS as they are.
    #[test]
    fn a_service_signs_a_crl_of_any_length_and_is_not_trusted_to_have_done_so() {
        let remote = |hashes_again| {
            let key = PrivateKey::from_pkcs8(&key().to_pkcs8().unwrap()).unwrap();
            Authority::self_signed(Custody::Remote(Box::new(Service { key, hashes_again })), "demo", 9, NOW, serial(1))
                .unwrap()
        };
        let revoked: Vec<Revoked> =
            (0..200).map(|n| Revoked { serial: serial(n), since: NOW, reason: Reason::Superseded }).collect();
        let crl = Crl::from_pem(&remote(false).crl(1, &revoked, NOW).unwrap()).unwrap();
        assert_eq!(crl.entries(), 200);
        assert!(crl.der().len() > 5000 && crl.is_signed_by(key().public()));
        assert!(!crl.is_signed_by(PrivateKey::generate().unwrap().public()));
        let refused = remote(true).crl(1, &revoked, NOW);
        assert!(matches!(refused, Err(PkiError::WrongSignature { .. })), "{refused:?}");
        remote(true).crl(1, &revoked[..9], NOW).unwrap();
    }

    #[test]
    fn an_empty_crl_is_a_crl() {
        let crl = Crl::from_pem(&authority().crl(1, &[], NOW).unwrap()).unwrap();
        assert!(!crl.lists(Serial::from_random([1; 16])));
    }

    #[test]
    fn what_is_no_crl_is_refused() {
        assert!(Crl::from_pem("").is_err());
        assert!(Crl::from_pem(&authority().certificate().to_pem()).is_err());
    }

    fn serial(n: u8) -> Serial {
        Serial::from_random([n; 16])
    }
}
