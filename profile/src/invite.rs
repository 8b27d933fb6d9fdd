//! An invite: what makes `sign` accept a request without asking.
//!
//! The link to the page carries it in the fragment, which browsers never send to a server; the page puts its secret
//! into the request as the challenge password, and the ledger has only a hash of it:
//!
//! ```text
//! #invite=1.<deployment>.<id>.<secret>.<username>        the fragment
//! latchkey-invite.1.<id>.<secret>                        the challenge password
//! ```
//!
//! Both consist of characters that no mail program encodes (RFC 3986 section 2.3) and that a PrintableString can
//! carry; both end in a letter or digit, so that no program that looks for links in a text cuts them short.

use std::{fmt, str::FromStr};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    challenge::Challenge,
    fingerprint::{Fingerprint, hex},
    name::Username,
    search,
};

/// An invite, as its link has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invite {
    deployment: String,
    username: Username,
    credential: Credential,
}

/// The part of an invite that a request carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credential {
    /// Which invite it is.
    pub id: InviteId,
    /// That whoever has the request made was given the link.
    pub secret: InviteSecret,
}

/// Which invite: 64 random bits, not secret, written as 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct InviteId([u8; 8]);

/// The secret of an invite: 128 random bits. Overwritten when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteSecret(Zeroizing<[u8; 16]>);

/// Why an invite cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum InviteRefusal {
    /// No invite in the text at all.
    #[error("there is no invitation in this")]
    Absent,
    /// Cut short, or changed.
    #[error("the invitation is damaged or not complete")]
    Malformed,
    /// Made by a newer Latchkey.
    #[error("the invitation has version {found}, this program understands version {}", Invite::VERSION)]
    Version {
        /// The version found.
        found: u32,
    },
    /// An invite to another deployment.
    #[error("the invitation is for `{found}`, this is `{expected}`")]
    OtherDeployment {
        /// The invite's deployment.
        found: String,
        /// The deployment that was asked.
        expected: String,
    },
}

impl InviteRefusal {
    /// A stable name of the refusal, by which the page finds its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Absent => "invite-absent",
            Self::Malformed => "invite-malformed",
            Self::Version { .. } => "invite-version",
            Self::OtherDeployment { .. } => "invite-other-deployment",
        }
    }
}

impl Invite {
    /// The version that this crate writes and reads.
    pub const VERSION: u32 = 1;

    /// The longest text taken, in bytes. A fragment of ours has at most 132.
    pub const MAX_LEN: usize = 4096;

    /// An invite for `username` to the deployment of that name.
    ///
    /// # Errors
    /// [`InviteRefusal::Malformed`] where that is no name of a deployment: 1 to 40 characters of `a-z`, `0-9` and `-`.
    pub fn new(deployment: &str, username: Username, credential: Credential) -> Result<Self, InviteRefusal> {
        let is_name = (1..=DEPLOYMENT_MAX_LEN).contains(&deployment.len())
            && deployment.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !is_name {
            return Err(InviteRefusal::Malformed);
        }
        Ok(Self { deployment: deployment.to_owned(), username, credential })
    }

    /// Reads the invite in a link or in its fragment, as a browser has it or as somebody pasted it: what stands before
    /// and after it does not matter.
    ///
    /// # Errors
    /// [`InviteRefusal`], but not [`InviteRefusal::OtherDeployment`].
    pub fn from_fragment(text: &str) -> Result<Self, InviteRefusal> {
        if text.len() > Self::MAX_LEN {
            return Err(InviteRefusal::Malformed);
        }
        let (_, rest) = search::split_once(text, KEY).ok_or(InviteRefusal::Absent)?;
        let is_foreign = |c: char| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '-' | '_');
        let value = rest.split(is_foreign).next().unwrap_or_default();
        // A full stop, perhaps: no invite ends so.
        let value = value.trim_end_matches(['.', '-', '_']);
        let rest = after_version(value)?;
        let mut fields = rest.splitn(4, '.');
        let mut field = || fields.next().ok_or(InviteRefusal::Malformed);
        let (deployment, id, secret, username) = (field()?, field()?, field()?, field()?);
        let credential = Credential { id: id.parse()?, secret: InviteSecret::from_hex(secret)? };
        Self::new(deployment, username.parse().map_err(|_| InviteRefusal::Malformed)?, credential)
    }

    /// The fragment, with its `#`. It holds the secret.
    pub fn to_fragment(&self) -> Zeroizing<String> {
        let Self { deployment, username, credential: Credential { id, secret } } = self;
        Zeroizing::new(format!("#{KEY}{}.{deployment}.{id}.{}.{username}", Self::VERSION, *secret.hex()))
    }

    /// The invite, where it is one to the deployment of this name.
    ///
    /// # Errors
    /// [`InviteRefusal::OtherDeployment`].
    pub fn to_deployment(self, name: &str) -> Result<Self, InviteRefusal> {
        if self.deployment != name {
            return Err(InviteRefusal::OtherDeployment { found: self.deployment, expected: name.to_owned() });
        }
        Ok(self)
    }

    /// The name of the deployment that it is an invite to.
    pub fn deployment(&self) -> &str {
        &self.deployment
    }

    /// Who is invited.
    pub fn username(&self) -> &Username {
        &self.username
    }

    /// Which invite it is.
    pub fn id(&self) -> InviteId {
        self.credential.id
    }

    /// What goes into the request as its challenge password.
    pub fn password(&self) -> Challenge {
        self.credential.password()
    }
}

