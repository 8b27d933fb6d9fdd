//! Stock clients are connected; one of them is revoked.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::rehearsal::Rehearsal;

use crate::client::{connect, connections, is_connected, profile, until};

#[test]
fn a_revoked_user_is_cut_off_for_good_and_another_is_not() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    for user in ["alice", "bob"] {
        profile(&rehearsal, user)?;
    }
    let (_alice, _bob) = (connect(&rehearsal, "alice")?, connect(&rehearsal, "bob")?);
    let receipt = rehearsal.run(&["revoke", "alice", "--reason", "keyCompromise"])?;
    ensure!(receipt.contains("connections ended  1") && receipt.contains("connections reset  2"), "{receipt}");

    // Her client goes on trying, his comes again.
    until("the other one's client", || is_connected(&rehearsal, "bob"))?;
    until("the end of her connection", || {
        let hers = connections(&rehearsal, &["--all"])?.into_iter().filter(|it| it["user"] == "alice");
        Ok(hers.map(|it| it["status"] == "terminated").collect::<Vec<_>>() == [true])
    })?;
    let report = tried(&rehearsal, "alice")?;
    ensure!(report["connected"] == false && report["reason"] == "the certificate is revoked", "{report:#}");
    ensure!(tried(&rehearsal, "bob")?["connected"] == true, "the other one connects anew, too");
    let all = connections(&rehearsal, &["--all"])?;
    ensure!(all.iter().filter(|it| it["user"] == "alice").count() == 1, "she was in again: {all:#?}");
    rehearsal.run(&["plan", "--check"]).map(drop)
}

#[test]
fn whoever_is_on_hold_stays_out_until_it_is_undone() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("tcp")?;
    profile(&rehearsal, "alice")?;
    ensure!(tried(&rehearsal, "alice")?["connected"] == true, "to begin with");
    rehearsal.run(&["revoke", "alice", "--reason", "certificateHold"])?;
    let report = tried(&rehearsal, "alice")?;
    ensure!(report["connected"] == false && report["reason"] == "the certificate is revoked", "{report:#}");
    rehearsal.run(&["revoke", "alice", "--undo"])?;
    ensure!(tried(&rehearsal, "alice")?["connected"] == true, "after the hold");
    Ok(())
}

/// What a new attempt with the user's profile comes to.
fn tried(rehearsal: &Rehearsal, user: &str) -> Result<Value> {
    let output = rehearsal.try_run(&["sandbox", "connect", &format!("{user}.ovpn"), "--json"])?;
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).with_context(|| format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}
