//! The passphrase of the CA's key: where it comes from, and what a wrong one must not do.

use std::process::Output;

use anyhow::{Result, ensure};
use tests::{
    control_plane::{ControlPlane, succeeded},
    openssl,
    rehearsal::{binary, files, write},
};

#[tokio::test]
async fn a_wrong_one_is_told_before_anything_is_recorded() -> Result<()> {
    let place = ControlPlane::up("0")?;
    let url = format!("http://{}", place.address());
    succeeded(place.run(&url, &["provision", "--yes"]).await?, "provision")?;
    place.sign("alice").await?;
    openssl::request(place.path(), "bob", openssl::RSA_2048, "/CN=bob.vpn.example.com", &[])?;
    let ledger = place.path().join(".latchkey/demo/ledger");
    // That somebody has tried is in the log, and is to be.
    let recorded = || -> Result<Vec<_>> {
        let mut files = files(&ledger)?;
        files.retain(|(path, _)| !path.starts_with(ledger.join("log")));
        Ok(files)
    };
    let before = recorded()?;
    for command in [["revoke", "alice", "--yes"].as_slice(), &["sign", "bob.csr", "--yes"], &["rotate", "--yes"]] {
        let refused = place.latchkey(&url, command).env("LATCHKEY_CA_PASSPHRASE", "of another").output().await?;
        said(&refused, 2, "the passphrase does not open the CA key")?;
        ensure!(recorded()? == before, "{command:?} has changed the ledger");
    }
    ensure!(!place.path().join("bob.crt").exists(), "there is a certificate for bob");
    Ok(())
}

#[tokio::test]
async fn it_is_read_from_a_file_descriptor_before_the_environment() -> Result<()> {
    let place = ControlPlane::up("0")?;
    write(&place.path().join("passphrase"), "of a test\n")?;
    let through = async |descriptor: &str, redirection: &str, command: &str| -> Result<Output> {
        let mut shell = tokio::process::Command::new("/bin/sh");
        let latchkey = binary("latchkey");
        let line = format!("exec {} {command} --passphrase-fd {descriptor} {redirection}", latchkey.display());
        shell.args(["-c", &line]).current_dir(place.path()).stdin(std::process::Stdio::null());
        shell.env_clear().envs(place.environment()).env("LATCHKEY_CA_PASSPHRASE", "of nobody");
        Ok(shell.output().await?)
    };
    succeeded(through("3", "3<passphrase", "provision --yes").await?, "provision")?;
    // What the environment of `sign` holds is what the descriptor said.
    place.sign("alice").await?;
    succeeded(through("0", "<passphrase", "rotate --yes").await?, "rotate, by standard input")?;
    said(&through("7", "", "rotate --yes").await?, 2, "cannot read the passphrase from file descriptor 7")?;
    said(&through("3", "3</dev/null", "rotate --yes").await?, 2, "there is no passphrase to read")
}

fn said(output: &Output, code: i32, words: &str) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(code) && said.contains(words),
        "{}: it does not say `{words}`:\n{said}",
        output.status
    );
    Ok(())
}
