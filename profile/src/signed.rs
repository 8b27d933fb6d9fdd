//! The outer shape that certificates, requests and CRLs share: something, and a signature over it.

use der::oid::ObjectIdentifier;

use crate::element::{Element, Malformed, NULL, SEQUENCE, sequence};

/// A message and its RSASSA-PKCS1-v1_5 signature with SHA-256, exactly as received.
///
/// Whoever has cryptography verifies it: WebCrypto in the browser, aws-lc-rs on the admin's machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signed<'a> {
    /// What was signed: the DER of the first element.
    pub message: &'a [u8],
    /// The signature, as long as the signer's modulus.
    pub signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Takes a CRL apart (RFC 5280 section 5.1.1); `None` where it is none, or signed in another way.
    pub fn of_crl(der: &'a [u8]) -> Option<Self> {
        Self::from_der(der).ok().flatten()
    }

    /// Takes `SEQUENCE { message, AlgorithmIdentifier, BIT STRING }` apart (RFC 5280 section 4.1.1).
    ///
    /// # Errors
    /// `None` where the signature is of another kind; an error where the DER is not of this shape or goes on after it.
    pub(crate) fn from_der(der: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let [message, algorithm, signature] = sequence(der)?[..] else {
            return Err(Malformed);
        };
        let signature = signature.whole_bytes().ok_or(Malformed)?;
        // RFC 4055 section 5: the parameters are NULL, and whoever reads takes none for NULL.
        let is_ours = match algorithm.parts(SEQUENCE)?.as_slice() {
            [identifier] | [identifier, Element { tag: NULL, value: [], .. }] => {
                identifier.is_identifier(&SHA256_WITH_RSA)
            }
            _ => false,
        };
        Ok(is_ours.then_some(Self { message: message.whole, signature }))
    }
}

/// `sha256WithRSAEncryption` (RFC 8017 appendix A.2.4), the only signature that Latchkey makes or takes.
pub(crate) const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
