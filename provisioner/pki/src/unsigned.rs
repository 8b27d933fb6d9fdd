//! A certificate or CRL on its way to a signature that is made elsewhere: what is to be signed, and the whole once it is.
//!
//! rcgen writes it with a blank in the signature's place. An RSA-2048 signature has 256 octets whatever it signs, and
//! stands at the end (RFC 5280 sections 4.1 and 5.1), so that the real one goes exactly there.

use std::cell::RefCell;

use profile::key::PublicKey;
use rcgen::{PublicKeyData, SigningKey};

/// Stands for the key that will sign: takes the message down and leaves a blank.
pub(super) struct Blank<'a> {
    key: &'a PublicKey,
    message: RefCell<Vec<u8>>,
}

/// What lacks its signature.
pub(super) struct Unsigned {
    message: Vec<u8>,
    /// DER, ending in the blank.
    whole: Vec<u8>,
}

impl<'a> Blank<'a> {
    pub(super) fn of(key: &'a PublicKey) -> Self {
        Self { key, message: RefCell::default() }
    }

    /// What was written with this in the place of the key.
    pub(super) fn fill(self, whole: Vec<u8>) -> Unsigned {
        Unsigned { message: self.message.into_inner(), whole }
    }
}

impl PublicKeyData for Blank<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.pkcs1_der()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for Blank<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.message.replace(message.to_owned());
        Ok(vec![0; SIGNATURE])
    }
}

impl Unsigned {
    /// What is to be signed: RSASSA-PKCS1-v1_5 with SHA-256.
    pub(super) fn message(&self) -> &[u8] {
        &self.message
    }

    /// The whole with its signature; `None` where that has another length.
    pub(super) fn signed(self, signature: &[u8]) -> Option<Vec<u8>> {
        let mut whole = self.whole;
        let blank = whole.len().checked_sub(SIGNATURE)?;
        let place = whole.get_mut(blank..).filter(|place| place.iter().all(|octet| *octet == 0))?;
        if signature.len() != SIGNATURE {
            return None;
        }
        place.copy_from_slice(signature);
        Some(whole)
    }
}

/// Octets of an RSA-2048 signature.
const SIGNATURE: usize = PublicKey::BITS / 8;
