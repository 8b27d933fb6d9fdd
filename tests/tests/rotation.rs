//! New certificates in the place of old ones, and a new CA beside the old one: nobody is locked out on the way.

use std::{fs, path::Path, process::Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::{ControlPlane, succeeded},
    openssl,
    rehearsal::files,
};

#[tokio::test]
async fn a_new_anchor_takes_the_old_one_s_place_and_both_are_on_the_crl() -> Result<()> {
    let place = ControlPlane::up("0")?;
    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    place.sign("alice").await?;
    let before = certificates(&place).await?;
    let receipt = succeeded(run(&place, &["rotate", "anchor", "--yes"]).await?, "rotate anchor")?;
    ensure!(
        receipt.contains("client anchor of `demo` is renewed") && receipt.contains("anchor.vpn.example.com"),
        "{receipt}"
    );
    ensure!(certificates(&place).await? == before, "the certificates in ACM have other ARNs");
    let (anchors, listed) = (serials(&place, "anchor")?, place.locked_out().await?);
    ensure!(anchors.len() == 2 && anchors.iter().all(|it| listed.contains(it)), "{anchors:?} on {listed:?}");
    ensure!(!listed.contains(&openssl::serial(place.path(), "alice.crt")?), "alice is locked out");
    succeeded(run(&place, &["plan", "--check"]).await?, "plan --check")?;

    succeeded(run(&place, &["rotate", "server", "--yes"]).await?, "rotate server")?;
    ensure!(serials(&place, "server")?.len() == 2, "one more server certificate");
    ensure!(serials(&place, "anchor")?.len() == 2, "and no other anchor");
    succeeded(run(&place, &["plan", "--check"]).await?, "plan --check").map(drop)
}

#[tokio::test]
async fn a_new_ca_stands_beside_the_old_one_until_everybody_has_moved() -> Result<()> {
    let place = ControlPlane::up("0")?;
    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    place.sign("alice").await?;
    let old_ledger = files(&place.path().join(".latchkey/demo/ledger"))?;
    let output = run(&place, &["rotate", "ca"]).await?;
    let advice = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(succeeded(output, "rotate ca")?.trim() == "demo-2.toml", "the file's name");
    ensure!(advice.contains("latchkey provision --config demo-2.toml"), "{advice}");
    succeeded(run(&place, &["rotate", "ca"]).await?, "rotate ca, again")?;

    let next = async |arguments: &[&str]| run(&place, &[&["--config", "demo-2.toml"], arguments].concat()).await;
    succeeded(next(&["provision", "--yes"]).await?, "provision the successor")?;
    ensure!(place.account().await?.crls().await?.len() == 2, "two endpoints stand side by side");
    succeeded(run(&place, &["plan", "--check"]).await?, "the old deployment is as it was")?;
    ensure!(files(&place.path().join(".latchkey/demo/ledger"))? == old_ledger, "the old ledger is as it was");

    // Alice moves: a new key, signed by the new CA.
    openssl::request(place.path(), "moved", openssl::RSA_2048, "/CN=alice.vpn.example.com", &[])?;
    succeeded(next(&["sign", "moved.csr", "--out", "moved.crt", "--yes"]).await?, "sign")?;
    let verify = |deployment: &str, file: &str| {
        let ca = format!(".latchkey/{deployment}/ledger/ca/ca.crt");
        openssl::run(place.path(), &["verify", "-purpose", "sslclient", "-CAfile", &ca, file])
    };
    verify("demo", "alice.crt")?;
    verify("demo-2", "moved.crt")?;
    ensure!(verify("demo", "moved.crt").is_err() && verify("demo-2", "alice.crt").is_err(), "each under its own CA");

    succeeded(run(&place, &["destroy", "--yes"]).await?, "destroy the old deployment")?;
    ensure!(place.account().await?.crls().await?.len() == 1, "the successor's endpoint stays");
    succeeded(next(&["plan", "--check"]).await?, "the successor is as it was").map(drop)
}

/// The ARNs and uses in ACM, one a line.
async fn certificates(place: &ControlPlane) -> Result<Vec<String>> {
    let inventory = place.account().await?.inventory().await?;
    Ok(inventory.0.into_iter().filter(|line| line.starts_with("certificate of ")).collect())
}

/// The serial numbers of all certificates of this role that were ever issued, as OpenSSL writes them.
fn serials(place: &ControlPlane, role: &str) -> Result<Vec<String>> {
    let folder: &Path = &place.path().join(".latchkey/demo/ledger/issued");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let issued: Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
        if issued["role"] == role {
            let serial = issued["serial"].as_str().context("a serial number")?.to_uppercase();
            // OpenSSL writes no zeros in front, but whole octets.
            let short = serial.trim_start_matches("00");
            found.push(short.to_owned());
        }
    }
    Ok(found)
}

async fn run(place: &ControlPlane, arguments: &[&str]) -> Result<Output> {
    place.run(&format!("http://{}", place.address()), arguments).await
}
