//! Ctrl-C while AWS is at work: what exists is said, and the next run goes on from there.

use std::{process::Output, time::Duration};

use anyhow::{Context, Result, ensure};
use tests::control_plane::{ControlPlane, succeeded};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

#[tokio::test]
async fn an_interrupted_run_says_what_there_is_and_the_next_one_completes() -> Result<()> {
    let place = ControlPlane::up(LONG)?;
    let (code, said) = provision_and(&place, WAITING, &["INT"]).await?;
    ensure!(code == Some(INTERRUPTED), "{code:?}: {said}");
    for words in [
        STOPPING,
        "stopped as asked; there are the endpoint `cvpn-endpoint-",
        "of its parts, and 2 certificates in ACM",
        "left to do:\n  wait until the target network association of `subnet-",
        "run the command again: it goes on from here",
    ] {
        ensure!(said.contains(words), "it does not say `{words}`: {said}");
    }
    completes(&place).await
}

/// The call in flight does not come to an end, and nobody waits for it after the second interrupt.
#[tokio::test]
async fn two_interrupts_end_a_run_at_once() -> Result<()> {
    let hang = r#"[{"operation": "CreateClientVpnEndpoint", "fault": "delay", "milliseconds": 15000}]"#;
    let place = ControlPlane::up_with("0", &["--faults", hang])?;
    let (code, said) = provision_and(&place, IMPORTED, &["INT", "INT"]).await?;
    ensure!(code == Some(INTERRUPTED), "{code:?}: {said}");
    ensure!(said.contains("error: interrupted\n\nhint: a call may have been cut off; run the command again"), "{said}");
    place.sandbox(&["faults", "clear"])?;
    completes(&place).await
}

/// Who ends a service asks politely; that is the same.
#[tokio::test]
async fn a_request_to_end_is_heeded_like_ctrl_c() -> Result<()> {
    let place = ControlPlane::up(LONG)?;
    let (code, said) = provision_and(&place, WAITING, &["TERM"]).await?;
    ensure!(code == Some(INTERRUPTED) && said.contains("stopped as asked"), "{code:?}: {said}");
    Ok(())
}

/// Sends the first of `signals` to a run that has said `when`, the next one when it says that it is stopping: its exit
/// code, and what it wrote to stderr.
async fn provision_and(place: &ControlPlane, when: &[&str], signals: &[&str]) -> Result<(Option<i32>, String)> {
    let mut command = place.latchkey(&format!("http://{}", place.address()), &["provision", "--yes"]);
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stderr.take().context("stderr")?).lines();
    let mut said = String::new();
    let ended = async {
        let mut sent = 0;
        while let Some(line) = lines.next_line().await? {
            said += &(line + "\n");
            let is_time = match sent {
                0 => when.iter().all(|words| said.contains(words)),
                _ => said.contains(STOPPING),
            };
            if is_time && let Some(signal) = signals.get(sent) {
                send(&child, signal).await?;
                sent += 1;
            }
        }
        anyhow::Ok(child.wait().await?.code())
    };
    let code = tokio::time::timeout(AT_ONCE, ended).await.context("it goes on")??;
    Ok((code, said))
}

async fn send(child: &Child, signal: &str) -> Result<()> {
    let id = child.id().context("it has ended already")?;
    let kill = tokio::process::Command::new("kill").args([&format!("-{signal}"), &id.to_string()]).status().await?;
    ensure!(kill.success(), "kill -{signal}: {kill}");
    Ok(())
}

/// Runs again after AWS has come to an end.
async fn completes(place: &ControlPlane) -> Result<()> {
    place.sandbox(&["advance", LONG])?;
    let url = format!("http://{}", place.address());
    succeeded(place.run(&url, &["provision", "--yes"]).await?, "the next run")?;
    let Output { status, .. } = place.run(&url, &["plan", "--check"]).await?;
    ensure!(status.success(), "`plan --check` ended with {status}");
    let found = place.account().await?.inventory().await?;
    for (beginning, times) in [("endpoint: ", 1), ("certificate of ", 2), ("association of ", 2), ("rule for ", 1)] {
        ensure!(found.count(beginning) == times, "`{beginning}` not {times} times: {found:#?}");
    }
    Ok(())
}

/// What a run says when it waits for its associations.
const WAITING: &[&str] = &["wait until the target network association"];
/// What it says when it has both certificates, and creates the endpoint.
const IMPORTED: &[&str] = &["done: import the server certificate", "done: import the client anchor"];
/// What it says after the first interrupt.
const STOPPING: &str = "Stopping after the call in flight; once more to stop at once.";
/// Seconds that an association takes: more than a test waits.
const LONG: &str = "600";
/// No run takes that long to begin, and to end when asked; the call that hangs takes longer.
const AT_ONCE: Duration = Duration::from_secs(10);
const INTERRUPTED: i32 = 130;
