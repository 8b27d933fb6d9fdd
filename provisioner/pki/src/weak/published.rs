//! Private keys that stand in a document for everybody to copy, and are copied.
//!
//! The Baseline Requirements (section 6.1.1.3) also name the keys that OpenSSL of Debian made from 2006 to 2008
//! (CVE-2008-0166). Those are not here: of 2048 bits there are some 295,000, of which no list comes in less than a megabyte.

use profile::key::PublicKey;

/// Where the private half of `key` is published.
pub(super) fn place(key: &PublicKey) -> Option<&'static str> {
    let fingerprint = key.fingerprint().hex();
    KEYS.iter().find(|(published, _)| *published == fingerprint).map(|(_, place)| *place)
}

/// SHA-256 of the `SubjectPublicKeyInfo`, and where the key is.
const KEYS: [(&str, &str); 3] = [
    ("8fb6bad671cfe698393c453357da61b56d757ab8c0f3fb9c87f2849e63131878", "RFC 9500 section 2.1, testRSA2048"),
    ("ad32320cf6c596d884b05381ba573aba8ddd5749b4de8f4a23a79f9a89ddaeb2", "RFC 7517 appendix A.2"),
    ("c73eecd318bd3813f2402a660d8a90010ca35d609d19377d5ee7af200713229f", "RFC 9421 appendix B.1.1, test-key-rsa"),
];
