//! Which public keys may be certified.
//!
//! AWS Client VPN supports RSA keys of 1024 and 2048 bits only
//! (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/mutual.html>); 1024 bits are too few today. So: RSA,
//! exactly 2048 bits, public exponent 65537.

use der::{Decode, asn1::AnyRef, asn1::UintRef};
use thiserror::Error;
use x509_cert::spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use crate::fingerprint::Fingerprint;

/// An RSA public key that satisfies the policy of this module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey {
    spki: Vec<u8>,
    pkcs1: Vec<u8>,
}

/// Why a public key is refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum KeyRefusal {
    /// Not a `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7).
    #[error("the public key cannot be read")]
    Malformed,
    /// An elliptic curve or other key.
    #[error("the key is not an RSA key (its algorithm is {algorithm}); AWS Client VPN takes RSA keys only")]
    NotRsa {
        /// The algorithm's object identifier.
        algorithm: String,
    },
    /// Another size.
    #[error("the RSA key has {bits} bits, it must have {}", PublicKey::BITS)]
    Size {
        /// Bits of the modulus.
        bits: usize,
    },
    /// Another exponent.
    #[error("the RSA key's public exponent is not 65537")]
    Exponent,
    /// An even modulus: not a product of two odd primes.
    #[error("the RSA key's modulus is even, so it is not an RSA key at all")]
    EvenModulus,
}

impl KeyRefusal {
    /// A stable name of the refusal, by which the page finds its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "key-malformed",
            Self::NotRsa { .. } => "key-not-rsa",
            Self::Size { .. } => "key-size",
            Self::Exponent => "key-exponent",
            Self::EvenModulus => "key-even-modulus",
        }
    }
}

impl PublicKey {
    /// The only size taken, in bits of the modulus.
    pub const BITS: usize = 2048;

    /// Reads a DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// The rule that the key breaks.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyRefusal> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyRefusal::Malformed)?;
        if spki.algorithm.oid != RSA_ENCRYPTION {
            return Err(KeyRefusal::NotRsa { algorithm: spki.algorithm.oid.to_string() });
        }
        // RFC 3279 section 2.3.1: the parameters are NULL, always present.
        if spki.algorithm.parameters != Some(AnyRef::NULL) {
            return Err(KeyRefusal::Malformed);
        }
        let pkcs1 = spki.subject_public_key.as_bytes().ok_or(KeyRefusal::Malformed)?;
        let (modulus, exponent) = modulus_and_exponent(pkcs1).map_err(|_| KeyRefusal::Malformed)?;
        let bits = bits(modulus);
        if bits != Self::BITS {
            return Err(KeyRefusal::Size { bits });
        }
        if exponent != EXPONENT {
            return Err(KeyRefusal::Exponent);
        }
        if modulus.last().is_none_or(|byte| byte % 2 == 0) {
            return Err(KeyRefusal::EvenModulus);
        }
        Ok(Self { spki: der.to_owned(), pkcs1: pkcs1.to_owned() })
    }

    /// The DER `SubjectPublicKeyInfo`, as WebCrypto exports it in the format `spki`.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The DER `RSAPublicKey` inside it (RFC 8017 appendix A.1.1).
    pub fn pkcs1_der(&self) -> &[u8] {
        &self.pkcs1
    }

    /// SHA-256 of [`PublicKey::spki_der`].
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.spki)
    }
}

/// `RSAPublicKey` of RFC 8017 appendix A.1.1, as big-endian bytes without leading zeros.
fn modulus_and_exponent(pkcs1: &[u8]) -> Result<(&[u8], &[u8]), der::Error> {
    use der::Reader;
    let mut reader = der::SliceReader::new(pkcs1)?;
    let (modulus, exponent) = reader.sequence(|inner| {
        Ok::<_, der::Error>((UintRef::decode(inner)?.as_bytes(), UintRef::decode(inner)?.as_bytes()))
    })?;
    reader.finish()?;
    Ok((modulus, exponent))
}

fn bits(modulus: &[u8]) -> usize {
    modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize)
}

/// `rsaEncryption` (RFC 8017 appendix A.1).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// 65537, big-endian.
const EXPONENT: &[u8] = &[1, 0, 1];
