//! RSA-2048 private keys of the CA, the server and the anchor.

use aws_lc_rs::{encoding::AsDer, rand::SystemRandom, rsa::KeySize, signature};
use der::{SecretDocument, pem::LineEnding};
use profile::{key::PublicKey, signed::Signed};
use rcgen::{PublicKeyData, SigningKey};
use zeroize::Zeroizing;

use super::PkiError;

/// An RSA-2048 private key. AWS Client VPN takes no larger one
/// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/mutual.html>).
///
/// aws-lc keeps it in memory that it overwrites when freed.
pub struct PrivateKey {
    pair: signature::RsaKeyPair,
    public: PublicKey,
}

impl PrivateKey {
    /// A new key from the generator of aws-lc-rs.
    ///
    /// # Errors
    /// [`PkiError::KeyGeneration`].
    pub fn generate() -> Result<Self, PkiError> {
        let pair = signature::RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| PkiError::KeyGeneration)?;
        Self::with_public_half(pair).ok_or(PkiError::KeyGeneration)
    }

    /// Reads PKCS#8 DER.
    ///
    /// # Errors
    /// [`PkiError::KeyFile`] where it is not an RSA key that satisfies the policy of [`profile::key`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, PkiError> {
        let pair = signature::RsaKeyPair::from_pkcs8(der).map_err(|_| PkiError::KeyFile)?;
        Self::with_public_half(pair).ok_or(PkiError::KeyFile)
    }

    /// Reads PKCS#1 DER.
    ///
    /// # Errors
    /// As [`PrivateKey::from_pkcs8`].
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, PkiError> {
        let pair = signature::RsaKeyPair::from_der(der).map_err(|_| PkiError::KeyFile)?;
        Self::with_public_half(pair).ok_or(PkiError::KeyFile)
    }

    /// PKCS#8 DER, unencrypted.
    ///
    /// # Errors
    /// [`PkiError::KeyGeneration`] where the library cannot write what it made.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, PkiError> {
        let der = self.pair.as_der().map_err(|_| PkiError::KeyGeneration)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// PKCS#8 in PEM form, unencrypted: what ACM asks for.
    ///
    /// # Errors
    /// As [`PrivateKey::to_pkcs8`].
    pub fn to_pem(&self) -> Result<Zeroizing<String>, PkiError> {
        SecretDocument::try_from(self.to_pkcs8()?.as_slice())
            .and_then(|document| document.to_pem("PRIVATE KEY", LineEnding::LF))
            .map_err(|_| PkiError::KeyGeneration)
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn with_public_half(pair: signature::RsaKeyPair) -> Option<Self> {
        use signature::KeyPair;
        let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
        let public = PublicKey::from_spki_der(spki.as_ref()).ok()?;
        Some(Self { pair, public })
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey")
    }
}

/// A public key in the form in which rcgen puts one into certificates.
pub(super) struct Certifiable<'a>(pub(super) &'a PublicKey);

impl PublicKeyData for Certifiable<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.pkcs1_der()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl PublicKeyData for PrivateKey {
    fn der_bytes(&self) -> &[u8] {
        self.public.pkcs1_der()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for PrivateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| rcgen::Error::RingUnspecified)?;
        Ok(signature)
    }
}

/// Whether `signed` was signed by the holder of `key`: RSASSA-PKCS1-v1_5 with SHA-256.
pub fn verifies(key: &PublicKey, signed: Signed<'_>) -> bool {
    signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key.pkcs1_der())
        .verify(signed.message, signed.signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_what_its_public_half_verifies() {
        let key = PrivateKey::generate().unwrap();
        let signature = key.sign(b"message").unwrap();
        assert!(verifies(key.public(), Signed { message: b"message", signature: &signature }));
        assert!(!verifies(key.public(), Signed { message: b"massage", signature: &signature }));
        let other = PrivateKey::generate().unwrap();
        assert!(!verifies(other.public(), Signed { message: b"message", signature: &signature }));
    }

    #[test]
    fn a_key_survives_pkcs8() {
        let key = PrivateKey::generate().unwrap();
        let again = PrivateKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(key.public(), again.public());
        assert!(matches!(PrivateKey::from_pkcs8(b"nonsense"), Err(PkiError::KeyFile)));
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        assert_eq!(format!("{:?}", PrivateKey::generate().unwrap()), "PrivateKey");
    }
}
