//! `latchkey log`: every change leaves who made it and how it ended; one that was cut short leaves what was begun.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::{ControlPlane, succeeded},
    openssl,
    proxy::{Act, Moment, Point, Proxy, Strike},
    rehearsal::files,
};

#[tokio::test]
async fn every_change_is_logged_and_a_look_is_not() -> Result<()> {
    let place = provisioned().await?;
    place.sign("alice").await?;
    let serial = openssl::serial(place.path(), "alice.crt")?.to_lowercase();
    let before = ledger(&place)?;
    for arguments in
        [&["provision", "--yes"][..], &["plan"], &["status"], &["users"], &["log"], &["sign", "alice.csr", "--yes"]]
    {
        run(&place, arguments).await?;
    }
    ensure!(ledger(&place)? == before, "what changes nothing has written to the ledger");

    run(&place, &["invite", "bob"]).await?;
    run(&place, &["revoke", "alice", "--yes"]).await?;
    run(&place, &["rotate", "--yes"]).await?;
    run(&place, &["destroy", "--yes"]).await?;
    let log = log(&place, &[]).await?;
    let commands: Vec<&str> = log.iter().filter_map(|entry| entry["command"].as_str()).collect();
    ensure!(commands == ["provision", "sign", "invite", "revoke", "rotate", "destroy"], "{commands:?}");
    for entry in &log {
        ensure!(entry["outcome"] == "done" && entry["who"] == "admin" && entry["ended"].is_string(), "{entry:#}");
        let is_local = entry["command"] == "sign" || entry["command"] == "invite";
        let caller = entry["caller"].as_str().unwrap_or_default();
        ensure!(is_local != caller.starts_with("arn:aws:"), "who asked AWS: {entry:#}");
    }
    let [provision, sign, invite, revoke, ..] = log.as_slice() else { anyhow::bail!("{log:#?}") };
    ensure!(says(&provision["what"], "create the Client VPN endpoint"), "{provision:#}");
    ensure!(says(&provision["result"], "revocation list number 1"), "{provision:#}");
    ensure!(says(&sign["result"], &format!("certificate {serial} of alice.vpn.example.com")), "{sign:#}");
    ensure!(says(&invite["what"], "invite bob for 7 days"), "{invite:#}");
    let made = invite["result"][0].as_str().context("which invite")?;
    ensure!(made.starts_with("invite ") && made.ends_with(" of bob") && made.len() < 40, "{invite:#}");
    ensure!(says(&revoke["what"], &format!("revoke (unspecified) certificate {serial}")), "{revoke:#}");
    ensure!(says(&revoke["result"], "revocation list number 2, 2 entries"), "{revoke:#}");
    let of_alice = self::log(&place, &["--user", "alice", "--since", "1"]).await?;
    ensure!(of_alice == [sign.clone(), revoke.clone()], "{of_alice:#?}");
    Ok(())
}

#[tokio::test]
async fn a_failure_says_why_and_a_cut_leaves_what_was_begun() -> Result<()> {
    let place = provisioned().await?;
    place.sign("alice").await?;
    let failed = place.run("http://127.0.0.1:1", &["revoke", "alice", "--yes"]).await?;
    ensure!(failed.status.code() == Some(4), "{}", failed.status);

    let at = Point { operation: IMPORT.to_owned(), subject: String::new(), occurrence: 1 };
    let strike = Strike { at, times: 1, act: Act::Hold(Moment::Sent) };
    let proxy = Proxy::start(place.address(), std::time::Duration::ZERO, Some(strike)).await?;
    let mut child = place.latchkey(&proxy.url(), &["revoke", "alice", "--yes"]).stderr(Stdio::null()).spawn()?;
    proxy.reached().await;
    child.kill().await?;

    let log = log(&place, &[]).await?;
    let [.., failed, cut] = log.as_slice() else { anyhow::bail!("{log:#?}") };
    ensure!(failed["outcome"] == "failed" && failed["caller"].is_null(), "{failed:#}");
    let error = failed["error"].as_str().context("why")?;
    ensure!(error.contains("NOT in effect") && !error.contains('\n'), "{error}");
    ensure!(cut["outcome"] == "unknown" && cut["ended"].is_null(), "{cut:#}");
    let shown = run(&place, &["log"]).await?;
    ensure!(shown.contains("revoke alice.vpn.example.com\n") && shown.contains("was cut short"), "{shown}");
    Ok(())
}

async fn provisioned() -> Result<ControlPlane> {
    let place = ControlPlane::up("0")?;
    run(&place, &["provision", "--yes"]).await?;
    Ok(place)
}

async fn run(place: &ControlPlane, arguments: &[&str]) -> Result<String> {
    succeeded(place.run(&url(place), arguments).await?, &arguments.join(" "))
}

async fn log(place: &ControlPlane, arguments: &[&str]) -> Result<Vec<Value>> {
    Ok(serde_json::from_str(&run(place, &[&["log", "--json"], arguments].concat()).await?)?)
}

fn says(lines: &Value, words: &str) -> bool {
    lines.as_array().is_some_and(|lines| lines.iter().any(|line| line == words))
}

fn ledger(place: &ControlPlane) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    Ok(files(&place.path().join(".latchkey/demo/ledger"))?.into_iter().collect())
}

fn url(place: &ControlPlane) -> String {
    format!("http://{}", place.address())
}

const IMPORT: &str = "ImportClientVpnClientCertificateRevocationList";
