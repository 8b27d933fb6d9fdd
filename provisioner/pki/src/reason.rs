//! Why a certificate is revoked (RFC 5280 section 5.3.1).

use std::{fmt, str::FromStr};

use rcgen::RevocationReason;
use thiserror::Error;

/// The reasons that a user's certificate can have. Those for CAs, for authorities on attributes and for delta CRLs are
/// not among them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Reason {
    /// Not said.
    #[default]
    Unspecified,
    /// Somebody else has the key, or may have it.
    KeyCompromise,
    /// The user belongs to another organisation, or is called otherwise.
    AffiliationChanged,
    /// Another certificate takes its place.
    Superseded,
    /// The user needs it no more.
    CessationOfOperation,
    /// For now: the only one that can be undone.
    CertificateHold,
    /// The user may no longer connect.
    PrivilegeWithdrawn,
}

/// A word that is none of the reasons.
#[derive(Clone, Debug, Error)]
#[error("`{word}` is no reason; known are {}", Reason::ALL.map(Reason::as_str).join(", "))]
pub struct UnknownReason {
    word: String,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];

    /// The RFC's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// Whether it can be undone.
    pub fn is_hold(self) -> bool {
        self == Self::CertificateHold
    }

    /// What an entry says; nothing where nothing is said, as the RFC asks.
    pub(super) fn code(self) -> Option<RevocationReason> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(RevocationReason::KeyCompromise),
            Self::AffiliationChanged => Some(RevocationReason::AffiliationChanged),
            Self::Superseded => Some(RevocationReason::Superseded),
            Self::CessationOfOperation => Some(RevocationReason::CessationOfOperation),
            Self::CertificateHold => Some(RevocationReason::CertificateHold),
            Self::PrivilegeWithdrawn => Some(RevocationReason::PrivilegeWithdrawn),
        }
    }
}

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(word: &str) -> Result<Self, UnknownReason> {
        let known = Self::ALL.into_iter().find(|reason| reason.as_str().eq_ignore_ascii_case(word));
        known.ok_or_else(|| UnknownReason { word: word.to_owned() })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_known_by_its_word_in_any_case() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse::<Reason>().unwrap(), reason);
            assert_eq!(reason.as_str().to_uppercase().parse::<Reason>().unwrap(), reason);
        }
        assert!("removeFromCRL".parse::<Reason>().unwrap_err().to_string().contains("certificateHold"));
    }
}
