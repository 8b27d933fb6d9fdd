//! The kill matrix: the command is ended with SIGKILL at a call, and run again.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use tests::proxy::{Act, Moment, Point, Proxy, Strike};

use crate::{baseline::Baseline, matrix::Converged};

pub(crate) const MOMENTS: [Moment; 3] = [Moment::Sent, Moment::Done, Moment::Answered];

pub(crate) fn words(moment: Moment) -> &'static str {
    match moment {
        Moment::Sent => "killed before the call",
        Moment::Done => "killed before the answer",
        Moment::Answered => "killed after the answer",
    }
}

/// Kills the command at `point`, and runs it again.
///
/// What the command does between an answer and its next call takes milliseconds. `pause` is how many of them it gets
/// before it is killed: over all points they fall on different places. No call gets through meanwhile.
pub(crate) async fn run(baseline: &Baseline<'_>, point: &Point, moment: Moment, pause: Duration) -> Result<Converged> {
    let place = baseline.copy()?;
    let strike = Strike { at: point.clone(), times: 1, act: Act::Hold(moment) };
    let proxy = Proxy::start(place.address(), Duration::ZERO, Some(strike)).await?;
    let mut command = place.latchkey(&proxy.url(), baseline.scenario.command);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("start `latchkey`")?;
    let was_reached = tokio::select! {
        () = proxy.reached() => {
            if moment == Moment::Answered {
                tokio::time::sleep(pause).await;
            }
            child.kill().await.context("kill `latchkey`")?;
            true
        }
        status = child.wait() => {
            let status = status?;
            ensure!(status.success(), "nobody disturbed it, and it ended with {status}");
            false
        }
    };
    drop(proxy);
    baseline.run_again(&place).await?;
    baseline.judge(&place).await?;
    Ok(Converged { never_came: !was_reached, ..Converged::default() })
}
