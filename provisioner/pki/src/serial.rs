//! Serial numbers of certificates: 128 random bits (RFC 5280 section 4.1.2.2 allows 20 octets).

use std::fmt;

/// A certificate's serial number. `Display` writes 32 lower-case hexadecimal digits, which also name ledger objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Serial([u8; 16]);

impl Serial {
    /// The serial number made of `random`, which must come from a cryptographic generator.
    pub const fn from_random(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// The serial number of these big-endian bytes; leading zeros do not count.
    ///
    /// `None` where it has more than 128 bits: then it is not one of ours.
    pub fn from_be_bytes(bytes: &[u8]) -> Option<Self> {
        let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
        let significant = bytes.get(first..)?;
        let mut padded = [0; 16];
        let start = padded.len().checked_sub(significant.len())?;
        padded.get_mut(start..)?.copy_from_slice(significant);
        Some(Self(padded))
    }

    /// The serial number written in hexadecimal digits, with or without colons, as ACM (`12:ab:…`), OpenSSL and the
    /// ledger write it.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|&c| c != ':')
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect::<Option<_>>()?;
        if digits.is_empty() {
            return None;
        }
        // An odd number of digits means that the first byte is written with one.
        let (head, pairs) = digits.split_at(digits.len() % 2);
        let bytes: Vec<u8> =
            head.iter().copied().chain(pairs.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1])).collect();
        Self::from_be_bytes(&bytes)
    }

    /// The number's 16 bytes, big-endian.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_serial_number_is_the_same_number() {
        let serial = Serial::from_be_bytes(&[0x0a, 0xbc, 0x01]).unwrap();
        assert_eq!(serial.to_string(), "000000000000000000000000000abc01");
        for text in ["abc01", "0abc01", "0A:BC:01", "000000000000000000000000000abc01"] {
            assert_eq!(Serial::from_hex(text), Some(serial), "{text}");
        }
        assert_eq!(Serial::from_be_bytes(&[0, 0x0a, 0xbc, 0x01]), Some(serial));
    }

    #[test]
    fn what_is_not_one_of_our_serial_numbers_is_none() {
        assert_eq!(Serial::from_be_bytes(&[1; 17]), None);
        assert_eq!(Serial::from_hex(""), None);
        assert_eq!(Serial::from_hex("xyz"), None);
    }

    #[test]
    fn a_leading_zero_byte_of_der_does_not_count() {
        let serial = Serial::from_random([0xff; 16]);
        let der = [[0].as_slice(), &[0xff; 16]].concat();
        assert_eq!(Serial::from_be_bytes(&der), Some(serial));
    }
}
