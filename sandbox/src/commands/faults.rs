//! `sandbox faults`: what goes wrong from now on.

use std::path::Path;

use anyhow::Context as _;
use hyper::Method;

use super::{CommandError, admin};
use crate::edge;
use crate::faults::{FaultPlan, FaultReport, rules};
use crate::state::StateDir;

const PATH: &str = "/_sandbox/faults";

/// A plan from the command line: `rules` is JSON or the name of a file with it, `chaos` a seed or `random`.
///
/// # Errors
/// When either cannot be read.
pub fn fault_plan(from: Option<&str>, chaos: Option<&str>) -> Result<FaultPlan, CommandError> {
    let rules = match from {
        None => Vec::new(),
        Some(text) if text.trim_start().starts_with('[') => rules(text)?,
        Some(path) => {
            let path = Path::new(path);
            let text = std::fs::read_to_string(path);
            rules(&text.map_err(|source| CommandError::UnreadableFaults { path: path.to_owned(), source })?)?
        }
    };
    let chaos = match chaos {
        None => None,
        Some("random") => Some(u32::from_le_bytes(edge::random().context("choose a seed")?).into()),
        Some(seed) => Some(seed.parse().map_err(|_| CommandError::NoSeed(seed.to_owned()))?),
    };
    Ok(FaultPlan { rules, chaos })
}

/// Puts a plan in the place of the one before; an empty one ends all faults.
///
/// # Errors
/// When the sandbox is not up.
pub async fn set_faults(state: &StateDir, plan: &FaultPlan) -> Result<FaultReport, CommandError> {
    admin::ask(state, Method::PUT, PATH, Some(plan)).await
}

/// What is in force, and what it has struck so far.
///
/// # Errors
/// When the sandbox is not up.
pub async fn show_faults(state: &StateDir) -> Result<FaultReport, CommandError> {
    admin::ask(state, Method::GET, PATH, None::<&()>).await
}
