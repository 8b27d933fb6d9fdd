//! Certificates for tests: a CA, and whatever it signs. Shared by these tests and those inside the crate.

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256, RevokedCertParams, RsaKeySize, SerialNumber,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// The time at which the tests take place, unless they are about real connections.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

/// An authority that can sign.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) private_key: String,
}

/// What to put into a certificate.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) common_name: &'static str,
    pub(crate) dns_name: Option<&'static str>,
    pub(crate) purpose: ExtendedKeyUsagePurpose,
    pub(crate) serial: u64,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
}

impl Wish {
    pub(crate) fn server() -> Self {
        let purpose = ExtendedKeyUsagePurpose::ServerAuth;
        Self { dns_name: Some("vpn.example.com"), purpose, ..Self::client("vpn.example.com", 2) }
    }

    pub(crate) fn client(common_name: &'static str, serial: u64) -> Self {
        Self {
            common_name,
            dns_name: None,
            purpose: ExtendedKeyUsagePurpose::ClientAuth,
            serial,
            not_before: NOW - Duration::days(365 * 20),
            not_after: NOW + Duration::days(365 * 20),
        }
    }
}

// RSA keys take a while: one for each part is made once.
static CA_KEY: LazyLock<String> = LazyLock::new(rsa_key);
static OTHER_CA_KEY: LazyLock<String> = LazyLock::new(rsa_key);
static KEY: LazyLock<String> = LazyLock::new(rsa_key);

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("Test CA", &CA_KEY)
    }

    /// Another CA. The same name, so that only the signature tells them apart.
    pub(crate) fn namesake() -> Self {
        Self::named("Test CA", &OTHER_CA_KEY)
    }

    fn named(name: &str, key: &str) -> Self {
        let key = KeyPair::from_pem(key).unwrap();
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn issue(&self, wish: Wish) -> Identity {
        self.issue_for(wish, KeyPair::from_pem(&KEY).unwrap())
    }

    pub(crate) fn issue_with_ec_key(&self, wish: Wish) -> Identity {
        self.issue_for(wish, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap())
    }

    fn issue_for(&self, wish: Wish, key: KeyPair) -> Identity {
        let Wish { common_name, dns_name, purpose, serial, not_before, not_after } = wish;
        let mut params = params(common_name);
        params.subject_alt_names =
            dns_name.map(|name| rcgen::SanType::DnsName(name.try_into().unwrap())).into_iter().collect();
        params.serial_number = Some(SerialNumber::from(serial));
        params.not_before = not_before;
        params.not_after = not_after;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { certificate, private_key: key.serialize_pem() }
    }

    pub(crate) fn crl(&self, serials: impl IntoIterator<Item = u64>) -> String {
        let revoked = |serial| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: NOW,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: NOW - Duration::days(365 * 20),
            next_update: NOW + Duration::days(365 * 20),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: serials.into_iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

/// A private key that belongs to no certificate of these.
pub(crate) fn another_key() -> String {
    OTHER_CA_KEY.clone()
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn rsa_key() -> String {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap().serialize_pem()
}
