//! Two admins provision the same deployment at the same instant.

use std::process::Output;

use anyhow::{Result, ensure};
use tests::{control_plane::ControlPlane, inventory::Inventory, rehearsal::write};

/// Where the two admins record what they do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ledger {
    /// Each in a folder of their own: each makes a CA.
    OfTheirOwn,
    /// Both in the same folder.
    Shared,
}

/// Runs both at once. One outcome, and whoever lost is told who won.
pub(crate) async fn run(ledger: Ledger) -> Result<String> {
    let place = ControlPlane::up("0")?;
    let url = format!("http://{}", place.address());
    if ledger == Ledger::Shared {
        let folder = place.path().join("shared-ledger");
        place.configure("file:.latchkey/demo/ledger", &format!("file:{}", folder.display()))?;
    }
    let config = std::fs::read_to_string(place.path().join("latchkey.toml"))?;
    let provision = async |admin: &str| -> Result<Output> {
        let folder = place.path().join(admin);
        std::fs::create_dir(&folder)?;
        write(&folder.join("latchkey.toml"), &config)?;
        let mut command = place.latchkey(&url, &["provision", "--yes"]);
        Ok(command.current_dir(&folder).env("USER", admin).output().await?)
    };
    let (first, second) = futures::try_join!(provision(FIRST), provision(SECOND))?;
    let after = place.account().await?.inventory().await?;
    let story = format!("{}{}\n  there is then\n{}", told(FIRST, &first), told(SECOND, &second), listed(&after));

    for (beginning, times) in [("endpoint: ", 1), ("certificate of ", 2), ("association ", 2), ("rule ", 1)] {
        let found = after.count(beginning);
        ensure!(found == times, "`{beginning}` is there {found} times instead of {times}{story}");
    }
    let won = [&first, &second].iter().filter(|output| output.status.success()).count();
    ensure!(won > 0, "nobody won{story}");
    ensure!(ledger == Ledger::Shared || won == 1, "there are two CAs, and nobody lost{story}");
    for (loser, output, winner) in [(FIRST, &first, SECOND), (SECOND, &second, FIRST)] {
        if output.status.success() {
            continue;
        }
        ensure!(output.status.code().is_some_and(|code| CLEAN.contains(&code)), "{loser} does not end cleanly{story}");
        ensure!(
            String::from_utf8_lossy(&output.stderr).contains(winner),
            "{loser} is not told that {winner} won{story}"
        );
    }
    Ok(story)
}

fn told(admin: &str, Output { status, stderr, .. }: &Output) -> String {
    let said = String::from_utf8_lossy(stderr);
    let lines = said.lines().filter(|line| !line.is_empty() && !line.starts_with(' '));
    format!("\n  {admin} ended with {status}: {}", lines.collect::<Vec<_>>().join(" / "))
}

fn listed(inventory: &Inventory) -> String {
    let lines = inventory.0.iter().filter(|line| !line.starts_with("endpoint's")).map(|line| format!("    {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

const FIRST: &str = "first-admin";
const SECOND: &str = "second-admin";
/// Exit codes of a command that says what is the matter: usage, policy, AWS, drift.
const CLEAN: [i32; 4] = [2, 3, 4, 5];
