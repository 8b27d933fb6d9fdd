//! What really runs.
use crate::supervisor::StateDir;
use crate::wire::Gateway;
use crate::world::World;
use std::fmt;

/// Stub.
#[derive(Debug)]
pub struct Plane {
    missing: String,
}
/// Status.
#[derive(Debug, Clone)]
pub enum PlaneStatus {
    /// no
    Unavailable(String),
}
impl fmt::Display for PlaneStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(w) => write!(f, "unavailable: {w}"),
        }
    }
}
impl Plane {
    /// x
    pub fn unavailable(missing: String) -> Self {
        Self { missing }
    }
    /// x
    pub async fn build(_: &World, _: &StateDir) -> Self {
        Self { missing: "still being written".to_owned() }
    }
    /// x
    pub async fn status(&self) -> PlaneStatus {
        PlaneStatus::Unavailable(self.missing.clone())
    }
    /// x
    pub async fn follow(&self, _: &Gateway) {
        std::future::pending().await
    }
}
