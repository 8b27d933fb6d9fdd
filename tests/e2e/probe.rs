//! Whether people get in, tried by `probe`: it finds what the console does not show.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    inventory::Account,
    openssl::{self, RSA_2048},
    rehearsal::{Rehearsal, write},
};

#[test]
fn a_probe_gets_in_over_both_transports_and_leaves_a_record() -> Result<()> {
    for transport in ["udp", "tcp"] {
        let rehearsal = Rehearsal::provisioned(transport)?;
        let probe: Value = serde_json::from_str(&rehearsal.run(&["probe", "--json"])?)?;
        ensure!(probe["connects"] == true && probe["routes"][0] == "10.1.0.0/16", "{transport}: {probe:#}");
        let serial = probe["serial"].as_str().context("a serial number")?;
        let record = rehearsal.path().join(format!(".latchkey/demo/ledger/issued/{serial}.json"));
        let record: Value = serde_json::from_slice(&std::fs::read(record)?)?;
        ensure!(record["role"] == "probe" && record["subject"] == "probe.vpn.example.com", "{record:#}");
    }
    Ok(())
}

#[test]
fn an_endpoint_that_lets_nobody_in_is_found_although_it_is_available() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    import(&rehearsal, &expired_crl(&rehearsal)?)?;
    let probe = rehearsal.try_run(&["probe", "--patience", "4"])?;
    let said = String::from_utf8_lossy(&probe.stderr);
    ensure!(probe.status.code() == Some(4), "{}: {said}", probe.status);
    ensure!(said.contains("does not accept a certificate that was issued a moment ago"), "{said}");

    let repaired = rehearsal.run(&["provision", "--probe"])?;
    ensure!(repaired.contains("a handshake succeeded"), "{repaired}");
    Ok(())
}

/// A CRL of the deployment's own CA that lasted a day, made by OpenSSL.
fn expired_crl(rehearsal: &Rehearsal) -> Result<String> {
    let folder = rehearsal.path();
    write(&folder.join("index.txt"), "")?;
    write(&folder.join("crlnumber"), "63\n")?;
    let sections = "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\ncrlnumber = crlnumber\ndefault_md = sha256\n\
                    crl_extensions = more\n[more]\nauthorityKeyIdentifier = keyid\n";
    write(&folder.join("ca.cnf"), sections)?;
    let ca = ["-keyfile", ".latchkey/demo/ledger/ca/ca.key", "-cert", ".latchkey/demo/ledger/ca/ca.crt"];
    let unlock = ["-passin", "file:.latchkey/demo/rehearsal-passphrase"];
    let time = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z"];
    openssl::run(folder, &[&["ca", "-gencrl", "-config", "ca.cnf"], &ca[..], &unlock, &time].concat())
}

/// Imports it as somebody may who does not use Latchkey for it.
fn import(rehearsal: &Rehearsal, crl: &str) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async { Account::of(&rehearsal.variables()?).await?.import_crl(crl).await })
}

#[test]
fn the_name_of_a_probe_is_nobody_s() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    openssl::request(rehearsal.path(), "probe", RSA_2048, "/CN=probe.vpn.example.com", &[])?;
    let signed = rehearsal.try_run(&["sign", "probe.csr", "--yes"])?;
    let said = String::from_utf8_lossy(&signed.stderr);
    ensure!(signed.status.code() == Some(3) && said.contains("is reserved"), "{}: {said}", signed.status);
    Ok(())
}
