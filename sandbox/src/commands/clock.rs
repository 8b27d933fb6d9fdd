//! `sandbox advance`: put the sandbox's clock ahead.

use std::time::Duration;

use hyper::Method;

use super::{CommandError, admin};
use crate::state::StateDir;

/// Puts the clock ahead; what was due by then has happened when this returns.
///
/// # Errors
/// When the sandbox is not up.
pub async fn advance(state: &StateDir, by: Duration) -> Result<(), CommandError> {
    admin::ask(state, Method::POST, "/_sandbox/clock", Some(&by)).await
}
