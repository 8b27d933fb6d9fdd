//! `sandbox connect`: try a profile on the laptop.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use hyper::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CommandError;
use super::status::report;
use crate::connect::{ConnectOrder, Told};
use crate::http::{self, Ask};
use crate::state::StateDir;

/// How a profile is to be tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// How long to wait for the connection.
    pub timeout: Duration,
    /// How long to stay connected after the report.
    pub hold: Duration,
    /// Addresses to try beside those of the hosts.
    pub reach: Vec<Ipv4Addr>,
}

/// Runs the stock client with the unmodified file and says what came of it.
///
/// # Errors
/// When the sandbox or its data plane is not up, or the file cannot be a profile. A refused connection is no error but
/// stands in the report. Says whether it connected; `tell` gets the report, and after it what happened while the connection
/// was held.
pub async fn connect(
    state: &StateDir,
    profile: &Path,
    trial: Trial,
    mut tell: impl FnMut(&Told),
) -> Result<bool, CommandError> {
    check_profile(profile)?;
    let profile = std::path::absolute(profile).context("find the profile")?;
    let Trial { timeout, hold, reach } = trial;
    let order = ConnectOrder { profile, timeout, hold, reach };
    let mut connected = None;
    order_of_laptop(state, "/_sandbox/connect", &order, |told: Told| {
        tell(&told);
        if let Told::Report(report) = told {
            connected = Some(report.connected);
        }
    })
    .await?;
    Ok(connected.context("the supervisor said nothing")?)
}

/// Orders something of a laptop, and hands on what is told of it.
///
/// # Errors
/// When the sandbox or its data plane is not up.
pub(super) async fn order_of_laptop<T: DeserializeOwned>(
    state: &StateDir,
    path: &str,
    order: &impl Serialize,
    mut tell: impl FnMut(T),
) -> Result<(), CommandError> {
    let status = state.running().ok_or(CommandError::NotUp)?;
    let data_plane = report(&status).await?.data_plane.unwrap_or_default();
    if let Some(missing) = data_plane.strip_prefix("unavailable: ") {
        return Err(CommandError::NoDataPlane(missing.to_owned()));
    }
    if data_plane == "idle" {
        return Err(CommandError::NoEndpoint);
    }
    let ask = Ask {
        method: Method::POST,
        path,
        bearer: Some(&status.credentials.secret_access_key),
        body: serde_json::to_vec(order).context("write the order")?,
    };
    let mut outcome = Ok(());
    let line = |line: &[u8]| match serde_json::from_slice::<Result<T, String>>(line) {
        Ok(Ok(told)) => tell(told),
        Ok(Err(reason)) => outcome = Err(anyhow::anyhow!(reason)),
        Err(error) => outcome = Err(anyhow::Error::new(error).context("read the supervisor's answer")),
    };
    let code = http::ask_for_lines(status.address, ask, line).await.context("ask the supervisor")?;
    if code != StatusCode::OK {
        return Err(anyhow::anyhow!("the supervisor answered `{code}`").into());
    }
    Ok(outcome?)
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
