//! `revoke` where something stands in its way: it says who can still connect, and the next run finishes it.

use std::{fs, process::Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::{ControlPlane, succeeded},
    openssl,
};

#[tokio::test]
async fn out_of_reach_of_aws_it_is_recorded_and_said_not_to_be_in_effect() -> Result<()> {
    let place = with_users().await?;
    let nowhere = place.latchkey("http://127.0.0.1:1", &["revoke", "alice", "--yes"]).output().await?;
    ends_with(&nowhere, 4, "NOT in effect: they can still connect")?;
    ensure!(!is_locked_out(&place, "alice").await?, "nothing has reached the endpoint");
    // The ledger knows: her key gets no second certificate.
    ends_with(&run(&place, &["sign", "alice.csr", "--out", "again.crt", "--yes"]).await?, 3, "was revoked")?;

    let receipt = succeeded(run(&place, &["revoke", "alice", "--yes"]).await?, "revoke again")?;
    ensure!(receipt.contains("number 2, 2 entries, in effect after"), "{receipt}");
    ensure!(is_locked_out(&place, "alice").await? && !is_locked_out(&place, "bob").await?, "alice and nobody else");
    let receipt = succeeded(run(&place, &["revoke", "alice", "--yes"]).await?, "revoke once more")?;
    ensure!(receipt.contains("number 2, 2 entries, in effect before"), "nothing is imported again: {receipt}");
    Ok(())
}

#[tokio::test]
async fn without_an_endpoint_the_next_one_has_the_crl_from_its_beginning() -> Result<()> {
    let place = with_users().await?;
    succeeded(run(&place, &["destroy", "--yes"]).await?, "destroy")?;
    ends_with(&run(&place, &["revoke", "alice", "--yes"]).await?, 4, "there is no endpoint of `demo`")?;
    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    ensure!(is_locked_out(&place, "alice").await? && !is_locked_out(&place, "bob").await?, "alice and nobody else");
    Ok(())
}

/// A backup that is older than the last revocation: `bob` is revoked, and that must not let `alice` in again.
#[tokio::test]
async fn a_ledger_that_has_forgotten_somebody_lets_nobody_in_again() -> Result<()> {
    let place = with_users().await?;
    let ledger = place.path().join(".latchkey/demo/ledger");
    succeeded(run(&place, &["revoke", "alice", "--yes"]).await?, "revoke")?;
    fs::remove_dir_all(ledger.join("revoked"))?;
    fs::remove_file(ledger.join("crl/2.pem"))?;

    let alice = openssl::serial(place.path(), "alice.crt")?.to_lowercase();
    let refused = run(&place, &["revoke", "bob", "--yes"]).await?;
    ends_with(&refused, 4, &format!("its own would let in again: {alice}"))?;
    ends_with(&run(&place, &["provision", "--yes"]).await?, 4, "its own would let in again")?;
    ensure!(is_locked_out(&place, "alice").await?, "alice was let in again");

    let receipt = succeeded(run(&place, &["revoke", "--serial", &alice, "--yes"]).await?, "recording her again")?;
    ensure!(receipt.contains("number 3, 3 entries"), "the number rises over what the endpoint has: {receipt}");
    ensure!(is_locked_out(&place, "alice").await? && is_locked_out(&place, "bob").await?, "both are locked out");
    Ok(())
}

#[tokio::test]
async fn only_a_hold_can_be_undone_and_users_say_why() -> Result<()> {
    let place = with_users().await?;
    let revoke = async |arguments: &[&str]| run(&place, &[&["revoke"], arguments, &["--yes"]].concat()).await;
    ends_with(&revoke(&["carol"]).await?, 2, "`carol` was never issued a certificate")?;
    ends_with(&revoke(&["alice", "--undo"]).await?, 2, "is not on hold")?;
    ends_with(&revoke(&["alice", "--reason", "boredom"]).await?, 2, "is no reason")?;
    succeeded(revoke(&["alice", "--reason", "certificateHold"]).await?, "hold")?;
    succeeded(revoke(&["bob", "--reason", "keyCompromise"]).await?, "revoke")?;
    ensure!(states(&place).await? == ["alice revoked certificateHold", "bob revoked keyCompromise"], "both revoked");
    let again = succeeded(revoke(&["bob"]).await?, "again, for no reason")?;
    ensure!(again.starts_with("Revoked (keyCompromise)"), "the reason stays: {again}");
    ends_with(&revoke(&["bob", "--undo"]).await?, 3, "only `certificateHold` can be undone")?;
    succeeded(revoke(&["alice", "--undo"]).await?, "undo")?;
    ensure!(states(&place).await? == ["alice valid -", "bob revoked keyCompromise"], "alice is back");
    ensure!(!is_locked_out(&place, "alice").await? && is_locked_out(&place, "bob").await?, "at the endpoint, too");
    Ok(())
}

/// Eight admins with one ledger revoke a user each at the same instant.
#[tokio::test]
async fn of_many_who_revoke_at_once_nobody_is_lost() -> Result<()> {
    let place = ControlPlane::up("0")?;
    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    let users: Vec<String> = (0..8).map(|n| format!("user{n}")).collect();
    for user in &users {
        place.sign(user).await?;
    }
    let revoked = futures::future::join_all(users.iter().map(async |user| {
        let output = run(&place, &["revoke", user, "--yes"]).await?;
        succeeded(output, user).map(drop)
    }));
    let results: Vec<Result<()>> = revoked.await;
    for result in results {
        result?;
    }
    for user in &users {
        ensure!(is_locked_out(&place, user).await?, "{user} was told to be revoked, and is not on the CRL");
    }
    succeeded(run(&place, &["ledger", "verify"]).await?, "`ledger verify`")?;
    succeeded(run(&place, &["plan", "--check"]).await?, "`plan --check`").map(drop)
}

async fn with_users() -> Result<ControlPlane> {
    let place = ControlPlane::up("0")?;
    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    place.sign("alice").await?;
    place.sign("bob").await?;
    Ok(place)
}

async fn run(place: &ControlPlane, arguments: &[&str]) -> Result<Output> {
    place.run(&format!("http://{}", place.address()), arguments).await
}

async fn is_locked_out(place: &ControlPlane, user: &str) -> Result<bool> {
    let serial = openssl::serial(place.path(), &format!("{user}.crt"))?;
    Ok(place.locked_out().await?.contains(&serial))
}

async fn states(place: &ControlPlane) -> Result<Vec<String>> {
    let users: Value = serde_json::from_str(&succeeded(run(place, &["users", "--json"]).await?, "users")?)?;
    let word = |user: &Value, key: &str| user[key].as_str().unwrap_or("-").to_owned();
    let users = users.as_array().context("a list")?.iter();
    Ok(users.map(|user| ["username", "state", "reason"].map(|key| word(user, key)).join(" ")).collect())
}

fn ends_with(output: &Output, code: i32, words: &str) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(code), "it ended with {}:\n{said}", output.status);
    ensure!(said.contains(words), "it does not say `{words}`:\n{said}");
    ensure!(output.stdout.is_empty(), "there is no receipt for what is not done");
    Ok(())
}
