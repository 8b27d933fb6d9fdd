//! Who a certificate is for: user names, the deployment's domain, and the common name made of both.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A user's name within a deployment, for example `alice` or `wei.zhang`.
///
/// 1 to 32 characters of `a`–`z` and `0`–`9`, with single `.`, `-` or `_` between them. So it is a safe file name
/// on every system, needs no escaping in a distinguished name, and two names never differ by case alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Username(String);

/// The deployment's domain, for example `vpn.example.com`: the server certificate's name and every user's suffix.
///
/// A host name of at least two labels (RFC 1123 section 2.1), lower case: AWS refuses a server certificate whose
/// name has no dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Domain(String);

/// The subject common name of a user's certificate: `<username>.<domain>`.
///
/// At most 64 characters (`ub-common-name`, RFC 5280 appendix A.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CommonName {
    username: Username,
    domain: Domain,
}

/// Why a name is refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("the user name is empty")]
    Empty,
    /// More than [`Username::MAX_LEN`] characters.
    #[error("the user name has {length} characters, the limit is {}", Username::MAX_LEN)]
    TooLong {
        /// How many characters were given.
        length: usize,
    },
    /// A character outside the allowed ones.
    #[error("the user name contains `{}`; allowed are a-z, 0-9 and, between them, `.`, `-` and `_`", .found.escape_default())]
    Character {
        /// The first such character.
        found: char,
    },
    /// A separator at either end, or two side by side.
    #[error("the user name has a `.`, `-` or `_` that does not stand between two letters or digits")]
    Separator,
    /// Not a lower-case host name of at least two labels.
    #[error("`{domain}` is not a lower-case host name with a dot, such as `vpn.example.com`")]
    Domain {
        /// What was given.
        domain: String,
    },
    /// User name and domain together are too long for a certificate.
    #[error("`{common_name}` has more than {} characters", CommonName::MAX_LEN)]
    CommonNameTooLong {
        /// The name that would result.
        common_name: String,
    },
    /// A common name that does not end in the deployment's domain.
    #[error("`{}` is not a name under `{domain}`", .common_name.escape_default())]
    OtherDomain {
        /// What was given.
        common_name: String,
        /// The deployment's domain.
        domain: Domain,
    },
}

impl NameError {
    /// A stable name of the refusal, by which the page finds its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "username-empty",
            Self::TooLong { .. } => "username-too-long",
            Self::Character { .. } => "username-character",
            Self::Separator => "username-separator",
            Self::Domain { .. } => "domain",
            Self::CommonNameTooLong { .. } => "common-name-too-long",
            Self::OtherDomain { .. } => "other-domain",
        }
    }
}

impl Username {
    /// The longest user name, in characters.
    pub const MAX_LEN: usize = 32;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        let is_inner = |c| matches!(c, 'a'..='z' | '0'..='9');
        let is_separator = |c| matches!(c, '.' | '-' | '_');
        if let Some(found) = text.chars().find(|&c| !is_inner(c) && !is_separator(c)) {
            return Err(NameError::Character { found });
        }
        if text.len() > Self::MAX_LEN {
            return Err(NameError::TooLong { length: text.len() });
        }
        if text.split(is_separator).any(str::is_empty) {
            return Err(NameError::Separator);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Domain {
    /// The domain as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() <= 253 && text.contains('.') && text.split('.').all(is_label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Domain { domain: text.to_owned() })
        }
    }
}

impl CommonName {
    /// The longest common name, in characters: `ub-common-name` of RFC 5280 appendix A.1.
    pub const MAX_LEN: usize = 64;

    /// The common name of `username` under `domain`.
    ///
    /// # Errors
    /// [`NameError::CommonNameTooLong`] where a certificate could not carry it.
    pub fn new(username: Username, domain: Domain) -> Result<Self, NameError> {
        let name = Self { username, domain };
        let text = name.to_string();
        if text.len() > Self::MAX_LEN {
            return Err(NameError::CommonNameTooLong { common_name: text });
        }
        Ok(name)
    }

