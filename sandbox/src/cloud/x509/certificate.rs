//! What a certificate says, in the words of ACM.

use der::asn1::ObjectIdentifier;
use der::oid::db::{rfc5280, rfc5912};
use der::{Decode as _, Encode as _};
use time::OffsetDateTime;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage as ExtKeyUsage, KeyUsage as KeyUsageBits, KeyUsages, SubjectAltName,
};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

/// A certificate, read.
#[derive(Debug, Clone)]
pub struct X509 {
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Distinguished name (RFC 4514).
    pub subject: String,
    /// Distinguished name of who issued it (RFC 4514).
    pub issuer: String,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// DNS names among the subject alternative names.
    pub dns_names: Vec<String>,
    /// Serial number, pairs of digits with colons.
    pub serial: String,
    /// Not valid before.
    pub not_before: OffsetDateTime,
    /// Not valid after.
    pub not_after: OffsetDateTime,
    /// Kind and size of the key.
    pub key_algorithm: KeyAlgorithm,
    /// The subject's public key: what stands in the bit string.
    pub public_key: Vec<u8>,
    /// How it was signed.
    pub signature_algorithm: ObjectIdentifier,
    /// The signature.
    pub signature: Vec<u8>,
    /// Key usages, empty when the extension is absent.
    pub key_usages: Vec<KeyUsage>,
    /// Extended key usages, empty when the extension is absent.
    pub extended_key_usages: Vec<ExtendedKeyUsage>,
    /// Whether the basic constraints say CA.
    pub is_ca: bool,
    pub(in crate::cloud) subject_der: Vec<u8>,
    pub(in crate::cloud) issuer_der: Vec<u8>,
}

/// The key algorithms that ACM imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say all")]
pub enum KeyAlgorithm {
    EcP256,
    EcP384,
    EcP521,
    Rsa1024,
    Rsa2048,
    Rsa3072,
    Rsa4096,
}

/// A key usage in ACM's words, such as `DIGITAL_SIGNATURE`.
pub type KeyUsage = &'static str;

/// An extended key usage: ACM's word for it, and its object identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    /// Such as `TLS_WEB_SERVER_AUTHENTICATION`; `CUSTOM` for one that ACM has no word for.
    pub name: &'static str,
    /// Dotted.
    pub oid: String,
}

impl X509 {
    /// Reads a certificate. `None` when it is not one, is not version 3, or has a key that ACM does not import.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?;
        let tbs = certificate.tbs_certificate();
        if tbs.version() != x509_cert::certificate::Version::V3 {
            return None;
        }
        let alternative_names = tbs.get_extension::<SubjectAltName>().ok()?;
        let key_usage = tbs.get_extension::<KeyUsageBits>().ok()?;
        let extended = tbs.get_extension::<ExtKeyUsage>().ok()?;
        let constraints = tbs.get_extension::<BasicConstraints>().ok()?;
        Some(Self {
            der: der.to_vec(),
            subject: tbs.subject().to_string(),
            issuer: tbs.issuer().to_string(),
            common_name: tbs.subject().common_name().ok()?.map(|name| name.value().into_owned()),
            dns_names: alternative_names.map_or_else(Vec::new, |(_, names)| dns_names(&names)),
            serial: serial(tbs.serial_number().as_bytes()),
            not_before: moment(tbs.validity().not_before)?,
            not_after: moment(tbs.validity().not_after)?,
            key_algorithm: KeyAlgorithm::of(tbs.subject_public_key_info())?,
            public_key: tbs.subject_public_key_info().subject_public_key.raw_bytes().to_vec(),
            signature_algorithm: certificate.signature_algorithm().oid,
            signature: certificate.signature().raw_bytes().to_vec(),
            key_usages: key_usage.map_or_else(Vec::new, |(_, usage)| key_usages(usage)),
            extended_key_usages: extended
                .map_or_else(Vec::new, |(_, usage)| usage.0.iter().map(ExtendedKeyUsage::of).collect()),
            is_ca: constraints.is_some_and(|(_, constraints)| constraints.ca),
            subject_der: tbs.subject().to_der().ok()?,
            issuer_der: tbs.issuer().to_der().ok()?,
        })
    }

    /// What ACM shows as `DomainName`, if anything.
    ///
    /// A common name with a dot counts, else the first DNS name. This follows what people report of the service;
    /// the exact rule is not published: UNCONFIRMED.
    #[must_use]
    pub fn domain_name(&self) -> Option<&str> {
        self.common_name
            .as_deref()
            .filter(|name| is_domain(name))
            .or_else(|| self.dns_names.first().map(String::as_str))
    }

    /// Whether `issuer` is named as this certificate's issuer and made its signature.
    #[must_use]
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        self.issuer_der == issuer.subject_der
            && super::is_signed_by(&self.der, self.signature_algorithm, &self.signature, issuer)
    }

    /// Whether the certificate names and signs itself, as a root does.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.is_issued_by(self)
    }

    /// The certificate in PEM, with a line feed at its end.
    #[must_use]
    pub fn to_pem(&self) -> String {
        super::text("CERTIFICATE", &self.der).unwrap_or_default()
    }
}

