//! The paths for the sandbox's own commands, open to whoever holds the secret.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Frame;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::cloud::Endpoint;
use crate::connect::{self, ClientOrder, ConnectOrder};
use crate::plane::Plane;
use crate::wire::Gateway;

/// What the running sandbox says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct LiveStatus {
    /// `running`, `idle`, or `unavailable: ` and why.
    pub data_plane: String,
    /// Name of the first endpoint, without the `*.` in front.
    pub dns_name: Option<String>,
    /// What is not as it would be on AWS, in sentences.
    pub notes: Vec<String>,
}

/// What the paths work on.
#[derive(Debug)]
pub(super) struct Admin {
    gateway: Arc<Gateway>,
    plane: Arc<Plane>,
}

impl Admin {
    pub(super) fn new(gateway: Arc<Gateway>, plane: Arc<Plane>) -> Self {
        Self { gateway, plane }
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
    let (dns_name, notes) = {
        let cloud = admin.gateway.cloud();
        let first = cloud.endpoints().next().map(|endpoint| endpoint.dns_name(&cloud.world.region));
        let asking = cloud.endpoints().filter(|endpoint| endpoint.settings.second_factor.is_some());
        let note = |endpoint: &Endpoint| format!("{} lets nobody in: its second factor cannot be checked", endpoint.id);
        (first, asking.map(note).collect())
    };
    json(&LiveStatus { data_plane: admin.plane.status().await.to_string(), dns_name, notes })
}

pub(super) async fn connect(
    State(admin): State<Arc<Admin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    admin.check(&headers)?;
    let order: ConnectOrder = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(told_by(|told| async move { connect::try_profile(&admin.plane, &admin.gateway, &order, &told).await }))
}

pub(super) async fn client(
    State(admin): State<Arc<Admin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    admin.check(&headers)?;
    let order: ClientOrder = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(told_by(|told| async move { connect::run_client(&admin.plane, &admin.gateway, &order, &told).await }))
}

/// An answer with everything that a trial tells, while it goes on.
fn told_by<T, Trial>(trial: impl FnOnce(mpsc::UnboundedSender<T>) -> Trial) -> Response
where
    T: Serialize + Send + 'static,
    Trial: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let (told, telling) = mpsc::unbounded_channel();
    let (failed, failing) = oneshot::channel();
    let trial = trial(told.clone());
    // Not in this task, which ends when whoever asked goes away: the laptop is to be put back.
    tokio::spawn(async move {
        if let Err(error) = trial.await {
            drop(failed.send(format!("{error:#}")));
        }
        // Only now: at the end of what is told the reason is looked for.
        drop(told);
    });
    Response::new(Body::new(Lines { telling, failing: Some(failing) }))
}

/// A line of JSON for everything that is told, as it is told: what went well, or why nothing did.
struct Lines<T> {
    telling: mpsc::UnboundedReceiver<T>,
    failing: Option<oneshot::Receiver<String>>,
}

impl<T: Serialize> HttpBody for Lines<T> {
    type Data = Bytes;
    type Error = serde_json::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let told = match ready!(self.telling.poll_recv(context)) {
            Some(told) => Ok(told),
            // The task is over.
            None => match self.failing.take().and_then(|mut failing| failing.try_recv().ok()) {
                Some(reason) => Err(reason),
                None => return Poll::Ready(None),
            },
        };
        let line = serde_json::to_vec(&told).map(|mut line| {
            line.push(b'\n');
            Frame::data(Bytes::from(line))
        });
        Poll::Ready(Some(line))
    }
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
    admin.gateway.advance(by);
    // Whatever is due by then happens before the answer.
    drop(admin.plane.settle(&admin.gateway).await);
    json(&())
}

fn json<T: Serialize>(value: &T) -> Result<Response, StatusCode> {
    let body = serde_json::to_vec(value).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
