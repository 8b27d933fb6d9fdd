//! Which public keys may be certified.
//!
//! AWS Client VPN supports RSA keys of 1024 and 2048 bits only
//! (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/mutual.html>); 1024 bits are too few today. So: RSA,
//! exactly 2048 bits, public exponent 65537.

use der::oid::ObjectIdentifier;
use thiserror::Error;

use crate::{
    element::{BIT_STRING, Element, INTEGER, Malformed, NULL, SEQUENCE, sequence, write},
    fingerprint::Fingerprint,
};

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
    #[error("the key is not an RSA key (its algorithm is {}); AWS Client VPN takes RSA keys only", dotted(.algorithm))]
    NotRsa {
        /// The algorithm's object identifier as DER has it.
        algorithm: Vec<u8>,
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
        let [algorithm, public_key] = sequence(der)?[..] else {
            return Err(KeyRefusal::Malformed);
        };
        let algorithm = algorithm.parts(SEQUENCE)?;
        let [identifier, parameters @ ..] = algorithm.as_slice() else {
            return Err(KeyRefusal::Malformed);
        };
        if !identifier.is_identifier(&RSA_ENCRYPTION) {
            return Err(KeyRefusal::NotRsa { algorithm: identifier.value.to_owned() });
        }
        // RFC 3279 section 2.3.1: the parameters are NULL, always present.
        if !matches!(parameters, [Element { tag: NULL, value: [], .. }]) {
            return Err(KeyRefusal::Malformed);
        }
        let pkcs1 = public_key.whole_bytes().ok_or(KeyRefusal::Malformed)?;
        let [modulus, exponent] = sequence(pkcs1)?[..] else {
            return Err(KeyRefusal::Malformed);
        };
        let (modulus, exponent) = (unsigned(modulus)?, unsigned(exponent)?);
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

    /// The public half of the private key in DER `PrivateKeyInfo` (RFC 5208 section 5, RFC 8017 appendix A.1.2). Nothing of
    /// the secret half is copied.
    ///
    /// # Errors
    /// As [`PublicKey::from_spki_der`].
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyRefusal> {
        let fields = sequence(der)?;
        let [_version, algorithm, private_key, ..] = fields.as_slice() else {
            return Err(KeyRefusal::Malformed);
        };
        let numbers = sequence(private_key.value)?;
        let [_version, modulus, exponent, ..] = numbers.as_slice() else {
            return Err(KeyRefusal::Malformed);
        };
        let pkcs1 = write(SEQUENCE, &[modulus.whole, exponent.whole].concat());
        let bits = write(BIT_STRING, &[&[0], pkcs1.as_slice()].concat());
        Self::from_spki_der(&write(SEQUENCE, &[algorithm.whole, &bits].concat()))
    }

    /// The DER `SubjectPublicKeyInfo`, as WebCrypto exports it in the format `spki`.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The DER `RSAPublicKey` inside it (RFC 8017 appendix A.1.1).
    pub fn pkcs1_der(&self) -> &[u8] {
        &self.pkcs1
    }

    /// The modulus: 256 bytes, big-endian, of which the first bit is set.
    pub fn modulus(&self) -> &[u8] {
        // What `from_spki_der` has taken has this form.
        let modulus = sequence(&self.pkcs1).ok().and_then(|numbers| unsigned(*numbers.first()?).ok());
        modulus.unwrap_or_default()
    }

    /// SHA-256 of [`PublicKey::spki_der`].
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.spki)
    }
}

impl From<Malformed> for KeyRefusal {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// An INTEGER that is not negative, big-endian without leading zeros (X.690 section 8.3.2).
fn unsigned(integer: Element<'_>) -> Result<&[u8], Malformed> {
    match integer.value {
        _ if integer.tag != INTEGER => Err(Malformed),
        [0, digits @ ..] if digits.first().is_some_and(|first| *first >= 0x80) => Ok(digits),
        [1..=0x7f, ..] => Ok(integer.value),
        _ => Err(Malformed),
    }
}

/// An object identifier as people write it, where it is one.
fn dotted(identifier: &[u8]) -> String {
    ObjectIdentifier::from_bytes(identifier).map_or_else(|_| "unknown".to_owned(), |identifier| identifier.to_string())
}

fn bits(modulus: &[u8]) -> usize {
    modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize)
}

/// `rsaEncryption` (RFC 8017 appendix A.1).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// 65537, big-endian.
const EXPONENT: &[u8] = &[1, 0, 1];

#[cfg(test)]
mod tests {
    use crate::csr::Csr;

    #[test]
    fn the_modulus_is_the_one_that_openssl_prints() {
        let key = Csr::from_pem(include_str!("testdata/alice.csr")).unwrap().public_key().clone();
        // openssl req -in alice.csr -noout -modulus
        let hex: String = key.modulus().iter().map(|byte| format!("{byte:02X}")).collect();
        assert!(hex.starts_with("C052C094A16BEE3B") && hex.ends_with("4DD12EDFE083E67D"), "{hex}");
        assert_eq!(key.modulus().len(), 256);
    }
}
