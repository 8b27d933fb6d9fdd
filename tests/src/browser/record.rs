//! What a browser did, read from what it wrote itself: its network log with every byte in it.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::HandedOver;

/// What a browser did, known once it has been closed.
#[derive(Debug)]
pub struct Record {
    /// Requests of pages and workers, in order.
    pub requests: Vec<Request>,
    /// Names that a page made the browser look up.
    pub lookups: Vec<String>,
    /// What was written to the console, and uncaught exceptions.
    pub console: Vec<String>,
    /// Every byte sent over a socket, and every URL and header.
    pub sent: Vec<u8>,
    /// The user profile's files: storage of every kind, cache and history.
    pub storage: Vec<(PathBuf, Vec<u8>)>,
    /// Workers of every kind that were started, and further windows: `service_worker http://…`.
    pub started: Vec<String>,
    /// What was handed over to the world outside, where that was watched.
    pub handed_over: Vec<HandedOver>,
    /// The files that were downloaded.
    pub downloads: Vec<(PathBuf, Vec<u8>)>,
}

/// One request, of whatever kind.
#[derive(Debug)]
pub struct Request {
    /// For example `GET`.
    pub method: String,
    /// For example `http://127.0.0.1:8080/bundle.json`, `ws://…`.
    pub url: String,
    /// Whether it carried a body.
    pub has_body: bool,
}

impl Record {
    /// Adds what the network log has.
    pub(super) fn with_log(self, net_log: &Path) -> Result<Self> {
        let log: Value = serde_json::from_reader(BufReader::new(File::open(net_log)?)).context("the network log")?;
        let event_type = |name: &str| log.pointer(&format!("/constants/logEventTypes/{name}")).and_then(Value::as_i64);
        let start = event_type("URL_REQUEST_START_JOB").context("the network log names its events otherwise")?;
        let lookup =
            event_type("HOST_RESOLVER_MANAGER_REQUEST").context("the network log names its events otherwise")?;
        let mut record = self;
        for event in log["events"].as_array().context("the network log's events")? {
            let params = &event["params"];
            let text = |name: &str| params[name].as_str().unwrap_or_default();
            let kind = event["type"].as_i64();
            if let Ok(bytes) = BASE64_STANDARD.decode(text("bytes")) {
                record.sent.extend(bytes);
            }
            record.sent.extend(params.to_string().bytes());
            // The browser's own housekeeping has no origin; a navigation has none either.
            let of_a_page = text("initiator") != "not an origin" || text("request_type") == "main frame";
            if kind == Some(start) && !text("url").is_empty() && of_a_page {
                let has_body = !params["upload_id"].is_null();
                record.requests.push(Request {
                    method: text("method").to_owned(),
                    url: text("url").to_owned(),
                    has_body,
                });
            }
            if kind == Some(lookup) && text("network_anonymization_key").contains("://127.0.0.1") {
                record.lookups.push(text("host").to_owned());
            }
        }
        Ok(record)
    }
}
