//! Certificates (RFC 5280), as far as the page must understand one before a person relies on it.

use der::{DateTime, oid::ObjectIdentifier};
use thiserror::Error;

use crate::{
    element::{BOOLEAN, Element, GENERALIZED_TIME, Malformed, SEQUENCE, UTC_TIME, common_names, context, sequence},
    fingerprint::{Fingerprint, hex},
    key::PublicKey,
    name::CommonName,
    pem,
    search::contains,
    signed::Signed,
    words::words,
};

/// A certificate that could be read. Its signature is not verified: see [`Certificate::signed`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    der: Vec<u8>,
    serial: Vec<u8>,
    /// DER.
    issuer: Vec<u8>,
    issuer_names: Vec<String>,
    not_before: i64,
    not_after: i64,
    /// DER.
    subject: Vec<u8>,
    subject_names: Vec<String>,
    /// DER.
    public_key: Vec<u8>,
    usage: Usage,
}

/// What the extensions allow.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Usage {
    is_ca: bool,
    is_for_clients: bool,
}

/// What a user's certificate must be, to be of use to that user.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The name that was requested.
    pub common_name: &'a CommonName,
    /// The public half of the key that waits for the certificate.
    pub public_key: &'a PublicKey,
    /// The deployment's CA.
    pub ca: &'a Certificate,
    /// The time, in seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
}

/// Why a certificate is not the one that is waited for.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CertificateRefusal {
    /// No PEM block, a damaged one, or not a certificate inside.
    #[error("this is not a certificate in PEM form (or it is damaged)")]
    NotACertificate,
    /// The request itself.
    #[error("this is the request, not the certificate made from it")]
    CsrInstead,
    /// Another kind of PEM block.
    #[error("this is not a certificate but a `{}`", .label.escape_default())]
    OtherPem {
        /// The label of its first line.
        label: String,
    },
    /// A whole profile or client configuration.
    #[error("this is a profile, not a certificate")]
    ProfileInstead,
    /// A CA's certificate.
    #[error("this is the certificate of the CA, not of a user")]
    CaInstead,
    /// Without the extended key usage clientAuth (RFC 5280 section 4.2.1.12).
    #[error("this certificate is not for clients")]
    NotForClients,
    /// For another subject.
    #[error("this certificate is for `{}`, not for `{expected}`", .found.escape_default())]
    AnotherName {
        /// The subject's common name, empty where there is none.
        found: String,
        /// The requested name.
        expected: String,
    },
    /// From another CA.
    #[error("this certificate was issued by `{}`, not by the CA of this deployment", .issuer.escape_default())]
    AnotherCa {
        /// The issuer's common name.
        issuer: String,
    },
    /// It names the right CA, which did not sign it.
    #[error("the signature on this certificate is not the CA's")]
    Forged,
    /// For another key.
    #[error("this certificate belongs to another key")]
    AnotherKey {
        /// The six words of that key.
        found: String,
        /// The six words of the key that waits.
        expected: String,
    },
    /// Not valid yet.
    #[error("this certificate is not valid yet")]
    NotYetValid {
        /// When it begins to be, in seconds since 1970.
        not_before: i64,
        /// What the clock says, in seconds since 1970.
        now: i64,
    },
    /// Not valid any more.
    #[error("this certificate has expired")]
    Expired {
        /// When it ended, in seconds since 1970.
        not_after: i64,
        /// What the clock says, in seconds since 1970.
        now: i64,
    },
}

impl CertificateRefusal {
    /// A stable name of the refusal, by which the page finds its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotACertificate => "not-a-certificate",
            Self::CsrInstead => "csr-instead",
            Self::OtherPem { .. } => "other-pem",
            Self::ProfileInstead => "profile-instead",
            Self::CaInstead => "ca-instead",
            Self::NotForClients => "not-for-clients",
            Self::AnotherName { .. } => "another-name",
            Self::AnotherCa { .. } => "another-ca",
            Self::Forged => "forged",
            Self::AnotherKey { .. } => "another-key",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::Expired { .. } => "expired",
        }
    }
}

