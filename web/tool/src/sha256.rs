//! SHA-256, as people compare it and as policies name it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};

/// 64 hexadecimal digits.
pub(crate) fn hex(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first of them.
pub(crate) fn short_hex(content: impl AsRef<[u8]>, digits: usize) -> String {
    hex(content).chars().take(digits).collect()
}

/// How a content security policy names a script or style (<https://www.w3.org/TR/CSP3/>, hash-source).
pub(crate) fn source(content: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(content)))
}
