//! The state directory: what a sandbox leaves on disk, and how the next command finds it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process::ProcessId;
use crate::wire::Credentials;

/// The directory of one sandbox.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

/// `status.json`: how to reach the sandbox that runs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    /// The process to end when it goes down.
    #[serde(flatten)]
    pub process: ProcessId,
    /// Where it listens.
    pub address: SocketAddr,
    /// The region it plays.
    pub region: String,
    /// What callers must hold.
    #[serde(flatten)]
    pub credentials: Credentials,
}

impl StateDir {
    /// The state directory at that path, made absolute.
    ///
    /// # Errors
    /// When the working directory is gone.
    pub fn new(path: &Path) -> std::io::Result<Self> {
        std::path::absolute(path).map(Self)
    }

    /// Makes the directory, for the owner alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The log of requests.
    #[must_use]
    pub fn request_log(&self) -> PathBuf {
        self.0.join("requests.jsonl")
    }

    /// What the supervisor and the OpenVPN servers say.
    #[must_use]
    pub fn process_log(&self) -> PathBuf {
        self.0.join("sandbox.log")
    }

    /// What a sandbox that is kept writes down for the next one. It has private keys: `0600`.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.0.join("kept.jsonl")
    }

    /// A program that is to be run in the place of `openvpn`: the client, on a laptop of this sandbox.
    #[must_use]
    pub fn client_program(&self) -> PathBuf {
        self.0.join("openvpn")
    }

    /// Writes the program that runs `sandbox`, this program, as the client.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_client_program(&self, sandbox: &Path) -> std::io::Result<()> {
        let [sandbox, state] = [sandbox, &self.0].map(quoted);
        let script = format!("#!/bin/sh\nexec {sandbox} --state {state} openvpn \"$@\"\n");
        self.replace(&self.client_program(), 0o700, script.as_bytes())
    }

    /// Where the supervisor mounts a file system that only its own processes see: keys, sockets, configurations.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.0.join("run")
    }

    /// Waits until no other command changes this sandbox. The guard ends with the file.
    ///
    /// # Errors
    /// When the lock cannot be had.
    pub fn lock(&self) -> std::io::Result<File> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.0.join("lock"))?;
        file.lock()?;
        Ok(file)
    }

    /// The sandbox that runs, if one does. What an ended one left behind counts as none.
    #[must_use]
    pub fn running(&self) -> Option<Status> {
        let text = std::fs::read(self.status_file()).ok()?;
        let status: Status = serde_json::from_slice(&text).ok()?;
        status.process.is_alive().then_some(status)
    }

    /// Writes down how to reach the sandbox.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_status(&self, status: &Status) -> std::io::Result<()> {
        self.replace(&self.status_file(), 0o600, &serde_json::to_vec_pretty(status)?)
    }

    /// Removes what holds a secret.
    ///
    /// # Errors
    /// When the file is there and stays there.
    pub fn forget(&self) -> std::io::Result<()> {
        remove(&self.status_file())
    }

    /// Removes what was kept.
    ///
    /// # Errors
    /// When the file is there and stays there.
    pub fn forget_journal(&self) -> std::io::Result<()> {
        remove(&self.journal())
    }

    /// Waits until the directory is gone, or another one is in its place.
    pub async fn removed(&self) {
        let identity = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
        let own = identity(&self.0);
        while identity(&self.0) == own {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    fn status_file(&self) -> PathBuf {
        self.0.join("status.json")
    }

    /// Writes a file whole, or not at all.
    fn replace(&self, path: &Path, mode: u32, content: &[u8]) -> std::io::Result<()> {
        let draft = path.with_added_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(draft, path)
    }
}

/// A path as the shell reads it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn remove(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How often the supervisor looks whether its directory is still there.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_status_of_an_ended_process_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path()).unwrap();
        let this = ProcessId::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        let mut status = Status {
            process: this,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)),
            region: "eu-central-1".to_owned(),
            credentials: Credentials::random().unwrap(),
        };
        assert!(state.running().is_none());
        state.write_status(&status).unwrap();
        assert!(state.running().is_some());
        status.process.started += 1;
        state.write_status(&status).unwrap();
        assert!(state.running().is_none());
        state.forget().unwrap();
        state.forget().unwrap();
    }
}
