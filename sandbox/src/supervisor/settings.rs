//! What passes between `sandbox up` and the supervisor that it starts.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::wire::Credentials;

/// To the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settings {
    /// What callers must hold.
    pub credentials: Credentials,
    /// How long an association takes.
    pub association_seconds: f64,
    /// What the data plane lacks on this machine, in a sentence, if anything.
    pub data_plane_missing: Option<String>,
}

impl Settings {
    pub(super) fn association(&self) -> time::Duration {
        time::Duration::seconds_f64(self.association_seconds)
    }
}

/// From the supervisor: it listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ready {
    /// Where the control plane answers.
    pub address: SocketAddr,
}
