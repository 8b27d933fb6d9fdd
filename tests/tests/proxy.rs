//! The man in the middle does what the matrices rely on: a call that is held has taken effect, or it has not.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use tests::{
    control_plane::ControlPlane,
    proxy::{Act, Moment, Point, Proxy, Strike},
};

#[tokio::test]
async fn a_call_is_held_before_it_takes_effect_or_after() -> Result<()> {
    for (moment, endpoints) in [(Moment::Sent, 0), (Moment::Done, 1), (Moment::Answered, 1)] {
        let place = ControlPlane::up("0")?;
        let proxy = Proxy::start(place.address(), Duration::ZERO, Some(create(Act::Hold(moment)))).await?;
        let mut command = place.latchkey(&proxy.url(), &["provision", "--yes"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        tokio::time::timeout(PATIENCE, proxy.reached()).await.context("the call never came")?;
        // Long enough for what comes next, if anything got through.
        tokio::time::sleep(Duration::from_millis(300)).await;
        ensure!(child.try_wait()?.is_none(), "{moment:?}: the command ended by itself");
        child.kill().await?;
        let found = place.account().await?.inventory().await?;
        ensure!(found.count("endpoint: ") == endpoints, "{moment:?}: {found:#?}");
        ensure!(found.count("association ") == 0, "{moment:?}: a later call got through: {found:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_call_that_is_throttled_or_fails_takes_no_effect_and_is_repeated() -> Result<()> {
    for act in [Act::Throttle, Act::Fail, Act::DropBefore] {
        let place = ControlPlane::up("0")?;
        let proxy = Proxy::start(place.address(), Duration::ZERO, Some(create(act))).await?;
        let output = place.run(&proxy.url(), &["provision", "--yes"]).await?;
        ensure!(output.status.success(), "{act:?}: {}", String::from_utf8_lossy(&output.stderr));
        let sent = proxy.calls().iter().filter(|call| call.point.operation == CREATE).count();
        let log = std::fs::read_to_string(place.path().join(".latchkey/sandbox/requests.jsonl"))?;
        let arrived = log.lines().filter(|line| line.contains(&format!("\"{CREATE}\""))).count();
        ensure!((sent, arrived, proxy.struck()) == (2, 1, 1), "{act:?}: {sent} sent, {arrived} arrived");
    }
    Ok(())
}

/// Strikes the creation of the endpoint.
fn create(act: Act) -> Strike {
    Strike { at: Point { operation: CREATE.to_owned(), subject: String::new(), occurrence: 1 }, times: 1, act }
}

const CREATE: &str = "CreateClientVpnEndpoint";
const PATIENCE: Duration = Duration::from_secs(60);
