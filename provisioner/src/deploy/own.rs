//! The two certificates that a deployment has in ACM, besides those that its users have on their machines.

use std::fmt;

use profile::name::Domain;
use time::Duration;

use crate::{
    config::Pki,
    ledger::Role,
    pki::policy::{self, Policy},
};

/// One of the two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OwnCertificate {
    /// With which the endpoint shows its clients who it is.
    Server,
    /// The client anchor: it shows the endpoint whose clients to trust.
    Anchor,
}

impl OwnCertificate {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Server, Self::Anchor];

    /// The subject's common name.
    pub fn subject(self, domain: &Domain) -> String {
        match self {
            Self::Server => domain.to_string(),
            Self::Anchor => format!("anchor.{domain}"),
        }
    }

    /// What it says, and for how long. The anchor must last as long as the CA: AWS cannot exchange it at an
    /// existing endpoint.
    pub fn policy(self, pki: &Pki) -> (&'static Policy, Duration) {
        match self {
            Self::Server => (&policy::SERVER, Duration::days(pki.server_days.into())),
            Self::Anchor => (&policy::CLIENT, Duration::days(pki.ca_days.into())),
        }
    }

    /// Its role in the ledger.
    pub fn role(self) -> Role {
        match self {
            Self::Server => Role::Server,
            Self::Anchor => Role::Anchor,
        }
    }

    /// One word for tags and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Anchor => "anchor",
        }
    }
}

impl fmt::Display for OwnCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server certificate",
            Self::Anchor => "client anchor",
        })
    }
}
