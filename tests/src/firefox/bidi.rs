//! WebDriver BiDi (<https://www.w3.org/TR/webdriver-bidi/>): commands and their answers as JSON over a WebSocket. Firefox speaks
//! it without a driver in between.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_tungstenite::{
    WebSocketStream,
    tokio::{ConnectStream, connect_async},
    tungstenite::Message,
};
use futures::StreamExt;
use serde_json::{Value, json};

/// A connection. What happens is only taken in together with the answer to a command.
#[derive(Debug)]
pub(super) struct Bidi {
    socket: WebSocketStream<ConnectStream>,
    commands: u64,
    /// What has happened, in order.
    pub(super) events: Vec<Event>,
}

/// What a browser tells unasked.
#[derive(Debug)]
pub(super) struct Event {
    /// For example `log.entryAdded`.
    pub(super) method: String,
    pub(super) params: Value,
}

impl Bidi {
    /// Connects and begins a session.
    pub(super) async fn begin(url: &str) -> Result<Self> {
        let (socket, _) = connect_async(url).await.with_context(|| format!("cannot connect to `{url}`"))?;
        let mut bidi = Self { socket, commands: 0, events: Vec::new() };
        bidi.command("session.new", json!({ "capabilities": {} })).await?;
        Ok(bidi)
    }

    /// The result of a command.
    pub(super) async fn command(&mut self, method: &str, params: Value) -> Result<Value> {
        let answer = tokio::time::timeout(PATIENCE, self.exchange(method, params)).await;
        answer.with_context(|| format!("`{method}` was not answered"))?.with_context(|| format!("`{method}`"))
    }

    async fn exchange(&mut self, method: &str, params: Value) -> Result<Value> {
        self.commands += 1;
        let command = json!({ "id": self.commands, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string())).await?;
        loop {
            let message = self.socket.next().await.context("the browser hung up")??;
            let Message::Text(text) = message else { continue };
            let mut said: Value = serde_json::from_str(&text)?;
            if said["type"] == "event" {
                let method = said["method"].as_str().unwrap_or_default().to_owned();
                self.events.push(Event { method, params: said["params"].take() });
            } else if said["id"] == self.commands {
                if said["type"] != "success" {
                    bail!("{}: {}", said["error"], said["message"]);
                }
                return Ok(said["result"].take());
            }
        }
    }
}

/// A value of the page as JSON; what JSON does not have is null.
pub(super) fn plain(remote: &Value) -> Value {
    let list = || remote["value"].as_array().into_iter().flatten();
    match remote["type"].as_str() {
        Some("string" | "number" | "boolean") => remote["value"].clone(),
        Some("array") => list().map(plain).collect(),
        Some("object") => {
            let field = |pair: &Value| Some((pair[0].as_str()?.to_owned(), plain(&pair[1])));
            list().filter_map(field).collect()
        }
        _ => Value::Null,
    }
}

/// How long a command may take: longer than a page may, which says more.
const PATIENCE: Duration = Duration::from_secs(60);
