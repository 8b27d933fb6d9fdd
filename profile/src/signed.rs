//! The outer shape that certificates, requests and CRLs share: something, and a signature over it.

use der::{Decode, Reader, SliceReader, asn1::BitStringRef};
use x509_cert::spki::{AlgorithmIdentifierRef, ObjectIdentifier};

/// `sha256WithRSAEncryption` (RFC 8017 appendix A.2.4), the only signature that Latchkey makes or takes.
pub(crate) const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

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
    /// Takes `SEQUENCE { message, AlgorithmIdentifier, BIT STRING }` apart (RFC 5280 section 4.1.1).
    ///
    /// # Errors
    /// `None` where the signature is of another kind; an error where the DER is not of this shape or goes on after it.
    pub(crate) fn from_der(der: &'a [u8]) -> Result<Option<Self>, der::Error> {
        let mut reader = SliceReader::new(der)?;
        let (message, algorithm, signature) = reader.sequence(|inner| {
            let message = inner.tlv_bytes()?;
            let algorithm = AlgorithmIdentifierRef::decode(inner)?;
            Ok::<_, der::Error>((message, algorithm, BitStringRef::decode(inner)?))
        })?;
        reader.finish()?;
        let signature = signature.as_bytes().filter(|_| algorithm.oid == SHA256_WITH_RSA);
        Ok(signature.map(|signature| Self { message, signature }))
    }
}
