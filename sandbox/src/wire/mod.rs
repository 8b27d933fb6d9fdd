//! HTTP in and out: the query protocols of EC2 and STS, the JSON protocol of ACM, signatures, and the log of requests.
//!
//! Wire formats only. What is allowed is decided in [`crate::cloud`].

mod acm;
mod credentials;
mod ec2;
mod fault;
mod request_log;
mod signature;
mod sts;
mod xml;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Notify;

pub use self::credentials::Credentials;
use self::request_log::Entry;
pub use self::request_log::RequestLog;
use crate::cloud::{Cloud, Moment, Refusal, uuid};
use crate::edge::{self, Clock};
use crate::faults::{Fault, Faults, Injection};
use crate::journal::{self, Journal, Kept};
use crate::plane::report;

/// The front of the control plane.
#[derive(Debug)]
pub struct Gateway {
    cloud: Mutex<Cloud>,
    credentials: Credentials,
    log: RequestLog,
    /// What goes wrong on demand.
    pub faults: Faults,
    /// The time that calls happen at.
    pub clock: Clock,
    journal: Option<Journal>,
    changed: Notify,
}

/// What goes back for one call, before it is a response.
struct Answer {
    operation: String,
    /// Without anything secret.
    parameters: serde_json::Value,
    outcome: Result<String, Refusal>,
}

/// One call, as it came.
#[derive(Clone, Copy)]
struct Call<'a> {
    service: Service,
    headers: &'a HeaderMap,
    body: &'a [u8],
    request_id: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Acm,
    Ec2,
    Sts,
}

impl Gateway {
    /// A front for that cloud, which lets in who holds the credentials.
    #[must_use]
    pub fn new(cloud: Cloud, credentials: Credentials, log: RequestLog) -> Self {
        Self {
            cloud: Mutex::new(cloud),
            credentials,
            log,
            faults: Faults::default(),
            clock: Clock::default(),
            journal: None,
            changed: Notify::new(),
        }
    }

    /// The same with the state that a journal leads to, and with every further change written into it.
    #[must_use]
    pub fn keeping(mut self, journal: Journal, kept: &[Kept]) -> Self {
        for line in kept {
            let call = match line {
                Kept::Call(call) => call,
                Kept::Advance { advance } => {
                    self.clock.advance(*advance);
                    continue;
                }
            };
            let headers = call.target.as_deref().and_then(|target| HeaderValue::from_str(target).ok());
            let headers: HeaderMap = headers.map(|target| (TARGET, target)).into_iter().collect();
            // What was about connections is refused now, because they are gone.
            let service = Service::of(&headers, call.body.as_bytes());
            drop(self.run(service, Ok(()), &headers, call.body.as_bytes(), "", &call.moment()));
        }
        self.journal = Some(journal);
        self
    }

    /// Puts the clock ahead.
    pub fn advance(&self, by: Duration) {
        let turn = self.journal.as_ref().map(Journal::turn);
        self.clock.advance(by);
        if let Some(Err(error)) = turn.map(|mut turn| turn.write(&Kept::Advance { advance: by })) {
            report(&format!("the clock could not be kept: {error}"));
        }
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

    fn call(&self, call: &Call<'_>, moment: &Moment, fault: Option<Fault>) -> Answer {
        let Call { service, headers, body, request_id } = *call;
        let region = self.cloud().world.region.clone();
        let permitted = self.credentials.check(service, headers, body, &region, edge::now());
        let permitted = permitted.and_then(|()| fault::check(service, fault));
        // Calls are kept in the order in which they take effect.
        let turn = self.journal.as_ref().map(Journal::turn);
        let answer = self.run(service, permitted, headers, body, request_id, moment);
        if let Some(mut turn) = turn.filter(|_| answer.outcome.is_ok() && changes_something(&answer.operation)) {
            let target = headers.get(TARGET).and_then(|target| target.to_str().ok()).map(str::to_owned);
            if let Err(error) = turn.write(&Kept::Call(journal::Call::new(moment, target, body))) {
                report(&format!("a call could not be kept: {error}"));
            }
        }
        answer
    }

    fn run(
        &self,
        service: Service,
        permitted: Result<(), Refusal>,
        headers: &HeaderMap,
        body: &[u8],
        request_id: &str,
        moment: &Moment,
    ) -> Answer {
        match service {
            Service::Acm => acm::call(permitted, &self.cloud, headers, body, moment),
            Service::Ec2 => ec2::call(permitted, &self.cloud, body, request_id, moment),
            Service::Sts => sts::call(permitted, &self.cloud().world, body, request_id),
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
    let moment = gateway.clock.moment().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let request_id = uuid(edge::random().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?);
    let service = Service::of(&headers, &body);
    let Injection { delay, fault } = gateway.faults.next(&fault::operation(service, &headers, &body));
    tokio::time::sleep(delay).await;
    let call = Call { service, headers: &headers, body: &body, request_id: &request_id };
    let answer = gateway.call(&call, &moment, fault);
    let changes = changes_something(&answer.operation);
    let error = answer.outcome.as_ref().err().map(|refusal| refusal.code);
    let status = answer.outcome.as_ref().map_or_else(|refusal| status_of(service, refusal), |_| StatusCode::OK);
    let is_answered = !fault::loses_answer(fault);
    gateway.log.write(&Entry {
        time: moment.now,
        service: service.name(),
        operation: &answer.operation,
        changes,
        parameters: answer.parameters,
        status: is_answered.then_some(status.as_u16()),
        error,
        request_id: &request_id,
        fault: fault.map(Fault::as_str),
        delay: delay.as_millis(),
    });
    if changes && error.is_none() {
        gateway.changed.notify_one();
    }
    if !is_answered {
        return Ok(fault::no_response());
    }
    let (content_type, body) = match service {
        Service::Acm => ("application/x-amz-json-1.1", acm::body(answer.outcome)),
        Service::Ec2 => ("text/xml;charset=UTF-8", ec2::body(answer.outcome, &request_id)),
        Service::Sts => ("text/xml", sts::body(answer.outcome, &request_id)),
    };
    let headers = [("content-type", content_type), ("x-amzn-requestid", request_id.as_str())];
    Ok((status, headers, body).into_response())
}

impl Service {
    /// The service that a call is for, by its protocol.
    fn of(headers: &HeaderMap, body: &[u8]) -> Self {
        if headers.contains_key(TARGET) {
            Self::Acm
        } else if form_urlencoded::parse(body).any(|(name, value)| name == "Version" && value == sts::VERSION) {
            Self::Sts
        } else {
            Self::Ec2
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Acm => "acm",
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
        }
    }
}

fn changes_something(operation: &str) -> bool {
    !["Describe", "List", "Get", "Export"].iter().any(|reading| operation.starts_with(reading))
}

fn status_of(service: Service, refusal: &Refusal) -> StatusCode {
    match refusal.code {
        "AuthFailure" => StatusCode::UNAUTHORIZED,
        "IncompleteSignature" | "InvalidClientTokenId" | "MissingAuthenticationToken" | "SignatureDoesNotMatch"
            if service != Service::Acm =>
        {
            StatusCode::FORBIDDEN
        }
        "DryRunOperation" => StatusCode::PRECONDITION_FAILED,
        _ => fault::status_of(refusal).unwrap_or(StatusCode::BAD_REQUEST),
    }
}

/// The header by which the JSON protocol names the operation.
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
