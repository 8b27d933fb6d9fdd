//! SHA-256 of something, as people compare it.

use std::fmt;

use sha2::{Digest, Sha256};

/// The SHA-256 digest of a DER encoding.
///
/// `Display` writes what OpenSSL writes (`AB:CD:…`, upper case), [`Fingerprint::hex`] what file names use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The digest of `der`.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// The digest's 32 bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits without separators.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

/// Lower-case hexadecimal digits of `bytes`, without separators.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_published_one() {
        let fingerprint = Fingerprint::of(b"");
        assert_eq!(fingerprint.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(fingerprint.to_string().starts_with("E3:B0:C4:42:98"));
        assert_eq!(fingerprint.to_string().len(), 32 * 3 - 1);
    }
}
