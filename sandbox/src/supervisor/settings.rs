//! What passes between `sandbox up` and the supervisor that it starts.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cloud::Limits;
use crate::faults::FaultPlan;
use crate::wire::Credentials;

/// To the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settings {
    /// What callers must hold.
    pub credentials: Credentials,
    /// How long an association takes.
    pub association: Duration,
    /// The quotas of the account.
    pub limits: Limits,
    /// What is to go wrong from the start.
    pub faults: FaultPlan,
    /// Whether to begin where the last sandbox that was kept ended, and to be kept.
    pub keep: bool,
    /// Whether the VPCs are joined.
    pub peering: bool,
    /// Where to listen on 127.0.0.1; 0 for a port that is free.
    pub port: u16,
    /// What the data plane lacks on this machine, in a sentence, if anything.
    pub data_plane_missing: Option<String>,
}

/// From the supervisor: it listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ready {
    /// Where the control plane answers.
    pub address: SocketAddr,
}
