//! Users of easy-rsa connect to the new endpoint with the certificates that they have.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    easy_rsa::EasyRsa,
    rehearsal::{Rehearsal, write},
};

#[test]
fn an_old_certificate_connects_to_the_new_endpoint_and_a_revoked_one_does_not() -> Result<()> {
    let rehearsal = Rehearsal::new("udp")?;
    let old = EasyRsa::new(rehearsal.path(), &[])?;
    old.run(&["--req-cn=VPN CA", "build-ca", "nopass"])?;
    old.issue(&["alice.vpn.example.com", "bob"])?;
    let identities = ["alice.vpn.example.com", "bob"].map(|name| -> Result<(String, String)> {
        let read = |file: String| fs::read_to_string(old.pki().join(&file)).context(file);
        Ok((read(format!("issued/{name}.crt"))?, read(format!("private/{name}.key"))?))
    });
    old.run(&["revoke", "bob"])?;
    rehearsal.run(&["adopt", "easy-rsa/pki"])?;
    rehearsal.run(&["provision"])?;

    let exported = fs::read_to_string(rehearsal.path().join(".latchkey/demo/client-configuration.ovpn"))?;
    let mut reports = Vec::new();
    for identity in identities {
        let (cert, key) = identity?;
        let profile = format!("{exported}\n<cert>\n{cert}</cert>\n<key>\n{key}</key>\n");
        write(&rehearsal.path().join("old.ovpn"), profile)?;
        let output = rehearsal.try_run(&["sandbox", "connect", "old.ovpn", "--json"])?;
        let report: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        reports.push(report);
    }
    ensure!(reports[0]["connected"] == true, "alice: {:#}", reports[0]);
    ensure!(reports[1]["reason"] == "the certificate is revoked", "bob: {:#}", reports[1]);
    Ok(())
}
