//! What the page has to say when something is refused or goes wrong: a code, by which the
//! language has the sentence (`message-CODE` in `web/text`), and what is filled into it.

use profile::{
    backup::BackupRefusal, bundle::BundleError, certificate::CertificateRefusal, csr::CsrError, invite::InviteRefusal,
    key::KeyRefusal, name::NameError, ovpn::OvpnError,
};
use wasm_bindgen::{JsCast as _, JsValue};

/// One message. It never holds anything secret.
///
/// Boxed, because it is the error of every fallible function here: results as small as a pointer keep the module small.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message(Box<Content>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Content {
    code: &'static str,
    fields: Vec<(&'static str, Field)>,
}

/// Something to be filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Field {
    /// Shown as it is.
    Text(String),
    /// A point in time, in seconds since 1970, shown as the visitor writes dates.
    Time(i64),
}

impl<T: Into<String>> From<T> for Field {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl Message {
    /// A message without anything to fill in.
    pub(crate) fn new(code: &'static str) -> Self {
        Self(Box::new(Content { code, fields: Vec::new() }))
    }

    /// Names the sentence.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// How grave it is, by which the style shows it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.code() {
            "not-issued-yet" | "copied" | "renewal" | "key-kept" => "note",
            "not-kept" => "warning",
            _ => "problem",
        }
    }

    /// What is filled in, by the name of the place.
    pub(crate) fn fields(&self) -> &[(&'static str, Field)] {
        &self.0.fields
    }

    /// Adds a text to fill in.
    pub(crate) fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.0.fields.push((name, Field::Text(text.into())));
        self
    }

    pub(crate) fn with_time(mut self, name: &'static str, time: i64) -> Self {
        self.0.fields.push((name, Field::Time(time)));
        self
    }

    /// Something that the rules say cannot happen with what this page made itself.
    fn unexpected(code: &'static str) -> Self {
        Self::new("unexpected").with("code", code)
    }

    /// Turns what a browser interface threw into a message; its name is shown, its text is not.
    pub(crate) fn thrown(code: &'static str) -> impl Fn(JsValue) -> Self {
        move |thrown| {
            let name = thrown.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name()));
            Self::new(code).with("code", name.unwrap_or_default())
        }
    }
}

impl From<NameError> for Message {
    fn from(refusal: NameError) -> Self {
        let message = Self::new(refusal.code());
        match refusal {
            NameError::Character { found } => message.with("found", found),
            NameError::CommonNameTooLong { common_name } => message.with("found", common_name),
            NameError::Empty | NameError::TooLong { .. } | NameError::Separator => message,
            // Only a broken bundle or a damaged record leads here.
            NameError::Domain { .. } | NameError::OtherDomain { .. } => Self::unexpected(message.code()),
        }
    }
}

impl From<CertificateRefusal> for Message {
    fn from(refusal: CertificateRefusal) -> Self {
        let message = Self::new(refusal.code());
        match refusal {
            CertificateRefusal::AnotherName { found, expected } => {
                message.with("found", found).with("expected", expected)
            }
            CertificateRefusal::AnotherCa { issuer } => message.with("found", issuer),
            CertificateRefusal::OtherPem { label } if label.ends_with("PRIVATE KEY") => Self::new("key-instead"),
            CertificateRefusal::OtherPem { label } => message.with("found", label),
            CertificateRefusal::AnotherKey { found, expected } => {
                message.with("found", found).with("expected", expected)
            }
            CertificateRefusal::NotYetValid { not_before, now } => {
                message.with_time("time", not_before).with_time("now", now)
            }
            CertificateRefusal::Expired { not_after, now } => {
                message.with_time("time", not_after).with_time("now", now)
            }
            CertificateRefusal::NotACertificate
            | CertificateRefusal::CsrInstead
            | CertificateRefusal::ProfileInstead
            | CertificateRefusal::CaInstead
            | CertificateRefusal::NotForClients
            | CertificateRefusal::Forged => message,
        }
    }
}

