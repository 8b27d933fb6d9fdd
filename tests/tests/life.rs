//! The acceptance run, on the sandbox: the same code that `cargo xtask test aws` runs on AWS.

use std::{cell::RefCell, fs};

use anyhow::{Result, ensure};
use tests::{
    acceptance::{Acceptance, Verdict},
    control_plane::ControlPlane,
    inventory::Inventory,
    trial::{CONFIG, Trial},
};

#[tokio::test]
async fn a_deployment_lives_and_leaves_nothing() -> Result<()> {
    let place = place(&[])?;
    let said = RefCell::new(String::new());
    let verdict = run(&place, true, &said).await?;
    ensure!(verdict == Verdict::Passed, "{verdict:?}");
    nothing_is_left(&place).await
}

#[tokio::test]
async fn without_consent_it_is_said_what_it_would_cost_and_nothing_is_done() -> Result<()> {
    let place = place(&[])?;
    let said = RefCell::new(String::new());
    let verdict = run(&place, false, &said).await?;
    ensure!(verdict == Verdict::NotAgreed, "{verdict:?}");
    let said = said.into_inner();
    for words in ["`demo-acceptance` in eu-central-1", "+ Client VPN endpoint", "not known here for eu-central-1"] {
        ensure!(said.contains(words), "it does not say `{words}`: {said}");
    }
    let calls = fs::read_to_string(place.path().join(".latchkey/sandbox/requests.jsonl"))?;
    ensure!(!calls.contains("\"changes\":true"), "{calls}");
    nothing_is_left(&place).await
}

#[tokio::test]
async fn what_fails_in_the_middle_is_cleared_away() -> Result<()> {
    let place = place(&["--quota", "rules=0"])?;
    let failed = run(&place, true, &RefCell::default()).await;
    let error = failed.err().map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(error.starts_with("failed; everything that was made is deleted again: from nothing to"), "{error}");
    let calls = fs::read_to_string(place.path().join(".latchkey/sandbox/requests.jsonl"))?;
    ensure!(calls.contains("\"DeleteClientVpnEndpoint\""), "there was nothing to clear away: {error}");
    nothing_is_left(&place).await
}

async fn run(place: &ControlPlane, is_agreed: bool, said: &RefCell<String>) -> Result<Verdict> {
    let config = place.path().join(CONFIG);
    let trial = Trial::of(&fs::read_to_string(&config)?)?;
    let acceptance = Acceptance { config, environment: place.environment(), is_agreed, is_watched: false };
    acceptance.run(trial, place.account().await?, |text| said.borrow_mut().push_str(text)).await
}

/// A sandbox, with a configuration as for AWS.
fn place(options: &[&str]) -> Result<ControlPlane> {
    let place = ControlPlane::up_with("1", options)?;
    place.configure("target = \"sandbox\"", "target = \"aws\"")?;
    Ok(place)
}

async fn nothing_is_left(place: &ControlPlane) -> Result<()> {
    let left = place.account().await?.inventory().await?;
    ensure!(left == Inventory::default(), "{left:#?}");
    ensure!(!place.path().join(".latchkey/acceptance").exists(), "the folder is still there");
    Ok(())
}
