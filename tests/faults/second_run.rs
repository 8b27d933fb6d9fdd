//! Provisioning again what is there: a look, and nothing else.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tests::{
    control_plane::{ControlPlane, succeeded},
    proxy::Proxy,
};

/// Provisions twice, and judges the second time.
pub(crate) async fn run() -> Result<String> {
    let place = ControlPlane::up("0")?;
    let provision = ["provision", "--yes"];
    let proxy = Proxy::start(place.address(), Duration::ZERO, None).await?;
    succeeded(place.run(&proxy.url(), &provision).await?, "the first run")?;
    let proxy = Proxy::start(place.address(), Duration::ZERO, None).await?;
    let begin = Instant::now();
    succeeded(place.run(&proxy.url(), &provision).await?, "the second run")?;
    let (took, calls) = (begin.elapsed(), proxy.calls());
    let changing = calls.iter().filter(|call| !reads(&call.point.operation)).count();
    ensure!(changing == 0, "the second run changes something: {calls:#?}");
    ensure!(calls.len() < CALLS, "the second run makes {} calls instead of less than {CALLS}: {calls:#?}", calls.len());
    Ok(format!("{} reading calls in {} ms", calls.len(), took.as_millis()))
}

fn reads(operation: &str) -> bool {
    ["Describe", "List", "Get", "Export"].iter().any(|reading| operation.starts_with(reading))
}

const CALLS: usize = 12;
