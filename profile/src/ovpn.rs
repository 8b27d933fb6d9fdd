//! OpenVPN client configurations: what AWS exports, and the profile that becomes of it.
//!
//! A document is kept byte for byte; reading only marks what is a directive and what an inline block, by the rules
//! of the `openvpn` manual (INLINE FILE SUPPORT, and the quoting rules of its configuration files). So whatever AWS
//! may add to its export reaches the client unchanged.

#[cfg(test)]
mod clients;
mod harm;
mod words;

use std::{fmt, ops::Range};

use thiserror::Error;
use zeroize::Zeroizing;

use words::{Word, is_blank, words};

/// An OpenVPN client configuration, byte for byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// Overwritten when dropped: a profile has a private key in it.
    text: Zeroizing<String>,
    directives: Vec<Directive>,
    blocks: Vec<Block>,
}

/// A line such as `remote host 443`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Directive {
    /// Its words, quotes and escapes resolved, the name first.
    words: Vec<Word>,
}

/// Inline content such as `<ca>…</ca>`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Block {
    name: String,
    content: Range<usize>,
}

/// The server that a client configuration names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remote<'a> {
    /// Host name or address.
    pub host: &'a str,
    /// Port; OpenVPN's default is 1194.
    pub port: u16,
}

/// Why a text cannot be used as a client configuration, or be made a profile.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OvpnError {
    /// `<name>` without `</name>`.
    #[error("the inline block `<{name}>` does not end")]
    UnterminatedBlock {
        /// The block's name.
        name: String,
    },
    /// A quoted word without its closing quote.
    #[error("line {line}: a quotation mark is missing")]
    UnbalancedQuotes {
        /// The line, counted from 1.
        line: usize,
    },
    /// No `remote` directive, or one without a host or with a port that is none.
    #[error("the client configuration names no server")]
    NoRemote,
    /// A directive that would make the client run a program or load code.
    #[error("the client configuration has the directive `{name}`, which runs programs on the user's machine")]
    RunsPrograms {
        /// The directive.
        name: String,
    },
    /// A directive that would make the client write files, or send the content of files away.
    #[error("the client configuration has the directive `{name}`, which uses files of the user's machine")]
    UsesFiles {
        /// The directive.
        name: String,
    },
    /// A line that is longer than OpenVPN reads at a time, or has control characters in it: OpenVPN reads it as something else.
    #[error("line {line}: too long, or with control characters")]
    Unreadable {
        /// The line, counted from 1.
        line: usize,
    },
    /// There is a certificate or key in it already.
    #[error("the client configuration has `{name}` already")]
    HasIdentity {
        /// The directive or block.
        name: String,
    },
    /// What should be PEM is not.
    #[error("`{name}` is not one PEM block")]
    NotPem {
        /// `cert` or `key`.
        name: &'static str,
    },
}

impl OvpnError {
    /// A stable name of the refusal, by which the page finds its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnterminatedBlock { .. } => "ovpn-unterminated-block",
            Self::UnbalancedQuotes { .. } => "ovpn-unbalanced-quotes",
            Self::NoRemote => "ovpn-no-remote",
            Self::RunsPrograms { .. } => "ovpn-runs-programs",
            Self::UsesFiles { .. } => "ovpn-uses-files",
            Self::Unreadable { .. } => "ovpn-unreadable",
            Self::HasIdentity { .. } => "ovpn-has-identity",
            Self::NotPem { .. } => "ovpn-not-pem",
        }
    }
}

impl Document {
    /// Marks directives and inline blocks in `text`.
    ///
    /// # Errors
    /// [`OvpnError::UnterminatedBlock`], [`OvpnError::UnbalancedQuotes`] and [`OvpnError::Unreadable`]; unknown directives are
    /// none.
    pub fn parse(text: &str) -> Result<Self, OvpnError> {
        let mut document = Self { text: text.to_owned().into(), directives: Vec::new(), blocks: Vec::new() };
        // The last line, too, has its break, if not now then in the profile.
        let is_unreadable = |line: &str| line.len() >= LONGEST_LINE || has_control(line);
        if let Some(line) = text.split('\n').position(is_unreadable) {
            return Err(OvpnError::Unreadable { line: line + 1 });
        }
        let mut lines = lines(text).enumerate();
        while let Some((number, (start, line))) = lines.next() {
            let words = words(line, start).ok_or(OvpnError::UnbalancedQuotes { line: number + 1 })?;
            if let Some(name) = opening_tag(&words) {
                let closing = format!("</{name}>");
                let end = lines
                    .by_ref()
                    .find(|(_, (_, line))| line.trim_start_matches(is_blank).starts_with(&closing))
                    .map(|(_, (end, _))| end)
                    .ok_or_else(|| OvpnError::UnterminatedBlock { name: name.to_owned() })?;
                let content = start + line.len()..end;
                document.blocks.push(Block { name: name.to_owned(), content });
            } else if let Some(directive) = Directive::of(words) {
                document.directives.push(directive);
            }
        }
        Ok(document)
    }

