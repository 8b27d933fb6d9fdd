//! The fault matrix: a call goes wrong, and the command copes with it.

use std::time::Duration;

use anyhow::{Result, ensure};
use tests::proxy::{Act, Point, Proxy, Strike};

use crate::{baseline::Baseline, matrix::Converged};

/// A way in which a call goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) words: &'static str,
    pub(crate) act: Act,
    /// How often in a row.
    times: u32,
}

pub(crate) const FAULTS: [Fault; 4] = [
    Fault { words: "throttled three times", act: Act::Throttle, times: 3 },
    Fault { words: "failed with a 500", act: Act::Fail, times: 1 },
    Fault { words: "answered after 10 s", act: Act::Late(Duration::from_secs(10)), times: 1 },
    Fault { words: "connection lost after it took effect", act: Act::DropAfter, times: 1 },
];

/// Lets the call at `point` go wrong. The command may end with a failure of AWS; the next run must heal that.
pub(crate) async fn run(baseline: &Baseline<'_>, point: &Point, fault: Fault) -> Result<Converged> {
    let place = baseline.copy()?;
    let Fault { act, times, .. } = fault;
    let strike = Strike { at: point.clone(), times, act };
    let proxy = Proxy::start(place.address(), Duration::ZERO, Some(strike)).await?;
    let output = place.run(&proxy.url(), baseline.scenario.command).await?;
    let (calls, struck) = (proxy.calls().len(), proxy.struck());
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let is_clear = output.status.code() == Some(AWS_FAILED) && said.contains("error: ") && said.contains("hint: ");
        ensure!(is_clear, "it ended with {}, which says neither why nor what to do:\n{said}", output.status);
        baseline.run_again(&place).await?;
    }
    baseline.judge(&place).await?;
    let more_calls = calls.saturating_sub(baseline.points.len());
    ensure!(more_calls <= MORE_CALLS, "{more_calls} calls more than undisturbed: {:#?}", proxy.calls());
    Ok(Converged { never_came: struck == 0, took_another_run: !output.status.success(), more_calls })
}

/// The exit code for what AWS refused or failed to do.
const AWS_FAILED: i32 = 4;
/// Three repetitions, and for each of them a look at everything there is.
const MORE_CALLS: usize = 24;
