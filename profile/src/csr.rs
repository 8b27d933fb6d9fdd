//! Certificate signing requests (PKCS#10, RFC 2986): written in the browser, read by the admin.
//!
//! Writing is sans-IO: [`CsrDraft`] gives the bytes to sign and takes the signature, wherever the private key may
//! be. Reading takes from a request nothing but the common name, the public key and the challenge password; whatever
//! else it asks for is dropped here, so that nobody downstream can issue it.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    challenge::{Challenge, ChallengeRefusal},
    element::{
        BIT_STRING, COMMON_NAME, Element, INTEGER, Malformed, NULL, OBJECT_IDENTIFIER, SEQUENCE, SET, UTF8_STRING,
        common_names, context, sequence, write,
    },
    fingerprint::Fingerprint,
    key::{KeyRefusal, PublicKey},
    name::CommonName,
    pem,
    signed::{SHA256_WITH_RSA, Signed},
};

/// A request without its signature.
pub struct CsrDraft {
    /// DER of `CertificationRequestInfo`.
    info: Zeroizing<Vec<u8>>,
}

/// A signed request whose form and key are in order.
///
/// The signature is not yet verified: see [`Csr::signed`].
#[derive(Clone, PartialEq, Eq)]
pub struct Csr {
    der: Zeroizing<Vec<u8>>,
    common_name: String,
    public_key: PublicKey,
    challenge: Option<Challenge>,
}

/// Why a request cannot be made or taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CsrError {
    /// Larger than [`Csr::MAX_LEN`].
    #[error("the request has {length} bytes, the limit is {}", Csr::MAX_LEN)]
    TooLarge {
        /// Bytes of the text.
        length: usize,
    },
    /// No PEM block, or a damaged one.
    #[error("this is not a certificate signing request in PEM form (or it is damaged)")]
    NotPem,
    /// Something else in PEM form.
    #[error("this is not a certificate signing request but a `{}`", .label.escape_default())]
    OtherPem {
        /// The label of its first line.
        label: String,
    },
    /// Text after the request.
    #[error("something follows after the request")]
    TrailingData,
    /// Not the DER of a PKCS#10 request.
    #[error("the request cannot be read")]
    Malformed,
    /// Signed otherwise than with RSA and SHA-256.
    #[error("the request is not signed with RSA and SHA-256")]
    SignatureAlgorithm,
    /// A signature that is not as long as the key.
    #[error("the signature has {length} bytes, an RSA-2048 signature has {SIGNATURE_LEN}")]
    SignatureLength {
        /// Bytes of the signature.
        length: usize,
    },
    /// Not exactly one common name.
    #[error("the request has {count} common names, it must have exactly one")]
    CommonNames {
        /// How many it has.
        count: usize,
    },
    /// A common name of a type that can be read in more than one way, or damaged text.
    #[error("the request's common name is not a UTF8String, PrintableString or IA5String, or it is damaged")]
    CommonNameType,
    /// Several challenge passwords, where there may be one.
    #[error("the request has more than one challenge password")]
    Challenges,
    /// A challenge password that is not a string of 1 to [`Challenge::MAX_LEN`] characters.
    #[error("the request's challenge password cannot be read")]
    ChallengeMalformed,
    /// A key that may not be certified.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
}

impl CsrError {
    /// A stable name of the refusal, by which the page finds its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "csr-too-large",
            Self::NotPem => "csr-not-pem",
            Self::OtherPem { .. } => "csr-other-pem",
            Self::TrailingData => "csr-trailing-data",
            Self::Malformed => "csr-malformed",
            Self::SignatureAlgorithm => "csr-signature-algorithm",
            Self::SignatureLength { .. } => "csr-signature-length",
            Self::CommonNames { .. } => "csr-common-names",
            Self::CommonNameType => "csr-common-name-type",
            Self::Challenges => "csr-challenges",
            Self::ChallengeMalformed => "csr-challenge-malformed",
            Self::Key(refusal) => refusal.code(),
        }
    }
}

impl CsrDraft {
    /// A request for `common_name` and `public_key`, with at most one attribute, the `challenge` password:
    /// `CertificationRequestInfo` of RFC 2986 section 4.1.
    ///
    /// Written out here: with rcgen for this one structure the browser module would be a fifth larger. A test
    /// sees to it that rcgen would write the same.
    pub fn new(common_name: &CommonName, public_key: &PublicKey, challenge: Option<&Challenge>) -> Self {
        let name = write(UTF8_STRING, common_name.to_string().as_bytes());
        let attribute = write(SEQUENCE, &[write(OBJECT_IDENTIFIER, COMMON_NAME.as_bytes()), name].concat());
        let subject = write(SEQUENCE, &write(SET, &attribute));
        let version = write(INTEGER, &[0]);
        let challenge = challenge.map(Challenge::to_attribute).unwrap_or_default();
        let attributes = Zeroizing::new(write(context(0), &challenge));
        let fields = [&version, &subject, public_key.spki_der(), &attributes];
        Self { info: Zeroizing::new(write(SEQUENCE, &Zeroizing::new(fields.concat()))) }
    }

