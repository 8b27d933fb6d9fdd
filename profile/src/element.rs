//! Reads and writes DER element by element (X.690).
//!
//! The owned types of x509-cert decode every field of a certificate; here a handful is wanted, and what the page
//! does not decode it does not have to load.

use der::{
    Decode, Encode, Reader, SliceReader, Tag, Tagged,
    asn1::{AnyRef, ObjectIdentifier},
};

/// The elements of `constructed`: of a SEQUENCE, a SET or an explicitly tagged value.
pub(crate) fn elements(constructed: AnyRef<'_>) -> Result<Vec<AnyRef<'_>>, der::Error> {
    let mut reader = SliceReader::new(constructed.value())?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(AnyRef::decode(&mut reader)?);
    }
    Ok(elements)
}

/// The elements of the SEQUENCE that is all of `der`.
pub(crate) fn sequence(der: &[u8]) -> Result<Vec<AnyRef<'_>>, der::Error> {
    let sequence = AnyRef::from_der(der)?;
    sequence.tag().assert_eq(Tag::Sequence)?;
    elements(sequence)
}

/// Writes an element.
pub(crate) fn element(tag: Tag, value: &[u8]) -> Result<Vec<u8>, der::Error> {
    AnyRef::new(tag, value)?.to_der()
}

/// The error for a SEQUENCE with other elements than it should have.
pub(crate) fn malformed() -> der::Error {
    Tag::Sequence.value_error().into()
}

/// An element with its tag and length.
pub(crate) fn whole(element: AnyRef<'_>) -> Result<Vec<u8>, der::Error> {
    element.to_der()
}

/// The common names of a distinguished name (RFC 5280 section 4.1.2.4) that are text.
pub(crate) fn common_names(name: AnyRef<'_>) -> Result<Vec<String>, der::Error> {
    let mut names = Vec::new();
    for relative_name in elements(name)? {
        for attribute in elements(relative_name)? {
            let attribute = elements(attribute)?;
            let [kind, value] = attribute.as_slice() else {
                return Err(malformed());
            };
            let is_text = matches!(value.tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String);
            if is_text && kind.decode_as::<ObjectIdentifier>()? == COMMON_NAME {
                names.extend(std::str::from_utf8(value.value()).map(str::to_owned));
            }
        }
    }
    Ok(names)
}

/// `id-at-commonName` (RFC 5280 appendix A.1).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
