//! How long provisioning takes where AWS is slow: hardly longer than the longest wait.

use std::time::{Duration, Instant};

use anyhow::Result;
use tests::{
    control_plane::{ControlPlane, succeeded},
    proxy::Proxy,
};

/// Provisions with associations that take their time, and with an answer to every call after a tenth of a second.
pub(crate) async fn run() -> Result<String> {
    let place = ControlPlane::up(&WAIT.as_secs().to_string())?;
    let proxy = Proxy::start(place.address(), LATENCY, None).await?;
    let begin = Instant::now();
    succeeded(place.run(&proxy.url(), &["provision", "--yes"]).await?, "provision")?;
    let took = begin.elapsed();
    let ratio = took.as_secs_f64() / WAIT.as_secs_f64();
    let calls = proxy.calls();
    let associated = calls.iter().find(|call| call.point.operation == "AssociateClientVpnTargetNetwork");
    // A figure to be read: how busy the machine is decides whether it is a good one.
    Ok(format!(
        "{:.1} s, {ratio:.2} times the longest wait of {} s, {} calls of {} ms; the wait begins after {:.1} s",
        took.as_secs_f64(),
        WAIT.as_secs(),
        calls.len(),
        LATENCY.as_millis(),
        associated.map_or(f64::NAN, |call| call.at.as_secs_f64()),
    ))
}

/// For an association of a subnet.
const WAIT: Duration = Duration::from_secs(20);
const LATENCY: Duration = Duration::from_millis(100);
