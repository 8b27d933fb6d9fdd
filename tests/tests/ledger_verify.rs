//! `latchkey ledger verify` over a ledger as the commands write it, in a folder and in a bucket, and over what becomes of it.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::{ControlPlane, succeeded},
    moto::Moto,
    openssl,
    rehearsal::write,
};

#[tokio::test]
async fn what_the_commands_write_is_in_order_and_what_is_changed_is_found() -> Result<()> {
    let place = ControlPlane::up("0")?;
    live(&place, &[]).await?;
    let ledger = place.path().join(".latchkey/demo/ledger");
    let serial = openssl::serial(place.path(), "alice.crt")?.to_lowercase();
    let record = format!("issued/{serial}.json");

    let whole = fs::read_to_string(ledger.join(&record))?;
    write(&ledger.join(&record), whole.replace("\"alice.vpn", "\"bob.vpn"))?;
    write(&ledger.join("notes.txt"), "")?;
    let all = codes(&place).await?;
    // The index has the name that was there.
    let of_record = ["disagrees", "unindexed", "key-of-another"].map(|code| format!("{record} {code}"));
    ensure!(all == [&of_record[..], &["notes.txt foreign".to_owned()]].concat(), "{all:?}");
    write(&ledger.join(&record), whole)?;
    fs::remove_file(ledger.join("notes.txt"))?;

    // Half of a file, as a full disk or a copy that was cut short leaves it.
    let crl = fs::read_to_string(ledger.join("crl/2.pem"))?;
    write(&ledger.join("crl/2.pem"), crl.get(..crl.len() / 2).context("half a CRL")?)?;
    let all = codes(&place).await?;
    ensure!(all == ["crl/1.pem unlisted", "crl/2.pem damaged"], "{all:?}");
    write(&ledger.join("crl/2.pem"), crl)?;

    // A record without a CRL after it: the decision is not in effect, and the next run makes it so.
    place.sign("carol").await?;
    let cut = place.run("http://127.0.0.1:1", &["revoke", "carol", "--yes"]).await?;
    ensure!(cut.status.code() == Some(4), "{}", cut.status);
    ensure!(codes(&place).await? == ["crl/2.pem unlisted"], "{:?}", codes(&place).await?);
    run(&place, &[], &["provision", "--yes"]).await?;
    ensure!(codes(&place).await?.is_empty(), "{:?}", codes(&place).await?);
    Ok(())
}

#[tokio::test]
async fn a_bucket_is_verified_as_a_folder_is() -> Result<()> {
    let moto = Moto::up()?;
    moto.make_bucket("vpn-ledger")?;
    let place = ControlPlane::up("0")?;
    place.configure("file:.latchkey/demo/ledger", "s3://vpn-ledger/demo")?;
    live(&place, &[("AWS_ENDPOINT_URL_S3", &moto.url())]).await
}

/// A life through commands, with everything that writes to the ledger.
async fn live(place: &ControlPlane, environment: &[(&str, &str)]) -> Result<()> {
    run(place, environment, &["provision", "--yes"]).await?;
    for user in ["alice", "bob"] {
        openssl::request(place.path(), user, openssl::RSA_2048, &format!("/CN={user}.vpn.example.com"), &[])?;
        run(place, environment, &["sign", &format!("{user}.csr"), "--yes"]).await?;
    }
    run(place, environment, &["revoke", "bob", "--reason", "certificateHold", "--yes"]).await?;
    run(place, environment, &["rotate", "--yes"]).await?;
    let said = run(place, environment, &["ledger", "verify"]).await?;
    ensure!(
        said.contains("is in order") && said.contains("certificates: 5, decisions about them: 1, CRLs: 2"),
        "{said}"
    );
    Ok(())
}

async fn run(place: &ControlPlane, environment: &[(&str, &str)], arguments: &[&str]) -> Result<String> {
    let mut command = place.latchkey(&format!("http://{}", place.address()), arguments);
    succeeded(command.envs(environment.iter().copied()).output().await?, &arguments.join(" "))
}

/// Path and code of each finding. The exit code says whether there is one.
async fn codes(place: &ControlPlane) -> Result<Vec<String>> {
    let output = place.run("http://127.0.0.1:1", &["ledger", "verify", "--json"]).await?;
    let form: Value = serde_json::from_slice(&output.stdout)?;
    let findings = form["findings"].as_array().context("findings")?;
    let words = |it: &Value| Some(format!("{} {}", it["path"].as_str()?, it["code"].as_str()?));
    let codes: Vec<String> = findings.iter().filter_map(words).collect();
    let expected = if codes.is_empty() { 0 } else { 2 };
    ensure!(output.status.code() == Some(expected), "{}: {codes:?}", output.status);
    Ok(codes)
}
