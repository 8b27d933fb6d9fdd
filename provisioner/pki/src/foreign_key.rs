//! The private key of a CA that another tool made, in the forms that OpenSSL, and with it easy-rsa 3, writes.

use pkcs8::der::SecretDocument;
use thiserror::Error;

use super::{
    PkiError,
    key::PrivateKey,
    secret::{self, Passphrase},
};

/// Why a key cannot be read.
#[derive(Debug, Error)]
pub enum ForeignKeyError {
    /// OpenSSL's own encryption of old: one round of MD5 over the passphrase.
    #[error("the key is encrypted in the old form of OpenSSL, which is not read")]
    OldEncryption,
    /// Encryption that is not supported, or damage.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

/// Whether a passphrase is needed to read the key in `pem`.
pub fn is_encrypted(pem: &str) -> bool {
    pem.contains(ENCRYPTED)
}

/// Reads a key: PKCS#8 (RFC 5958), encrypted or not, or PKCS#1 (RFC 8017 appendix A.1.2). An empty passphrase where it
/// is not encrypted.
///
/// # Errors
/// [`ForeignKeyError`].
pub fn read(pem: &str, passphrase: &Passphrase) -> Result<PrivateKey, ForeignKeyError> {
    if pem.contains("Proc-Type:") {
        return Err(ForeignKeyError::OldEncryption);
    }
    if is_encrypted(pem) {
        return Ok(secret::decrypt(pem, passphrase)?);
    }
    let (label, der) = SecretDocument::from_pem(pem).map_err(|_| PkiError::KeyFile)?;
    Ok(match label {
        "PRIVATE KEY" => PrivateKey::from_pkcs8(der.as_bytes())?,
        "RSA PRIVATE KEY" => PrivateKey::from_pkcs1(der.as_bytes())?,
        _ => return Err(PkiError::KeyFile.into()),
    })
}

const ENCRYPTED: &str = "BEGIN ENCRYPTED PRIVATE KEY";

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Each form as OpenSSL itself writes it; `des3` is what easy-rsa 3.1 asks for, `aes256` what 3.2 does.
    #[test]
    fn every_form_that_openssl_writes_is_read_or_named() {
        let folder = tempfile::tempdir().unwrap();
        let openssl = |line: &str| {
            let mut command = Command::new("openssl");
            let output = command.args(line.split(' ')).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let plain = openssl("genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048");
        std::fs::File::create(folder.path().join("key"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, plain.as_bytes()))
            .unwrap();
        let wanted = read(&plain, &passphrase("")).unwrap();
        for (form, encrypted) in [
            ("rsa -in key -traditional", false),
            ("pkcs8 -topk8 -in key -passout pass:secret -v2 des3", true),
            ("pkcs8 -topk8 -in key -passout pass:secret -v2 aes-256-cbc", true),
            ("pkcs8 -topk8 -in key -passout pass:secret -v2 aes-128-cbc", true),
            ("pkcs8 -topk8 -in key -passout pass:secret -scrypt", true),
            ("pkey -in key -aes256 -passout pass:secret", true),
        ] {
            let pem = openssl(form);
            assert_eq!(is_encrypted(&pem), encrypted, "{form}");
            let key = read(&pem, &passphrase("secret")).unwrap();
            assert_eq!(key.public(), wanted.public(), "{form}");
            let refused = encrypted.then(|| read(&pem, &passphrase("wrong")));
            assert!(matches!(refused, None | Some(Err(ForeignKeyError::Pki(PkiError::Passphrase)))), "{form}");
        }
        let old = openssl("rsa -in key -traditional -aes256 -passout pass:secret");
        assert!(matches!(read(&old, &passphrase("secret")), Err(ForeignKeyError::OldEncryption)));
        let curve = openssl("genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256");
        assert!(matches!(read(&curve, &passphrase("")), Err(ForeignKeyError::Pki(PkiError::KeyFile))));
    }

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned().into())
    }
}
