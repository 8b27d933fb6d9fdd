//! Identifiers and small closed sets of AWS, parsed once.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Text that is not what its key asks for.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{allowed}")]
pub struct IdError {
    /// What is allowed.
    pub allowed: String,
}

impl IdError {
    pub(super) fn new(allowed: impl Into<String>) -> Self {
        Self { allowed: allowed.into() }
    }
}

/// Defines a resource id: a prefix, then 8 or 17 lower-case hexadecimal digits
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>).
macro_rules! resource_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let is_id = text.strip_prefix($prefix).is_some_and(|digits| {
                    matches!(digits.len(), 8 | 17)
                        && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                });
                if is_id {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::new(concat!("an id is `", $prefix, "` and 17 hexadecimal digits")))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

resource_id!(
    /// A VPC.
    VpcId, "vpc-"
);
resource_id!(
    /// A subnet.
    SubnetId, "subnet-"
);
resource_id!(
    /// A security group.
    SecurityGroupId, "sg-"
);

/// A directory of AWS Directory Service, `d-` and 10 hexadecimal digits
/// (<https://docs.aws.amazon.com/directoryservice/latest/devguide/API_DirectoryDescription.html>).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DirectoryId(String);

impl FromStr for DirectoryId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_id = text
            .strip_prefix("d-")
            .is_some_and(|digits| digits.len() == 10 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        if is_id { Ok(Self(text.to_owned())) } else { Err(IdError::new("an id is `d-` and 10 hexadecimal digits")) }
    }
}

/// A SAML identity provider of IAM
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html>).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SamlProviderArn(String);

impl FromStr for SamlProviderArn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_arn = |text: &str| {
            let (partition, rest) = text.strip_prefix("arn:")?.split_once(":iam::")?;
            let (account, name) = rest.split_once(":saml-provider/")?;
            Some(
                (partition == "aws" || partition.strip_prefix("aws-").is_some_and(is_lower_words))
                    && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit())
                    && (1..=128).contains(&name.len())
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')),
            )
        };
        if is_arn(text) == Some(true) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new("a provider is named like `arn:aws:iam::123456789012:saml-provider/NAME`"))
        }
    }
}

/// A language of the page: the primary subtag of its tag (RFC 5646 section 2.2.1), such as `en`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Language(String);

impl FromStr for Language {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if matches!(text.len(), 2..=3) && text.bytes().all(|b| b.is_ascii_lowercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new("a language is named by its two or three letters, such as `en` or `zh`"))
        }
    }
}

/// The ARN of a KMS key. An alias is none: it can be pointed to another key, and the CA would be another one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KmsKeyArn(String);

impl KmsKeyArn {
    /// The region that the key is in.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }
}

impl FromStr for KmsKeyArn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_key = |text: &str| {
            let [arn, partition, service, region, account, resource] = text.split(':').collect::<Vec<_>>()[..] else {
                return None;
            };
            let id = resource.strip_prefix("key/")?;
            Some(
                arn == "arn"
                    && (partition == "aws" || partition.strip_prefix("aws-").is_some_and(is_lower_words))
                    && service == "kms"
                    && region.parse::<Region>().is_ok()
                    && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit())
                    && (1..=128).contains(&id.len())
                    && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            )
        };
        if is_key(text) == Some(true) {
            return Ok(Self(text.to_owned()));
        }
        Err(IdError::new(if text.contains("alias/") {
            "an alias can be pointed to another key, and the CA would be another one: give the key's own ARN, \
             `arn:aws:kms:REGION:ACCOUNT:key/ID`"
        } else {
            "either `file`, or the ARN of a KMS key, `arn:aws:kms:REGION:ACCOUNT:key/ID`"
        }))
    }
}

fn is_lower_words(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// A group of users, as directory or identity provider name it: a security identifier or a group's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GroupId(String);

impl GroupId {
    /// The longest name (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>).
    pub const MAX_LEN: usize = 255;
}

impl FromStr for GroupId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_group = (1..=Self::MAX_LEN).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_group && text.trim() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(format!(
                "a group is 1 to {} characters, without space at either end: a security identifier of the directory or a \
                 group of the SAML provider",
                Self::MAX_LEN
            )))
        }
    }
}

macro_rules! shown_as_text {
    ($($name:ident),*) => {$(
        impl $name {
            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

shown_as_text!(DirectoryId, SamlProviderArn, Language, KmsKeyArn, GroupId, DeploymentName, Region);

/// The deployment's name: tag value, folder name and part of the CA's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DeploymentName(String);

impl DeploymentName {
    /// The longest name. `Latchkey CA <name>` must fit into a common name of 64 characters (RFC 5280 appendix A.1).
    pub const MAX_LEN: usize = 40;
}

impl FromStr for DeploymentName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == "sandbox" {
            return Err(IdError::new(
                "the name `sandbox` is taken: the local sandbox keeps its state in the folder of that name",
            ));
        }
        let is_word = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let framed = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > Self::MAX_LEN || !text.bytes().all(is_word) || framed {
            return Err(IdError::new(format!(
                "a name is 1 to {} characters of a-z, 0-9 and, between them, `-`",
                Self::MAX_LEN
            )));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Where the page is on the web: `https://…`, or `http://…` for a rehearsal, without a fragment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageUrl(String);

impl PageUrl {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PageUrl {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_url = rest.is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
        });
        if is_url && text.len() <= 2000 {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new("the page's address is like `https://vpn.example.com/`, without a `#`"))
        }
    }
}

/// An AWS region in which Client VPN may be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region(String);

impl FromStr for Region {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        // UNCONFIRMED: no AWS page says that Client VPN exists in the China partition, an AWS Config rule about it
        // leaves those regions out.
        if text.starts_with("cn-") {
            return Err(IdError::new(
                "AWS Client VPN is not offered in the China regions; choose one outside, such as `ap-east-1` \
                 (using it from mainland China over the border needs a licensed line)",
            ));
        }
        let parts: Vec<&str> = text.split('-').collect();
        let is_region = parts.len() >= 3
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
            && parts.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if is_region {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new("a region is a name such as `eu-central-1`"))
        }
    }
}

/// The tunnel's port, one of the two that AWS offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Port(u16);

impl Port {
    /// 443, the default.
    pub const HTTPS: Self = Self(443);

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<i64> for Port {
    type Error = IdError;

    fn try_from(number: i64) -> Result<Self, IdError> {
        match number {
            443 => Ok(Self(443)),
            1194 => Ok(Self(1194)),
            _ => Err(IdError::new("the port is 443 or 1194: AWS offers no other")),
        }
    }
}

/// How long a session may last, one of the four spans that AWS offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionHours(u8);

impl SessionHours {
    /// 24 hours, the default.
    pub const DAY: Self = Self(24);

    /// The number of hours.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<i64> for SessionHours {
    type Error = IdError;

    fn try_from(hours: i64) -> Result<Self, IdError> {
        match hours {
            8 => Ok(Self(8)),
            10 => Ok(Self(10)),
            12 => Ok(Self(12)),
            24 => Ok(Self(24)),
            _ => Err(IdError::new("a session lasts 8, 10, 12 or 24 hours: AWS offers no other span")),
        }
    }
}
