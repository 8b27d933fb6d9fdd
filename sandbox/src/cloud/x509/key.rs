//! The private key that comes with a certificate: readable, unencrypted, and the certificate's own.

use std::fmt;

use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _,
};
use der::asn1::OctetStringRef;
use der::{Decode as _, Reader as _, SliceReader};

use super::{KeyAlgorithm, X509};

/// A private key in PEM. It shows itself to nobody but whoever asks for [`PrivateKey::pem`].
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(String);

/// Why a private key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cloud) enum KeyProblem {
    /// It needs a passphrase.
    Encrypted,
    /// It is no private key in PEM, or of a kind that ACM does not know.
    Unreadable,
    /// It is the key of another certificate.
    OfAnother,
}

impl PrivateKey {
    /// Takes the private key of a certificate.
    ///
    /// # Errors
    /// See [`KeyProblem`].
    pub(in crate::cloud) fn of(certificate: &X509, pem: &str) -> Result<Self, KeyProblem> {
        if pem.contains("ENCRYPTED") {
            return Err(KeyProblem::Encrypted);
        }
        let (label, der) = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]
            .iter()
            .find_map(|label| Some((*label, super::blocks(pem, label)?)))
            .ok_or(KeyProblem::Unreadable)?;
        let [der] = der.as_slice() else { return Err(KeyProblem::Unreadable) };
        let belongs = match certificate.key_algorithm {
            KeyAlgorithm::EcP256 => is_ec_key_of(&ECDSA_P256_SHA256_ASN1_SIGNING, der, certificate),
            KeyAlgorithm::EcP384 => is_ec_key_of(&ECDSA_P384_SHA384_ASN1_SIGNING, der, certificate),
            KeyAlgorithm::EcP521 => is_ec_key_of(&ECDSA_P521_SHA512_ASN1_SIGNING, der, certificate),
            KeyAlgorithm::Rsa1024 | KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                let pkcs1 = if label == "PRIVATE KEY" { inside_pkcs8(der) } else { Ok(der.as_slice()) };
                is_rsa_key_of(pkcs1.map_err(|_| KeyProblem::Unreadable)?, certificate)?
            }
        };
        if !belongs {
            return Err(KeyProblem::OfAnother);
        }
        super::text(label, der).map(Self).ok_or(KeyProblem::Unreadable)
    }

    /// The key itself. For the OpenVPN server, and nothing else.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(withheld)")
    }
}

/// A key on another curve is not this certificate's either, so an unreadable one is not told apart.
fn is_ec_key_of(algorithm: &'static EcdsaSigningAlgorithm, der: &[u8], certificate: &X509) -> bool {
    EcdsaKeyPair::from_private_key_der(algorithm, der)
        .is_ok_and(|pair| pair.public_key().as_ref() == certificate.public_key)
}

fn is_rsa_key_of(pkcs1: &[u8], certificate: &X509) -> Result<bool, KeyProblem> {
    // Below 2048 bits the library refuses the key unseen; then the public half has to do.
    if certificate.key_algorithm != KeyAlgorithm::Rsa1024 && rsa::KeyPair::from_der(pkcs1).is_err() {
        return Err(KeyProblem::Unreadable);
    }
    let public_half = rsa_public_half(pkcs1).map_err(|_| KeyProblem::Unreadable)?;
    Ok(rsa_modulus_and_exponent(&certificate.public_key).is_ok_and(|expected| expected == public_half))
}

/// RFC 5208: version, algorithm, and the key as an octet string.
fn inside_pkcs8(der: &[u8]) -> der::Result<&[u8]> {
    let mut outer = SliceReader::new(der)?;
    outer.sequence(|inner| {
        let _version = inner.tlv_bytes()?;
        let _algorithm = inner.tlv_bytes()?;
        let key: &OctetStringRef = <&OctetStringRef>::decode(inner)?;
        inner.drain(inner.remaining_len())?;
        Ok(key.as_bytes())
    })
}

/// RFC 8017 A.1.2: version, modulus, public exponent, and the secret rest.
fn rsa_public_half(pkcs1: &[u8]) -> der::Result<Vec<u8>> {
    let mut outer = SliceReader::new(pkcs1)?;
    outer.sequence(|inner| {
        let _version = inner.tlv_bytes()?;
        let half = [inner.tlv_bytes()?, inner.tlv_bytes()?].concat();
        inner.drain(inner.remaining_len())?;
        Ok(half)
    })
}

/// RFC 8017 A.1.1: modulus and public exponent.
fn rsa_modulus_and_exponent(public_key: &[u8]) -> der::Result<Vec<u8>> {
    let mut outer = SliceReader::new(public_key)?;
    outer.sequence(|inner| Ok([inner.tlv_bytes()?, inner.tlv_bytes()?].concat()))
}
