//! What certificates and CRLs say about who signed them: name and key identifier, from the CA's certificate as it stands
//! there. Of a CA that was made elsewhere both may be of another form than ours; what it signs must match it octet by
//! octet (RFC 5280 sections 6.1.3 and 4.2.1.1).

use der::{
    Decode, Tag, Tagged,
    asn1::{Ia5StringRef, OctetStringRef, PrintableStringRef, Utf8StringRef},
    oid::ObjectIdentifier,
};
use profile::certificate::Certificate;
use rcgen::{DistinguishedName, DnType, DnValue, KeyIdMethod};
use x509_cert::{attr::AttributeTypeAndValue, ext::Extension, name::Name};

use super::PkiError;

/// Name and key identifier of a CA.
#[derive(Clone, Debug)]
pub(super) struct IssuerIdentity {
    pub(super) name: DistinguishedName,
    pub(super) key_identifier: KeyIdMethod,
}

impl IssuerIdentity {
    /// As `certificate` says.
    pub(super) fn of(certificate: &Certificate) -> Result<Self, PkiError> {
        let read = x509_cert::Certificate::from_der(certificate.der()).map_err(|_| PkiError::IssuerName)?;
        let read = read.tbs_certificate();
        let name = distinguished_name(read.subject()).ok_or(PkiError::IssuerName)?;
        // One that says nothing about its key can be told apart by its name alone.
        let identifier = read.extensions().into_iter().flatten().find_map(subject_key_identifier);
        let key_identifier = identifier.map_or(KeyIdMethod::Sha256, KeyIdMethod::PreSpecified);
        Ok(Self { name, key_identifier })
    }
}

/// The name as rcgen writes it; `None` where rcgen would write other octets.
fn distinguished_name(name: &Name) -> Option<DistinguishedName> {
    let mut written = DistinguishedName::new();
    for part in name.iter_rdn() {
        let mut attributes = part.iter();
        let (attribute, None) = (attributes.next()?, attributes.next()) else {
            return None;
        };
        let (kind, value) = (kind(attribute), value(attribute)?);
        // rcgen keeps one value of each kind.
        if written.get(&kind).is_some() {
            return None;
        }
        written.push(kind, value);
    }
    Some(written)
}

fn kind(attribute: &AttributeTypeAndValue) -> DnType {
    let arcs: Vec<u64> = attribute.oid.arcs().map(u64::from).collect();
    match arcs.as_slice() {
        [2, 5, 4, 3] => DnType::CommonName,
        _ => DnType::CustomDnType(arcs),
    }
}

fn value(attribute: &AttributeTypeAndValue) -> Option<DnValue> {
    let any = &attribute.value;
    let tag = any.tag();
    if tag == Tag::Utf8String {
        Some(DnValue::Utf8String(any.decode_as::<Utf8StringRef<'_>>().ok()?.as_str().to_owned()))
    } else if tag == Tag::PrintableString {
        let text = any.decode_as::<PrintableStringRef<'_>>().ok()?.as_str().to_owned();
        Some(DnValue::PrintableString(text.try_into().ok()?))
    } else if tag == Tag::Ia5String {
        Some(DnValue::Ia5String(any.decode_as::<Ia5StringRef<'_>>().ok()?.as_str().to_owned().try_into().ok()?))
    } else {
        None
    }
}

fn subject_key_identifier(extension: &Extension) -> Option<Vec<u8>> {
    let is_meant = extension.extn_id == SUBJECT_KEY_IDENTIFIER;
    let value = is_meant.then(|| <&OctetStringRef>::from_der(extension.extn_value.as_bytes()).ok()).flatten()?;
    Some(value.as_bytes().to_vec())
}

/// RFC 5280 section 4.2.1.2.
const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
