//! Certificate revocation lists (RFC 5280 section 5).
//!
//! The endpoint lets nobody in once its CRL has expired, and a CRL is pushed to it, never fetched: a short life
//! would buy nothing and lock everyone out. So nextUpdate is the end of the CA.

use std::collections::BTreeSet;

use der::{Decode, Document};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use time::OffsetDateTime;
use x509_cert::crl::CertificateList;

use super::{
    PkiError,
    authority::{Authority, BACKDATED},
    serial::Serial,
};

/// A certificate that must not be let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// Its serial number.
    pub serial: Serial,
    /// Since when.
    pub since: OffsetDateTime,
}

/// A CRL as it stands in the ledger or at the endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crl {
    der: Vec<u8>,
    serials: BTreeSet<Serial>,
}

impl Authority {
    /// The CRL with this number, PEM. Numbers must rise (section 5.2.3).
    ///
    /// # Errors
    /// [`PkiError::AuthorityExpired`] or [`PkiError::Signing`].
    pub fn crl(&self, number: u64, revoked: &[Revoked], now: OffsetDateTime) -> Result<String, PkiError> {
        let end = self.not_after()?;
        if now >= end {
            return Err(PkiError::AuthorityExpired { not_after: end });
        }
        let failed = |_| PkiError::Signing { subject: format!("CRL {number}") };
        let params = CertificateRevocationListParams {
            // As with certificates: a CRL from the future is not accepted either.
            this_update: now.replace_nanosecond(0).unwrap_or(now) - BACKDATED,
            next_update: end,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|&Revoked { serial, since }| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(serial.as_bytes()),
                    revocation_time: since,
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer()?).and_then(|crl| crl.pem()).map_err(failed)
    }
}

impl Crl {
    /// Reads the first CRL of `pem`.
    ///
    /// # Errors
    /// [`PkiError::Crl`].
    pub fn from_pem(pem: &str) -> Result<Self, PkiError> {
        let (label, document) = Document::from_pem(pem.trim()).map_err(|_| PkiError::Crl)?;
        if label != "X509 CRL" {
            return Err(PkiError::Crl);
        }
        let der = document.into_vec();
        let list: CertificateList = CertificateList::from_der(&der).map_err(|_| PkiError::Crl)?;
        let entries = list.tbs_cert_list.revoked_certificates.unwrap_or_default();
        let serials =
            entries.iter().filter_map(|entry| Serial::from_be_bytes(entry.serial_number.as_bytes())).collect();
        Ok(Self { der, serials })
    }

    /// Whether it lists `serial`.
    pub fn lists(&self, serial: Serial) -> bool {
        self.serials.contains(&serial)
    }

    /// How many certificates it lists.
    pub fn entries(&self) -> usize {
        self.serials.len()
    }

    /// Its DER. Two CRLs are the same when these are: PEM may be wrapped in more than one way.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::testing::{NOW, authority};

    #[test]
    fn a_crl_lists_what_was_revoked_and_nothing_else() {
        let (first, second, other) =
            (Serial::from_random([1; 16]), Serial::from_random([0xff; 16]), Serial::from_random([3; 16]));
        let revoked = [Revoked { serial: first, since: NOW }, Revoked { serial: second, since: NOW }];
        let crl = Crl::from_pem(&authority().crl(1, &revoked, NOW).unwrap()).unwrap();
        assert!(crl.lists(first) && crl.lists(second) && !crl.lists(other));
        assert_eq!(crl.entries(), 2);
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
}
