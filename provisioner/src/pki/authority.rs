//! The certification authority of one deployment: a certificate and its key, and what they sign.

use profile::{certificate::Certificate, key::PublicKey};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyIdMethod,
    PublicKeyData, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{
    PkiError,
    key::{Certifiable, PrivateKey},
    policy::{self, Policy},
    secret::{self, Passphrase, Salt},
    serial::Serial,
};

/// A CA whose key is at hand.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    key: PrivateKey,
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Validity {
    /// The first second.
    pub not_before: OffsetDateTime,
    /// The last second.
    pub not_after: OffsetDateTime,
}

/// How far a certificate's validity begins before it is made. Clocks differ, and a certificate "not yet valid" on
/// the user's laptop or the endpoint is refused: an hour covers a clock that is slow or in the wrong summer time.
pub const BACKDATED: Duration = Duration::hours(1);

impl Authority {
    /// A new CA for the deployment called `name`, signed with its own `key`.
    ///
    /// # Errors
    /// [`PkiError::Signing`].
    pub fn self_signed(
        key: PrivateKey,
        name: &str,
        days: u32,
        now: OffsetDateTime,
        serial: Serial,
    ) -> Result<Self, PkiError> {
        let subject = format!("Latchkey CA {name}");
        let params = params(&policy::CA, &subject, &key, Validity::starting(now, Duration::days(days.into())), serial)?;
        let signed = params.self_signed(&key).map_err(|_| PkiError::Signing { subject })?;
        Ok(Self { certificate: read(signed.der())?, key })
    }

    /// The CA whose certificate and encrypted key rest in the ledger.
    ///
    /// # Errors
    /// [`PkiError::Passphrase`], [`PkiError::KeyFile`], [`PkiError::Certificate`] or [`PkiError::KeyMismatch`].
    pub fn unlock(certificate: Certificate, encrypted_key: &str, passphrase: &Passphrase) -> Result<Self, PkiError> {
        let key = secret::decrypt(encrypted_key, passphrase)?;
        if certificate.public_key_der() != key.public().spki_der() {
            return Err(PkiError::KeyMismatch);
        }
        Ok(Self { certificate, key })
    }

    /// The CA's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The CA's key as it rests in the ledger.
    ///
    /// # Errors
    /// [`PkiError::Encryption`].
    pub fn encrypted_key(&self, passphrase: &Passphrase, salt: Salt) -> Result<Zeroizing<String>, PkiError> {
        secret::encrypt(&self.key, passphrase, salt)
    }

    /// Issues a certificate for `subject` and `key` as `policy` says, valid from now for `life` but not longer than
    /// the CA itself.
    ///
    /// # Errors
    /// [`PkiError::AuthorityExpired`] or [`PkiError::Signing`].
    pub fn issue(
        &self,
        policy: &Policy,
        subject: &str,
        key: &PublicKey,
        life: Duration,
        now: OffsetDateTime,
        serial: Serial,
    ) -> Result<Certificate, PkiError> {
        let end = self.not_after()?;
        if now >= end {
            return Err(PkiError::AuthorityExpired { not_after: end });
        }
        let validity = Validity::starting(now, life);
        let validity = Validity { not_after: validity.not_after.min(end), ..validity };
        let key = Certifiable(key);
        let params = params(policy, subject, &key, validity, serial)?;
        let signed =
            params.signed_by(&key, &self.issuer()?).map_err(|_| PkiError::Signing { subject: subject.to_owned() })?;
        read(signed.der())
    }

    /// The end of the CA's own validity.
    pub(super) fn not_after(&self) -> Result<OffsetDateTime, PkiError> {
        OffsetDateTime::from_unix_timestamp(self.certificate.not_after())
            .map_err(|_| PkiError::Certificate(profile::certificate::CertificateRefusal::NotACertificate))
    }

    pub(super) fn issuer(&self) -> Result<Issuer<'static, &PrivateKey>, PkiError> {
        let subject = self.certificate.common_name().unwrap_or_default();
        let validity = Validity { not_before: OffsetDateTime::UNIX_EPOCH, not_after: self.not_after()? };
        // rcgen takes name, key usages and the way of key identifiers from these, the rest does not matter here.
        let params = params(&policy::CA, &subject, &self.key, validity, Serial::from_random([0; 16]))?;
        Ok(Issuer::new(params, &self.key))
    }
}

impl Validity {
    /// From a little before `now` (see [`BACKDATED`]) for `life` after it, in whole seconds as X.509 counts.
    pub fn starting(now: OffsetDateTime, life: Duration) -> Self {
        let second = now.replace_nanosecond(0).unwrap_or(now);
        Self { not_before: second - BACKDATED, not_after: second + life }
    }
}

