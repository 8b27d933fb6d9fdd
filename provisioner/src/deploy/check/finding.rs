//! What a check found, and what to do about it.

use std::error::Error;

use crate::deploy::cloud::CallError;

/// The outcome of one check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What was looked at.
    pub subject: Subject,
    /// How it is.
    pub state: State,
    /// What was found.
    pub text: String,
    /// What to do about it; every warning and every failure has one.
    pub remedy: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// Well.
    Ok,
    /// It may work, and the admin should know.
    Warning,
    /// It cannot work.
    Failure,
}

/// What a check is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// The configuration file.
    Configuration,
    /// The ledger.
    Ledger,
    /// The CA's key in KMS.
    CaKey,
    /// Who calls.
    Credentials,
    /// The region.
    Region,
    /// The VPC.
    Vpc,
    /// The subnets.
    Subnets,
    /// The security groups.
    SecurityGroups,
    /// Ranges of addresses.
    Addresses,
    /// The VPC's way to the internet.
    Internet,
    /// The account's quotas.
    Quotas,
}

impl Finding {
    /// All is well.
    pub fn ok(subject: Subject, text: impl Into<String>) -> Self {
        Self { subject, state: State::Ok, text: text.into(), remedy: None }
    }

    /// It may work.
    pub fn warning(subject: Subject, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { subject, state: State::Warning, text: text.into(), remedy: Some(remedy.into()) }
    }

    /// It cannot work.
    pub fn failure(subject: Subject, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { subject, state: State::Failure, text: text.into(), remedy: Some(remedy.into()) }
    }

    /// AWS would not say `what`.
    pub fn unchecked(subject: Subject, what: &str, error: &CallError) -> Self {
        Self::warning(
            subject,
            format!("{what} could not be checked: {}", chain(error)),
            "`latchkey iam-policy` prints the permissions that the checks need",
        )
    }
}

impl State {
    /// The word for it, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

impl Subject {
    /// The word for it, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Ledger => "ledger",
            Self::CaKey => "ca key",
            Self::Credentials => "credentials",
            Self::Region => "region",
            Self::Vpc => "vpc",
            Self::Subnets => "subnets",
            Self::SecurityGroups => "security groups",
            Self::Addresses => "addresses",
            Self::Internet => "internet",
            Self::Quotas => "quotas",
        }
    }

    /// Whether it is AWS's side that has to change, and not the configuration or this machine.
    pub fn is_of_aws(self) -> bool {
        match self {
            Self::Credentials | Self::CaKey | Self::Region | Self::Quotas => true,
            Self::Configuration
            | Self::Ledger
            | Self::Vpc
            | Self::Subnets
            | Self::SecurityGroups
            | Self::Addresses
            | Self::Internet => false,
        }
    }
}

/// An error and its causes on one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