    /// What the private key signs, with RSASSA-PKCS1-v1_5 and SHA-256.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.info
    }

    /// The request with its signature: `CertificationRequest` of RFC 2986 section 4.2.
    ///
    /// # Errors
    /// [`CsrError::SignatureLength`] where the signature is not one of an RSA-2048 key.
    pub fn assemble(self, signature: &[u8]) -> Result<Csr, CsrError> {
        if signature.len() != SIGNATURE_LEN {
            return Err(CsrError::SignatureLength { length: signature.len() });
        }
        // RFC 4055 section 5: the parameters are NULL.
        let identifier = write(OBJECT_IDENTIFIER, SHA256_WITH_RSA.as_bytes());
        let algorithm = write(SEQUENCE, &[identifier, write(NULL, &[])].concat());
        let signature = write(BIT_STRING, &[NO_UNUSED_BITS, signature].concat());
        let fields = Zeroizing::new([self.info.as_slice(), &algorithm, &signature].concat());
        Csr::from_der(write(SEQUENCE, &fields))
    }
}

impl Csr {
    /// The longest text taken, in bytes. A request of ours has about 1,000.
    pub const MAX_LEN: usize = 16 * 1024;

    /// Reads one request in PEM form; explanations may stand before it, nothing after it.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn from_pem(text: &str) -> Result<Self, CsrError> {
        if text.len() > Self::MAX_LEN {
            return Err(CsrError::TooLarge { length: text.len() });
        }
        let block = pem::first_block(text).ok_or(CsrError::NotPem)?;
        if ![LABEL, OLD_LABEL].contains(&block.label) {
            return Err(CsrError::OtherPem { label: block.label.to_owned() });
        }
        if block.is_followed {
            return Err(CsrError::TrailingData);
        }
        Self::from_der(block.der.to_vec())
    }

    /// The subject's common name as the request has it: checked to be text, not yet against any deployment.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The key to certify.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The challenge password, where there is one: perhaps an invite's ([`crate::invite`]).
    pub fn challenge(&self) -> Option<&Challenge> {
        self.challenge.as_ref()
    }

    /// What is to be verified with [`Csr::public_key`] as proof that the requester has the private key.
    ///
    /// # Errors
    /// [`CsrError::Malformed`], which a value of this type does not cause.
    pub fn signed(&self) -> Result<Signed<'_>, CsrError> {
        Signed::from_der(&self.der)?.ok_or(CsrError::SignatureAlgorithm)
    }

    /// SHA-256 of the request's DER: what page and admin compare, and the name under which the certificate is published.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }

    /// The request in PEM form.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der)
    }

    fn from_der(der: Vec<u8>) -> Result<Self, CsrError> {
        let der = Zeroizing::new(der);
        let [info, _algorithm, _signature] = sequence(&der)?[..] else {
            return Err(CsrError::Malformed);
        };
        let fields = info.parts(SEQUENCE)?;
        let [Element { tag: INTEGER, value: [0], .. }, subject, public_key, rest @ ..] = fields.as_slice() else {
            return Err(CsrError::Malformed);
        };
        // The attributes are mandatory in the standard, and left out by some who have none.
        let attributes = match rest {
            [] => None,
            [attributes] => Some(attributes),
            _ => return Err(CsrError::Malformed),
        };
        let kinds = attributes.map(|attributes| kinds(*attributes)).transpose()?.unwrap_or_default();
        let names = common_names(*subject)?;
        let [common_name] = names.as_slice() else {
            return Err(CsrError::CommonNames { count: names.len() });
        };
        let common_name = common_name.clone().ok_or(CsrError::CommonNameType)?;
        let public_key = PublicKey::from_spki_der(public_key.whole)?;
        if Signed::from_der(&der)?.is_none() {
            return Err(CsrError::SignatureAlgorithm);
        }
        let challenge = attributes.map(|attributes| Challenge::find(*attributes)).transpose()?.flatten();
        // X.501 section 8.2: one attribute of a kind, with all of its values.
        if kinds.iter().enumerate().any(|(i, kind)| kinds.iter().take(i).any(|other| other == kind)) {
            return Err(CsrError::Malformed);
        }
        Ok(Self { der, common_name, public_key, challenge })
    }
}

