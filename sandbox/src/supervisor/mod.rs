//! The one process that holds a sandbox: control plane, data plane, and the paths for the sandbox's own commands.
//!
//! It is the first process of its own process namespace. Whatever ends it ends all others with it.

mod admin;
mod settings;

use std::io::{BufRead as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::net::TcpListener;

pub use self::admin::LiveStatus;
pub use self::settings::{Ready, Settings};
use crate::cloud::{Cloud, Timings};
use crate::journal::Journal;
use crate::plane::Plane;
use crate::state::StateDir;
use crate::wire::{self, Gateway, RequestLog};
use crate::world::World;

/// Runs a sandbox until it is ended.
///
/// Reads [`Settings`] as a line from stdin, writes [`Ready`] as a line to stdout, and goes on once a second line has come:
/// by then whoever started it has written down how to find it. Without that line it ends, so that a starter that dies
/// halfway leaves nothing behind.
///
/// # Errors
/// When the control plane cannot be started. A data plane that cannot be built is no error; its status says why.
pub async fn supervise(state: &StateDir) -> anyhow::Result<()> {
    let settings: Settings = serde_json::from_str(&read_line()?).context("read the settings")?;
    let timings = Timings::new(settings.association.try_into().context("read the settings")?);
    let world = if settings.peering { World::standard().peered() } else { World::standard() };
    let mut cloud = Cloud::new(world.clone(), timings);
    cloud.limits = settings.limits;
    let goes_on = settings.keep && state.journal().exists();
    let log = RequestLog::open(&state.request_log(), goes_on).context("open the request log")?;
    let mut gateway = Gateway::new(cloud, settings.credentials, log);
    gateway.faults.set(settings.faults);
    if settings.keep {
        let (journal, kept) = Journal::open(&state.journal()).context("read what was kept")?;
        gateway = gateway.keeping(journal, &kept);
    } else {
        state.forget_journal().context("remove what was kept")?;
    }
    let gateway = Arc::new(gateway);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.port));
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listen on {listen}"))?;
    let address = listener.local_addr().context("listen on 127.0.0.1")?;

    let plane = match settings.data_plane_missing {
        Some(missing) => Plane::unavailable(missing),
        None => Plane::build(&world, state).await,
    };
    let plane = Arc::new(plane);
    let admin = Arc::new(admin::Admin::new(Arc::clone(&gateway), Arc::clone(&plane)));
    let router = Router::new()
        .route("/_sandbox/status", get(admin::status))
        .route("/_sandbox/connect", post(admin::connect))
        .route("/_sandbox/client", post(admin::client))
        .route("/_sandbox/faults", get(admin::faults).put(admin::set_faults))
        .route("/_sandbox/clock", post(admin::advance_clock))
        .with_state(admin)
        .merge(Router::new().route("/", post(wire::aws_call)).with_state(Arc::clone(&gateway)))
        .layer(DefaultBodyLimit::max(MAX_BODY));

    write_line(&serde_json::to_string(&Ready { address })?)?;
    read_line().context("wait for the word to go on")?;
    let reconciling = tokio::spawn(async move { plane.follow(&gateway).await });
    tokio::select! {
        served = axum::serve(listener, router) => served.context("serve the control plane")?,
        // Nobody could find it any more, to end it.
        () = state.removed() => {}
    }
    reconciling.abort();
    Ok(())
}

/// In bytes: a certificate chain of the largest size, in base64, fits.
const MAX_BODY: usize = 4 << 20;

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("read from stdin")?;
    anyhow::ensure!(line.ends_with('\n'), "whoever started this has gone away");
    Ok(line)
}

fn write_line(line: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).context("write to stdout")
}
