//! Two admins provision the same deployment at the same instant.

use std::process::Output;

use anyhow::{Result, ensure};
use tests::{
    control_plane::{ControlPlane, succeeded},
    inventory::Inventory,
    rehearsal::write,
};

/// Where the two admins record what they do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ledger {
    /// Each in a folder of their own: each makes a CA.
    OfTheirOwn,
    /// Both in the same folder, in which nothing is yet.
    Shared,
    /// Both in the same folder, which has a CA: neither has to make one, and their first changing calls are imports.
    SharedWithCa,
}

pub(crate) const ROWS: [(&str, Ledger); 3] = [
    ("two-admins", Ledger::OfTheirOwn),
    ("two-admins-one-ledger", Ledger::Shared),
    ("two-admins-one-ca", Ledger::SharedWithCa),
];

/// Runs both at once. One outcome, and whoever lost is told who won.
pub(crate) async fn run(ledger: Ledger) -> Result<String> {
    let place = ControlPlane::up("0")?;
    let url = format!("http://{}", place.address());
    let shared = format!("file:{}", place.path().join("shared-ledger").display());
    if ledger != Ledger::OfTheirOwn {
        place.configure(LEDGER, &shared)?;
    }
    if ledger == Ledger::SharedWithCa {
        let lost = ControlPlane::up("0")?;
        lost.configure(LEDGER, &shared)?;
        let url = format!("http://{}", lost.address());
        succeeded(lost.run(&url, &["provision", "--yes"]).await?, "provisioning an account that is lost then")?;
    }
    let config = std::fs::read_to_string(place.path().join("latchkey.toml"))?;
    let provision = async |admin: &str| -> Result<Output> {
        let folder = place.path().join(admin);
        std::fs::create_dir_all(&folder)?;
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
    ensure!(ledger != Ledger::OfTheirOwn || won == 1, "there are two CAs, and nobody lost{story}");
    for (loser, output, winner) in [(FIRST, &first, SECOND), (SECOND, &second, FIRST)] {
        if output.status.success() {
            continue;
        }
        ensure!(output.status.code().is_some_and(|code| CLEAN.contains(&code)), "{loser} does not end cleanly{story}");
        ensure!(
            String::from_utf8_lossy(&output.stderr).contains(winner),
            "{loser} is not told that {winner} won{story}"
        );
        let again = provision(loser).await?;
        let difference = place.account().await?.inventory().await?.difference(&after);
        ensure!(difference.is_empty(), "{loser} runs it again and changes\n{difference}{}", told(loser, &again));
        let may_go_on = ledger != Ledger::OfTheirOwn;
        ensure!(again.status.success() == may_go_on, "{loser} runs it again{}", told(loser, &again));
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
const LEDGER: &str = "file:.latchkey/demo/ledger";
/// Exit codes of a command that says what is the matter: usage, policy, AWS, drift.
const CLEAN: [i32; 4] = [2, 3, 4, 5];
