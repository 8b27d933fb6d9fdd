//! A deployment on a sandbox that has no data plane: up in a tenth of a second, as often and as many as a test wants.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::{
    inventory::Account,
    openssl::{self, RSA_2048},
    rehearsal::{binary, files, repository, write},
};

/// A folder with a `latchkey.toml`, what the commands make of it, and a sandbox that goes down when this is dropped.
#[derive(Debug)]
pub struct ControlPlane {
    folder: TempDir,
    address: SocketAddr,
    variables: Vec<(String, String)>,
}

impl ControlPlane {
    /// A fresh one with the repository's own configuration. `association_seconds` as for `sandbox up`.
    pub fn up(association_seconds: &str) -> Result<Self> {
        Self::up_with(association_seconds, &[])
    }

    /// The same, with more options of `sandbox up`.
    pub fn up_with(association_seconds: &str, options: &[&str]) -> Result<Self> {
        let folder = folder()?;
        write(&folder.path().join(CONFIG), fs::read_to_string(repository().join(CONFIG))?)?;
        Self::begin(folder, association_seconds, options)
    }

    /// Another one in the same state: account, ledger and configuration.
    pub fn copy(&self, association_seconds: &str) -> Result<Self> {
        let folder = folder()?;
        let is_wanted = |file: &Path| !file.starts_with(self.state()) || file.ends_with(KEPT);
        for (file, _) in files(self.path())?.into_iter().filter(|(file, _)| is_wanted(file)) {
            copy_file(&file, &folder.path().join(file.strip_prefix(self.path())?))?;
        }
        Self::begin(folder, association_seconds, &[])
    }

