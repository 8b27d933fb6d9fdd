//! Answers that the service gives when it does nothing, each in its own protocol.

use http_body_util::Full;
use hyper::{
    Response,
    body::Bytes,
    header::{CONTENT_TYPE, HeaderValue},
};

use super::call::Service;

/// Too many calls.
pub(super) fn throttled(service: Service) -> Response<Full<Bytes>> {
    match service {
        Service::Acm => json(400, "ThrottlingException", "Rate exceeded"),
        // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
        Service::Ec2 => ec2(503, "RequestLimitExceeded", "Request limit exceeded."),
        Service::Sts => sts(400, "Throttling", "Rate exceeded"),
    }
}

/// The service has failed.
pub(super) fn failed(service: Service) -> Response<Full<Bytes>> {
    match service {
        Service::Acm => json(500, "InternalFailure", "The request failed because of an internal error"),
        Service::Ec2 => ec2(500, "InternalError", "An internal error has occurred"),
        Service::Sts => sts(500, "InternalFailure", "The request failed because of an internal error"),
    }
}

fn ec2(status: u16, code: &str, message: &str) -> Response<Full<Bytes>> {
    let error = format!("<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>");
    let body = format!("{XML}<Response>{error}<RequestID>{REQUEST}</RequestID></Response>");
    response(status, "text/xml;charset=UTF-8", body)
}

fn sts(status: u16, code: &str, message: &str) -> Response<Full<Bytes>> {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    let namespace = "https://sts.amazonaws.com/doc/2011-06-15/";
    let body = format!("<ErrorResponse xmlns=\"{namespace}\">{error}<RequestId>{REQUEST}</RequestId></ErrorResponse>");
    response(status, "text/xml", body)
}

fn json(status: u16, code: &str, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({"__type": code, "message": message}).to_string();
    response(status, "application/x-amz-json-1.1", body)
}

fn response(status: u16, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status.try_into().unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const REQUEST: &str = "00000000-0000-4000-8000-000000000000";
