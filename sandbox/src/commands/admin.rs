//! One question to the supervisor, over the paths that are for the sandbox's own commands.

use anyhow::Context as _;
use hyper::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CommandError;
use crate::http::{self, Ask};
use crate::state::StateDir;

/// Sends an order, or without one asks, and reads the answer.
pub(super) async fn ask<A: DeserializeOwned>(
    state: &StateDir,
    method: Method,
    path: &str,
    order: Option<&impl Serialize>,
) -> Result<A, CommandError> {
    let status = state.running().ok_or(CommandError::NotUp)?;
    let body = order.map(serde_json::to_vec).transpose().context("write the order")?.unwrap_or_default();
    let ask = Ask { method, path, bearer: Some(&status.credentials.secret_access_key), body };
    let (code, body) = http::ask(status.address, ask).await.context("ask the supervisor")?;
    if code != StatusCode::OK {
        return Err(anyhow::anyhow!("the supervisor answered `{code}`").into());
    }
    Ok(serde_json::from_slice(&body).context("read the supervisor's answer")?)
}
