//! Where the CA's key is: in memory, opened with a passphrase, or with a service that signs and never gives it away.

use std::{error::Error, fmt};

use profile::{key::PublicKey, signed::Signed};
use rcgen::SigningKey;
use sha2::{Digest, Sha256};

use super::{
    PkiError,
    key::{PrivateKey, verifies},
};

/// The CA's key, wherever it is.
#[derive(Debug)]
pub enum Custody {
    /// Here.
    Held(PrivateKey),
    /// Elsewhere.
    Remote(Box<dyn RemoteKey>),
}

/// An RSA-2048 key that somebody else keeps. Signing blocks: it is asked for by code that is not asynchronous, and by many
/// threads at once.
pub trait RemoteKey: fmt::Debug + Send + Sync {
    /// The public half.
    fn public(&self) -> &PublicKey;

    /// Signs by RSASSA-PKCS1-v1_5 with SHA-256. Whether the answer is right is not this one's affair.
    ///
    /// # Errors
    /// Whatever keeps the service from signing.
    fn sign(&self, what: ToSign<'_>) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;
}

/// What a service is given to sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ToSign<'a> {
    /// The message itself.
    Message(&'a [u8]),
    /// SHA-256 of a message that is too long to be sent.
    Digest([u8; 32]),
}

impl<'a> ToSign<'a> {
    /// How `message` is sent. Up to 4096 octets may be sent as they are
    /// (<https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html>); a CRL of some eighty entries is longer.
    pub fn of(message: &'a [u8]) -> Self {
        match message.len() {
            0..=4096 => Self::Message(message),
            _ => Self::Digest(Sha256::digest(message).into()),
        }
    }
}

impl Custody {
    /// The public half of the key.
    pub fn public(&self) -> &PublicKey {
        match self {
            Self::Held(key) => key.public(),
            Self::Remote(key) => key.public(),
        }
    }

    /// Signs `message`, which is to become `subject`. A signature that was made elsewhere is verified here: one that does
    /// not hold would be found at the worst moment, by an endpoint that lets nobody in.
    pub(super) fn sign(&self, message: &[u8], subject: &str) -> Result<Vec<u8>, PkiError> {
        match self {
            Self::Held(key) => key.sign(message).map_err(|_| PkiError::Signing { subject: subject.to_owned() }),
            Self::Remote(key) => {
                let failed = |source| PkiError::Remote { subject: subject.to_owned(), source };
                let signature = key.sign(ToSign::of(message)).map_err(failed)?;
                match verifies(key.public(), Signed { message, signature: &signature }) {
                    true => Ok(signature),
                    false => Err(PkiError::WrongSignature { subject: subject.to_owned() }),
                }
            }
        }
    }
}

impl From<PrivateKey> for Custody {
    fn from(key: PrivateKey) -> Self {
        Self::Held(key)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A service that signs as AWS documents it.

    use aws_lc_rs::{
        digest::{Digest, SHA256},
        signature,
    };

    use super::{Error, PrivateKey, PublicKey, RemoteKey, SigningKey, ToSign};

    /// Keeps a key and signs with it. `hashes_again` is how moto goes wrong: it takes a digest for a message.
    #[derive(Debug)]
    pub(crate) struct Service {
        pub(crate) key: PrivateKey,
        pub(crate) hashes_again: bool,
    }

    impl RemoteKey for Service {
        fn public(&self) -> &PublicKey {
            self.key.public()
        }

        fn sign(&self, what: ToSign<'_>) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
            match what {
                ToSign::Message(message) if message.len() > 4096 => Err("ValidationException".into()),
                ToSign::Message(message) => Ok(self.key.sign(message)?),
                ToSign::Digest(digest) if self.hashes_again => Ok(self.key.sign(&digest)?),
                ToSign::Digest(digest) => Ok(sign_digest(&self.key, &digest)),
            }
        }
    }

    fn sign_digest(key: &PrivateKey, digest: &[u8]) -> Vec<u8> {
        let pair = signature::RsaKeyPair::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        let digest = Digest::import_less_safe(digest, &SHA256).unwrap();
        let mut made = vec![0; pair.public_modulus_len()];
        pair.sign_digest(&signature::RSA_PKCS1_SHA256, &digest, &mut made).unwrap();
        made
    }
}