impl Certificate {
    /// Reads a certificate in whatever form people have it: PEM, DER, bare Base64, or PKCS#7.
    ///
    /// # Errors
    /// [`CertificateRefusal::NotACertificate`], `CsrInstead`, `ProfileInstead` or `OtherPem`.
    pub fn from_any(content: &[u8]) -> Result<Self, CertificateRefusal> {
        let Ok(text) = std::str::from_utf8(content) else {
            return Self::from_der(content.to_vec()).or_else(|_| Ok(Self::from_pkcs7(content)?));
        };
        if ["<ca>", "<cert>"].iter().any(|tag| contains(text, tag)) {
            return Err(CertificateRefusal::ProfileInstead);
        }
        Self::from_pem(text).or_else(|refusal| {
            let der = pem::base64(text).ok_or_else(|| refusal.clone())?;
            Self::from_der(der.to_vec()).map_err(|_| refusal)
        })
    }

    /// Reads the first certificate of `text`; a chain may follow it.
    ///
    /// # Errors
    /// [`CertificateRefusal::NotACertificate`], `CsrInstead` or `OtherPem`.
    pub fn from_pem(text: &str) -> Result<Self, CertificateRefusal> {
        let block = pem::first_block(text).ok_or(CertificateRefusal::NotACertificate)?;
        match block.label {
            LABEL => Self::from_der(block.der.to_vec()),
            "PKCS7" | "CMS" => Ok(Self::from_pkcs7(&block.der)?),
            label if label.ends_with("CERTIFICATE REQUEST") => Err(CertificateRefusal::CsrInstead),
            label => Err(CertificateRefusal::OtherPem { label: label.to_owned() }),
        }
    }

    /// Reads a DER certificate.
    ///
    /// # Errors
    /// [`CertificateRefusal::NotACertificate`].
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateRefusal> {
        Ok(Self::decode(der)?)
    }

    /// The user's certificate among those of a PKCS#7 file: `ContentInfo` and `SignedData` of RFC 5652 sections 3 and 5.1.
    fn from_pkcs7(der: &[u8]) -> Result<Self, Malformed> {
        let [kind, content] = sequence(der)?[..] else {
            return Err(Malformed);
        };
        if !kind.is_identifier(&SIGNED_DATA) || content.tag != context(0) {
            return Err(Malformed);
        }
        let fields = sequence(content.value)?;
        let certificates = fields.iter().find(|field| field.tag == context(0)).ok_or(Malformed)?;
        let mut first = None;
        for certificate in certificates.parts(context(0))? {
            let Ok(certificate) = Self::decode(certificate.whole.to_vec()) else { continue };
            // They may come in any order. No sorting: it would be five kilobytes of the browser module.
            if !certificate.is_ca() {
                return Ok(certificate);
            }
            first = first.or(Some(certificate));
        }
        first.ok_or(Malformed)
    }

    /// `Certificate` and `TBSCertificate` of RFC 5280 section 4.1.
    fn decode(der: Vec<u8>) -> Result<Self, Malformed> {
        let [to_be_signed, _algorithm, _signature] = sequence(&der)?[..] else {
            return Err(Malformed);
        };
        let fields = to_be_signed.parts(SEQUENCE)?;
        let fields = match fields.as_slice() {
            [version, rest @ ..] if version.tag == context(0) => rest,
            all => all,
        };
        let [serial, _algorithm, issuer, validity, subject, public_key, optional @ ..] = fields else {
            return Err(Malformed);
        };
        let [not_before, not_after] = validity.parts(SEQUENCE)?[..] else {
            return Err(Malformed);
        };
        let usage = match optional.iter().find(|field| field.tag == context(3)) {
            Some(extensions) => usage(*extensions)?,
            None => Usage::default(),
        };
        Ok(Self {
            serial: serial.value.to_owned(),
            issuer: issuer.whole.to_owned(),
            issuer_names: names(*issuer)?,
            not_before: unix_seconds(not_before).ok_or(Malformed)?,
            not_after: unix_seconds(not_after).ok_or(Malformed)?,
            subject: subject.whole.to_owned(),
            subject_names: names(*subject)?,
            public_key: public_key.whole.to_owned(),
            usage,
            der,
        })
    }

