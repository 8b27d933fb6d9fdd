//! Reads and writes DER element by element (X.690 sections 8 and 10).
//!
//! Of a certificate a handful of fields is wanted here, none of it longer than 64 KiB. The types of x509-cert and der
//! decode all of it and are generic over everything: with them the browser module would be a third larger. Tests hold
//! what is read and written here against der's.

use der::oid::ObjectIdentifier;

/// One element, as it stands in what was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Element<'a> {
    /// Class, form and number in one byte; the numbers used here are all below 31.
    pub(crate) tag: u8,
    /// The content.
    pub(crate) value: &'a [u8],
    /// Tag, length and content.
    pub(crate) whole: &'a [u8],
}

/// Not DER, or not of the form that is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed;

/// `BOOLEAN`.
pub(crate) const BOOLEAN: u8 = 0x01;
/// `INTEGER`.
pub(crate) const INTEGER: u8 = 0x02;
/// `BIT STRING`.
pub(crate) const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`.
pub(crate) const OCTET_STRING: u8 = 0x04;
/// `NULL`.
pub(crate) const NULL: u8 = 0x05;
/// `OBJECT IDENTIFIER`.
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
/// `UTF8String`.
pub(crate) const UTF8_STRING: u8 = 0x0c;
/// `PrintableString`.
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
/// `IA5String`.
pub(crate) const IA5_STRING: u8 = 0x16;
/// `UTCTime`.
pub(crate) const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`.
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
/// `SEQUENCE` and `SEQUENCE OF`.
pub(crate) const SEQUENCE: u8 = 0x30;
/// `SET` and `SET OF`.
pub(crate) const SET: u8 = 0x31;

/// The constructed, context-specific tag `[number]`.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// The elements of the SEQUENCE that is all of `der`.
pub(crate) fn sequence(der: &[u8]) -> Result<Vec<Element<'_>>, Malformed> {
    match split_first(der) {
        Some((element, [])) => element.parts(SEQUENCE),
        _ => Err(Malformed),
    }
}

/// The elements one after the other in the content of a SEQUENCE, a SET or an explicit tag.
pub(crate) fn elements(mut content: &[u8]) -> Result<Vec<Element<'_>>, Malformed> {
    let mut elements = Vec::new();
    while !content.is_empty() {
        let (element, rest) = split_first(content).ok_or(Malformed)?;
        elements.push(element);
        content = rest;
    }
    Ok(elements)
}

/// Writes an element.
pub(crate) fn write(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let significant = length.iter().position(|byte| *byte != 0).and_then(|first| length.get(first..));
    let mut der = vec![tag];
    match significant {
        None => der.push(0),
        Some(&[short]) if short < LONG_FORM => der.push(short),
        Some(long) => {
            der.extend((LONG_FORM..).nth(long.len()));
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(value);
    der
}

/// The common names of the distinguished name (RFC 5280 section 4.1.2.4); `None` for one that is not text.
pub(crate) fn common_names(name: Element<'_>) -> Result<Vec<Option<String>>, Malformed> {
    let mut names = Vec::new();
    for relative_name in name.parts(SEQUENCE)? {
        let attributes = relative_name.parts(SET)?;
        if attributes.is_empty() {
            return Err(Malformed);
        }
        for attribute in attributes {
            let [kind @ Element { tag: OBJECT_IDENTIFIER, .. }, value] = attribute.parts(SEQUENCE)?[..] else {
                return Err(Malformed);
            };
            if kind.is_identifier(&COMMON_NAME) {
                names.push(value.text().map(str::to_owned));
            }
        }
    }
    Ok(names)
}

impl<'a> Element<'a> {
    /// The elements of this one, which must have the constructed `tag`.
    pub(crate) fn parts(&self, tag: u8) -> Result<Vec<Self>, Malformed> {
        if self.tag == tag { elements(self.value) } else { Err(Malformed) }
    }

    /// A string of one of the types that are text in one way only. In the others, T61String and those of two or four
    /// bytes a character, one name could be read in several ways.
    fn text(&self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.value).ok()?;
        let is_text = match self.tag {
            UTF8_STRING => true,
            PRINTABLE_STRING | IA5_STRING => text.is_ascii(),
            _ => false,
        };
        is_text.then_some(text)
    }

    /// Whether this is the OBJECT IDENTIFIER `identifier`.
    pub(crate) fn is_identifier(&self, identifier: &ObjectIdentifier) -> bool {
        self.tag == OBJECT_IDENTIFIER && self.value == identifier.as_bytes()
    }

    /// The bytes of a BIT STRING that consists of whole bytes (X.690 section 8.6.2.2).
    pub(crate) fn whole_bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self { tag: BIT_STRING, value: [0, bytes @ ..], .. } => Some(bytes),
            _ => None,
        }
    }
}

