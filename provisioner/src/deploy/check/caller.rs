//! Who calls, with which credentials, and what is wrong with them: each trouble a sentence, and the command that helps.

use std::fmt;

use thiserror::Error;

use crate::deploy::cloud::CallError;

/// Who AWS takes the caller for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The account's twelve digits.
    pub account: String,
    /// The user or the role.
    pub arn: String,
}

/// Where the credentials come from, as far as the environment tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// Keys in variables of the environment; they come before any profile.
    Environment,
    /// The profile that `AWS_PROFILE` names.
    Profile(String),
    /// No word of it: the profile `default`, or the role of the machine.
    Default,
}

impl Source {
    /// The source by the variables of the environment.
    pub fn of<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_PROFILE")) {
            (Some(_), _) => Self::Environment,
            (None, Some(profile)) => Self::Profile(profile.to_owned()),
            (None, None) => Self::Default,
        }
    }

    /// The option that names the profile to the `aws` command, with a space before it.
    fn option(&self) -> String {
        match self {
            Self::Profile(profile) => format!(" --profile {profile}"),
            Self::Environment | Self::Default => String::new(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("keys from the environment"),
            Self::Profile(profile) => write!(f, "profile `{profile}`"),
            Self::Default => f.write_str("profile `default`"),
        }
    }
}

/// Why AWS does not say who calls.
#[derive(Debug, Error)]
pub enum CallerError {
    /// There are none.
    #[error("there are no AWS credentials")]
    Missing,
    /// The profile is one of IAM Identity Center, and nobody is logged in.
    #[error("the AWS SSO session has expired, or there never was one")]
    SsoExpired,
    /// Temporary credentials past their time.
    #[error("the AWS credentials have expired")]
    Expired,
    /// AWS knows no such key, or another secret of it.
    #[error("AWS does not accept the credentials (`{code}`)")]
    Rejected {
        /// AWS's error code.
        code: String,
    },
    /// Signatures carry the time.
    #[error("the clock of this machine differs too much from AWS's: {message}")]
    ClockSkew {
        /// AWS's message, which names both times.
        message: String,
    },
    /// The files of the `aws` command are not in order.
    #[error("the AWS configuration cannot be used: {reason}")]
    Profile {
        /// What is wrong with it.
        reason: String,
    },
    /// Something that says nothing of credentials.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl CallerError {
    /// What AWS's error code says of the credentials, if anything.
    pub fn of_code(code: &str, message: &str) -> Option<Self> {
        let rejected = || Self::Rejected { code: code.to_owned() };
        let skewed = || Self::ClockSkew { message: message.to_owned() };
        match code {
            "ExpiredToken" | "ExpiredTokenException" => Some(Self::Expired),
            "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => Some(skewed()),
            // One code for a wrong secret and for a wrong clock.
            "SignatureDoesNotMatch" | "InvalidSignatureException" | "AuthFailure"
                if ["Signature expired", "Signature not yet current"].iter().any(|it| message.contains(it)) =>
            {
                Some(skewed())
            }
            "AuthFailure"
            | "IncompleteSignature"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "MissingAuthenticationToken"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => Some(rejected()),
            _ => None,
        }
    }

    /// What the SDK says of credentials that it could not load, if anything: an error and its causes, outermost first.
    /// The SDK has no types for these, only sentences.
    pub fn of_chain(chain: &[String]) -> Option<Self> {
        let says = |words: &[&str]| chain.iter().any(|text| words.iter().any(|word| text.contains(word)));
        if says(&["SSO token has expired", "cached SSO token", "UnauthorizedException"]) {
            return Some(Self::SsoExpired);
        }
        // One sentence for every place where it looked.
        let looked = chain.iter().find(|text| text.contains("no credentials found in chain"));
        if let Some(looked) = looked {
            let profile = looked.lines().find(|line| line.contains(" was not defined"));
            let reason = profile.and_then(|line| line.split_once(NOT_ENABLED)).map(|(_, reason)| reason.to_owned());
            return Some(reason.map_or(Self::Missing, |reason| Self::Profile { reason }));
        }
        let configured =
            chain.iter().position(|text| text.contains("credentials provider was not properly configured"));
        let reason = configured.and_then(|at| chain.get(at + 1..)).filter(|rest| !rest.is_empty())?.join(": ");
        Some(Self::Profile { reason })
    }

    /// What helps.
    pub fn remedy(&self, source: &Source) -> String {
        let option = source.option();
        match (self, source) {
            (Self::Missing, _) => "`aws configure sso` makes a profile; then `aws sso login --profile NAME`, and run this with \
                 AWS_PROFILE=NAME"
                .to_owned(),
            (Self::SsoExpired, _) => format!("`aws sso login{option}`"),
            (Self::Expired, Source::Environment) => {
                "fetch new keys and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or unset all three \
                 and set AWS_PROFILE"
                    .to_owned()
            }
            (Self::Expired, _) => format!("`aws sso login{option}`, or renew the keys of that profile"),
            (Self::Rejected { .. }, _) => {
                format!("try `aws sts get-caller-identity{option}`; where that fails too, the keys are wrong or were deleted")
            }
            (Self::ClockSkew { .. }, _) => "set the clock: `sudo timedatectl set-ntp true`, on macOS \
                 `sudo sntp -sS time.apple.com`"
                .to_owned(),
            (Self::Profile { .. }, _) => "`aws configure list-profiles` lists what there is; AWS_PROFILE names one".to_owned(),
            (Self::Call(_), _) => format!("check the network, then try `aws sts get-caller-identity{option}`"),
        }
    }
}

const NOT_ENABLED: &str = "the credential provider was not enabled: ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_environment_come_before_a_profile() {
        let source = |variables: &'static [(&str, &str)]| {
            Source::of(move |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
        };
        assert_eq!(source(&[]), Source::Default);
        assert_eq!(source(&[("AWS_PROFILE", "work")]), Source::Profile("work".to_owned()));
        assert_eq!(source(&[("AWS_PROFILE", "work"), ("AWS_ACCESS_KEY_ID", "AKIA")]), Source::Environment);
    }

    #[test]
    fn codes_are_told_apart_by_what_helps() {
        let remedy = |code, message| {
            CallerError::of_code(code, message).map(|error| error.remedy(&Source::Profile("work".to_owned())))
        };
        let starts = |code, message, start: &str| {
            let remedy = remedy(code, message).unwrap();
            assert!(remedy.starts_with(start), "{code}: {remedy}");
        };
        starts("ExpiredToken", "", "`aws sso login --profile work`");
        starts("InvalidClientTokenId", "", "try `aws sts get-caller-identity --profile work`");
        starts("SignatureDoesNotMatch", "The signature does not match", "try `aws sts");
        starts(
            "SignatureDoesNotMatch",
            "Signature expired: 20260101T000000Z is now earlier than 2026",
            "set the clock",
        );
        starts("RequestTimeTooSkewed", "", "set the clock");
        assert_eq!(remedy("InternalFailure", ""), None);
    }

    #[test]
    fn what_the_sdk_says_of_a_session_is_understood() {
        let said = |text: &str| CallerError::of_chain(&["dispatch failure".to_owned(), text.to_owned()]);
        for gone in [
            "the SSO token has expired and cannot be refreshed",
            "failed to load the cached SSO token",
            "unhandled error (UnauthorizedException)",
        ] {
            assert!(matches!(said(gone), Some(CallerError::SsoExpired)), "{gone}");
        }
        assert!(said("connection refused").is_none());
    }
}