    fn begin(folder: TempDir, association_seconds: &str, more: &[&str]) -> Result<Self> {
        let state = folder.path().join(STATE);
        let options = ["up", "--keep", "--control-plane-only", "--association-seconds", association_seconds];
        succeeded(sandbox(&state, &[&options, more].concat())?, "sandbox up")?;
        let variables = succeeded(sandbox(&state, &["env"])?, "sandbox env")?;
        let variables: Vec<(String, String)> = variables
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let url = variables.iter().find(|(name, _)| name == "AWS_ENDPOINT_URL").context("no AWS_ENDPOINT_URL")?;
        let address = url.1.strip_prefix("http://").context("the sandbox's URL")?.parse()?;
        Ok(Self { folder, address, variables })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the control plane answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What points an AWS program here.
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// What the service says there is.
    pub async fn account(&self) -> Result<Account> {
        Account::of(&self.variables).await
    }

    /// `sandbox ARGUMENTS` about this one.
    ///
    /// # Errors
    /// It failed; the error carries its output.
    pub fn sandbox(&self, arguments: &[&str]) -> Result<String> {
        succeeded(sandbox(&self.state(), arguments)?, "sandbox")
    }

    /// Puts `to` in the place of `from` in the configuration.
    ///
    /// # Errors
    /// `from` does not stand there.
    pub fn configure(&self, from: &str, to: &str) -> Result<()> {
        let file = self.path().join(CONFIG);
        let config = fs::read_to_string(&file)?;
        ensure!(config.contains(from), "latchkey.toml does not say `{from}`");
        write(&file, config.replace(from, to))
    }

    /// The whole environment of a command that calls AWS here. It has nothing of whoever runs the tests.
    pub fn environment(&self) -> Vec<(String, String)> {
        let home = self.path().display().to_string();
        let own = [
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("HOME", &home),
            ("USER", "admin"),
            ("LATCHKEY_CA_PASSPHRASE", PASSPHRASE),
        ];
        let own = own.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        self.variables.iter().cloned().chain(own).collect()
    }

    /// `latchkey ARGUMENTS` in the folder, which calls AWS at `url`. It sees nothing of whoever runs the tests.
    pub fn latchkey(&self, url: &str, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(binary("latchkey"));
        command.args(arguments).current_dir(self.path()).stdin(std::process::Stdio::null()).kill_on_drop(true);
        command.env_clear().envs(self.environment()).env("AWS_ENDPOINT_URL", url);
        command
    }

    /// The same, run to its end.
    pub async fn run(&self, url: &str, arguments: &[&str]) -> Result<Output> {
        self.latchkey(url, arguments).output().await.context("`latchkey`; `cargo build -p provisioner` makes it")
    }

    /// Has a request of `user`, made by OpenSSL, signed: `USER.csr` and `USER.crt` in the folder.
    ///
    /// # Errors
    /// It is not signed.
    pub async fn sign(&self, user: &str) -> Result<()> {
        openssl::request(self.path(), user, RSA_2048, &format!("/CN={user}.vpn.example.com"), &[])?;
        let (csr, crt) = (format!("{user}.csr"), format!("{user}.crt"));
        let url = format!("http://{}", self.address);
        succeeded(self.run(&url, &["sign", &csr, "--out", &crt, "--yes"]).await?, "sign").map(drop)
    }

    /// Encrypts the CA's key anew, such that it opens at once: to make a passphrase hard to guess is a third of all that
    /// a command does here.
    ///
    /// # Errors
    /// There is none, or OpenSSL's.
    pub fn ease_the_ca_key(&self) -> Result<()> {
        let folder = self.path().join(CA_FOLDER);
        let passphrase = format!("pass:{PASSPHRASE}");
        let files = ["-in", CA_KEY, "-passin", &passphrase, "-out", "eased.key", "-passout", &passphrase];
        let cheap = ["-topk8", "-scrypt", "-scrypt_N", "2", "-scrypt_r", "1", "-scrypt_p", "1"];
        openssl::run(&folder, &[["pkcs8"].as_slice(), &cheap, &files].concat())?;
        fs::rename(folder.join("eased.key"), folder.join(CA_KEY)).context("the CA's key")
    }

    /// The serial numbers on the CRL that the service has, as OpenSSL reads them.
    ///
    /// # Errors
    /// There is not exactly one endpoint.
    pub async fn locked_out(&self) -> Result<Vec<String>> {
        let crls = self.account().await?.crls().await?;
        let [crl] = crls.as_slice() else { bail!("there are {} endpoints", crls.len()) };
        write(&self.path().join("judged.pem"), crl)?;
        openssl::revoked(self.path(), "judged.pem")
    }

    fn state(&self) -> std::path::PathBuf {
        self.path().join(STATE)
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        let down = sandbox(&self.state(), &["down"]).and_then(|output| succeeded(output, "sandbox down"));
        assert!(down.is_ok() || std::thread::panicking(), "the sandbox did not go down: {down:?}");
    }
}

/// What a program wrote to stdout.
///
/// # Errors
/// It failed; the error carries what it wrote to stderr.
pub fn succeeded(output: Output, what: &str) -> Result<String> {
    let Output { status, stdout, stderr } = output;
    ensure!(status.success(), "{what} ended with {status}\n{}", String::from_utf8_lossy(&stderr));
    Ok(String::from_utf8(stdout)?)
}

fn sandbox(state: &Path, arguments: &[&str]) -> Result<Output> {
    let output = Command::new(binary("sandbox")).arg("--state").arg(state).args(arguments).output();
    output.context("`sandbox`; `cargo build -p sandbox` makes it")
}

fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("latchkey-").tempdir()?)
}

/// With its rights: the CA's key is refused where others may read it.
fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let folders = from.parent().zip(to.parent()).context("a file lies in a folder")?;
    fs::create_dir_all(folders.1)?;
    fs::set_permissions(folders.1, fs::metadata(folders.0)?.permissions())?;
    fs::copy(from, to)?;
    Ok(())
}

const CONFIG: &str = "latchkey.toml";
const PASSPHRASE: &str = "of a test";
const CA_FOLDER: &str = ".latchkey/demo/ledger/ca";
const CA_KEY: &str = "ca.key";
const STATE: &str = ".latchkey/sandbox";
/// What a sandbox keeps for the next one.
const KEPT: &str = "kept.jsonl";
