//! `latchkey init` against a sandbox: what it writes is what `plan` takes.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tests::rehearsal::{binary, repository};

#[test]
fn a_file_for_the_sandbox_is_the_repositorys_own_and_can_be_planned() -> Result<()> {
    let sandbox = Sandbox::up()?;
    let written = sandbox.latchkey(&["init", "--sandbox", "--out", "new.toml"])?;
    ensure!(written.status.success(), "{written:?}");
    let file = fs::read_to_string(sandbox.path().join("new.toml"))?;
    let own = fs::read_to_string(repository().join("latchkey.toml"))?;
    ensure!(file.lines().skip(1).eq(own.lines().skip(1)), "{file}");
    ensure!(file.starts_with("#:schema .latchkey/latchkey.schema.json\n"), "{file}");
    let schema = fs::read_to_string(sandbox.path().join(".latchkey/latchkey.schema.json"))?;
    ensure!(schema == fs::read_to_string(repository().join("docs/latchkey.schema.json"))?, "another schema");

    let again = sandbox.latchkey(&["init", "--sandbox", "--out", "new.toml"])?;
    ensure!(again.status.code() == Some(2), "{again:?}");
    ensure!(fs::read_to_string(sandbox.path().join("new.toml"))? == file, "written over");

    let plan = sandbox.latchkey(&["plan", "--config", "new.toml"])?;
    ensure!(plan.status.success() && !plan.stdout.is_empty(), "{plan:?}");
    Ok(())
}

#[test]
fn options_stand_for_answers_and_what_is_missing_is_named_at_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let missing = latchkey(folder.path()).args(["init", "--name", "office"]).output()?;
    ensure!(missing.status.code() == Some(2), "{missing:?}");
    let said = String::from_utf8_lossy(&missing.stderr);
    ensure!(said.contains("these are missing: --region, --domain, --vpc, --subnet"), "{said}");

    let with = |client_cidr: &str, out: &str| {
        let mut command = latchkey(folder.path());
        command.args(["init", "--name=office", "--region=eu-central-1", "--domain=vpn.example.com"]);
        command.args(["--vpc=vpc-00000001", "--subnet=subnet-00000001", client_cidr, out]).output()
    };
    let written = with("--client-cidr=10.9.0.0/16", "--out=latchkey.toml")?;
    ensure!(written.status.success(), "{written:?}");
    let file = fs::read_to_string(folder.path().join("latchkey.toml"))?;
    for line in ["target = \"aws\"", "subnet_ids = [\"subnet-00000001\"]", "security_group_ids = []"] {
        ensure!(file.lines().any(|found| found == line), "no `{line}` in {file}");
    }

    let refused = with("--client-cidr=10.0.0.0/8", "--out=other.toml")?;
    ensure!(refused.status.code() == Some(2), "{refused:?}");
    ensure!(!folder.path().join("other.toml").exists(), "{refused:?}");
    Ok(())
}

/// A sandbox until the value is dropped.
struct Sandbox(TempDir);

impl Sandbox {
    fn up() -> Result<Self> {
        let sandbox = Self(tempfile::tempdir()?);
        let up = sandbox.command(&["up"]).output().context("`sandbox`; `cargo build -p sandbox` makes it")?;
        ensure!(up.status.success(), "{up:?}");
        Ok(sandbox)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary("sandbox"));
        command.arg("--state").arg(self.path().join("state")).args(arguments);
        command
    }

    /// Runs `latchkey` with the sandbox as its AWS.
    fn latchkey(&self, arguments: &[&str]) -> Result<Output> {
        let variables = String::from_utf8(self.command(&["env"]).output()?.stdout)?;
        let mut command = latchkey(self.path());
        command.args(arguments).envs(variables.lines().filter_map(|line| line.split_once('=')));
        command.output().context("`latchkey`; `cargo build -p provisioner` makes it")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let down = self.command(&["down"]).output();
        let is_down = down.is_ok_and(|output| output.status.success());
        assert!(is_down || std::thread::panicking(), "the sandbox did not go down");
    }
}

/// `latchkey` in `folder`, with nothing of whoever runs the tests.
fn latchkey(folder: &Path) -> Command {
    let mut command = Command::new(binary("latchkey"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    command
}