/// The identifiers of `Attributes`, each `SEQUENCE { OBJECT IDENTIFIER, SET OF value }` (RFC 2986 section 4.1).
fn kinds(attributes: Element<'_>) -> Result<Vec<&[u8]>, Malformed> {
    let mut kinds = Vec::new();
    for attribute in attributes.parts(context(0))? {
        let [Element { tag: OBJECT_IDENTIFIER, value, .. }, Element { tag: SET, .. }] = attribute.parts(SEQUENCE)?[..]
        else {
            return Err(Malformed);
        };
        kinds.push(value);
    }
    Ok(kinds)
}

/// Without the request itself: it may hold an invite.
impl fmt::Debug for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { der: _, common_name, public_key: _, challenge } = self;
        f.debug_struct("Csr")
            .field("fingerprint", &self.fingerprint())
            .field("common_name", common_name)
            .field("challenge", challenge)
            .finish_non_exhaustive()
    }
}

impl From<ChallengeRefusal> for CsrError {
    fn from(refusal: ChallengeRefusal) -> Self {
        match refusal {
            ChallengeRefusal::Many => Self::Challenges,
            ChallengeRefusal::Unreadable => Self::ChallengeMalformed,
        }
    }
}

impl From<Malformed> for CsrError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// An RSA signature is as long as the modulus.
const SIGNATURE_LEN: usize = PublicKey::BITS / 8;

/// The first octet of a BIT STRING of whole bytes (X.690 section 8.6.2.2).
const NO_UNUSED_BITS: &[u8] = &[0];

/// RFC 7468 section 7.
const LABEL: &str = "CERTIFICATE REQUEST";

/// The label of older tools, which RFC 7468 section 7 lets parsers take.
const OLD_LABEL: &str = "NEW CERTIFICATE REQUEST";

#[cfg(test)]
mod tests {
    use der::{Decode, oid::ObjectIdentifier};
    use rcgen::{Attribute, CertificateParams, DistinguishedName, DnType, PublicKeyData, SigningKey};
    use x509_cert::request::CertReq;

    use super::*;
    use crate::element::PRINTABLE_STRING;

    #[test]
    fn a_request_asks_for_a_name_and_a_key_and_nothing_else() {
        let draft = CsrDraft::new(&alice(), &key(), None);
        let message = draft.to_be_signed().to_vec();
        let csr = draft.assemble(&[7; 256]).unwrap();
        assert_eq!(csr.common_name(), "alice.vpn.example.com");
        assert_eq!(csr.public_key(), &key());
        assert_eq!(csr.signed().unwrap(), Signed { message: &message, signature: &[7; 256] });
        let request = CertReq::from_der(&csr.der).unwrap();
        assert!(request.info.attributes.is_empty());
        assert_eq!(request.info.subject.to_string(), "CN=alice.vpn.example.com");
    }

    #[test]
    fn rcgen_would_write_the_same() {
        let request = params().serialize_request(&Key(key())).unwrap();
        let csr = CsrDraft::new(&alice(), &key(), None).assemble(&[7; 256]).unwrap();
        assert_eq!(csr.der.as_slice(), request.der().as_ref());
    }

    #[test]
    fn a_challenge_is_written_as_rcgen_would() {
        let challenge = challenge("latchkey-invite.1.0123456789abcdef.00");
        let attribute = attribute(write(PRINTABLE_STRING, challenge.as_str().as_bytes()));
        let request = params().serialize_request_with_attributes(&Key(key()), vec![attribute]).unwrap();
        let csr = CsrDraft::new(&alice(), &key(), Some(&challenge)).assemble(&[7; 256]).unwrap();
        assert_eq!(csr.der.as_slice(), request.der().as_ref());
        assert_eq!(csr.challenge(), Some(&challenge));
        assert_eq!(CertReq::from_der(&csr.der).unwrap().info.attributes.len(), 1);
    }

    #[test]
    fn challenges_of_the_openssl_command_are_read() {
        let found = |text: &str| Csr::from_pem(text).unwrap().challenge().map(|found| found.as_str().to_owned());
        assert_eq!(found(include_str!("testdata/alice.csr")), None);
        let of_ours = "latchkey-invite.1.0123456789abcdef.000102030405060708090a0b0c0d0e0f";
        assert_eq!(found(include_str!("testdata/challenge.csr")).as_deref(), Some(of_ours));
        assert_eq!(found(include_str!("testdata/challenge-utf8.csr")).as_deref(), Some("Schlüssel_王"));
    }

