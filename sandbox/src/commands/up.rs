//! `sandbox up`: start the supervisor, wait until it answers, write down how to find it.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use super::CommandError;
use super::prerequisites::{self, Privilege};
use super::status::{StatusReport, report};
use crate::cloud::Limits;
use crate::faults::FaultPlan;
use crate::process::ProcessId;
use crate::state::{StateDir, Status};
use crate::supervisor::{Ready, Settings};
use crate::wire::Credentials;
use crate::world::World;

/// What `up` found or did.
#[derive(Debug)]
pub struct Up {
    /// It was up before.
    pub already: bool,
    /// What runs.
    pub status: StatusReport,
}

/// How the sandbox is to be.
#[derive(Debug)]
pub struct UpOptions {
    /// How long an association takes.
    pub association: Duration,
    /// The quotas of the account.
    pub limits: Limits,
    /// What is to go wrong.
    pub faults: FaultPlan,
    /// Whether to begin where the last one that was kept ended, and to be kept.
    pub keep: bool,
    /// Whether the VPCs are joined.
    pub peering: bool,
    /// Whether to leave the data plane out.
    pub control_plane_only: bool,
    /// Where to listen on 127.0.0.1; 0 for a port that is free.
    pub port: u16,
}

/// Brings the sandbox up, unless it is.
///
/// # Errors
/// [`CommandError::Port`], or when it does not start: the message has the end of its log.
pub async fn up(state: &StateDir, options: UpOptions) -> Result<Up, CommandError> {
    state.create().context("make the state directory")?;
    let _lock = state.lock().context("lock the state directory")?;
    if let Some(running) = state.running() {
        return Ok(Up { already: true, status: report(&running).await? });
    }
    // The supervisor's own attempt would end in its log.
    let port = options.port;
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|source| CommandError::Port { port, source })?;
    let status = start(state, options)?;
    Ok(Up { already: false, status: report(&status).await? })
}

fn start(state: &StateDir, options: UpOptions) -> anyhow::Result<Status> {
    let UpOptions { association, limits, faults, keep, peering, control_plane_only, port } = options;
    let credentials = Credentials::random().context("make credentials")?;
    let privilege = if control_plane_only {
        Err("it was left out by `--control-plane-only`".to_owned())
    } else {
        prerequisites::check()
    };
    let settings = Settings {
        credentials: credentials.clone(),
        association,
        limits,
        faults,
        keep,
        peering,
        port,
        data_plane_missing: privilege.as_ref().err().cloned(),
    };
    let mut child = command(state, privilege.ok())?.spawn().context("start the supervisor")?;
    match agree(state, &mut child, &settings, credentials) {
        Ok(status) => Ok(status),
        Err(error) => {
            // Ends by itself when its stdin closes; this makes it certain.
            drop(child.kill());
            drop(child.wait());
            let log = std::fs::read_to_string(state.process_log()).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(3).collect();
            let last: Vec<_> = last.into_iter().rev().collect();
            Err(error.context(format!("the supervisor did not start: {}", last.join(" / "))))
        }
    }
}

fn command(state: &StateDir, privilege: Option<Privilege>) -> anyhow::Result<Command> {
    let program = std::env::current_exe().context("find the own program")?;
    let log = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(state.process_log())
        .context("create the log")?;
    let mut command = match privilege {
        None => Command::new(program),
        Some(privilege) => {
            let mut command = Command::new("unshare");
            if privilege == Privilege::UserNamespace {
                command.args(["--user", "--map-root-user"]);
            }
            command.args(["--mount", "--propagation", "private"]);
            command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "--"]).arg(program);
            command
        }
    };
    command
        .arg("--state")
        .arg(state.path())
        .arg("supervise")
        .env("PATH", prerequisites::search_path())
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log);
    Ok(command)
}

/// Settings in, address out, and the word to go on once `status.json` stands. See `supervisor::supervise`.
fn agree(state: &StateDir, child: &mut Child, settings: &Settings, credentials: Credentials) -> anyhow::Result<Status> {
    let mut orders = child.stdin.take().context("talk to the supervisor")?;
    let answers = child.stdout.take().context("listen to the supervisor")?;
    writeln!(orders, "{}", serde_json::to_string(settings)?).context("send the settings")?;
    let mut line = String::new();
    BufReader::new(answers).read_line(&mut line).context("wait for the supervisor")?;
    let ready: Ready = serde_json::from_str(&line).context("the supervisor ended early")?;
    let pid = i32::try_from(child.id()).context("read the supervisor's pid")?;
    let program = std::env::current_exe().context("find the own program")?;
    state.write_client_program(&program).context("write `openvpn`")?;
    let status = Status {
        process: ProcessId::of(pid).context("the supervisor ended early")?,
        address: ready.address,
        region: World::standard().region,
        credentials,
    };
    state.write_status(&status).context("write `status.json`")?;
    writeln!(orders, "go").context("send the word to go on")?;
    Ok(status)
}