/// The first element of `der` and what follows it. Longer ones than 65,535 bytes are none: nothing here has them.
fn split_first(der: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (tag, length, content) = match der {
        [tag, length @ 0..=0x7f, content @ ..] => (tag, usize::from(*length), content),
        [tag, 0x81, length @ 0x80..=0xff, content @ ..] => (tag, usize::from(*length), content),
        [tag, 0x82, high @ 1..=0xff, low, content @ ..] => {
            (tag, usize::from(u16::from_be_bytes([*high, *low])), content)
        }
        _ => return None,
    };
    if tag & LONG_TAG == LONG_TAG {
        return None;
    }
    let (value, rest) = content.split_at_checked(length)?;
    let whole = der.get(..der.len() - rest.len())?;
    Some((Element { tag: *tag, value, whole }, rest))
}

/// From here on the first byte of a length says how many follow (X.690 section 8.1.3.5).
const LONG_FORM: u8 = 0x80;

/// The tag's number follows in further bytes (X.690 section 8.1.2.4).
const LONG_TAG: u8 = 0x1f;

/// `id-at-commonName` (RFC 5280 appendix A.1).
pub(crate) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

#[cfg(test)]
mod tests {
    use der::{
        Decode, Encode,
        asn1::{AnyRef, OctetStringRef},
    };
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_written_as_ders_and_read_back() {
        for length in [0, 1, 127, 128, 255, 256, 1000, 65_535] {
            let value = vec![7; length];
            let written = write(0x04, &value);
            assert_eq!(written, OctetStringRef::new(&value).unwrap().to_der().unwrap(), "{length}");
            let expected = Element { tag: 0x04, value: &value, whole: &written };
            assert_eq!(elements(&written), Ok(vec![expected]), "{length}");
        }
    }

    #[test]
    fn what_is_not_der_is_refused() {
        let check = |der: &[u8]| assert_eq!(elements(der), Err(Malformed), "{der:x?}");
        check(&[0x04]);
        check(&[0x04, 1]);
        check(&[0x04, 0x80, 0, 0]); // The indefinite form is BER.
        check(&[0x04, 0x81, 1, 0]); // A byte is enough.
        check(&[0x04, 0x82, 0, 1, 0]);
        check(&[0x1f, 0x81, 0, 0]);
        assert_eq!(sequence(&[0x30, 0, 0]), Err(Malformed));
        assert_eq!(sequence(&[0x31, 0]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn whatever_is_read_der_reads_too(der in prop::collection::vec(prop_oneof![Just(0x30), Just(0x81), 0..8u8, any::<u8>()], 0..40)) {
            if let Ok(elements) = elements(&der) {
                let whole: Vec<u8> = elements.iter().flat_map(|element| element.whole).copied().collect();
                prop_assert_eq!(&whole, &der);
                for element in elements {
                    // Tag numbers that X.690 reserves mean nothing to der, and nothing here asks for them.
                    let Ok(expected) = AnyRef::from_der(element.whole) else { continue };
                    prop_assert_eq!(expected.to_der().unwrap(), element.whole);
                    prop_assert_eq!(expected.value(), element.value);
                }
            }
        }

        #[test]
        fn whatever_der_reads_is_read(der in prop::collection::vec(prop_oneof![Just(0x30), Just(0x81), 0..8u8, any::<u8>()], 0..40)) {
            let short_tag = der.first().is_some_and(|tag| tag & LONG_TAG != LONG_TAG);
            if short_tag && let Ok(expected) = AnyRef::from_der(&der) {
                prop_assert_eq!(elements(&der).map(|read| read.len()), Ok(1));
                prop_assert_eq!(elements(&der).unwrap()[0].value, expected.value());
            }
        }
    }
}
