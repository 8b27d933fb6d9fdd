//! `cargo xtask test faults`: whatever happens on the way, a command ends with one correct outcome.
//!
//! Every call of every scenario is a point at which the command is killed, in three ways, and at which the call goes
//! wrong, in four. Each point has a sandbox of its own, without data plane. Names of rows as arguments run these alone.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod scenarios;

mod baseline;

mod kills;

mod faults;

mod matrix;

mod critical_path;

mod second_run;

mod two_admins;

mod revoke_beside_sign;

use std::{process::ExitCode, time::Instant};

use anyhow::Result;

use crate::{matrix::Tally, scenarios::SCENARIOS};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    let begin = Instant::now();
    let mut tally = Tally::default();
    if is_wanted("second-run") {
        tally.one("second-run", second_run::run().await);
    }
    // It passes always, and its figure is worth something on an idle machine only: `cargo xtask bench` runs it.
    if wanted.iter().any(|name| name == "critical-path") {
        tally.one("critical-path", critical_path::run().await);
    }
    for scenario in SCENARIOS.iter().filter(|scenario| is_wanted(scenario.name)) {
        if let Err(error) = matrix::run(scenario, &mut tally).await {
            tally.one::<&str>(scenario.name, Err(error));
        }
    }
    for (name, ledger) in two_admins::ROWS {
        if is_wanted(name) {
            tally.one(name, two_admins::run(ledger).await);
        }
    }
    if is_wanted("revoke-beside-sign") {
        tally.one("revoke-beside-sign", revoke_beside_sign::run().await);
    }
    let Tally { passed, failed } = tally;
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    // The line that `cargo test` ends with, so that whoever counts tests counts points.
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out; finished in {:.2}s",
        begin.elapsed().as_secs_f64()
    );
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
