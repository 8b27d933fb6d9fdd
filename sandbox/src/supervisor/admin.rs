//! The paths for the sandbox's own commands, open to whoever holds the secret.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::connect;
use crate::plane::Plane;
use crate::wire::Gateway;

/// What the running sandbox says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct LiveStatus {
    /// `running`, `idle`, or `unavailable: ` and why.
    pub data_plane: String,
    /// Name of the first endpoint, without the `*.` in front.
    pub dns_name: Option<String>,
}

/// An order to try a profile.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConnectOrder {
    /// Absolute.
    pub profile: PathBuf,
    /// How long to wait for the connection.
    pub timeout: Duration,
}

/// What the paths work on.
#[derive(Debug)]
pub(super) struct Admin {
    gateway: Arc<Gateway>,
    plane: Arc<Plane>,
    /// There is one laptop: one profile is tried at a time.
    laptop: Mutex<()>,
}

impl Admin {
    pub(super) fn new(gateway: Arc<Gateway>, plane: Arc<Plane>) -> Self {
        Self { gateway, plane, laptop: Mutex::new(()) }
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), StatusCode> {
        let known = self.gateway.credentials().are_borne_by(headers);
        if known { Ok(()) } else { Err(StatusCode::UNAUTHORIZED) }
    }
}

pub(super) async fn status(State(admin): State<Arc<Admin>>, headers: HeaderMap) -> Result<Response, StatusCode> {
    admin.check(&headers)?;
    // What was asked for a moment ago counts. A step that fails is tried again, and logged, by the follower.
    drop(admin.plane.settle(&admin.gateway).await);
    let dns_name = {
        let cloud = admin.gateway.cloud();
        cloud.endpoints().next().map(|endpoint| endpoint.dns_name(&cloud.world.region))
    };
    json(&LiveStatus { data_plane: admin.plane.status().await.to_string(), dns_name })
}

pub(super) async fn connect(
    State(admin): State<Arc<Admin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    admin.check(&headers)?;
    let order: ConnectOrder = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let _turn = admin.laptop.lock().await;
    let outcome = connect::try_profile(&admin.plane, &admin.gateway, &order.profile, order.timeout).await;
    json(&outcome.map_err(|error| format!("{error:#}")))
}

pub(super) async fn faults(State(admin): State<Arc<Admin>>, headers: HeaderMap) -> Result<Response, StatusCode> {
    admin.check(&headers)?;
    json(&admin.gateway.faults.report())
}

pub(super) async fn set_faults(
    State(admin): State<Arc<Admin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    admin.check(&headers)?;
    admin.gateway.faults.set(serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?);
    json(&admin.gateway.faults.report())
}

pub(super) async fn advance_clock(
    State(admin): State<Arc<Admin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    admin.check(&headers)?;
    let by: Duration = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    admin.gateway.clock.advance(by.try_into().map_err(|_| StatusCode::BAD_REQUEST)?);
    // Whatever is due by then happens before the answer.
    drop(admin.plane.settle(&admin.gateway).await);
    json(&())
}

fn json<T: Serialize>(value: &T) -> Result<Response, StatusCode> {
    let body = serde_json::to_vec(value).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
