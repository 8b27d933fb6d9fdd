//! Trial.
use crate::plane::Plane;
use crate::wire::Gateway;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::time::Duration;
/// Report.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// x
    pub connected: bool,
}
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.connected)
    }
}
/// x
pub async fn try_profile(_: &Plane, _: &Gateway, _: &Path, _: Duration) -> anyhow::Result<Report> {
    anyhow::bail!("still being written")
}