    /// Whether there is a directive called `name`.
    pub fn has(&self, name: &str) -> bool {
        self.directive(name).is_some()
    }

    /// The content of the first inline block called `name`, without the lines of its tags.
    pub fn block(&self, name: &str) -> Option<&str> {
        let block = self.blocks.iter().find(|block| block.name == name)?;
        self.text.get(block.content.clone())
    }

    /// The first server.
    ///
    /// # Errors
    /// [`OvpnError::NoRemote`].
    pub fn remote(&self) -> Result<Remote<'_>, OvpnError> {
        let remote = self.directive("remote").ok_or(OvpnError::NoRemote)?;
        let host = remote.words.get(1).ok_or(OvpnError::NoRemote)?.value.as_str();
        let port = remote.words.get(2).map_or(Ok(1194), |port| port.value.parse());
        Ok(Remote { host, port: port.map_err(|_| OvpnError::NoRemote)? })
    }

    /// The document, with `label.` before the server's name where AWS needs one and the client would not add it.
    ///
    /// The DNS name of a Client VPN endpoint is a wildcard, the bare name does not resolve; `remote-random-hostname`
    /// lets OpenVPN put a random label before it
    /// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/resolve-host-name.html>).
    ///
    /// # Errors
    /// [`OvpnError::NoRemote`].
    pub fn with_random_label(&self, label: &str) -> Result<Self, OvpnError> {
        let Remote { host, .. } = self.remote()?;
        let word = self.directive("remote").and_then(|remote| remote.words.get(1)).ok_or(OvpnError::NoRemote)?;
        // What had to be quoted is no host name, and would be several words afterwards.
        let is_host_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        if self.has("remote-random-hostname") || !host.starts_with("cvpn-endpoint-") || !is_host_name {
            return Self::parse(&self.text);
        }
        let before = self.text.get(..word.range.start).unwrap_or_default();
        let after = self.text.get(word.range.end..).unwrap_or_default();
        Self::parse(&format!("{before}{label}.{host}{after}"))
    }

    /// Whether a profile can be made of it.
    ///
    /// # Errors
    /// [`OvpnError::NoRemote`], [`OvpnError::RunsPrograms`], [`OvpnError::UsesFiles`] or [`OvpnError::HasIdentity`].
    pub fn check(&self) -> Result<(), OvpnError> {
        self.remote()?;
        self.does_no_harm()?;
        match self.names().find(|name| IDENTITY.contains(name)) {
            Some(name) => Err(OvpnError::HasIdentity { name: name.to_owned() }),
            None => Ok(()),
        }
    }

    /// The finished profile: this document, then `<cert>` and `<key>`.
    ///
    /// Nothing of the document is moved or changed; a line break is added where it does not end in one. Both
    /// arguments are one PEM block each; the key may be encrypted by a passphrase. The result holds a private key and is
    /// overwritten when dropped.
    ///
    /// # Errors
    /// Those of [`Document::check`], and [`OvpnError::NotPem`].
    pub fn with_identity(&self, certificate_pem: &str, key_pem: &str) -> Result<Zeroizing<String>, OvpnError> {
        self.check()?;
        let certificate_pem = one_block(certificate_pem, "cert", "CERTIFICATE")?;
        let key_pem =
            one_block(key_pem, "key", "PRIVATE KEY").or_else(|_| one_block(key_pem, "key", "ENCRYPTED PRIVATE KEY"))?;
        let line_break = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { "\n" };
        let parts = [&self.text, line_break, "<cert>\n", certificate_pem, "\n</cert>\n<key>\n", key_pem, "\n</key>\n"];
        // Allocated once: a string that grows leaves copies of the key behind.
        let mut profile = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
        for part in parts {
            profile.push_str(part);
        }
        Ok(profile)
    }

    fn does_no_harm(&self) -> Result<(), OvpnError> {
        for directive in &self.directives {
            harm::check(directive.name(), directive.words.iter().skip(1).map(|word| word.value.as_str()))?;
        }
        for block in &self.blocks {
            harm::check(&block.name, std::iter::empty())?;
            // The only block of which the content are directives again.
            if block.name == "connection" {
                Self::parse(self.text.get(block.content.clone()).unwrap_or_default())?.does_no_harm()?;
            }
        }
        Ok(())
    }

    fn directive(&self, name: &str) -> Option<&Directive> {
        self.directives.iter().find(|directive| directive.name() == name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.directives.iter().map(Directive::name).chain(self.blocks.iter().map(|block| block.name.as_str()))
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Directive {
    /// What OpenVPN does with `words`: after `setenv opt` stands a directive that a client need not know.
    fn of(mut words: Vec<Word>) -> Option<Self> {
        while words.get(2).is_some()
            && words.first().is_some_and(|word| without_dashes(&word.value) == "setenv")
            && words.get(1).is_some_and(|word| word.value == "opt")
        {
            words.drain(..2);
        }
        (!words.is_empty()).then_some(Self { words })
    }

    fn name(&self) -> &str {
        self.words.first().map_or("", |word| without_dashes(&word.value))
    }
}

/// The lines of `text` with their endings, and where each begins. A byte order mark belongs to none.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    rest.split_inclusive('\n').scan(text.len() - rest.len(), |next, line| {
        let start = *next;
        *next += line.len();
        Some((start, line))
    })
}

