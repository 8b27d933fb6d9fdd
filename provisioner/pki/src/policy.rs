//! What each kind of certificate says, as plain data (RFC 5280 section 4.2).
//!
//! A certificate is made from its policy, a subject name, a public key, a validity and a serial number, and from
//! nothing else: above all not from what a request asks for.

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};

/// What the CA puts into certificates of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Whether it may sign certificates itself, then with path length 0: certificates only, no further CA.
    pub is_ca: bool,
    /// Key usage, always critical (section 4.2.1.3).
    pub key_usages: &'static [KeyUsagePurpose],
    /// Extended key usage (section 4.2.1.12).
    pub extended_key_usages: &'static [ExtendedKeyUsagePurpose],
    /// Whether the subject's common name is also its DNS name (section 4.2.1.6).
    pub dns_name: bool,
    /// Whether it names the key that signed it (section 4.2.1.1); a self-signed one may leave that out.
    pub authority_key_identifier: bool,
}

/// The CA itself.
pub const CA: Policy = Policy {
    is_ca: true,
    key_usages: &[KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
    extended_key_usages: &[],
    dns_name: false,
    authority_key_identifier: false,
};

/// The endpoint's own certificate. ACM wants a DNS name, and clients check `remote-cert-tls server`, that is these
/// key usages (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/mutual.html>).
pub const SERVER: Policy = Policy {
    is_ca: false,
    key_usages: &[KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment],
    extended_key_usages: &[ExtendedKeyUsagePurpose::ServerAuth],
    dns_name: true,
    authority_key_identifier: true,
};

/// A user's certificate. The client anchor has the same shape: to the endpoint it stands for the CA whose
/// certificates it is to trust.
pub const CLIENT: Policy = Policy {
    is_ca: false,
    key_usages: &[KeyUsagePurpose::DigitalSignature],
    extended_key_usages: &[ExtendedKeyUsagePurpose::ClientAuth],
    dns_name: false,
    authority_key_identifier: true,
};
