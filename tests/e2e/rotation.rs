//! A new server certificate in the place of the old one: whoever has a profile does not notice.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    openssl::{self, RSA_2048},
    rehearsal::{Rehearsal, files, write},
};

#[test]
fn the_same_profile_connects_after_a_rotation() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let folder = rehearsal.path();
    openssl::request(folder, "alice", RSA_2048, "/CN=alice.vpn.example.com", &[])?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    let read = |file: &str| fs::read_to_string(folder.join(file)).with_context(|| file.to_owned());
    let exported = read(".latchkey/demo/client-configuration.ovpn")?;
    let (cert, key) = (read("alice.crt")?, read("alice.key")?);
    write(&folder.join("alice.ovpn"), format!("{exported}\n<cert>\n{cert}</cert>\n<key>\n{key}</key>\n"))?;
    reaches_the_private_hosts(&rehearsal).context("before the rotation")?;

    let before = certificates_of_servers(&rehearsal)?;
    rehearsal.run(&["rotate"])?;
    let after = certificates_of_servers(&rehearsal)?;
    ensure!(before.is_subset(&after) && after.len() == before.len() + 1, "before {before:?}, after {after:?}");
    reaches_the_private_hosts(&rehearsal).context("after the rotation")?;
    rehearsal.run(&["rotate", "anchor"])?;
    reaches_the_private_hosts(&rehearsal).context("with another anchor")?;
    rehearsal.run(&["export"])?;
    ensure!(read(".latchkey/demo/client-configuration.ovpn")? == exported, "another client configuration");
    Ok(())
}

fn reaches_the_private_hosts(rehearsal: &Rehearsal) -> Result<()> {
    let report: Value = serde_json::from_str(&rehearsal.run(&["sandbox", "connect", "alice.ovpn", "--json"])?)?;
    let hosts = report["private_hosts"].as_array().context("the private hosts")?;
    let reached = !hosts.is_empty() && hosts.iter().all(|host| host["reachable"] == true);
    ensure!(report["connected"] == true && reached, "{report:#}");
    Ok(())
}

/// The serial numbers of all server certificates that were ever issued.
fn certificates_of_servers(rehearsal: &Rehearsal) -> Result<BTreeSet<String>> {
    let ledger = rehearsal.path().join(".latchkey/demo/ledger/issued");
    let mut serials = BTreeSet::new();
    for (file, content) in files(&ledger)? {
        let issued: Value = serde_json::from_slice(&content).with_context(|| file.display().to_string())?;
        if issued["role"] == "server" {
            serials.insert(issued["serial"].as_str().context("a serial number")?.to_owned());
        }
    }
    Ok(serials)
}
