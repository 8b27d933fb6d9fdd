//! One deployment on a sandbox of its own, driven through `cargo xtask`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// A folder with a `latchkey.toml` and what the commands make of it. The sandbox goes down when this is dropped.
#[derive(Debug)]
pub struct Rehearsal {
    folder: TempDir,
}

/// A page being served; the server ends when this is dropped.
#[derive(Debug)]
pub struct Served {
    server: Child,
    /// Where it is, ending in `/`.
    pub url: String,
}

impl Rehearsal {
    /// A fresh folder with the repository's own configuration, over `transport` (`udp` or `tcp`).
    pub fn new(transport: &str) -> Result<Self> {
        let config = fs::read_to_string(repository().join("latchkey.toml"))?;
        let changed = config.replace("\"udp\"", &format!("\"{transport}\""));
        ensure!(changed.contains(&format!("\"{transport}\"")), "latchkey.toml names no transport to replace");
        let folder = tempfile::Builder::new().prefix("latchkey-").tempdir()?;
        write(&folder.path().join("latchkey.toml"), &changed)?;
        Ok(Self { folder })
    }

    /// A fresh folder in which everything has been provisioned, on a sandbox that associates at once.
    pub fn provisioned(transport: &str) -> Result<Self> {
        let rehearsal = Self::new(transport)?;
        rehearsal.run(&["sandbox", "up", "--association-seconds", "0"])?;
        rehearsal.run(&["provision"])?;
        Ok(rehearsal)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The built page.
    pub fn site(&self) -> PathBuf {
        self.path().join(".latchkey/demo/site")
    }

    /// `cargo xtask ARGUMENTS` in the folder, whatever becomes of it.
    pub fn try_run(&self, arguments: &[&str]) -> Result<Output> {
        let output =
            Command::new(binary("xtask")).args(arguments).current_dir(self.path()).stdin(Stdio::null()).output()?;
        Ok(output)
    }

    /// `cargo xtask ARGUMENTS` in the folder: what it wrote to stdout.
    ///
    /// # Errors
    /// It failed; the error carries its output.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.try_run(arguments)?;
        ensure!(
            output.status.success(),
            "`cargo xtask {}` ended with {}\n{}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Takes the published certificates away, as where an admin sends them by mail: the page finds none by itself.
    pub fn withhold(&self) -> Result<()> {
        fs::remove_dir_all(self.site().join("issued")).context("the published certificates")
    }

    /// `cargo xtask serve` on a free port.
    pub fn serve(&self) -> Result<Served> {
        let mut command = Command::new(binary("xtask"));
        command.args(["serve", "--port", "0"]).current_dir(self.path());
        Served::start(command)
    }

    /// Invites a user; what stands behind the `#` of the link.
    ///
    /// # Errors
    /// The command fails.
    pub fn invite(&self, username: &str) -> Result<String> {
        let link = self.run(&["invite", username])?;
        Ok(link.trim().split_once('#').context("a link")?.1.to_owned())
    }

    /// The sandbox's request log, one call a line.
    pub fn calls(&self) -> Result<Vec<serde_json::Value>> {
        let log = fs::read_to_string(self.path().join(".latchkey/sandbox/requests.jsonl"))?;
        log.lines().map(|line| serde_json::from_str(line).context("requests.jsonl")).collect()
    }

    /// The variables that point AWS programs at the sandbox.
    pub fn variables(&self) -> Result<Vec<(String, String)>> {
        let lines = self.run(&["sandbox", "env"])?;
        let variable = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        lines.lines().map(variable).collect::<Option<_>>().context("`sandbox env`")
    }

    /// Every file below the folder except the built page's own, with its content.
    pub fn files(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        files(self.path())
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        if let Err(error) = self.run(&["sandbox", "down"]) {
            assert!(std::thread::panicking(), "the sandbox did not go down: {error:#}");
        }
    }
}

impl Served {
    /// The page in `folder`, served as `cargo xtask serve` does it.
    pub fn folder(folder: &Path) -> Result<Self> {
        let mut command = Command::new(binary("web-tool"));
        command.args(["serve", "--port", "0", "--dir"]).arg(folder);
        Self::start(command)
    }

    fn start(mut command: Command) -> Result<Self> {
        // A group of its own: xtask runs the server as a child, and both are to end.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = server.stdout.take().context("the server's stdout")?;
        let url = BufReader::new(stdout).lines().next().context("the server ended without a word")??;
        Ok(Self { server, url })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let group = format!("-{}", self.server.id());
        let ended = Command::new("kill").args(["-TERM", "--", &group]).status();
        assert!(ended.is_ok_and(|status| status.success()) || std::thread::panicking(), "the server did not end");
        let waited = self.server.wait();
        assert!(waited.is_ok() || std::thread::panicking());
    }
}

/// Every file below `folder`, with its content.
pub fn files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))? {
        let path = entry?.path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.is_file() {
            let content = fs::read(&path).with_context(|| format!("`{}`", path.display()))?;
            found.push((path, content));
        }
    }
    Ok(found)
}

/// Copies what is below `from` to `to`.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    for (file, content) in files(from)? {
        let file = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(file.parent().context("a folder")?)?;
        write(&file, content)?;
    }
    Ok(())
}

/// Writes a file that a test makes.
#[expect(clippy::disallowed_methods, reason = "a test's own folder: nobody reads the file while it is written")]
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, content).with_context(|| format!("`{}`", path.display()))
}

/// A binary of this workspace, built before the tests are run.
pub fn binary(name: &str) -> PathBuf {
    // A test is `<target>/debug/deps/<name>-<hash>`.
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().nth(2).unwrap_or(&own).join(name)
}

/// The repository's root.
pub fn repository() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}
