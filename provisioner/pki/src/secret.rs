//! The CA key at rest: PKCS#8 `EncryptedPrivateKeyInfo` with PBES2, scrypt and AES-256 (RFC 8018, RFC 7914), which
//! `openssl pkey` reads.

use pkcs8::{
    EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef,
    der::{Decode, SecretDocument, pem::PemLabel},
    pkcs5::{pbes2, scrypt},
};
use zeroize::Zeroizing;

use super::{PkiError, key::PrivateKey};

/// What opens the CA key. Overwritten when dropped, never printed.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes what a person typed or the environment held.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// How many characters it has.
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether both are the same, for the question asked twice.
    pub fn matches(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}

/// Fresh random bytes for one encryption.
#[derive(Clone, Copy, Debug)]
pub struct Salt {
    /// Salt of scrypt.
    pub salt: [u8; 16],
    /// Initialization vector of AES-CBC.
    pub iv: [u8; 16],
}

/// Encrypts `key`, as PEM.
///
/// # Errors
/// [`PkiError::Encryption`], or [`PkiError::KeyGeneration`] where the library cannot write the key.
pub fn encrypt(key: &PrivateKey, passphrase: &Passphrase, salt: Salt) -> Result<Zeroizing<String>, PkiError> {
    let cost = scrypt::Params::new(LOG_N, R, P).map_err(|_| PkiError::Encryption)?;
    let parameters =
        pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt.salt, salt.iv).map_err(|_| PkiError::Encryption)?;
    let plain = key.to_pkcs8()?;
    PrivateKeyInfoRef::try_from(plain.as_slice())
        .and_then(|info| info.encrypt_with_params(parameters, passphrase.0.as_bytes()))
        .map_err(|_| PkiError::Encryption)?
        .to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF)
        .map_err(|_| PkiError::Encryption)
}

/// Opens what [`encrypt`] wrote.
///
/// # Errors
/// [`PkiError::KeyFile`] or [`PkiError::Passphrase`].
pub fn decrypt(pem: &str, passphrase: &Passphrase) -> Result<PrivateKey, PkiError> {
    let (label, encrypted) = SecretDocument::from_pem(pem).map_err(|_| PkiError::KeyFile)?;
    if label != EncryptedPrivateKeyInfoRef::PEM_LABEL {
        return Err(PkiError::KeyFile);
    }
    let encrypted = EncryptedPrivateKeyInfoRef::from_der(encrypted.as_bytes()).map_err(|_| PkiError::KeyFile)?;
    let plain = encrypted.decrypt(passphrase.0.as_bytes()).map_err(|_| PkiError::Passphrase)?;
    PrivateKey::from_pkcs8(plain.as_bytes())
}

/// 16 MiB of memory (128 · N · r): the most that OpenSSL takes by default is 32 MiB. P makes up for it in time.
const LOG_N: u8 = 14;
const R: u32 = 8;
const P: u32 = 5;
