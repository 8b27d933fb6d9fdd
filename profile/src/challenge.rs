//! The attribute `challengePassword` of a request (RFC 2985 section 5.4.1), in which an invite travels.

use std::fmt;

use der::oid::ObjectIdentifier;
use zeroize::Zeroizing;

use crate::element::{
    Element, IA5_STRING, Malformed, OBJECT_IDENTIFIER, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, elements, write,
};

/// A challenge password. Overwritten when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge(pub(crate) Zeroizing<String>);

/// Why a request's challenge password cannot be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChallengeRefusal {
    /// More than one.
    Many,
    /// Not one string of 1 to [`Challenge::MAX_LEN`] characters.
    Unreadable,
}

impl Challenge {
    /// The longest, in characters: `pkcs-9-ub-challengePassword` of RFC 2985 appendix A.
    pub const MAX_LEN: usize = 255;

    /// A challenge password; `None` where `text` is empty or longer than [`Challenge::MAX_LEN`].
    pub fn new(text: Zeroizing<String>) -> Option<Self> {
        (1..=Self::MAX_LEN).contains(&text.chars().count()).then_some(Self(text))
    }

    /// The password itself. It must not be printed or logged.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The DER of the attribute. A PrintableString where that can carry it, as section 5.4.1 prefers, else a UTF8String.
    pub(crate) fn to_attribute(&self) -> Zeroizing<Vec<u8>> {
        let tag = if self.0.bytes().all(is_printable) { PRINTABLE_STRING } else { UTF8_STRING };
        let value = Zeroizing::new(write(tag, self.0.as_bytes()));
        let values = Zeroizing::new(write(SET, &value));
        let kind = write(OBJECT_IDENTIFIER, CHALLENGE_PASSWORD.as_bytes());
        Zeroizing::new(write(SEQUENCE, &Zeroizing::new([&kind, values.as_slice()].concat())))
    }

    /// The challenge password among the attributes of a request, which are read no further than that.
    pub(crate) fn find(attributes: Element<'_>) -> Result<Option<Self>, ChallengeRefusal> {
        let mut found = None;
        for attribute in elements(attributes.value)? {
            let [kind, values] = elements(attribute.value)?[..] else {
                return Err(ChallengeRefusal::Unreadable);
            };
            if !kind.is_identifier(&CHALLENGE_PASSWORD) {
                continue;
            }
            // Section 5.4.1: single-valued.
            let [value] = elements(values.value)?[..] else {
                return Err(ChallengeRefusal::Many);
            };
            let text = directory_string(value).ok_or(ChallengeRefusal::Unreadable)?;
            let challenge = Self::new(text).ok_or(ChallengeRefusal::Unreadable)?;
            if found.replace(challenge).is_some() {
                return Err(ChallengeRefusal::Many);
            }
        }
        Ok(found)
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge")
    }
}

impl From<Malformed> for ChallengeRefusal {
    fn from(_: Malformed) -> Self {
        Self::Unreadable
    }
}

/// A `DirectoryString` of any kind (X.520 section 2.6), or the IA5String that OpenSSL takes here besides.
fn directory_string(element: Element<'_>) -> Option<Zeroizing<String>> {
    let Element { tag, value, whole: _ } = element;
    // Room for the longest encoding, so that a string that grows leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(value.len().saturating_mul(2)));
    match tag {
        UTF8_STRING => text.push_str(std::str::from_utf8(value).ok()?),
        PRINTABLE_STRING | IA5_STRING => text.push_str(std::str::from_utf8(value).ok().filter(|text| text.is_ascii())?),
        // T.61 in the standard, Latin-1 in everything that writes it.
        TELETEX_STRING => text.extend(value.iter().copied().map(char::from)),
        BMP_STRING => {
            let (units, []) = value.as_chunks::<2>() else { return None };
            for unit in units {
                text.push(char::from_u32(u32::from(u16::from_be_bytes(*unit)))?);
            }
        }
        UNIVERSAL_STRING => {
            let (units, []) = value.as_chunks::<4>() else { return None };
            for unit in units {
                text.push(char::from_u32(u32::from_be_bytes(*unit))?);
            }
        }
        _ => return None,
    }
    Some(text)
}

