//! Other programs: where they are, how they are run, what their failure means.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use anyhow::{Context, Result};

/// A program that was started and failed, having said why on stderr.
#[derive(Debug)]
pub(crate) struct Failed {
    program: String,
    /// Its exit code; 1 where a signal ended it.
    pub(crate) code: u8,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ended with exit code {}", self.program, self.code)
    }
}

impl std::error::Error for Failed {}

/// Runs `command` to its end with the terminal's input and output.
///
/// # Errors
/// [`Failed`] where it did not succeed; another error where it could not be started.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    succeeded(command, status)
}

/// Runs `command` and gives what it wrote to stdout.
///
/// # Errors
/// As [`run`].
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stderr(std::process::Stdio::inherit()).output().with_context(|| cannot_start(command))?;
    succeeded(command, output.status)?;
    String::from_utf8(output.stdout).context("its output is not text")
}

/// What `command` wrote to stdout; `None` where it cannot be started or fails. Nothing of it is seen.
pub(crate) fn read_quietly(command: &mut Command) -> Option<String> {
    let output = command.stdin(std::process::Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok().filter(|_| output.status.success())
}

/// `command` with less of the processors where others want them, too.
pub(crate) fn behind(command: Command) -> Command {
    let mut behind = Command::new("nice");
    behind.arg(command.get_program()).args(command.get_args());
    behind.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        behind.current_dir(folder);
    }
    behind
}

/// The failure of `program`, which has said why.
pub(crate) fn failed(program: &str, code: u8) -> anyhow::Error {
    Failed { program: program.to_owned(), code }.into()
}

/// [`Failed`] where `status` is one.
pub(crate) fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Err(failed(&name(command), code))
}

/// Where `program` is: on PATH, or where system programs are that a user's PATH may leave out.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|folder| folder.join(program)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", command.get_program().display())
}

/// Gives `error` the path that it is about.
pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> anyhow::Error {
    move |error| anyhow::Error::new(error).context(format!("`{}`", path.display()))
}
