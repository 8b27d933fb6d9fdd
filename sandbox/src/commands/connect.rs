//! `sandbox connect`: try a profile on the laptop.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use hyper::Method;

use super::status::report;
use super::{CommandError, admin};
use crate::connect::Report;
use crate::supervisor::{ConnectOrder, StateDir};

/// Runs the stock client with the unmodified file and says what came of it.
///
/// # Errors
/// When the sandbox or its data plane is not up, or the file cannot be a profile. A refused connection is no error but
/// stands in the report.
pub async fn connect(state: &StateDir, profile: &Path, timeout: Duration) -> Result<Report, CommandError> {
    check_profile(profile)?;
    let status = state.running().ok_or(CommandError::NotUp)?;
    let data_plane = report(&status).await?.data_plane.unwrap_or_default();
    if let Some(missing) = data_plane.strip_prefix("unavailable: ") {
        return Err(CommandError::NoDataPlane(missing.to_owned()));
    }
    if data_plane == "idle" {
        return Err(CommandError::NoEndpoint);
    }
    let order = ConnectOrder { profile: std::path::absolute(profile).context("find the profile")?, timeout };
    let outcome: Result<Report, String> = admin::ask(state, Method::POST, "/_sandbox/connect", Some(&order)).await?;
    outcome.map_err(|message| anyhow::anyhow!(message).into())
}

/// Refuses early what the client would refuse in its own words, or never.
fn check_profile(path: &Path) -> Result<(), CommandError> {
    let text =
        std::fs::read(path).map_err(|source| CommandError::UnreadableProfile { path: path.to_owned(), source })?;
    let text = String::from_utf8_lossy(&text);
    let has = |name: &str| {
        text.lines().any(|line| {
            let first = line.split_whitespace().next().unwrap_or_default();
            first == name || first.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) == Some(name)
        })
    };
    for (name, what) in [("remote", "`remote`"), ("cert", "certificate"), ("key", "private key")] {
        if !has(name) {
            return Err(CommandError::IncompleteProfile { path: path.to_owned(), what });
        }
    }
    Ok(())
}