impl Credential {
    /// What goes into the request as its challenge password, 67 characters of a PrintableString.
    pub fn password(&self) -> Challenge {
        let Self { id, secret } = self;
        Challenge(Zeroizing::new(format!("{PASSWORD}{}.{id}.{}", Invite::VERSION, *secret.hex())))
    }

    /// Reads what [`Credential::password`] wrote; `None` where the challenge password is something else, such as what
    /// people give `openssl req` when it asks for one.
    ///
    /// # Errors
    /// [`InviteRefusal::Malformed`] and [`InviteRefusal::Version`].
    pub fn from_password(password: &Challenge) -> Result<Option<Self>, InviteRefusal> {
        let Some(rest) = password.as_str().trim().strip_prefix(PASSWORD) else {
            return Ok(None);
        };
        let (id, secret) = after_version(rest)?.split_once('.').ok_or(InviteRefusal::Malformed)?;
        Ok(Some(Self { id: id.parse()?, secret: InviteSecret::from_hex(secret)? }))
    }
}

impl InviteId {
    /// An id of fresh random bytes.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl FromStr for InviteId {
    type Err = InviteRefusal;

    fn from_str(text: &str) -> Result<Self, InviteRefusal> {
        let mut id = [0; 8];
        read_hex(text, &mut id)?;
        Ok(Self(id))
    }
}

impl fmt::Display for InviteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl InviteSecret {
    /// A secret of fresh random bytes of a cryptographic generator.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// SHA-256 of its 16 bytes, 64 hexadecimal digits: what the ledger has.
    ///
    /// Nothing slower is needed: 128 random bits cannot be guessed, unlike a password that somebody thought of.
    pub fn digest(&self) -> String {
        Fingerprint::of(self.0.as_slice()).hex()
    }

    fn hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(self.0.as_slice()))
    }

    fn from_hex(text: &str) -> Result<Self, InviteRefusal> {
        let mut secret = Zeroizing::new([0; 16]);
        read_hex(text, secret.as_mut_slice())?;
        Ok(Self(secret))
    }
}

impl fmt::Debug for InviteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteSecret")
    }
}

/// What follows the version. That is looked at first, so that a newer form is called newer and not broken.
fn after_version(text: &str) -> Result<&str, InviteRefusal> {
    let (version, rest) = text.split_once('.').ok_or(InviteRefusal::Malformed)?;
    match version.parse() {
        Ok(Invite::VERSION) => Ok(rest),
        Ok(found) => Err(InviteRefusal::Version { found }),
        Err(_) => Err(InviteRefusal::Malformed),
    }
}

/// Reads exactly as many bytes as `bytes` has, in lower-case hexadecimal digits.
fn read_hex(text: &str, bytes: &mut [u8]) -> Result<(), InviteRefusal> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return Err(InviteRefusal::Malformed);
    };
    if pairs.len() != bytes.len() {
        return Err(InviteRefusal::Malformed);
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(InviteRefusal::Malformed),
    };
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Ok(())
}

/// Before an invite in a fragment.
const KEY: &str = "invite=";

/// Before an invite in a challenge password.
const PASSWORD: &str = "latchkey-invite.";

