//! `sandbox down`: end the supervisor, and with it everything.

use anyhow::Context as _;

use super::CommandError;
use crate::state::StateDir;

/// What `down` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// It was up and is gone.
    Ended,
    /// It was not up.
    WasNotUp,
}

/// Ends the sandbox and removes what it left that is secret.
///
/// # Errors
/// When the supervisor cannot be ended.
pub fn down(state: &StateDir) -> Result<Down, CommandError> {
    if !state.path().exists() {
        return Ok(Down::WasNotUp);
    }
    let _lock = state.lock().context("lock the state directory")?;
    let running = state.running();
    if let Some(status) = &running {
        status.process.end().context("end the supervisor")?;
    }
    state.forget().context("remove `status.json`")?;
    Ok(if running.is_some() { Down::Ended } else { Down::WasNotUp })
}
