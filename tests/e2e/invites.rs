//! Invites without the page: requests made by OpenSSL, with the secret as their challenge password.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::succeeded,
    invitation::Given,
    openssl::{self, RSA_2048},
    rehearsal::{Rehearsal, binary, write},
};

use crate::client;

#[test]
fn invited_requests_are_signed_once_and_every_other_invite_is_refused() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    // From here on nobody is taken at their word: what is not invited would have to be asked about.
    let rehearsal = OnAws::from(rehearsal)?;
    rehearsal.write("users.csv", "username,days\nalice,1\nbob,30\ncarol,\n")?;
    let table = rehearsal.succeeds(&["invite", "--csv", "users.csv"])?;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| Given::read(&table, user));
    let (alice, bob, carol) = (alice?, bob?, carol?);
    let dave = Given::read(&rehearsal.succeeds(&["invite", "dave", "--json"])?, "dave")?;
    let erin = Given::read(&rehearsal.succeeds(&["invite", "erin"])?, "erin")?;
    rehearsal.succeeds(&["invite", "--cancel", &dave.id])?;
    rehearsal.expire(&carol)?;

    rehearsal.request("in/alice", "alice", Some(&alice.password()))?;
    rehearsal.request("in/bob", "bob", Some(&bob.password()))?;
    rehearsal.request("in/expired", "carol", Some(&carol.password()))?;
    rehearsal.request("in/cancelled", "dave", Some(&dave.password()))?;
    rehearsal.request("in/others", "mallory", Some(&erin.password()))?;
    let guessed = Given { secret: "0".repeat(32), ..erin.clone() };
    rehearsal.request("in/guessed", "erin", Some(&guessed.password()))?;
    let unknown = Given { id: "0123456789abcdef".to_owned(), ..erin };
    rehearsal.request("in/unknown", "erin", Some(&unknown.password()))?;

    let (code, rows) = rehearsal.sign(&["in"])?;
    ensure!(code == Some(3), "it ended with {code:?}: {rows:?}");
    let expected = [
        ("in/alice.csr", "signed", ""),
        ("in/bob.csr", "signed", ""),
        ("in/cancelled.csr", "refused", "was cancelled on"),
        ("in/expired.csr", "refused", "has expired on"),
        ("in/guessed.csr", "refused", "does not have the secret of the invite"),
        ("in/others.csr", "refused", "is for `erin`, not for `mallory`"),
        ("in/unknown.csr", "refused", "is not one of this deployment"),
    ];
    check(&rows, &expected)?;

    // Used, by somebody who has found the link.
    rehearsal.request("in/used", "alice", Some(&alice.password()))?;
    let before = rehearsal.files()?;
    let (code, rows) = rehearsal.sign(&["in/alice.csr", "in/bob.csr", "in/used.csr"])?;
    ensure!(code == Some(3), "it ended with {code:?}: {rows:?}");
    let expected =
        [("in/alice.csr", "again", ""), ("in/bob.csr", "again", ""), ("in/used.csr", "refused", "by another request")];
    check(&rows, &expected)?;
    ensure!(rehearsal.files()? == before, "signing again left something behind");

    // Without an invite: asked, which nobody answers here.
    rehearsal.request("in/frank", "frank", None)?;
    let unasked = rehearsal.latchkey(&["sign", "in/frank.csr"])?;
    ensure!(unasked.status.code() == Some(2), "{unasked:?}");
    ensure!(String::from_utf8_lossy(&unasked.stderr).contains("six words"), "{unasked:?}");

    // What an invite leads to lets its user in.
    let rehearsal = rehearsal.back()?;
    for extension in ["key", "crt"] {
        let name = format!("alice.{extension}");
        fs::rename(rehearsal.path().join("in").join(&name), rehearsal.path().join(name))?;
    }
    client::assemble(&rehearsal, "alice")?;
    rehearsal.run(&["sandbox", "connect", "alice.ovpn"])?;
    Ok(())
}

/// A deployment whose configuration says that it is on AWS. Nothing that is done with it here calls AWS.
struct OnAws(Rehearsal);

impl OnAws {
    fn from(rehearsal: Rehearsal) -> Result<Self> {
        retarget(&rehearsal, "sandbox", "aws")?;
        fs::create_dir(rehearsal.path().join("in"))?;
        Ok(Self(rehearsal))
    }

    fn back(self) -> Result<Rehearsal> {
        retarget(&self.0, "aws", "sandbox")?;
        Ok(self.0)
    }

    /// `latchkey ARGUMENTS` with the passphrase of the rehearsal's CA.
    fn latchkey(&self, arguments: &[&str]) -> Result<Output> {
        let passphrase = fs::read_to_string(self.0.path().join(".latchkey/demo/rehearsal-passphrase"))?;
        let mut latchkey = Command::new(binary("latchkey"));
        latchkey.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        Ok(latchkey.env("LATCHKEY_CA_PASSPHRASE", passphrase).output()?)
    }

    fn succeeds(&self, arguments: &[&str]) -> Result<String> {
        succeeded(self.latchkey(arguments)?, &arguments.join(" "))
    }

    fn write(&self, file: &str, content: &str) -> Result<()> {
        write(&self.0.path().join(file), content)
    }

    /// `NAME.csr` and `NAME.key`.
    fn request(&self, name: &str, user: &str, challenge: Option<&str>) -> Result<()> {
        let (folder, common_name) = (self.0.path(), format!("{user}.vpn.example.com"));
        match challenge {
            Some(challenge) => openssl::request_with_challenge(folder, name, &common_name, challenge),
            None => openssl::request(folder, name, RSA_2048, &format!("/CN={common_name}"), &[]),
        }
    }

    /// Exit code and rows of `sign`.
    fn sign(&self, requests: &[&str]) -> Result<(Option<i32>, Vec<Value>)> {
        let output = self.latchkey(&[&["sign", "--json"], requests].concat())?;
        let rows = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        Ok((output.status.code(), rows))
    }

    fn expire(&self, given: &Given) -> Result<()> {
        let file = self.0.path().join(format!(".latchkey/demo/ledger/invites/{}.json", given.id));
        let record = fs::read_to_string(&file)?;
        let expired = record.replacen("\"expires\": \"20", "\"expires\": \"19", 1);
        ensure!(expired != record, "{record}");
        write(&file, expired)
    }

    fn files(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        self.0.files()
    }
}

fn retarget(rehearsal: &Rehearsal, from: &str, to: &str) -> Result<()> {
    let file = rehearsal.path().join("latchkey.toml");
    let config = fs::read_to_string(&file)?;
    let from = format!("target = \"{from}\"");
    ensure!(config.contains(&from), "latchkey.toml does not say `{from}`");
    write(&file, config.replace(&from, &format!("target = \"{to}\"")))
}

/// Each row's request and result, and words of its reason.
fn check(rows: &[Value], expected: &[(&str, &str, &str)]) -> Result<()> {
    ensure!(rows.len() == expected.len(), "{rows:#?}");
    for (row, (request, result, reason)) in rows.iter().zip(expected) {
        ensure!(row["request"] == *request && row["result"] == *result, "not {request} {result}: {row:#}");
        ensure!(row["reason"].as_str().unwrap_or_default().contains(reason), "not `{reason}`: {row:#}");
    }
    Ok(())
}
