//! The web page that every host serves: who it is, and whom it sees. That is how one sees the source NAT.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Router, http::header};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// Where the page stands for programs.
pub(crate) const WHO_AM_I: &str = "/whoami.json";

/// What a host says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WhoAmI {
    pub(crate) host: String,
    /// The address that the request came from.
    pub(crate) you: IpAddr,
}

/// Serves a host's page until the supervisor ends.
pub(super) fn serve(listener: TcpListener, name: &str) {
    let router = Router::new()
        .route("/", get(page))
        .route(WHO_AM_I, get(who_am_i))
        .with_state(Arc::<str>::from(name))
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await });
}

async fn page(State(name): State<Arc<str>>, ConnectInfo(peer): ConnectInfo<SocketAddr>) -> Html<String> {
    let you = peer.ip();
    Html(format!("<!doctype html>\n<title>{name}</title>\n<h1>This is {name}.</h1>\n<p>You come from {you}.</p>\n"))
}

async fn who_am_i(State(name): State<Arc<str>>, ConnectInfo(peer): ConnectInfo<SocketAddr>) -> Response {
    let answer = WhoAmI { host: name.to_string(), you: peer.ip() };
    let body = serde_json::to_vec(&answer).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
