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
        let public = match certificate.key_algorithm {
            KeyAlgorithm::EcP256 => public_point(&ECDSA_P256_SHA256_ASN1_SIGNING, der)?,
            KeyAlgorithm::EcP384 => public_point(&ECDSA_P384_SHA384_ASN1_SIGNING, der)?,
            KeyAlgorithm::EcP521 => public_point(&ECDSA_P521_SHA512_ASN1_SIGNING, der)?,
            KeyAlgorithm::Rsa1024 | KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                let pkcs1 =
                    if label == "PRIVATE KEY" { inside_pkcs8(der).map_err(|_| KeyProblem::Unreadable)? } else { der };
                // Below 2048 bits the library refuses the key unseen; then the public half has to do.
                let sound = certificate.key_algorithm == KeyAlgorithm::Rsa1024 || rsa::KeyPair::from_der(pkcs1).is_ok();
                if !sound {
                    return Err(KeyProblem::Unreadable);
                }
                rsa_public_half(pkcs1).map_err(|_| KeyProblem::Unreadable)?
            }
        };
        let expected = match certificate.key_algorithm {
            KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => certificate.public_key.clone(),
            KeyAlgorithm::Rsa1024 | KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                rsa_modulus_and_exponent(&certificate.public_key).map_err(|_| KeyProblem::OfAnother)?
            }
        };
        if public != expected {
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

fn public_point(algorithm: &'static EcdsaSigningAlgorithm, der: &[u8]) -> Result<Vec<u8>, KeyProblem> {
    let pair = EcdsaKeyPair::from_private_key_der(algorithm, der).map_err(|_| KeyProblem::OfAnother)?;
    Ok(pair.public_key().as_ref().to_vec())
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
