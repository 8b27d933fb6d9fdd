//! Randomness as an argument, so that only `main` asks the operating system for it.

use crate::pki::{PkiError, key::PrivateKey};

/// Where serial numbers, nonces, salts and keys come from.
pub trait Random {
    /// 128 fresh random bits from a cryptographic generator.
    fn bits_128(&self) -> [u8; 16];

    /// A fresh private key. Tests, which need many, may take the same one again.
    ///
    /// # Errors
    /// [`PkiError::KeyGeneration`].
    fn private_key(&self) -> Result<PrivateKey, PkiError> {
        PrivateKey::generate()
    }
}
