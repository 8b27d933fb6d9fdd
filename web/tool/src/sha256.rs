//! SHA-256 as people compare it.

use sha2::{Digest as _, Sha256};

/// 64 hexadecimal digits.
pub(crate) fn hex(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first of them.
pub(crate) fn short_hex(content: impl AsRef<[u8]>, digits: usize) -> String {
    hex(content).chars().take(digits).collect()
}
