//! Reading certificates, keys and CRLs (RFC 5280) as far as ACM and Client VPN judge them.

mod certificate;
mod key;
mod pem;
mod signature;

pub use self::certificate::{ExtendedKeyUsage, KeyAlgorithm, KeyUsage, X509};
pub(super) use self::key::KeyProblem;
pub use self::key::PrivateKey;
pub(super) use self::pem::{blocks, text};
pub(super) use self::signature::is_signed_by;