impl From<InviteRefusal> for Message {
    fn from(refusal: InviteRefusal) -> Self {
        let message = Self::new(refusal.code());
        match refusal {
            InviteRefusal::OtherDeployment { found, expected } => {
                message.with("found", found).with("expected", expected)
            }
            InviteRefusal::Absent => Self::unexpected(message.code()),
            InviteRefusal::Malformed | InviteRefusal::Version { .. } => message,
        }
    }
}

impl From<BackupRefusal> for Message {
    fn from(refusal: BackupRefusal) -> Self {
        Self::new(refusal.code())
    }
}

impl From<BundleError> for Message {
    fn from(refusal: BundleError) -> Self {
        Self::new(refusal.code())
    }
}

impl From<OvpnError> for Message {
    fn from(refusal: OvpnError) -> Self {
        Self::new("client-configuration").with("code", refusal.code())
    }
}

impl From<CsrError> for Message {
    /// Which of its rules a request of ours has broken would be no use to anybody here, and weighs.
    fn from(_: CsrError) -> Self {
        Self::unexpected("csr")
    }
}

impl From<KeyRefusal> for Message {
    /// As with requests.
    fn from(_: KeyRefusal) -> Self {
        Self::unexpected("key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_has_a_sentence() {
        let of_the_rules = [
            Message::from(NameError::Empty),
            NameError::TooLong { length: 33 }.into(),
            NameError::Character { found: '!' }.into(),
            NameError::Separator.into(),
            NameError::CommonNameTooLong { common_name: String::new() }.into(),
            NameError::Domain { domain: String::new() }.into(),
            CertificateRefusal::NotACertificate.into(),
            CertificateRefusal::CsrInstead.into(),
            CertificateRefusal::OtherPem { label: String::new() }.into(),
            CertificateRefusal::OtherPem { label: "RSA PRIVATE KEY".to_owned() }.into(),
            CertificateRefusal::ProfileInstead.into(),
            CertificateRefusal::CaInstead.into(),
            CertificateRefusal::NotForClients.into(),
            CertificateRefusal::AnotherName { found: String::new(), expected: String::new() }.into(),
            CertificateRefusal::AnotherCa { issuer: String::new() }.into(),
            CertificateRefusal::Forged.into(),
            CertificateRefusal::AnotherKey { found: String::new(), expected: String::new() }.into(),
            CertificateRefusal::NotYetValid { not_before: 0, now: 0 }.into(),
            CertificateRefusal::Expired { not_after: 0, now: 0 }.into(),
            BackupRefusal::NotABackup.into(),
            BackupRefusal::OtherEncryption.into(),
            BundleError::Version { found: 2 }.into(),
            OvpnError::NoRemote.into(),
            InviteRefusal::Absent.into(),
            InviteRefusal::Malformed.into(),
            InviteRefusal::Version { found: 2 }.into(),
            InviteRefusal::OtherDeployment { found: String::new(), expected: String::new() }.into(),
            CsrError::Malformed.into(),
            KeyRefusal::Malformed.into(),
        ];
        let of_the_page = [
            "copied",
            "key-kept",
            "passphrase-differs",
            "passphrase-short",
            "wrong-passphrase",
            "no-request-here",
            "not-a-profile",
            "not-copied",
            "other-profile",
            "renewal",
            "bundle-malformed",
            "bundle-missing",
            "crypto-refused",
            "file-too-large",
            "insecure-origin",
            "nothing-given",
            "not-issued-yet",
            "not-kept",
            "offline",
            "storage-refused",
        ]
        .map(Message::new);
        for message in of_the_rules.into_iter().chain(of_the_page) {
            let code = message.code();
            let start = format!("\nmessage-{code} = ");
            let (_, rest) = TEXT.split_once(&start).unwrap_or_else(|| panic!("{start} is missing"));
            let text = rest.lines().next().unwrap();
            for (name, _) in message.fields() {
                assert!(text.contains(&format!("{{{name}}}")), "{code} does not show `{name}`");
            }
        }
    }

    const TEXT: &str = include_str!("../../web/text/en.toml");
}
