//! `sandbox status`: what runs, and how to reach it.

use std::fmt;

use anyhow::Context as _;
use hyper::StatusCode;
use serde::Serialize;

use super::CommandError;
use crate::http::{self, Ask};
use crate::state::{StateDir, Status};
use crate::supervisor::LiveStatus;

/// What `status --json` prints: a stable schema.
#[derive(Debug, Default, Serialize)]
pub struct StatusReport {
    /// Whether a sandbox runs. If not, all else is null.
    pub running: bool,
    /// Where the control plane answers.
    pub endpoint_url: Option<String>,
    /// The region that it plays.
    pub region: Option<String>,
    /// What callers must hold.
    pub access_key_id: Option<String>,
    /// What callers must hold.
    pub secret_access_key: Option<String>,
    /// The process whose end ends everything.
    pub pid: Option<i32>,
    /// `running`, `idle`, or `unavailable: ` with what is missing and what installs it.
    pub data_plane: Option<String>,
    /// Name of the first endpoint, without the `*.` in front.
    pub dns_name: Option<String>,
    /// What is not as it would be on AWS, in sentences.
    pub notes: Vec<String>,
}

/// Asks the sandbox how it is.
///
/// # Errors
/// When it runs but does not answer.
pub async fn status(state: &StateDir) -> Result<StatusReport, CommandError> {
    match state.running() {
        None => Ok(StatusReport::default()),
        Some(status) => Ok(report(&status).await?),
    }
}

pub(super) async fn report(status: &Status) -> anyhow::Result<StatusReport> {
    let ask = Ask { bearer: Some(&status.credentials.secret_access_key), ..Ask::get("/_sandbox/status") };
    let (code, body) = http::ask(status.address, ask).await.context("ask the supervisor")?;
    anyhow::ensure!(code == StatusCode::OK, "the supervisor answered `{code}`");
    let live: LiveStatus = serde_json::from_slice(&body).context("read the supervisor's answer")?;
    Ok(StatusReport {
        running: true,
        endpoint_url: Some(format!("http://{}", status.address)),
        region: Some(status.region.clone()),
        access_key_id: Some(status.credentials.access_key_id.clone()),
        secret_access_key: Some(status.credentials.secret_access_key.clone()),
        pid: Some(status.process.pid),
        data_plane: Some(live.data_plane),
        dns_name: live.dns_name,
        notes: live.notes,
    })
}

impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.running {
            return write!(f, "the sandbox is not up");
        }
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none yet".to_owned());
        writeln!(f, "control plane  {}", text(&self.endpoint_url))?;
        writeln!(f, "region         {}", text(&self.region))?;
        writeln!(f, "data plane     {}", text(&self.data_plane))?;
        write!(f, "endpoint name  {}", text(&self.dns_name))?;
        self.notes.iter().try_for_each(|note| write!(f, "\nnote           {note}"))
    }
}
