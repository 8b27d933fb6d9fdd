//! A new key for the same user, on an endpoint: the older certificate goes when it is said to, and only that.

use std::{process::Output, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::{ControlPlane, succeeded},
    openssl::{self, RSA_2048},
};

#[tokio::test]
async fn what_a_user_had_before_is_revoked_with_the_renewal_where_that_is_said() -> Result<()> {
    let place = ControlPlane::up("0")?;
    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    for user in ["alice", "bob", "carol"] {
        place.sign(user).await?;
    }
    std::fs::create_dir(place.path().join("new"))?;
    for user in ["alice", "bob"] {
        let subject = format!("/CN={user}.vpn.example.com");
        openssl::request(place.path(), &format!("new/{user}"), RSA_2048, &subject, &[])?;
    }

    // Which is the older one, records say in seconds.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let signed = run(&place, &["sign", "new", "--yes"]).await?;
    let told = String::from_utf8_lossy(&signed.stderr).into_owned();
    succeeded(signed, "sign")?;
    ensure!(told.contains("There are 2 older certificates that are still valid"), "{told}");
    ensure!(locked_out(&place, &["alice", "bob", "carol", "new/alice"]).await?.is_empty(), "revoked unsaid");

    let again = run(&place, &["sign", "new", "--yes", "--json", "--revoke-older"]).await?;
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    let rows: Value = serde_json::from_str(&succeeded(again, "sign again")?)?;
    ensure!(rows[0]["result"] == "again" && rows[1]["result"] == "again", "{rows:#}");
    ensure!(
        told.contains("Revoked (superseded): alice.vpn.example.com, bob.vpn.example.com can connect with other"),
        "{told}"
    );
    let out = locked_out(&place, &["alice", "bob", "carol", "new/alice", "new/bob"]).await?;
    ensure!(out == ["alice", "bob"], "on the CRL are {out:?}");

    let once_more = run(&place, &["sign", "new/alice.csr", "--out", "new/alice.crt", "--revoke-older"]).await?;
    ensure!(String::from_utf8_lossy(&once_more.stderr).contains("no older certificate"), "{once_more:?}");
    // The older request is signed no more, and takes nothing from the newer one.
    let older = run(&place, &["sign", "alice.csr", "--out", "alice.crt", "--yes", "--revoke-older"]).await?;
    ensure!(older.status.code() == Some(3), "{older:?}");
    ensure!(locked_out(&place, &["new/alice"]).await?.is_empty(), "the new one was revoked");
    succeeded(run(&place, &["plan", "--check"]).await?, "`plan --check`").map(drop)
}

async fn run(place: &ControlPlane, arguments: &[&str]) -> Result<Output> {
    place.run(&format!("http://{}", place.address()), arguments).await
}

/// Those of the names whose certificates are on the CRL that the service has.
async fn locked_out<'a>(place: &ControlPlane, names: &[&'a str]) -> Result<Vec<&'a str>> {
    let listed = place.locked_out().await?;
    let mut out = Vec::new();
    for name in names {
        let serial = openssl::serial(place.path(), &format!("{name}.crt")).with_context(|| (*name).to_owned())?;
        if listed.contains(&serial) {
            out.push(*name);
        }
    }
    Ok(out)
}