    /// Whether this is the certificate that `expected` waits for.
    ///
    /// What remains for the caller is to verify [`Certificate::signed`] with the CA's [`Certificate::public_key_der`],
    /// and to say [`CertificateRefusal::Forged`] where that fails.
    ///
    /// # Errors
    /// The first rule broken, in the order in which a person can make use of it: what kind of certificate it is,
    /// whose, from whom, for which key, for what time.
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), CertificateRefusal> {
        if self.is_ca() {
            return Err(CertificateRefusal::CaInstead);
        }
        if !self.usage.is_for_clients {
            return Err(CertificateRefusal::NotForClients);
        }
        let wanted = expected.common_name.to_string();
        if self.subject_names != [wanted.as_str()] {
            let found = self.common_name().unwrap_or_default();
            return Err(CertificateRefusal::AnotherName { found, expected: wanted });
        }
        if self.issuer != expected.ca.subject {
            return Err(CertificateRefusal::AnotherCa { issuer: joined(&self.issuer_names) });
        }
        if self.public_key != expected.public_key.spki_der() {
            let [found, expected] =
                [self.public_key.as_slice(), expected.public_key.spki_der()].map(|key| words(&Fingerprint::of(key)));
            return Err(CertificateRefusal::AnotherKey { found, expected });
        }
        let now = expected.now;
        if now < self.not_before() {
            return Err(CertificateRefusal::NotYetValid { not_before: self.not_before(), now });
        }
        if now > self.not_after() {
            return Err(CertificateRefusal::Expired { not_after: self.not_after(), now });
        }
        Ok(())
    }

    /// The subject's common name, where it has exactly one.
    pub fn common_name(&self) -> Option<String> {
        match self.subject_names.as_slice() {
            [name] => Some(name.clone()),
            _ => None,
        }
    }

    /// The DER `SubjectPublicKeyInfo`.
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key
    }

    /// The serial number, big-endian, in lower-case hexadecimal digits.
    pub fn serial_hex(&self) -> String {
        hex(&self.serial)
    }

    /// The first second of its validity, counted from 1970.
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// The last second of its validity, counted from 1970.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Whether it may issue certificates (RFC 5280 section 4.2.1.9).
    pub fn is_ca(&self) -> bool {
        self.usage.is_ca
    }

    /// Whether clients may show it (RFC 5280 section 4.2.1.12).
    pub fn is_for_clients(&self) -> bool {
        self.usage.is_for_clients
    }

    /// What is to be verified with the issuer's key.
    ///
    /// # Errors
    /// [`CertificateRefusal::Forged`] where the signature is not RSA with SHA-256: no CA of Latchkey makes another.
    pub fn signed(&self) -> Result<Signed<'_>, CertificateRefusal> {
        Signed::from_der(&self.der)?.ok_or(CertificateRefusal::Forged)
    }

    /// The certificate as it is signed.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate alone, in PEM form.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der)
    }
}

impl From<Malformed> for CertificateRefusal {
    fn from(_: Malformed) -> Self {
        Self::NotACertificate
    }
}

/// The common names of a distinguished name, as far as they are text.
fn names(name: Element<'_>) -> Result<Vec<String>, Malformed> {
    let unreadable = || char::REPLACEMENT_CHARACTER.to_string();
    Ok(common_names(name)?.into_iter().map(|name| name.unwrap_or_else(unreadable)).collect())
}

/// Reads `Extensions` (RFC 5280 section 4.1.2.9) for what a certificate may be used for.
fn usage(extensions: Element<'_>) -> Result<Usage, Malformed> {
    let mut usage = Usage::default();
    for extension in sequence(extensions.value)? {
        let parts = extension.parts(SEQUENCE)?;
        let [id, .., value] = parts.as_slice() else {
            return Err(Malformed);
        };
        if id.is_identifier(&BASIC_CONSTRAINTS) {
            let constraints = sequence(value.value)?;
            usage.is_ca = constraints.first().is_some_and(|ca| ca.tag == BOOLEAN && ca.value != [0]);
        } else if id.is_identifier(&EXTENDED_KEY_USAGE) {
            usage.is_for_clients = sequence(value.value)?.iter().any(|purpose| purpose.is_identifier(&CLIENT_AUTH));
        }
    }
    Ok(usage)
}

