//! The log of requests: one JSON object a line, without anything secret.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::journal::go_on;

/// Longer values are cut: a certificate chain is no reading matter.
const MAX_CHARACTERS: usize = 200;
/// Parameters whose value is never written.
const SECRET: [&str; 1] = ["PrivateKey"];

/// An open log.
#[derive(Debug)]
pub struct RequestLog(Mutex<File>);

/// One call.
#[derive(Debug, Serialize)]
pub(super) struct Entry<'a> {
    #[serde(serialize_with = "rfc3339")]
    pub(super) time: OffsetDateTime,
    pub(super) service: &'a str,
    pub(super) operation: &'a str,
    pub(super) changes: bool,
    pub(super) parameters: Value,
    /// `None` when no answer was sent.
    pub(super) status: Option<u16>,
    pub(super) error: Option<&'a str>,
    pub(super) request_id: &'a str,
    /// What was made to go wrong.
    pub(super) fault: Option<&'a str>,
    /// Milliseconds that the call was held up on purpose.
    #[serde(rename = "delay_ms")]
    pub(super) delay: u128,
}

impl RequestLog {
    /// Begins a new log in that file, or goes on with the one that is there.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, goes_on: bool) -> std::io::Result<Self> {
        let file = if goes_on {
            go_on(path)?.0
        } else {
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?
        };
        Ok(Self(Mutex::new(file)))
    }

    pub(super) fn write(&self, entry: &Entry<'_>) {
        let Ok(mut line) = serde_json::to_vec(entry) else { return };
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not stop the service; the missing line shows it.
        drop(file.write_all(&line));
    }
}

/// What of a call's parameters may be written down.
pub(super) fn without_secrets(parameters: Map<String, Value>) -> Value {
    let safe = |(name, value): (String, Value)| {
        // The last part of a query parameter such as `Tag.1.Key` says what it is.
        let secret = SECRET.iter().any(|secret| name.rsplit('.').next() == Some(secret));
        let value = if secret { Value::from("(withheld)") } else { shortened(value) };
        (name, value)
    };
    Value::Object(parameters.into_iter().map(safe).collect())
}

fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > MAX_CHARACTERS => {
            let start: String = text.chars().take(MAX_CHARACTERS).collect();
            Value::from(format!("{start}… ({} bytes)", text.len()))
        }
        Value::Object(members) => without_secrets(members),
        Value::Array(items) => Value::Array(items.into_iter().map(shortened).collect()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn rfc3339<S: serde::Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = time.format(&Rfc3339).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(parameters: Value) -> Value {
        let Value::Object(parameters) = parameters else { panic!("not an object") };
        without_secrets(parameters)
    }

    #[test]
    fn a_private_key_is_withheld_wherever_it_stands() {
        let logged =
            check(json!({"PrivateKey": "s3cret", "A.1.PrivateKey": "s3cret", "Inner": {"PrivateKey": "s3cret"}}));
        assert!(!logged.to_string().contains("s3cret"));
    }

    #[test]
    fn long_values_are_cut() {
        let logged = check(json!({"Certificate": "x".repeat(4000), "Tags": [{"Key": "k"}]}));
        assert!(logged.to_string().len() < 500);
        assert_eq!(logged["Tags"], json!([{"Key": "k"}]));
    }
}
