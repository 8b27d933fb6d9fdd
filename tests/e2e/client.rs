//! Stock clients that stay connected while something else is done.

use std::{
    fs,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tests::{
    openssl::{self, RSA_2048},
    rehearsal::{Rehearsal, binary, write},
};

/// `USER.ovpn` for a key made by OpenSSL: signed, and put behind the exported configuration.
pub(crate) fn profile(rehearsal: &Rehearsal, user: &str) -> Result<()> {
    let folder = rehearsal.path();
    let (csr, crt) = (format!("{user}.csr"), format!("{user}.crt"));
    openssl::request(folder, user, RSA_2048, &format!("/CN={user}.vpn.example.com"), &[])?;
    rehearsal.run(&["sign", &csr, "--out", &crt, "--yes"])?;
    assemble(rehearsal, user)
}

/// `USER.ovpn` of `USER.crt` and `USER.key`.
pub(crate) fn assemble(rehearsal: &Rehearsal, user: &str) -> Result<()> {
    let (folder, crt) = (rehearsal.path(), format!("{user}.crt"));
    let exported = fs::read_to_string(folder.join(".latchkey/demo/client-configuration.ovpn"))?;
    let (cert, key) = (fs::read_to_string(folder.join(&crt))?, fs::read_to_string(folder.join(format!("{user}.key")))?);
    let profile = format!("{exported}\n<cert>\n{cert}</cert>\n<key>\n{key}</key>\n");
    write(&folder.join(format!("{user}.ovpn")), profile)
}

/// Connects with `USER.ovpn`, as long as the value lives.
pub(crate) fn connect(rehearsal: &Rehearsal, user: &str) -> Result<Running> {
    let mut connect = Command::new(binary("xtask"));
    connect.args(["sandbox", "connect", &format!("{user}.ovpn"), "--hold", "120"]).current_dir(rehearsal.path());
    let client = Running::start(&mut connect)?;
    until("a connection", || is_connected(rehearsal, user))?;
    Ok(client)
}

/// Whether a connection of the user's is up, by what AWS says.
pub(crate) fn is_connected(rehearsal: &Rehearsal, user: &str) -> Result<bool> {
    let live = connections(rehearsal, &[])?;
    Ok(live.iter().any(|it| it["user"] == user && it["status"] == "active" && it["address"] != ""))
}

/// What `connections` lists.
pub(crate) fn connections(rehearsal: &Rehearsal, more: &[&str]) -> Result<Vec<Value>> {
    let json = rehearsal.run(&[&["connections", "--json"], more].concat())?;
    serde_json::from_str(&json).context("a list of connections")
}

/// Waits for something that others bring about.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..300 {
        if is_so()? {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(200));
    }
    bail!("waited a minute in vain for {what}")
}

/// A program and all that it has started, killed when this is dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it, quietly.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(quiet.process_group(0).spawn()?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        assert!(killed.is_ok_and(|status| status.success()) || thread::panicking(), "nothing was running any more");
        let waited = self.0.wait();
        assert!(waited.is_ok() || thread::panicking());
    }
}
