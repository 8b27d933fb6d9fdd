//! Why a command did not do its work, what to do about it, and the exit code that says so.

use std::path::PathBuf;

use crate::faults::FaultError;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No sandbox runs in the state directory.
    #[error("the sandbox is not up")]
    NotUp,
    /// It runs, but not what the command needs.
    #[error("the data plane is not there: {0}")]
    NoDataPlane(String),
    /// The control plane knows no endpoint that a client could reach.
    #[error("no endpoint is ready for clients")]
    NoEndpoint,
    /// The profile is not a file that can be read.
    #[error("cannot read the profile `{path}`")]
    UnreadableProfile {
        /// As it was given.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A client configuration without the user's part.
    #[error("the profile `{path}` has no {what}")]
    IncompleteProfile {
        /// As it was given.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// The file with rules for faults cannot be read.
    #[error("cannot read the faults `{path}`")]
    UnreadableFaults {
        /// As it was given.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The rules for faults are wrong.
    #[error(transparent)]
    Faults(#[from] FaultError),
    /// Chaos needs a number.
    #[error("`{0}` is not a seed")]
    NoSeed(String),
    /// Somebody else listens there.
    #[error("cannot listen on port {port} of 127.0.0.1")]
    Port {
        /// The port asked for.
        port: u16,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Anything that should not happen.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl CommandError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotUp => Some("start it with `cargo xtask sandbox up`"),
            Self::NoEndpoint => {
                Some("create an endpoint and associate a subnet first, then wait until it is associated")
            }
            Self::IncompleteProfile { .. } => {
                Some("a client configuration becomes a profile with the user's `<cert>` and `<key>`")
            }
            Self::Faults(_) => Some(
                "a rule is `{\"operation\": \"Describe*\", \"call\": 2, \"fault\": \"throttle\"}`, with `every` or neither in place of `call`",
            ),
            Self::NoSeed(_) => Some("give a whole number, or `random`"),
            Self::Port { .. } => Some("without `--port` it takes a port that is free"),
            Self::NoDataPlane(_) | Self::UnreadableProfile { .. } | Self::UnreadableFaults { .. } | Self::Other(_) => {
                None
            }
        }
    }

    /// 2 for what the user can put right, 70 for a bug.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotUp
            | Self::NoDataPlane(_)
            | Self::NoEndpoint
            | Self::UnreadableProfile { .. }
            | Self::IncompleteProfile { .. }
            | Self::UnreadableFaults { .. }
            | Self::Faults(_)
            | Self::NoSeed(_)
            | Self::Port { .. } => 2,
            Self::Other(_) => 70,
        }
    }
}