/// As `names.join(", ")`, which would be half a kilobyte of the browser module.
fn joined(names: &[String]) -> String {
    let add = |joined: String, name: &String| if joined.is_empty() { name.clone() } else { joined + ", " + name };
    names.iter().fold(String::new(), add)
}

/// `Time` of RFC 5280 section 4.1.2.5: `YYMMDDHHMMSSZ` or, with all of the year, a `GeneralizedTime`.
fn unix_seconds(time: Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(time.value).ok()?;
    let century = match time.tag {
        UTC_TIME if text >= "50" => "19",
        UTC_TIME => "20",
        GENERALIZED_TIME => "",
        _ => return None,
    };
    let digits = century.to_owned() + text;
    let digits = digits.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, mut rest) = digits.split_at_checked(4)?;
    let mut parts = [0; 5];
    for part in &mut parts {
        let (two, after) = rest.split_at_checked(2)?;
        *part = two.parse().ok()?;
        rest = after;
    }
    let [month, day, hour, minutes, seconds] = parts;
    let date = DateTime::new(year.parse().ok()?, month, day, hour, minutes, seconds).ok()?;
    i64::try_from(date.unix_duration().as_secs()).ok().filter(|_| rest.is_empty())
}

/// `id-signedData` of RFC 5652 section 5.1.
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// RFC 7468 section 5.
const LABEL: &str = "CERTIFICATE";

/// `id-ce-basicConstraints` (RFC 5280 section 4.2.1.9).
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");

/// `id-ce-extKeyUsage` (RFC 5280 section 4.2.1.12).
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

/// `id-kp-clientAuth` (RFC 5280 section 4.2.1.12).
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

#[cfg(test)]
mod tests {
    use der::Decode;

    use super::*;
    use crate::{
        csr::Csr,
        element::{elements, write},
    };

    #[test]
    fn the_certificate_of_the_key_name_and_ca_is_taken_while_it_lasts() {
        check(include_str!("testdata/alice.crt"), JULY_2026, Ok(()));
        check(include_str!("testdata/alice.crt"), BEGIN_OF_2026, Ok(()));
        check(include_str!("testdata/alice.crt"), BEGIN_OF_2027, Ok(()));
    }

    #[test]
    fn a_chain_may_follow() {
        let text = concat!(include_str!("testdata/alice.crt"), include_str!("testdata/ca.crt"));
        check(text, JULY_2026, Ok(()));
    }

    #[test]
    fn a_certificate_is_taken_in_every_form_in_which_people_have_it() {
        let pem = include_str!("testdata/alice.crt");
        let alice = Certificate::from_pem(pem).unwrap();
        let quoted: String = pem.lines().map(|line| format!("> {line}\r\n")).collect();
        let bare: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let forms: [&[u8]; 6] = [
            pem.as_bytes(),
            quoted.as_bytes(),
            bare.as_bytes(),
            &alice.der,
            include_bytes!("testdata/alice.p7b"),
            include_bytes!("testdata/alice.p7c"),
        ];
        for form in forms {
            assert_eq!(Certificate::from_any(form).as_ref(), Ok(&alice), "{}", String::from_utf8_lossy(form));
        }
    }

    #[test]
    fn what_is_no_certificate_is_called_by_its_name() {
        let check = |content: &[u8], expected| assert_eq!(Certificate::from_any(content).unwrap_err(), expected);
        let profile = format!("client\n<ca>\n{}</ca>\n", include_str!("testdata/ca.crt"));
        check(profile.as_bytes(), CertificateRefusal::ProfileInstead);
        check(include_bytes!("testdata/alice.csr"), CertificateRefusal::CsrInstead);
        for nothing in [
            &b""[..],
            b"YWJj",
            b"\x30\x82\xff\xff",
            b"\xff\xfe",
            b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
        ] {
            check(nothing, CertificateRefusal::NotACertificate);
        }
    }

