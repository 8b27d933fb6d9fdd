//! Who signed this? The check behind a chain and behind a CRL.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA384, UnparsedPublicKey, VerificationAlgorithm,
};
use der::oid::ObjectIdentifier;
use der::oid::db::rfc5912;
use der::{Reader as _, SliceReader};

use super::{KeyAlgorithm, X509};

/// Whether the key of `issuer` made the signature over `signed`, the DER of a certificate or a CRL.
///
/// `algorithm` and `signature` are those that stand in `signed`. An algorithm that ACM does not know is a "no".
pub(in crate::cloud) fn is_signed_by(
    signed: &[u8],
    algorithm: ObjectIdentifier,
    signature: &[u8],
    issuer: &X509,
) -> bool {
    let Ok(message) = to_be_signed(signed) else { return false };
    let Some(verifier) = verifier(algorithm, issuer.key_algorithm) else { return false };
    UnparsedPublicKey::new(verifier, &issuer.public_key).verify(message, signature).is_ok()
}

/// The bytes that were signed, exactly as they stand: encoding them anew could differ.
fn to_be_signed(signed: &[u8]) -> der::Result<&[u8]> {
    let mut outer = SliceReader::new(signed)?;
    outer.sequence(|inner| {
        let message = inner.tlv_bytes()?;
        inner.drain(inner.remaining_len())?;
        Ok(message)
    })
}

fn verifier(algorithm: ObjectIdentifier, key: KeyAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    use KeyAlgorithm::{EcP256, EcP384, EcP521, Rsa1024, Rsa2048, Rsa3072, Rsa4096};
    Some(match (algorithm, key) {
        (rfc5912::SHA_1_WITH_RSA_ENCRYPTION, Rsa1024 | Rsa2048 | Rsa3072 | Rsa4096) => {
            &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Rsa1024 | Rsa2048 | Rsa3072 | Rsa4096) => {
            &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, Rsa2048 | Rsa3072 | Rsa4096) => &RSA_PKCS1_2048_8192_SHA384,
        (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, Rsa1024 | Rsa2048 | Rsa3072 | Rsa4096) => {
            &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        (rfc5912::ECDSA_WITH_SHA_256, EcP256) => &ECDSA_P256_SHA256_ASN1,
        (rfc5912::ECDSA_WITH_SHA_384, EcP256) => &ECDSA_P256_SHA384_ASN1,
        (rfc5912::ECDSA_WITH_SHA_256, EcP384) => &ECDSA_P384_SHA256_ASN1,
        (rfc5912::ECDSA_WITH_SHA_384, EcP384) => &ECDSA_P384_SHA384_ASN1,
        (rfc5912::ECDSA_WITH_SHA_512, EcP521) => &ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}
