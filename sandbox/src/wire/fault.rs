//! How a fault looks to the caller.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hyper::body::Frame;

use super::Service;
use crate::cloud::Refusal;
use crate::faults::Fault;

/// The operation that a call names, before anything of it is checked.
pub(super) fn operation(service: Service, headers: &HeaderMap, body: &[u8]) -> String {
    match service {
        Service::Acm => {
            let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
            target.rsplit('.').next().unwrap_or_default().to_owned()
        }
        Service::Ec2 | Service::Sts => {
            let action = form_urlencoded::parse(body).find(|(name, _)| name == "Action");
            action.map(|(_, action)| action.into_owned()).unwrap_or_default()
        }
    }
}

/// Refuses a call that a fault keeps from taking effect, with the code that the service has for it.
pub(super) fn check(service: Service, fault: Option<Fault>) -> Result<(), Refusal> {
    let is_acm = service == Service::Acm;
    let (code, message) = match fault {
        None | Some(Fault::Delay | Fault::DropAfter) => return Ok(()),
        Some(Fault::Throttle) if is_acm => ("ThrottlingException", "Rate exceeded"),
        Some(Fault::Throttle) => ("RequestLimitExceeded", "Request limit exceeded."),
        Some(Fault::Error) if is_acm => ("InternalFailure", "The request failed because of an internal error"),
        Some(Fault::Error) => ("InternalError", "An internal error has occurred"),
        Some(Fault::Unavailable) if is_acm => ("ServiceUnavailableException", "The service is unavailable"),
        Some(Fault::Unavailable) => ("Unavailable", "The server is overloaded and can't handle the request."),
        // Nobody gets to see this one.
        Some(Fault::DropBefore) => ("ConnectionLost", "the connection was closed"),
    };
    Err(Refusal::new(code, message))
}

/// The status that goes with a fault's refusal.
pub(super) fn status_of(refusal: &Refusal) -> Option<StatusCode> {
    match refusal.code {
        "InternalError" | "InternalFailure" => Some(StatusCode::INTERNAL_SERVER_ERROR),
        // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
        "RequestLimitExceeded" | "ServiceUnavailableException" | "Unavailable" => Some(StatusCode::SERVICE_UNAVAILABLE),
        _ => None,
    }
}

/// Whether the caller gets an answer at all.
pub(super) fn loses_answer(fault: Option<Fault>) -> bool {
    matches!(fault, Some(Fault::DropBefore | Fault::DropAfter))
}

/// In place of a response: the connection is closed before a byte of one is sent.
pub(super) fn no_response() -> Response {
    Response::new(Body::new(Broken))
}

/// A body that fails before its first byte, which makes the server close the connection with the head unsent.
struct Broken;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted))))
    }
}