    /// Takes `text` apart into a user name and the deployment's `domain`.
    ///
    /// # Errors
    /// [`NameError::OtherDomain`] where it does not end in `.<domain>`, or what is wrong with the user name before it.
    pub fn parse(text: &str, domain: &Domain) -> Result<Self, NameError> {
        let username = text
            .strip_suffix(domain.as_str())
            .and_then(|rest| rest.strip_suffix('.'))
            .ok_or_else(|| NameError::OtherDomain { common_name: text.to_owned(), domain: domain.clone() })?;
        Self::new(username.parse()?, domain.clone())
    }

    /// The user.
    pub fn username(&self) -> &Username {
        &self.username
    }

    /// The deployment's domain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CommonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.username, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(username: &str, expected: Result<(), NameError>) {
        assert_eq!(username.parse::<Username>().map(|_| ()), expected, "{username:?}");
    }

    #[test]
    fn user_names_are_lower_case_words_with_single_separators() {
        for good in ["a", "alice", "wei.zhang", "bob-2", "ops_eu.1", "12345678901234567890123456789012"] {
            check(good, Ok(()));
        }
        check("", Err(NameError::Empty));
        check("Alice", Err(NameError::Character { found: 'A' }));
        check("alice smith", Err(NameError::Character { found: ' ' }));
        check("<script>", Err(NameError::Character { found: '<' }));
        check("../etc", Err(NameError::Character { found: '/' }));
        check("a\nb", Err(NameError::Character { found: '\n' }));
        check("王伟", Err(NameError::Character { found: '王' }));
        for bad in [".a", "a.", "a..b", "-a", "a_-b", "_"] {
            check(bad, Err(NameError::Separator));
        }
        check(&"a".repeat(33), Err(NameError::TooLong { length: 33 }));
    }

    #[test]
    fn a_domain_is_a_lower_case_host_name_with_a_dot() {
        for good in ["vpn.example.com", "a.b", "xn--fiqs8s.cn", "3com.com"] {
            assert!(good.parse::<Domain>().is_ok(), "{good}");
        }
        for bad in
            ["", "vpn", "VPN.example.com", "vpn..com", ".vpn.com", "vpn.com.", "-a.com", "a-.com", "a b.com", "a_b.com"]
        {
            assert!(bad.parse::<Domain>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_common_name_belongs_to_exactly_one_domain() {
        let domain: Domain = "vpn.example.com".parse().unwrap();
        assert_eq!(CommonName::parse("alice.vpn.example.com", &domain).unwrap().username().as_str(), "alice");
        for foreign in
            ["alice.vpn.example.org", "alicevpn.example.com", "vpn.example.com", "alice.vpn.example.com.evil.org"]
        {
            assert!(matches!(CommonName::parse(foreign, &domain), Err(NameError::OtherDomain { .. })), "{foreign}");
        }
        assert_eq!(CommonName::parse(".vpn.example.com", &domain), Err(NameError::Empty));
    }

    #[test]
    fn a_common_name_fits_into_a_certificate() {
        let domain: Domain = format!("{}.example.com", "d".repeat(40)).parse().unwrap();
        assert!(CommonName::new("elevenchars".parse().unwrap(), domain.clone()).is_ok());
        assert!(matches!(
            CommonName::new("twelve-chars".parse().unwrap(), domain),
            Err(NameError::CommonNameTooLong { .. })
        ));
    }

    proptest! {
        #[test]
        fn what_parses_is_safe_as_a_file_name(text in ".{0,40}") {
            if let Ok(username) = text.parse::<Username>() {
                prop_assert_eq!(username.as_str(), text.as_str());
                prop_assert!(username.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
                prop_assert!(!username.as_str().starts_with('.'));
            }
        }
    }
}