/// The characters of a PrintableString (X.680 section 41.4).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

/// `pkcs-9-at-challengePassword` (RFC 2985 appendix A).
const CHALLENGE_PASSWORD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.7");

/// `TeletexString`, also called `T61String`.
const TELETEX_STRING: u8 = 0x14;
/// `UniversalString`.
const UNIVERSAL_STRING: u8 = 0x1c;
/// `BMPString`.
const BMP_STRING: u8 = 0x1e;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::element::context;

    fn find(attributes: &[u8]) -> Result<Option<String>, ChallengeRefusal> {
        let whole = write(context(0), attributes);
        let element = elements(&whole)?[0];
        Challenge::find(element).map(|found| found.map(|found| found.as_str().to_owned()))
    }

    fn attribute(values: &[Vec<u8>]) -> Vec<u8> {
        let kind = write(OBJECT_IDENTIFIER, CHALLENGE_PASSWORD.as_bytes());
        write(SEQUENCE, &[kind, write(SET, &values.concat())].concat())
    }

    #[test]
    fn every_kind_of_string_is_read() {
        for (tag, bytes, expected) in [
            (UTF8_STRING, "grüß".as_bytes(), "grüß"),
            (PRINTABLE_STRING, b"a b", "a b"),
            (IA5_STRING, b"a@b", "a@b"),
            (TELETEX_STRING, b"gr\xfc\xdf", "grüß"),
            (BMP_STRING, b"\0g\x73\x8b", "g王"),
            (UNIVERSAL_STRING, b"\0\0\0g\0\x01\xf6\0", "g😀"),
        ] {
            assert_eq!(find(&attribute(&[write(tag, bytes)])), Ok(Some(expected.to_owned())), "{tag:x}");
        }
    }

    #[test]
    fn what_is_not_one_password_is_refused() {
        let one = attribute(&[write(UTF8_STRING, b"a")]);
        assert_eq!(find(&[]), Ok(None));
        assert_eq!(find(&[one.clone(), one].concat()), Err(ChallengeRefusal::Many));
        assert_eq!(find(&attribute(&[])), Err(ChallengeRefusal::Many));
        assert_eq!(
            find(&attribute(&[write(UTF8_STRING, b"a"), write(UTF8_STRING, b"b")])),
            Err(ChallengeRefusal::Many)
        );
        for (tag, bytes) in [
            (UTF8_STRING, b"\xff".as_slice()),
            (UTF8_STRING, b""),
            (UTF8_STRING, &[b'a'; 256]),
            (PRINTABLE_STRING, "ü".as_bytes()),
            (BMP_STRING, b"\0"),
            (BMP_STRING, b"\xd8\0\xdc\0"), // Surrogates are for UTF-16, which BMPString is not.
            (UNIVERSAL_STRING, b"\0\x11\0\0"),
            (0x04, b"octets"),
        ] {
            let refused = find(&attribute(&[write(tag, bytes)]));
            assert_eq!(refused, Err(ChallengeRefusal::Unreadable), "{tag:x} {bytes:x?}");
        }
        assert_eq!(find(&[0x30, 3, 1]), Err(ChallengeRefusal::Unreadable));
        assert_eq!(find(&write(SEQUENCE, &[])), Err(ChallengeRefusal::Unreadable));
    }

    #[test]
    fn it_is_not_printed() {
        let challenge = Challenge::new(Zeroizing::new("hunter2".to_owned())).unwrap();
        assert_eq!(format!("{challenge:?}"), "Challenge");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "\\PC{1,255}") {
            let challenge = Challenge::new(Zeroizing::new(text.clone())).unwrap();
            prop_assert_eq!(find(&challenge.to_attribute()), Ok(Some(text)));
        }

        #[test]
        fn whatever_there_is_it_is_read_or_refused(attributes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(find(&attributes).is_ok_and(|found| found.is_none_or(|text| !text.is_empty())) || find(&attributes).is_err());
        }
    }
}