/// The longest name of a deployment, in characters.
const DEPLOYMENT_MAX_LEN: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FRAGMENT: &str = "#invite=1.demo.0123456789abcdef.000102030405060708090a0b0c0d0e0f.wei.zhang";

    #[test]
    fn the_forms_are_stable() {
        assert_eq!(*invite().to_fragment(), FRAGMENT);
        let password = invite().password();
        assert_eq!(password.as_str(), "latchkey-invite.1.0123456789abcdef.000102030405060708090a0b0c0d0e0f");
        // sha256sum of the bytes 00 to 0f.
        let digest = "be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991";
        assert_eq!(invite().credential.secret.digest(), digest);
    }

    #[test]
    fn a_link_is_found_in_what_a_mail_made_of_it() {
        for text in [
            FRAGMENT.to_owned(),
            format!(" \t\r\n{FRAGMENT}\r\n"),
            format!("https://vpn.example.com/page/?lang=zh{FRAGMENT}"),
            format!("<https://vpn.example.com/{FRAGMENT}>"),
            format!("Open https://vpn.example.com/{FRAGMENT}."),
            format!("\"{FRAGMENT}\" and then"),
            format!("{FRAGMENT}&utm_source=mail"),
            FRAGMENT.replacen('#', "", 1),
        ] {
            assert_eq!(Invite::from_fragment(&text), Ok(invite()), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_invite_is_refused_by_name() {
        let check = |text: &str, code| assert_eq!(Invite::from_fragment(text).unwrap_err().code(), code, "{text}");
        check("", "invite-absent");
        check("#certificate=1", "invite-absent");
        check("#invite=", "invite-malformed");
        check("#invite=1", "invite-malformed");
        check("#invite=.....", "invite-malformed");
        check("#invite=2.something.else", "invite-version");
        check("#invite=99999999999.demo", "invite-malformed");
        check("#invite=<script>", "invite-malformed");
        let mut cut = FRAGMENT;
        while let Some((last, rest)) = cut.char_indices().next_back().and_then(|(end, _)| Some((end, cut.get(..end)?)))
        {
            cut = rest;
            if last < FRAGMENT.len() - "wei.zhang".len() {
                assert!(Invite::from_fragment(cut).is_err(), "{cut}");
            }
        }
        for (from, to) in
            [("demo", "Demo"), ("demo", ""), ("0a0b", "0A0B"), ("0f.", "0f0."), ("wei.zhang", "wei..zhang")]
        {
            check(&FRAGMENT.replacen(from, to, 1), "invite-malformed");
        }
        check(&format!("{FRAGMENT}{}", " ".repeat(Invite::MAX_LEN)), "invite-malformed");
    }

    #[test]
    fn an_invite_to_another_deployment_is_told_from_a_broken_one() {
        assert_eq!(invite().to_deployment("demo"), Ok(invite()));
        let refusal = invite().to_deployment("other").unwrap_err();
        assert_eq!(refusal.to_string(), "the invitation is for `demo`, this is `other`");
    }

    #[test]
    fn a_password_of_somebodys_own_is_no_invite() {
        let read = |text: &str| Credential::from_password(&Challenge::new(Zeroizing::new(text.to_owned())).unwrap());
        assert_eq!(read("hunter2"), Ok(None));
        assert_eq!(read("latchkey-invite.2.x"), Err(InviteRefusal::Version { found: 2 }));
        assert_eq!(read("latchkey-invite.1.x"), Err(InviteRefusal::Malformed));
        assert_eq!(read(&format!("{}0", invite().password().as_str())), Err(InviteRefusal::Malformed));
        assert_eq!(read(&format!(" {} ", invite().password().as_str())), Ok(Some(invite().credential)));
    }

    #[test]
    fn the_secret_is_not_printed() {
        let printed = format!("{:?}", invite());
        assert!(!printed.contains("0a0b") && !printed.contains("10, 11"), "{printed}");
        assert!(printed.contains("InviteSecret"), "{printed}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            deployment in "[a-z0-9-]{1,40}",
            username in "[a-z0-9]([._-]?[a-z0-9]){0,15}",
            id: [u8; 8],
            secret: [u8; 16],
        ) {
            let credential = Credential { id: InviteId::from_random(id), secret: InviteSecret::from_random(secret) };
            let invite = Invite::new(&deployment, username.parse().unwrap(), credential.clone()).unwrap();
            prop_assert_eq!(Invite::from_fragment(&invite.to_fragment()), Ok(invite.clone()));
            prop_assert_eq!(Credential::from_password(&invite.password()), Ok(Some(credential)));
            prop_assert!(invite.to_fragment().len() <= 132);
        }

        #[test]
        fn whatever_is_pasted_is_read_or_refused(text in "(#?invite=)?[1-2]?\\.?\\PC{0,90}") {
            if let Ok(invite) = Invite::from_fragment(&text) {
                prop_assert_eq!(Invite::from_fragment(&invite.to_fragment()), Ok(invite));
            }
        }
    }

    fn invite() -> Invite {
        let id = InviteId::from_random([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
        let secret = InviteSecret::from_random([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        Invite::new("demo", "wei.zhang".parse().unwrap(), Credential { id, secret }).unwrap()
    }
}
