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
    custody::Custody,
    issuer::IssuerIdentity,
    key::Certifiable,
    policy::{self, Policy},
    secret::{self, Passphrase, Salt},
    serial::Serial,
    unsigned::Blank,
};

/// A CA that can sign.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    key: Custody,
    identity: IssuerIdentity,
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
    /// [`PkiError::Signing`], [`PkiError::Remote`] or [`PkiError::WrongSignature`].
    pub fn self_signed(
        key: impl Into<Custody>,
        name: &str,
        days: u32,
        now: OffsetDateTime,
        serial: Serial,
    ) -> Result<Self, PkiError> {
        let subject = format!("Latchkey CA {name}");
        let key = key.into();
        let validity = Validity::starting(now, Duration::days(days.into()));
        let params = params(&policy::CA, &subject, &Certifiable(key.public()), validity, serial)?;
        let der = sign(&key, &subject, |blank| Ok(params.self_signed(blank)?.der().to_vec()))?;
        Self::open(read(der)?, key)
    }

    /// The CA of this certificate and its key, which may have been made elsewhere.
    ///
    /// # Errors
    /// [`PkiError::KeyMismatch`] or [`PkiError::IssuerName`].
    pub fn open(certificate: Certificate, key: impl Into<Custody>) -> Result<Self, PkiError> {
        let key = key.into();
        if certificate.public_key_der() != key.public().spki_der() {
            return Err(PkiError::KeyMismatch);
        }
        let identity = IssuerIdentity::of(&certificate)?;
        Ok(Self { certificate, key, identity })
    }

    /// The CA whose certificate and encrypted key rest in the ledger.
    ///
    /// # Errors
    /// [`PkiError::Passphrase`], [`PkiError::KeyFile`], [`PkiError::KeyMismatch`] or [`PkiError::IssuerName`].
    pub fn unlock(certificate: Certificate, encrypted_key: &str, passphrase: &Passphrase) -> Result<Self, PkiError> {
        Self::open(certificate, secret::decrypt(encrypted_key, passphrase)?)
    }

    /// The same key under another certificate.
    ///
    /// # Errors
    /// As [`Authority::open`].
    pub fn with_certificate(self, certificate: Certificate) -> Result<Self, PkiError> {
        Self::open(certificate, self.key)
    }

    /// The CA's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The CA's key as it rests in the ledger.
    ///
    /// # Errors
    /// [`PkiError::Encryption`], or [`PkiError::KeptElsewhere`].
    pub fn encrypted_key(&self, passphrase: &Passphrase, salt: Salt) -> Result<Zeroizing<String>, PkiError> {
        match &self.key {
            Custody::Held(key) => secret::encrypt(key, passphrase, salt),
            Custody::Remote(_) => Err(PkiError::KeptElsewhere),
        }
    }

    /// Issues a certificate for `subject` and `key` as `policy` says, valid from now for `life` but not longer than
    /// the CA itself.
    ///
    /// # Errors
    /// [`PkiError::AuthorityExpired`], [`PkiError::OwnKey`], [`PkiError::Signing`], [`PkiError::Remote`] or
    /// [`PkiError::WrongSignature`].
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
        if key == self.key.public() {
            return Err(PkiError::OwnKey { subject: subject.to_owned() });
        }
        let validity = Validity::starting(now, life);
        let validity = Validity { not_after: validity.not_after.min(end), ..validity };
        let key = Certifiable(key);
        let params = params(policy, subject, &key, validity, serial)?;
        read(self.sign(subject, |issuer| Ok(params.signed_by(&key, issuer)?.der().to_vec()))?)
    }

    /// The end of the CA's own validity.
    pub(super) fn not_after(&self) -> Result<OffsetDateTime, PkiError> {
        OffsetDateTime::from_unix_timestamp(self.certificate.not_after())
            .map_err(|_| PkiError::Certificate(profile::certificate::CertificateRefusal::NotACertificate))
    }

    /// How the CA's key is told apart from another one of the same name.
    pub(super) fn key_identifier(&self) -> KeyIdMethod {
        self.identity.key_identifier.clone()
    }

    /// Has the CA sign what `write` writes, DER.
    pub(super) fn sign(
        &self,
        subject: &str,
        write: impl FnOnce(&Issuer<'_, &Blank<'_>>) -> Result<Vec<u8>, rcgen::Error>,
    ) -> Result<Vec<u8>, PkiError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = self.identity.name.clone();
        params.key_identifier_method = self.key_identifier();
        params.key_usages = policy::CA.key_usages.to_vec();
        sign(&self.key, subject, |blank| write(&Issuer::new(params, blank)))
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

