//! The sandbox judged by stock clients: every operation through the official `aws` command and through boto3.
//!
//! The scenario is in `stock-clients/`; both clients come from PyPI, into a venv below the target directory.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tempfile::TempDir;
use tests::{
    control_plane::succeeded,
    rehearsal::{binary, repository, write},
    venv,
};

/// What a client went through.
#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Checked {
    /// By service and name.
    operations: BTreeMap<String, Operation>,
    /// How a call was signed, and each service's refusal.
    signatures: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Operation {
    /// Answers that were compared as a whole.
    successes: u32,
    /// Codes of the refusals.
    codes: Vec<String>,
    /// Whether a list was walked over more than one page.
    pages: bool,
}

#[test]
fn stock_clients_find_what_their_own_models_promise() -> Result<()> {
    let python = venv::programs(venv::STOCK_CLIENTS)?.join("python");
    let (boto3, aws) = thread::scope(|scope| {
        let boto3 = scope.spawn(|| checked_by("boto3", &python));
        (boto3.join(), checked_by("aws", &python))
    });
    let boto3 = boto3.map_err(|_| anyhow::anyhow!("the thread of boto3 panicked"))??;
    ensure!(boto3 == aws?, "the two clients went through different calls");
    for (name, operation) in &boto3.operations {
        ensure!(operation.successes > 0 && !operation.codes.is_empty(), "`{name}` lacks success or failure");
    }
    compare_with_readme(&table(&boto3))
}

/// Runs the scenario on a sandbox of its own.
fn checked_by(client: &str, python: &Path) -> Result<Checked> {
    let sandbox = Sandbox::up()?;
    let mut command = Command::new(python);
    command.arg(folder().join("run.py")).arg(client).arg(binary("sandbox")).arg(sandbox.state());
    // Nothing of whoever runs the tests may reach the clients, and nothing of theirs another service.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    for line in succeeded(sandbox.command(&["env"]).output()?, "sandbox env")?.lines() {
        let (name, value) = line.split_once('=').context("a line of `sandbox env`")?;
        command.env(name, value);
    }
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null").env("AWS_PAGER", "");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("PYTHONDONTWRITEBYTECODE", "1");
    let output = succeeded(command.output()?, client)?;
    serde_json::from_str(&output).with_context(|| format!("what {client} checked"))
}

/// A sandbox until the value is dropped.
struct Sandbox(TempDir);

impl Sandbox {
    /// Associations take an hour of its clock, which the scenario puts ahead; the quotas are such that it reaches them; and
    /// there is a peering to be described.
    fn up() -> Result<Self> {
        let sandbox = Self(tempfile::tempdir()?);
        let mut command = sandbox.command(&["up", "--association-seconds", "3600", "--peering"]);
        for quota in ["endpoints=7", "rules=7", "routes=7", "concurrent-changes=1", "crl-entries=2", "certificates=5"] {
            command.args(["--quota", quota]);
        }
        succeeded(command.output().context("`sandbox`; `cargo build -p sandbox` makes it")?, "sandbox up")?;
        Ok(sandbox)
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("state")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary("sandbox"));
        command.arg("--state").arg(self.state()).args(arguments);
        command
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let down = self.command(&["down"]).output();
        assert!(down.is_ok_and(|output| output.status.success()) || thread::panicking(), "the sandbox did not go down");
    }
}

fn folder() -> PathBuf {
    repository().join("tests/stock-clients")
}

/// The table for the README: a line for each operation.
fn table(checked: &Checked) -> String {
    let mut table = "| operation | answers compared | paged | refusals |\n| --- | --- | --- | --- |\n".to_owned();
    for (name, Operation { successes, codes, pages }) in &checked.operations {
        let paged = if *pages { "yes" } else { "" };
        let codes: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {} | {successes} | {paged} | {} |", name.replace('.', " "), codes.join(", "));
    }
    table += "\n| signed | EC2 | ACM | STS |\n| --- | --- | --- | --- |\n";
    for (how, codes) in &checked.signatures {
        let code = |service: &str| codes.get(service).map_or("", String::as_str);
        let _ = writeln!(table, "| {how} | `{}` | `{}` | `{}` |", code("ec2"), code("acm"), code("sts"));
    }
    table
}

/// Holds the README to it; `UPDATE_EXPECT=1` writes it there.
fn compare_with_readme(table: &str) -> Result<()> {
    let path = repository().join("sandbox/README.md");
    let readme = fs::read_to_string(&path)?;
    let (before, rest) = readme.split_once(BEGIN).context("the README has no place for the table")?;
    let (found, after) = rest.split_once(END).context("the table in the README has no end")?;
    if found == table {
        return Ok(());
    }
    ensure!(std::env::var_os("UPDATE_EXPECT").is_some(), "`sandbox/README.md` says other than was checked:\n{table}");
    write(&path, format!("{before}{BEGIN}{table}{END}{after}"))
}

const BEGIN: &str = "<!-- Written by tests/tests/stock_clients.rs. -->\n\n";
const END: &str = "\n<!-- Until here. -->\n";
