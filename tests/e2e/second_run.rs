//! Provisioning again finds everything there.

use anyhow::{Result, ensure};
use tests::rehearsal::Rehearsal;

#[test]
fn a_second_run_changes_nothing() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let first = rehearsal.calls()?.len();
    let before = rehearsal.files()?;
    rehearsal.run(&["provision"])?;
    let calls = rehearsal.calls()?;
    let second = calls.get(first..).unwrap_or_default();
    ensure!(!second.is_empty(), "the second run did not look");
    let changing: Vec<_> = second.iter().filter(|call| call["changes"] == true).collect();
    ensure!(changing.is_empty(), "the second run changed something: {changing:?}");
    let ledger = |files: &[(std::path::PathBuf, Vec<u8>)]| -> Vec<_> {
        files.iter().filter(|(file, _)| file.components().any(|part| part.as_os_str() == "ledger")).cloned().collect()
    };
    ensure!(ledger(&before) == ledger(&rehearsal.files()?), "the second run wrote to the ledger");
    Ok(())
}

#[test]
fn a_sandbox_that_lost_everything_is_provisioned_anew_under_the_same_ca() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let ca = std::fs::read(rehearsal.path().join(".latchkey/demo/ledger/ca/ca.crt"))?;
    rehearsal.run(&["sandbox", "down"])?;
    rehearsal.run(&["provision"])?;
    ensure!(ca == std::fs::read(rehearsal.path().join(".latchkey/demo/ledger/ca/ca.crt"))?, "the CA changed");
    Ok(())
}
