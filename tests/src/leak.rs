//! The search for a private key, or a passphrase, where none must be.
//!
//! A secret is looked for in every form in which it could have been carried off: as the bytes themselves, in
//! hexadecimal digits (either case, with or without separators), and in base64 (either alphabet, wrapped or not,
//! at whatever offset it was encoded); in text of one or of two bytes a character, escaped for an address or not. It is
//! enough that a run of a secret number shows.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

/// The marks by which secrets would be recognised.
#[derive(Clone, Debug)]
pub struct Marks {
    /// Runs of bytes.
    bytes: Vec<Vec<u8>>,
    /// Runs of text without separators, lower case: hexadecimal digits.
    hex: Vec<String>,
    /// Runs of text without separators: base64.
    base64: Vec<String>,
}

impl Marks {
    /// The marks of a key with these secret numbers (big-endian).
    pub fn of(secret_numbers: &[Vec<u8>]) -> Self {
        // Not from the very beginning: what is cut off or encoded together with something before it still shows.
        let runs: Vec<Vec<u8>> = secret_numbers
            .iter()
            .flat_map(|number| number.chunks(RUN).skip(1).map(<[u8]>::to_vec))
            .filter(|run| run.len() == RUN)
            .collect();
        let hex = runs.iter().map(|run| hex(run)).collect();
        let base64 = runs.iter().flat_map(|run| (0..3).map(|offset| base64_at(run, offset))).collect();
        Self { bytes: runs, hex, base64 }
    }

    /// These marks and those of a passphrase of ASCII characters: a long one, since a short one shows by accident.
    #[must_use]
    pub fn and_of(mut self, passphrase: &str) -> Self {
        let bytes = passphrase.as_bytes();
        let without_blanks = passphrase.replace(' ', "").into_bytes();
        self.bytes.extend([bytes.to_vec(), passphrase.replace(' ', "+").into_bytes()]);
        self.hex.push(hex(bytes));
        self.base64.extend((0..3).map(|offset| base64_at(bytes, offset)));
        // What `compact` makes of it, in whatever text it stands.
        self.base64.extend(String::from_utf8(without_blanks));
        self
    }

    /// Whether a secret shows in `haystack`.
    pub fn are_in(&self, haystack: &[u8]) -> bool {
        if self.bytes.iter().any(|run| contains(haystack, run)) {
            return true;
        }
        let text = compact(haystack);
        if self.base64.iter().any(|run| contains(&text, run.as_bytes())) {
            return true;
        }
        let text = text.to_ascii_lowercase();
        let without_colons: Vec<u8> = text.into_iter().filter(|byte| *byte != b':').collect();
        self.hex.iter().any(|run| contains(&without_colons, run.as_bytes()))
    }
}

/// What base64 makes of `run` when `offset` bytes stand before it, without the characters that depend on its neighbours.
fn base64_at(run: &[u8], offset: usize) -> String {
    let aligned = run.get((3 - offset) % 3..).unwrap_or_default();
    let whole = aligned.len() / 3 * 3;
    BASE64_STANDARD_NO_PAD.encode(aligned.get(..whole).unwrap_or_default())
}

/// `haystack` in the standard base64 alphabet, without line breaks (also as JSON writes them), blanks and quotes, without
/// the zeros that a text of two bytes a character has, and without the escapes of an address.
fn compact(haystack: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(haystack.len());
    let mut rest = haystack;
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'\\', [b'/', after @ ..]) => (b'/', after),
            (b'\\', [b'n' | b'r' | b't', after @ ..]) => (b' ', after),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => (b'%', rest.get(1..).unwrap_or_default()),
            },
            (byte, after) => (*byte, after),
        };
        rest = after;
        match byte {
            b'-' => text.push(b'+'),
            b'_' => text.push(b'/'),
            byte if byte.is_ascii_whitespace() || matches!(byte, 0 | b'"' | b'\\' | b',') => {}
            byte => text.push(byte),
        }
    }
    text
}

fn digit(hexadecimal: u8) -> Option<u8> {
    char::from(hexadecimal).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// Bytes of one run: no run of this length shows by accident.
const RUN: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_in_every_encoding() {
        let number: Vec<u8> = (0..128).map(|i: u8| i.wrapping_mul(167).wrapping_add(13)).collect();
        let marks = Marks::of(std::slice::from_ref(&number));
        let hex: String = number.iter().map(|byte| format!("{byte:02X}")).collect();
        let colons: String = number.iter().map(|byte| format!("{byte:02x}:")).collect();
        assert!(marks.are_in(&number));
        assert!(marks.are_in(hex.as_bytes()));
        assert!(marks.are_in(hex.to_lowercase().as_bytes()));
        assert!(marks.are_in(colons.as_bytes()));
        for before in [&b""[..], b"a", b"ab", b"abc"] {
            let encoded = BASE64_STANDARD_NO_PAD.encode([before, &number].concat());
            let wrapped: String =
                encoded.as_bytes().chunks(64).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect();
            let in_json = wrapped.replace('\n', "\\n");
            let for_urls = encoded.replace('+', "-").replace('/', "_");
            for text in [encoded, wrapped, in_json, for_urls] {
                assert!(marks.are_in(text.as_bytes()), "{text}");
            }
        }
    }

    #[test]
    fn a_key_shows_in_an_address_and_in_text_of_two_bytes_a_character() {
        let number: Vec<u8> = (0..128).map(|i: u8| i.wrapping_mul(211).wrapping_add(5)).collect();
        let marks = Marks::of(std::slice::from_ref(&number));
        let base64 = BASE64_STANDARD_NO_PAD.encode(&number);
        let escaped: String = base64.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let wide: Vec<u8> = base64.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(marks.are_in(escaped.as_bytes()));
        assert!(marks.are_in(&wide));
        assert!(!marks.are_in(b"100% of %zz, and %"));
    }

    #[test]
    fn a_passphrase_shows_in_every_encoding() {
        let passphrase = "four words and a dozen more";
        let marks = Marks::of(&[]).and_of(passphrase);
        let wide: Vec<u8> = passphrase.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hex: String = passphrase.bytes().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            passphrase.into(),
            wide,
            hex.into_bytes(),
            BASE64_STANDARD_NO_PAD.encode(format!("a{passphrase}b")).into_bytes(),
            passphrase.replace(' ', "%20").into_bytes(),
            passphrase.replace(' ', "+").into_bytes(),
        ] {
            assert!(marks.are_in(&text), "{}", String::from_utf8_lossy(&text));
        }
        assert!(!marks.are_in(b"four words and another dozen"));
    }

    #[test]
    fn another_key_does_not_show() {
        let marks = Marks::of(&[(0..128).collect()]);
        let other: Vec<u8> = (100..228).collect();
        assert!(!marks.are_in(&other));
        assert!(!marks.are_in(BASE64_STANDARD_NO_PAD.encode(&other).as_bytes()));
        assert!(!marks.are_in(b""));
    }
}