/// Has `key` sign what `write` writes with a blank for the signature.
fn sign(
    key: &Custody,
    subject: &str,
    write: impl FnOnce(&Blank<'_>) -> Result<Vec<u8>, rcgen::Error>,
) -> Result<Vec<u8>, PkiError> {
    let failed = || PkiError::Signing { subject: subject.to_owned() };
    let blank = Blank::of(key.public());
    let whole = write(&blank).map_err(|_| failed())?;
    let unsigned = blank.fill(whole);
    let signature = key.sign(unsigned.message(), subject)?;
    unsigned.signed(&signature).ok_or_else(failed)
}

fn read(der: Vec<u8>) -> Result<Certificate, PkiError> {
    Certificate::from_der(der).map_err(PkiError::Certificate)
}

const SUBJECT_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 14];
const OCTET_STRING: u8 = 4;

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use der::{Decode, Encode};
    use time::macros::datetime;

    use super::*;
    use crate::{
        crl::Crl,
        custody::testing::Service,
        key::{PrivateKey, verifies},
        testing::{NOW, authority, key},
    };

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
    fn the_ca_certifies_its_own_key_for_nobody() {
        let authority = authority();
        let own = authority.key.public();
        let issued = authority.issue(&policy::CLIENT, "a.vpn.example.com", own, Duration::DAY, NOW, SERIAL);
        assert!(matches!(issued, Err(PkiError::OwnKey { .. })));
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

    #[test]
    fn a_ca_whose_key_is_elsewhere_issues_the_same() {
        let key_of = || PrivateKey::from_pkcs8(&key().to_pkcs8().unwrap()).unwrap();
        let remote = || Custody::Remote(Box::new(Service { key: key_of(), hashes_again: false }));
        let made = |key| Authority::self_signed(key, "demo", 3650, NOW, SERIAL).unwrap();
        let (here, there) = (made(Custody::Held(key_of())), made(remote()));
        assert_eq!(here.certificate(), there.certificate());
        let issued = |it: &Authority| {
            it.issue(&policy::CLIENT, "a.vpn.example.com", &user(), Duration::DAY, NOW, SERIAL).unwrap()
        };
        assert_eq!(issued(&here), issued(&there));
        assert!(verifies(key().public(), issued(&there).signed().unwrap()));
        let passphrase = Passphrase::new("correct horse".to_owned().into());
        let copied = there.encrypted_key(&passphrase, Salt { salt: [1; 16], iv: [2; 16] });
        assert!(matches!(copied, Err(PkiError::KeptElsewhere)));
    }

    /// As easy-rsa and others make them: more than a common name, other character sets, a key identifier of SHA-1.
    #[test]
    fn what_a_ca_made_elsewhere_signs_names_it_octet_by_octet() {
        let mut params =
            params(&policy::CA, "", &Certifiable(key().public()), Validity::starting(NOW, Duration::days(9)), SERIAL)
                .unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, rcgen::DnValue::PrintableString("DE".try_into().unwrap()));
        params.distinguished_name.push(DnType::OrganizationName, "Bücher & Co");
        params.distinguished_name.push(DnType::CommonName, "VPN CA");
        let mail = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
        params.distinguished_name.push(mail, rcgen::DnValue::Ia5String("me@example.com".try_into().unwrap()));
        params.key_identifier_method = KeyIdMethod::PreSpecified(vec![0xab; 20]);
        let der = params.self_signed(key()).unwrap().der().to_vec();
        let key_again = PrivateKey::from_pkcs8(&key().to_pkcs8().unwrap()).unwrap();
        let authority = Authority::open(read(der.clone()).unwrap(), key_again).unwrap();
        let issued =
            authority.issue(&policy::CLIENT, "a.vpn.example.com", &user(), Duration::DAY, NOW, SERIAL).unwrap();
        let (ca, issued) = [&der, issued.der()].map(|der| x509_cert::Certificate::from_der(der).unwrap()).into();
        assert_eq!(issued.tbs_certificate().issuer(), ca.tbs_certificate().subject());
        let crl = Crl::from_pem(&authority.crl(1, &[], NOW).unwrap()).unwrap();
        let identifier = [0xab; 20].as_slice();
        for der in [issued.to_der().unwrap().as_slice(), crl.der()] {
            assert!(der.windows(20).any(|window| window == identifier), "the authority key identifier");
        }
    }

    /// A key that is not the CA's.
    fn user() -> PublicKey {
        static KEY: LazyLock<PublicKey> = LazyLock::new(|| PrivateKey::generate().unwrap().public().clone());
        KEY.clone()
    }

    const SERIAL: Serial = Serial::from_random([0x5a; 16]);
}