impl KeyAlgorithm {
    /// ACM's name of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EcP256 => "EC_prime256v1",
            Self::EcP384 => "EC_secp384r1",
            Self::EcP521 => "EC_secp521r1",
            Self::Rsa1024 => "RSA_1024",
            Self::Rsa2048 => "RSA_2048",
            Self::Rsa3072 => "RSA_3072",
            Self::Rsa4096 => "RSA_4096",
        }
    }

    /// Whether Client VPN takes certificates with such a key.
    /// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/mutual.html>
    #[must_use]
    pub fn suits_client_vpn(self) -> bool {
        matches!(self, Self::Rsa1024 | Self::Rsa2048)
    }

    fn of(key: &SubjectPublicKeyInfoOwned) -> Option<Self> {
        if key.algorithm.oid == rfc5912::RSA_ENCRYPTION {
            // RSAPublicKey (RFC 8017 A.1.1); the length of the modulus is the size of the key.
            let public = RsaPublicKey::from_der(key.subject_public_key.raw_bytes()).ok()?;
            let bytes = public.modulus.as_bytes();
            return match bytes.len() * 8 - bytes.first()?.leading_zeros() as usize {
                1024 => Some(Self::Rsa1024),
                2048 => Some(Self::Rsa2048),
                3072 => Some(Self::Rsa3072),
                4096 => Some(Self::Rsa4096),
                _ => None,
            };
        }
        if key.algorithm.oid != rfc5912::ID_EC_PUBLIC_KEY {
            return None;
        }
        let curve: ObjectIdentifier = key.algorithm.parameters.as_ref()?.decode_as().ok()?;
        [
            (rfc5912::SECP_256_R_1, Self::EcP256),
            (rfc5912::SECP_384_R_1, Self::EcP384),
            (rfc5912::SECP_521_R_1, Self::EcP521),
        ]
        .into_iter()
        .find_map(|(oid, algorithm)| (oid == curve).then_some(algorithm))
    }
}

#[derive(der::Sequence)]
struct RsaPublicKey {
    modulus: der::asn1::Uint,
    _exponent: der::asn1::Uint,
}

impl ExtendedKeyUsage {
    fn of(oid: &ObjectIdentifier) -> Self {
        let name = match *oid {
            rfc5280::ID_KP_SERVER_AUTH => "TLS_WEB_SERVER_AUTHENTICATION",
            rfc5280::ID_KP_CLIENT_AUTH => "TLS_WEB_CLIENT_AUTHENTICATION",
            rfc5280::ID_KP_CODE_SIGNING => "CODE_SIGNING",
            rfc5280::ID_KP_EMAIL_PROTECTION => "EMAIL_PROTECTION",
            rfc5280::ID_KP_TIME_STAMPING => "TIME_STAMPING",
            rfc5280::ID_KP_OCSP_SIGNING => "OCSP_SIGNING",
            rfc5280::ANY_EXTENDED_KEY_USAGE => "ANY",
            _ => "CUSTOM",
        };
        Self { name, oid: oid.to_string() }
    }
}

fn key_usages(usage: KeyUsageBits) -> Vec<KeyUsage> {
    [
        (KeyUsages::DigitalSignature, "DIGITAL_SIGNATURE"),
        (KeyUsages::NonRepudiation, "NON_REPUDIATION"),
        (KeyUsages::KeyEncipherment, "KEY_ENCIPHERMENT"),
        (KeyUsages::DataEncipherment, "DATA_ENCIPHERMENT"),
        (KeyUsages::KeyAgreement, "KEY_AGREEMENT"),
        (KeyUsages::KeyCertSign, "CERTIFICATE_SIGNING"),
        (KeyUsages::CRLSign, "CRL_SIGNING"),
        (KeyUsages::EncipherOnly, "ENCIPHER_ONLY"),
        (KeyUsages::DecipherOnly, "DECIPHER_ONLY"),
    ]
    .into_iter()
    .filter_map(|(bit, name)| usage.0.contains(bit).then_some(name))
    .collect()
}

fn dns_names(names: &SubjectAltName) -> Vec<String> {
    names
        .0
        .iter()
        .filter_map(|name| if let GeneralName::DnsName(name) = name { Some(name.to_string()) } else { None })
        .collect()
}

fn serial(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

pub(in crate::cloud) fn moment(time: x509_cert::time::Time) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

fn is_domain(name: &str) -> bool {
    name.contains('.')
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_*".contains(&b)))
}
