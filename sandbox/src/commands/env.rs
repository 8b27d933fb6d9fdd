//! `sandbox env`: the variables that point an AWS client here, and whoever runs an OpenVPN client at one on a laptop.

use super::CommandError;
use crate::state::StateDir;

/// Names and values, in the order to print them.
///
/// # Errors
/// When the sandbox is not up.
pub fn env(state: &StateDir) -> Result<[(&'static str, String); 6], CommandError> {
    let status = state.running().ok_or(CommandError::NotUp)?;
    Ok([
        ("AWS_ENDPOINT_URL", format!("http://{}", status.address)),
        ("AWS_REGION", status.region.clone()),
        // What boto3 and `aws` read in its stead.
        ("AWS_DEFAULT_REGION", status.region),
        ("AWS_ACCESS_KEY_ID", status.credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", status.credentials.secret_access_key),
        ("OPENVPN", state.client_program().display().to_string()),
    ])
}