    #[test]
    fn a_second_challenge_is_refused() {
        let attributes = ["a", "b"].map(|text| attribute(write(UTF8_STRING, text.as_bytes())));
        let request = params().serialize_request_with_attributes(&Key(key()), attributes.into()).unwrap();
        assert_eq!(Csr::from_pem(&pem::encode(LABEL, request.der())), Err(CsrError::Challenges));
        let request = params().serialize_request_with_attributes(&Key(key()), vec![attribute(write(INTEGER, &[1]))]);
        assert_eq!(Csr::from_pem(&pem::encode(LABEL, request.unwrap().der())), Err(CsrError::ChallengeMalformed));
    }

    #[test]
    fn the_request_is_not_printed() {
        let csr = Csr::from_pem(include_str!("testdata/challenge.csr")).unwrap();
        assert!(!format!("{csr:?}").contains("0a0b"), "{csr:?}");
        assert!(format!("{csr:?}").contains("alice.vpn.example.com"), "{csr:?}");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let csr = CsrDraft::new(&alice(), &key(), None).assemble(&[7; 256]).unwrap();
        assert_eq!(Csr::from_pem(&csr.to_pem()), Ok(csr.clone()));
        assert_eq!(Csr::from_pem(&format!("\r\n {}\n\n", csr.to_pem())), Ok(csr));
    }

    #[test]
    fn a_signature_of_another_length_is_refused() {
        let draft = CsrDraft::new(&alice(), &key(), None);
        assert_eq!(draft.assemble(&[7; 128]), Err(CsrError::SignatureLength { length: 128 }));
    }

    #[test]
    fn requests_of_the_openssl_command_are_read() {
        let csr = Csr::from_pem(include_str!("testdata/alice.csr")).unwrap();
        assert_eq!(csr.common_name(), "alice.vpn.example.com");
        let old = include_str!("testdata/alice.csr").replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
        assert_eq!(Csr::from_pem(&old), Ok(csr));
    }

    #[test]
    fn what_asks_for_a_ca_yields_only_name_and_key() {
        let csr = Csr::from_pem(include_str!("testdata/asks-for-ca.csr")).unwrap();
        assert_eq!(csr.common_name(), "mallory.vpn.example.com");
    }

    #[test]
    fn each_bad_request_is_refused_for_its_own_reason() {
        let good = include_str!("testdata/alice.csr");
        let check = |text: &str, expected| assert_eq!(Csr::from_pem(text).unwrap_err(), expected, "{text}");
        check("", CsrError::NotPem);
        check("hello", CsrError::NotPem);
        check(&good.replace('M', "!"), CsrError::NotPem);
        check(&format!("{good}and more"), CsrError::TrailingData);
        check(&format!("{good}{good}"), CsrError::TrailingData);
        check(&format!("{good}{}", " ".repeat(Csr::MAX_LEN)), CsrError::TooLarge { length: good.len() + Csr::MAX_LEN });
        check(include_str!("testdata/ca.crt"), CsrError::OtherPem { label: "CERTIFICATE".to_owned() });
        check(include_str!("testdata/rsa-1024.csr"), CsrError::Key(KeyRefusal::Size { bits: 1024 }));
        check(include_str!("testdata/rsa-e3.csr"), CsrError::Key(KeyRefusal::Exponent));
        check(include_str!("testdata/no-cn.csr"), CsrError::CommonNames { count: 0 });
        check(include_str!("testdata/two-cns.csr"), CsrError::CommonNames { count: 2 });
        check(include_str!("testdata/sha512.csr"), CsrError::SignatureAlgorithm);
        let algorithm = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1").as_bytes().to_vec();
        check(include_str!("testdata/ec.csr"), CsrError::Key(KeyRefusal::NotRsa { algorithm }));
        check("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n", CsrError::Malformed);
    }

    /// Signs for rcgen, always the same.
    struct Key(PublicKey);

    impl PublicKeyData for Key {
        fn der_bytes(&self) -> &[u8] {
            self.0.pkcs1_der()
        }
        fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
            &rcgen::PKCS_RSA_SHA256
        }
    }

    impl SigningKey for Key {
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
            Ok(vec![7; 256])
        }
    }

    fn params() -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, alice().to_string());
        params
    }

    fn attribute(value: Vec<u8>) -> Attribute {
        Attribute { oid: &[1, 2, 840, 113_549, 1, 9, 7], values: write(SET, &value) }
    }

    fn challenge(text: &str) -> Challenge {
        Challenge::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    fn alice() -> CommonName {
        CommonName::new("alice".parse().unwrap(), "vpn.example.com".parse().unwrap()).unwrap()
    }

    fn key() -> PublicKey {
        Csr::from_pem(include_str!("testdata/alice.csr")).unwrap().public_key
    }
}