    #[test]
    fn each_wrong_certificate_is_refused_for_its_own_reason() {
        use CertificateRefusal as Refusal;
        check(
            include_str!("testdata/alice-with-other-key.crt"),
            JULY_2026,
            Err(Refusal::AnotherKey {
                found: "senior object onion amount emerge vanish".to_owned(),
                expected: "direct brown upset industry small echo".to_owned(),
            }),
        );
        check(
            include_str!("testdata/bob-with-alices-key.crt"),
            JULY_2026,
            Err(Refusal::AnotherName {
                found: "bob.vpn.example.com".to_owned(),
                expected: "alice.vpn.example.com".to_owned(),
            }),
        );
        let issuer = "Latchkey CA other".to_owned();
        check(include_str!("testdata/alice-of-other-ca.crt"), JULY_2026, Err(Refusal::AnotherCa { issuer }));
        check(include_str!("testdata/server.crt"), JULY_2026, Err(Refusal::NotForClients));
        check(include_str!("testdata/ca.crt"), JULY_2026, Err(Refusal::CaInstead));
        check(include_str!("testdata/alice.csr"), JULY_2026, Err(Refusal::CsrInstead));
        check("", JULY_2026, Err(Refusal::NotACertificate));
        check("alice", JULY_2026, Err(Refusal::NotACertificate));
        let alice = include_str!("testdata/alice.crt");
        check(
            alice,
            BEGIN_OF_2026 - 1,
            Err(Refusal::NotYetValid { not_before: BEGIN_OF_2026, now: BEGIN_OF_2026 - 1 }),
        );
        check(alice, BEGIN_OF_2027 + 1, Err(Refusal::Expired { not_after: BEGIN_OF_2027, now: BEGIN_OF_2027 + 1 }));
    }

    #[test]
    fn times_are_read_as_der_reads_them() {
        let check = |tag: u8, text: &str| {
            let der = write(tag, text.as_bytes());
            let expected = x509_cert::time::Time::from_der(&der).ok();
            let expected = expected.and_then(|time| i64::try_from(time.to_unix_duration().as_secs()).ok());
            assert_eq!(unix_seconds(elements(&der).unwrap()[0]), expected, "{text}");
            expected
        };
        assert_eq!(check(UTC_TIME, "260101000000Z"), Some(BEGIN_OF_2026));
        assert_eq!(check(GENERALIZED_TIME, "20270101000000Z"), Some(BEGIN_OF_2027));
        for good in ["700101000000Z", "991231235959Z", "491231235959Z", "240229120000Z"] {
            assert!(check(UTC_TIME, good).is_some(), "{good}");
        }
        assert!(check(GENERALIZED_TIME, "99991231235959Z").is_some());
        for bad in [
            "",
            "Z",
            "260101000000",
            "2601010000Z",
            "261301000000Z",
            "250229000000Z",
            "+60101000000Z",
            "26010100000000Z",
        ] {
            assert_eq!(check(UTC_TIME, bad), None, "{bad}");
            assert_eq!(check(GENERALIZED_TIME, bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_read_is_written_back() {
        let text = include_str!("testdata/alice.crt");
        assert_eq!(Certificate::from_pem(text).unwrap().to_pem(), text);
    }

    fn check(text: &str, now: i64, expected: Result<(), CertificateRefusal>) {
        let csr = Csr::from_pem(include_str!("testdata/alice.csr")).unwrap();
        let domain = "vpn.example.com".parse().unwrap();
        let common_name = CommonName::parse(csr.common_name(), &domain).unwrap();
        let ca = Certificate::from_pem(include_str!("testdata/ca.crt")).unwrap();
        let found = Certificate::from_pem(text).and_then(|certificate| {
            certificate.check(&Expected { common_name: &common_name, public_key: csr.public_key(), ca: &ca, now })
        });
        assert_eq!(found, expected);
    }

    const BEGIN_OF_2026: i64 = 1_767_225_600;
    const JULY_2026: i64 = 1_782_864_000;
    const BEGIN_OF_2027: i64 = 1_798_761_600;
}