/// OpenVPN takes `--name` in files, too.
fn without_dashes(name: &str) -> &str {
    name.strip_prefix("--").unwrap_or(name)
}

fn has_control(line: &str) -> bool {
    line.bytes().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r'))
}

/// The name of a line `<name>`, where it is one; OpenVPN takes any.
fn opening_tag(words: &[Word]) -> Option<&str> {
    let [word] = words else { return None };
    without_dashes(&word.value).strip_prefix('<')?.strip_suffix('>')
}

/// `text` without surrounding white space, where it is one PEM block labelled `label`.
fn one_block<'a>(text: &'a str, name: &'static str, label: &str) -> Result<&'a str, OvpnError> {
    let text = text.trim();
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let is_block = text.strip_prefix(&begin).and_then(|rest| rest.strip_suffix(&end)).is_some_and(|body| {
        body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\n' | b'\r'))
    });
    is_block.then_some(text).ok_or(OvpnError::NotPem { name })
}

/// What OpenVPN reads at a time, the line break included: it takes what is behind for another line.
const LONGEST_LINE: usize = 255;

/// Where a certificate or key can stand.
const IDENTITY: &[&str] = &["cert", "key", "pkcs12", "cryptoapicert"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_export_of_aws_becomes_a_profile_with_nothing_moved() {
        let document = Document::parse(EXPORT).unwrap();
        assert!(document.has("remote-random-hostname"));
        assert_eq!(document.remote().unwrap().port, 443);
        assert_eq!(document.block("ca").unwrap(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n\n");
        assert_eq!(document.with_random_label("random").unwrap(), document);
        let profile = document.with_identity(CERTIFICATE, KEY).unwrap();
        let added = format!("<cert>\n{CERTIFICATE}</cert>\n<key>\n{KEY}</key>\n");
        assert_eq!(*profile, format!("{EXPORT}\n{added}"));
        assert_eq!(Document::parse(&profile).unwrap().block("key").unwrap(), KEY);
    }

    /// What AWS exports for a second factor: for a directory the first line, for SAML all four. Their order is
    /// UNCONFIRMED, and nothing here depends on it.
    #[test]
    fn the_lines_of_a_second_factor_pass_unharmed() {
        let lines = ["auth-user-pass\n", "auth-federate\n", "auth-retry interact\n", "auth-nocache\n"];
        for count in [1, 4] {
            let asked: String = lines.into_iter().take(count).collect();
            let export = EXPORT.replace("\n\n\nreneg-sec 0", &format!("\n\n\n{asked}\nreneg-sec 0"));
            assert!(export.contains(&asked));
            let profile = Document::parse(&export).unwrap().with_identity(CERTIFICATE, KEY).unwrap();
            assert!(profile.starts_with(&export), "{}", *profile);
            let profile = Document::parse(&profile).unwrap();
            for line in lines.into_iter().take(count) {
                assert!(profile.has(line.split_whitespace().next().unwrap()), "{line}");
            }
        }
    }

    #[test]
    fn a_label_is_added_only_where_the_bare_name_would_not_resolve() {
        let check = |before: &str, after: &str| {
            let document = Document::parse(before).unwrap().with_random_label("random").unwrap();
            assert_eq!(document.to_string(), after);
        };
        check("remote cvpn-endpoint-1.example 443\r\n", "remote random.cvpn-endpoint-1.example 443\r\n");
        check("remote\t'cvpn-endpoint-1.example'  443 # x", "remote\trandom.cvpn-endpoint-1.example  443 # x");
        check("remote asdf.cvpn-endpoint-1.example 443", "remote asdf.cvpn-endpoint-1.example 443");
        check("remote vpn.example.com", "remote vpn.example.com");
        let by_name = Document::parse("remote cvpn-endpoint-1.example https").unwrap();
        assert_eq!(by_name.with_random_label("random"), Err(OvpnError::NoRemote));
        check("remote 'cvpn-endpoint-1 x' 443", "remote 'cvpn-endpoint-1 x' 443");
        check("remote cvpn-endpoint-1\\#x 443", "remote cvpn-endpoint-1\\#x 443");
    }

    #[test]
    fn a_profile_has_one_identity() {
        for line in ["cert a.crt", "<key>\nx\n</key>", "pkcs12 a.p12"] {
            let document = Document::parse(&format!("remote a 1\n{line}\n")).unwrap();
            let refusal = document.with_identity(CERTIFICATE, KEY).unwrap_err();
            assert_eq!(refusal.code(), "ovpn-has-identity", "{line}");
        }
    }

    #[test]
    fn the_key_may_be_encrypted() {
        let document = Document::parse("remote a 1\n").unwrap();
        let key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nCCCC\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let profile = document.with_identity(CERTIFICATE, key).unwrap();
        assert_eq!(Document::parse(&profile).unwrap().block("key"), Some(key));
        let mixed = key.replace("END ENCRYPTED", "END");
        assert_eq!(document.with_identity(CERTIFICATE, &mixed).unwrap_err(), OvpnError::NotPem { name: "key" });
    }

    /// Found by fuzzing: the profile made of it could not be read.
    #[test]
    fn the_last_line_has_room_for_its_line_break() {
        let text = |length: usize| format!("client\nremote a.example.com 443\n#{}", "x".repeat(length - 1));
        assert_eq!(Document::parse(&text(255)), Err(OvpnError::Unreadable { line: 3 }));
        let profile = Document::parse(&text(254)).unwrap().with_identity(CERTIFICATE, KEY).unwrap();
        Document::parse(&profile).unwrap();
        assert_eq!(Document::parse(&(text(255) + "\n")), Err(OvpnError::Unreadable { line: 3 }));
        Document::parse(&(text(254) + "\n")).unwrap();
    }

    #[test]
    fn certificate_and_key_cannot_bring_directives_along() {
        let document = Document::parse("remote a 1\n").unwrap();
        for bad in ["", "x", &format!("{CERTIFICATE}</cert>\nup x\n{CERTIFICATE}"), &format!("{CERTIFICATE}{KEY}")] {
            assert_eq!(document.with_identity(bad, KEY).unwrap_err(), OvpnError::NotPem { name: "cert" });
        }
        assert_eq!(document.with_identity(CERTIFICATE, CERTIFICATE).unwrap_err(), OvpnError::NotPem { name: "key" });
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let check = |text: &str, expected| assert_eq!(Document::parse(text).unwrap_err(), expected);
        check("<ca>\nx\n", OvpnError::UnterminatedBlock { name: "ca".to_owned() });
        check("client\nsetenv a \"b\n", OvpnError::UnbalancedQuotes { line: 2 });
        let document = Document::parse("client\n").unwrap();
        assert_eq!(document.remote(), Err(OvpnError::NoRemote));
        assert_eq!(Document::parse("remote a b\n").unwrap().remote(), Err(OvpnError::NoRemote));
    }

    proptest! {
        #[test]
        fn every_document_is_rendered_as_it_was_read(text in "(?s)(client|remote a 1|<ca>|</ca>|#|\"|\\\\| |\r\n|\n|.){0,60}") {
            if let Ok(document) = Document::parse(&text) {
                prop_assert_eq!(document.to_string(), text);
            }
        }
    }

    /// As AWS exports it: blank lines around `</ca>`, none at the end.
    const EXPORT: &str = "client\ndev tun\nproto udp\nremote cvpn-endpoint-0123456789abcdef0.prod.clientvpn.eu-central-1.amazonaws.com 443\n\
        remote-random-hostname\nresolv-retry infinite\nnobind\nremote-cert-tls server\ncipher AES-256-GCM\nverb 3\n<ca>\n\
        -----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n\n</ca>\n\n\nreneg-sec 0\n\nverify-x509-name vpn.example.com name";
    pub(super) const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n";
    pub(super) const KEY: &str = "-----BEGIN PRIVATE KEY-----\nCCCC\n-----END PRIVATE KEY-----\n";
}