/// What rcgen is to write: every field that matters is set here, whatever rcgen's defaults are.
fn params(
    policy: &Policy,
    subject: &str,
    key: &impl PublicKeyData,
    validity: Validity,
    serial: Serial,
) -> Result<CertificateParams, PkiError> {
    let &Policy { is_ca, key_usages, extended_key_usages, dns_name, authority_key_identifier } = policy;
    let mut params = CertificateParams::default();
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.subject_alt_names = if dns_name {
        let name = subject.try_into().map_err(|_| PkiError::Signing { subject: subject.to_owned() })?;
        vec![SanType::DnsName(name)]
    } else {
        Vec::new()
    };
    params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Constrained(0)) } else { IsCa::NoCa };
    params.key_usages = key_usages.to_vec();
    params.extended_key_usages = extended_key_usages.to_vec();
    params.use_authority_key_identifier_extension = authority_key_identifier;
    params.key_identifier_method = KeyIdMethod::Sha256;
    if !is_ca {
        // rcgen writes the subject key identifier of a CA by itself, and of a CA only.
        let identifier = params.key_identifier(key);
        params.custom_extensions = vec![subject_key_identifier(&identifier)];
    }
    Ok(params)
}

/// RFC 5280 section 4.2.1.2: the identifier as an OCTET STRING.
fn subject_key_identifier(identifier: &[u8]) -> CustomExtension {
    let length = u8::try_from(identifier.len()).unwrap_or(u8::MAX);
    let der = [OCTET_STRING, length].iter().chain(identifier).copied().collect();
    CustomExtension::from_oid_content(SUBJECT_KEY_IDENTIFIER, der)
}

fn read(der: &[u8]) -> Result<Certificate, PkiError> {
    Certificate::from_der(der.to_vec()).map_err(PkiError::Certificate)
}

const SUBJECT_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 14];
const OCTET_STRING: u8 = 4;

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pki::testing::{NOW, authority, key};

    #[test]
    fn a_certificate_begins_before_it_is_made_and_ends_with_the_ca_at_the_latest() {
        let authority = authority();
        let issued = authority
            .issue(&policy::CLIENT, "a.vpn.example.com", key().public(), Duration::days(397), NOW, SERIAL)
            .unwrap();
        assert_eq!(issued.not_before(), (NOW - BACKDATED).unix_timestamp());
        assert_eq!(issued.not_after(), (NOW + Duration::days(397)).unix_timestamp());
        let late = NOW + Duration::days(3650) - Duration::days(10);
        let issued = authority
            .issue(&policy::CLIENT, "a.vpn.example.com", key().public(), Duration::days(397), late, SERIAL)
            .unwrap();
        assert_eq!(issued.not_after(), authority.certificate().not_after());
    }

    #[test]
    fn an_expired_ca_issues_nothing() {
        let issued = authority().issue(
            &policy::CLIENT,
            "a.vpn.example.com",
            key().public(),
            Duration::DAY,
            datetime!(2050-01-01 0:00 UTC),
            SERIAL,
        );
        assert!(matches!(issued, Err(PkiError::AuthorityExpired { .. })));
    }

    #[test]
    fn only_the_ca_is_a_ca() {
        let authority = authority();
        assert!(authority.certificate().is_ca());
        assert_eq!(authority.certificate().common_name().as_deref(), Some("Latchkey CA demo"));
        for policy in [policy::SERVER, policy::CLIENT] {
            let issued =
                authority.issue(&policy, "a.vpn.example.com", key().public(), Duration::DAY, NOW, SERIAL).unwrap();
            assert!(!issued.is_ca());
            assert_eq!(issued.serial_hex().trim_start_matches('0'), SERIAL.to_string().trim_start_matches('0'));
        }
    }

    #[test]
    fn a_locked_ca_opens_with_its_passphrase_and_its_certificate_only() {
        let authority = authority();
        let passphrase = Passphrase::new("correct horse".to_owned().into());
        let locked = authority.encrypted_key(&passphrase, Salt { salt: [1; 16], iv: [2; 16] }).unwrap();
        assert!(!locked.contains("BEGIN PRIVATE KEY"));
        Authority::unlock(authority.certificate().clone(), &locked, &passphrase).unwrap();
        let wrong = Passphrase::new("wrong horse".to_owned().into());
        assert!(matches!(
            Authority::unlock(authority.certificate().clone(), &locked, &wrong),
            Err(PkiError::Passphrase)
        ));
        let other = Authority::self_signed(PrivateKey::generate().unwrap(), "demo", 1, NOW, SERIAL).unwrap();
        assert!(matches!(
            Authority::unlock(other.certificate().clone(), &locked, &passphrase),
            Err(PkiError::KeyMismatch)
        ));
    }

    const SERIAL: Serial = Serial::from_random([0x5a; 16]);
}
