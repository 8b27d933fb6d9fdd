//! One HTTP/1.1 request over a connection that is already there: for the sandbox's own commands, and for a probe whose
//! socket was opened in another network namespace.

use std::net::SocketAddr;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// What to ask.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) bearer: Option<&'a str>,
    pub(crate) body: Vec<u8>,
}

impl<'a> Ask<'a> {
    /// A plain `GET`.
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, bearer: None, body: Vec::new() }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("cannot connect to `{0}`")]
    Connect(SocketAddr, #[source] std::io::Error),
    #[error("the connection broke off")]
    Broken(#[from] hyper::Error),
    #[error("the request could not be written")]
    Request(#[from] hyper::http::Error),
}

/// Connects and asks.
pub(crate) async fn ask(address: SocketAddr, ask: Ask<'_>) -> Result<(StatusCode, Bytes), HttpError> {
    let stream = TcpStream::connect(address).await.map_err(|error| HttpError::Connect(address, error))?;
    ask_over(stream, ask).await
}

/// Connects, asks, and hands on every line of the answer as it comes.
pub(crate) async fn ask_for_lines(
    address: SocketAddr,
    ask: Ask<'_>,
    mut line: impl FnMut(&[u8]),
) -> Result<StatusCode, HttpError> {
    let stream = TcpStream::connect(address).await.map_err(|error| HttpError::Connect(address, error))?;
    let (response, driver) = send(stream, ask).await?;
    let status = response.status();
    let mut body = response.into_body();
    let mut pending = Vec::new();
    while let Some(frame) = body.frame().await.transpose()? {
        pending.extend_from_slice(&frame.into_data().unwrap_or_default());
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let rest = pending.split_off(end + 1);
            line(&pending);
            pending = rest;
        }
    }
    driver.abort();
    Ok(status)
}

/// Asks over an open connection, which is closed afterwards.
pub(crate) async fn ask_over(stream: TcpStream, ask: Ask<'_>) -> Result<(StatusCode, Bytes), HttpError> {
    let (response, driver) = send(stream, ask).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    driver.abort();
    Ok((status, body))
}

async fn send(
    stream: TcpStream,
    ask: Ask<'_>,
) -> Result<(Response<Incoming>, JoinHandle<hyper::Result<()>>), HttpError> {
    let Ask { method, path, bearer, body } = ask;
    let host = stream.peer_addr().map_or_else(|_| String::new(), |address| address.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", host);
    if let Some(token) = bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    Ok((response, driver))
}
