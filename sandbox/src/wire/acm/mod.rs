//! ACM's JSON 1.1 protocol: the operation stands in `X-Amz-Target`.

mod import;
mod read;
mod tags;

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Answer, request_log};
use crate::cloud::{Cloud, Moment, Refusal, Tags};

const TARGET: &str = "CertificateManager.";

/// A tag, in requests and answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

/// Runs one call.
pub(super) fn call(
    authenticated: Result<(), Refusal>,
    cloud: &Mutex<Cloud>,
    headers: &HeaderMap,
    body: &[u8],
    moment: &Moment,
) -> Answer {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default();
    let operation = target.strip_prefix(TARGET).unwrap_or(target).to_owned();
    let members: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    let parameters = request_log::without_secrets(members.clone().unwrap_or_default());
    let outcome = authenticated.and_then(|()| {
        let members = members.ok_or_else(not_readable)?;
        let mut cloud = cloud.lock().unwrap_or_else(PoisonError::into_inner);
        cloud.pass_time(moment.now);
        dispatch(&operation, &mut cloud, Value::Object(members), moment)
    });
    Answer { operation, parameters, outcome }
}

/// The body of a response.
pub(super) fn body(outcome: Result<String, Refusal>) -> String {
    outcome.unwrap_or_else(|refusal| json!({ "__type": refusal.code, "message": refusal.message }).to_string())
}

fn dispatch(operation: &str, cloud: &mut Cloud, request: Value, moment: &Moment) -> Result<String, Refusal> {
    match operation {
        "AddTagsToCertificate" => {
            tags::add(cloud, read_request(request)?)?;
            // An operation without a result answers with an empty body.
            Ok(String::new())
        }
        "DeleteCertificate" => {
            read::delete(cloud, &read_request(request)?)?;
            Ok(String::new())
        }
        "DescribeCertificate" => write(&read::describe(cloud, &read_request(request)?, moment)?),
        "GetCertificate" => write(&read::get(cloud, &read_request(request)?)?),
        "ImportCertificate" => write(&import::import(cloud, read_request(request)?, moment)?),
        "ListCertificates" => write(&read::list(cloud, &read_request(request)?, moment)?),
        "ListTagsForCertificate" => write(&tags::list(cloud, &read_request(request)?)?),
        _ => Err(Refusal::new("UnknownOperationException", format!("The operation '{operation}' is not known"))),
    }
}

fn read_request<T: DeserializeOwned>(request: Value) -> Result<T, Refusal> {
    // The reader's own message could repeat a value, and a value may be a private key.
    serde_json::from_value(request).map_err(|_| not_readable())
}

fn write<T: Serialize>(answer: &T) -> Result<String, Refusal> {
    serde_json::to_string(answer)
        .map_err(|_| Refusal::new("InternalFailure", "The answer could not be written as JSON"))
}

fn not_readable() -> Refusal {
    Refusal::new("SerializationException", "The body is not a JSON object with the members of this operation")
}

fn read_tags(tags: Vec<Tag>) -> Tags {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}
