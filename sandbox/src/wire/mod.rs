//! HTTP in and out: the EC2 query protocol, the JSON protocol of ACM, and the log of requests.
//!
//! Wire formats only. What is allowed is decided in [`crate::cloud`].

mod acm;
mod credentials;
mod ec2;
mod request_log;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Notify;

pub use self::credentials::Credentials;
use self::request_log::Entry;
pub use self::request_log::RequestLog;
use crate::cloud::{Cloud, Moment, Refusal, uuid};
use crate::edge;

/// The front of the control plane.
#[derive(Debug)]
pub struct Gateway {
    cloud: Mutex<Cloud>,
    credentials: Credentials,
    log: RequestLog,
    changed: Notify,
}

/// What goes back for one call, before it is a response.
struct Answer {
    operation: String,
    /// Without anything secret.
    parameters: serde_json::Value,
    outcome: Result<String, Refusal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Acm,
    Ec2,
}

impl Gateway {
    /// A front for that cloud, which lets in who holds the credentials.
    #[must_use]
    pub fn new(cloud: Cloud, credentials: Credentials, log: RequestLog) -> Self {
        Self { cloud: Mutex::new(cloud), credentials, log, changed: Notify::new() }
    }

    /// The cloud, for as long as the guard lives. Never hold it across an `await`.
    pub fn cloud(&self) -> MutexGuard<'_, Cloud> {
        // The rules do not leave a change half done, so a panic elsewhere does not make the state wrong.
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The credentials that callers must use.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Waits until a call has changed something.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn call(&self, service: Service, headers: &HeaderMap, body: &[u8], request_id: &str, moment: &Moment) -> Answer {
        let region = self.cloud().world.region.clone();
        let authenticated = self.credentials.check(service, headers, &region);
        match service {
            Service::Acm => acm::call(authenticated, &self.cloud, headers, body, moment),
            Service::Ec2 => ec2::call(authenticated, &self.cloud, body, request_id, moment),
        }
    }
}

/// Answers one call of an AWS client.
///
/// # Errors
/// `500` when the random number generator fails.
pub async fn aws_call(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let moment = edge::moment().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let request_id = uuid(edge::random().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?);
    let service = if headers.contains_key("x-amz-target") { Service::Acm } else { Service::Ec2 };
    let answer = gateway.call(service, &headers, &body, &request_id, &moment);
    let changes = changes_something(&answer.operation);
    let error = answer.outcome.as_ref().err().map(|refusal| refusal.code);
    let status = answer.outcome.as_ref().map_or_else(status_of, |_| StatusCode::OK);
    gateway.log.write(&Entry {
        time: moment.now,
        service: service.name(),
        operation: &answer.operation,
        changes,
        parameters: answer.parameters,
        status: status.as_u16(),
        error,
        request_id: &request_id,
    });
    if changes && error.is_none() {
        gateway.changed.notify_one();
    }
    let (content_type, body) = match service {
        Service::Acm => ("application/x-amz-json-1.1", acm::body(answer.outcome)),
        Service::Ec2 => ("text/xml;charset=UTF-8", ec2::body(answer.outcome, &request_id)),
    };
    let headers = [("content-type", content_type), ("x-amzn-requestid", request_id.as_str())];
    Ok((status, headers, body).into_response())
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Acm => "acm",
            Self::Ec2 => "ec2",
        }
    }
}

fn changes_something(operation: &str) -> bool {
    !["Describe", "List", "Get", "Export"].iter().any(|reading| operation.starts_with(reading))
}

fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal.code {
        "AuthFailure" => StatusCode::UNAUTHORIZED,
        "DryRunOperation" => StatusCode::PRECONDITION_FAILED,
        _ => StatusCode::BAD_REQUEST,
    }
}
