//! Private keys encrypted by a passphrase: `EncryptedPrivateKeyInfo` (RFC 5958 section 3) with PBES2 (RFC 8018), as
//! `openssl pkcs8` reads and writes it. The cryptography is the caller's; here are its parameters and its form.

use der::oid::ObjectIdentifier;
use thiserror::Error;

use crate::{
    element::{INTEGER, Malformed, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, elements, sequence, write},
    pem,
};

/// An encrypted private key and what, beside the passphrase, is needed to decrypt it: PBKDF2 with HMAC-SHA-256 gives
/// 32 bytes, the key of AES-256-CBC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backup {
    /// PBKDF2's salt.
    pub salt: Vec<u8>,
    /// PBKDF2's iterations.
    pub iterations: u32,
    /// The initialisation vector, 16 bytes.
    pub vector: Vec<u8>,
    /// The encrypted PKCS#8 with its padding.
    pub ciphertext: Vec<u8>,
}

/// Why a backup cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum BackupRefusal {
    /// No encrypted private key at all.
    #[error("this is not an encrypted private key")]
    NotABackup,
    /// Encrypted in a way that this program does not know.
    #[error("the private key is encrypted in another way than PBKDF2 with HMAC-SHA-256 and AES-256-CBC")]
    OtherEncryption,
}

impl BackupRefusal {
    /// A stable name of the refusal, by which the page finds its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotABackup => "not-a-backup",
            Self::OtherEncryption => "backup-encryption",
        }
    }
}

impl Backup {
    /// What OWASP recommends for PBKDF2 with HMAC-SHA-256 (Password Storage Cheat Sheet, 2023).
    pub const ITERATIONS: u32 = 600_000;

    /// The most that are taken: more would only keep a browser busy.
    pub const MOST_ITERATIONS: u32 = 10_000_000;

    /// Reads PEM; text before it does not matter.
    ///
    /// # Errors
    /// [`BackupRefusal`].
    pub fn from_pem(text: &str) -> Result<Self, BackupRefusal> {
        let block = pem::first_block(text).filter(|block| block.label == LABEL).ok_or(BackupRefusal::NotABackup)?;
        let [algorithm, ciphertext] = sequence(&block.der)?[..] else {
            return Err(BackupRefusal::NotABackup);
        };
        let other = |_| BackupRefusal::OtherEncryption;
        let (salt, iterations, vector) = parameters(algorithm.whole).map_err(other)?;
        Ok(Self { salt, iterations, vector, ciphertext: ciphertext.value.to_vec() })
    }

    /// PEM (RFC 7468 section 11).
    pub fn to_pem(&self) -> String {
        let pseudorandom = write_identifier(&HMAC_WITH_SHA256, &write(NULL, &[]));
        let iterations = self.iterations.to_be_bytes();
        // A leading zero keeps the number positive, and no other may lead (X.690 section 8.3.2).
        let first = iterations.iter().position(|byte| *byte != 0).unwrap_or(iterations.len() - 1);
        let mut digits = iterations.get(first..).unwrap_or_default().to_vec();
        if digits.first().is_some_and(|digit| *digit >= 0x80) {
            digits.insert(0, 0);
        }
        let derivation = [write(OCTET_STRING, &self.salt), write(INTEGER, &digits), pseudorandom].concat();
        let derivation = write_identifier(&PBKDF2, &write(SEQUENCE, &derivation));
        let encryption = write_identifier(&AES_256_CBC, &write(OCTET_STRING, &self.vector));
        let algorithm = write_identifier(&PBES2, &write(SEQUENCE, &[derivation, encryption].concat()));
        let der = write(SEQUENCE, &[algorithm, write(OCTET_STRING, &self.ciphertext)].concat());
        pem::encode(LABEL, &der)
    }
}

impl From<Malformed> for BackupRefusal {
    fn from(_: Malformed) -> Self {
        Self::NotABackup
    }
}

/// Salt, iterations and initialisation vector of an `AlgorithmIdentifier` (RFC 8018 appendix A.4).
fn parameters(algorithm: &[u8]) -> Result<(Vec<u8>, u32, Vec<u8>), Malformed> {
    let [derivation, encryption] = elements(identified(algorithm, &PBES2)?)?[..] else {
        return Err(Malformed);
    };
    let [salt, iterations, rest @ ..] = &elements(identified(derivation.whole, &PBKDF2)?)?[..] else {
        return Err(Malformed);
    };
    // The key's length may stand before the function; without a function it is HMAC-SHA-1.
    let pseudorandom = rest.last().ok_or(Malformed)?;
    identified(pseudorandom.whole, &HMAC_WITH_SHA256)?;
    let number = iterations.value.iter().try_fold(0_u32, |number, byte| {
        number.checked_mul(256).and_then(|number| number.checked_add((*byte).into())).ok_or(Malformed)
    })?;
    let vector = identified(encryption.whole, &AES_256_CBC)?;
    let is_right = salt.tag == OCTET_STRING
        && iterations.tag == INTEGER
        && (1..=Backup::MOST_ITERATIONS).contains(&number)
        && vector.len() == 16;
    if is_right { Ok((salt.value.to_vec(), number, vector.to_vec())) } else { Err(Malformed) }
}

/// The content of the parameters of the `AlgorithmIdentifier`, where it is that of `identifier`.
fn identified<'a>(algorithm: &'a [u8], identifier: &ObjectIdentifier) -> Result<&'a [u8], Malformed> {
    match sequence(algorithm)?[..] {
        [found, parameters] if found.is_identifier(identifier) => Ok(parameters.value),
        _ => Err(Malformed),
    }
}

fn write_identifier(identifier: &ObjectIdentifier, parameters: &[u8]) -> Vec<u8> {
    let identifier = write(OBJECT_IDENTIFIER, identifier.as_bytes());
    write(SEQUENCE, &[&identifier, parameters].concat())
}

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// RFC 8018 appendix C.
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const HMAC_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Read and written again it is the same, so both agree with OpenSSL.
    #[test]
    fn the_form_is_that_of_openssl() {
        let text = include_str!("testdata/encrypted.key");
        let backup = Backup::from_pem(text).unwrap();
        assert_eq!(backup.iterations, Backup::ITERATIONS);
        assert_eq!(backup.to_pem(), text);
    }

    #[test]
    fn another_encryption_is_called_so() {
        assert_eq!(
            Backup::from_pem(include_str!("testdata/encrypted-otherwise.key")),
            Err(BackupRefusal::OtherEncryption)
        );
        let endless = Backup { iterations: Backup::MOST_ITERATIONS + 1, ..backup() };
        assert_eq!(Backup::from_pem(&endless.to_pem()), Err(BackupRefusal::OtherEncryption));
        assert_eq!(Backup::from_pem(include_str!("testdata/alice.crt")), Err(BackupRefusal::NotABackup));
        assert_eq!(Backup::from_pem(""), Err(BackupRefusal::NotABackup));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            salt in prop::collection::vec(any::<u8>(), 0..40), iterations in 1..=Backup::MOST_ITERATIONS,
            ciphertext in prop::collection::vec(any::<u8>(), 0..2000),
        ) {
            let backup = Backup { salt, iterations, ciphertext, ..backup() };
            prop_assert_eq!(Backup::from_pem(&format!("Key of alice\n{}", backup.to_pem())), Ok(backup));
        }
    }

    fn backup() -> Backup {
        Backup { salt: vec![1; 16], iterations: 1, vector: vec![2; 16], ciphertext: vec![3; 32] }
    }
}
