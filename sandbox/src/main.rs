//! The command line of the sandbox.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use sandbox::commands::{self, CommandError, Down, Trial, UpOptions};
use sandbox::connect::Told;
use sandbox::faults::FaultPlan;
use sandbox::state::StateDir;
use sandbox::supervisor;

/// A local AWS Client VPN: the control plane over HTTP, the data plane a real OpenVPN server.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Directory for the sandbox's state
    #[arg(long, value_name = "DIR", default_value = ".latchkey/sandbox")]
    state: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the sandbox and wait until it answers
    ///
    /// It begins empty, unless `--keep` is given. Prints the address of the control plane; `sandbox env` prints the
    /// variables that point an AWS client there.
    Up {
        /// How long an association of a subnet takes (minutes on AWS)
        #[arg(long, value_name = "N", default_value = "3", value_parser = seconds)]
        association_seconds: Duration,
        /// Give a quota of the account another value: endpoints, rules, routes, concurrent-changes, crl-entries,
        /// certificates
        #[arg(long, value_name = "NAME=N", value_parser = quota)]
        quota: Vec<(String, usize)>,
        /// Begin where the last sandbox that was started with this ended, and keep the state for the next one
        ///
        /// Without it the sandbox begins empty, and what was kept is removed. Private keys given to ACM are part of the
        /// state: they lie in the state directory, for the owner alone.
        #[arg(long)]
        keep: bool,
        /// Join the VPC with the other one by a peering: a host in there can be reached then, through a route
        #[arg(long)]
        peering: bool,
        /// Leave the data plane out: nothing runs beside the one process, and no client can connect
        #[arg(long)]
        control_plane_only: bool,
        /// The port on 127.0.0.1; without it the system chooses one that is free
        #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
        port: u16,
        #[command(flatten)]
        faults: FaultArguments,
    },
    /// End the sandbox and everything in it
    Down,
    /// Say what runs and how to reach it
    Status {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Print the variables that point an AWS client here
    Env,
    /// Run the stock OpenVPN client with a profile on the sandbox's laptop
    Connect {
        /// The profile
        #[arg(value_name = "FILE.ovpn")]
        file: PathBuf,
        /// For programs
        #[arg(long)]
        json: bool,
        /// How long to wait for the connection
        #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
        timeout: Duration,
        /// Stay connected after the report, and say what becomes of the connection
        ///
        /// With `--json` the report and every event is a line. Several clients can be connected at the same time.
        #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
        hold: Duration,
        /// Also try to reach this address, as that of another client (may be repeated)
        #[arg(long, value_name = "ADDRESS")]
        reach: Vec<Ipv4Addr>,
    },
    /// Run the stock OpenVPN client on a laptop with arguments and standard input of your own, and print what it says
    ///
    /// Where a program takes the path of an OpenVPN client, `.latchkey/sandbox/openvpn` is this.
    Openvpn {
        /// Arguments of `openvpn`
        #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Print the log of requests
    Log {
        /// Go on until interrupted
        #[arg(long)]
        follow: bool,
    },
    /// Let calls fail on demand
    Faults {
        #[command(subcommand)]
        command: FaultCommand,
    },
    /// Put the sandbox's clock ahead: what takes hours on AWS has happened then
    Advance {
        /// By how much
        #[arg(value_name = "SECONDS", value_parser = seconds)]
        by: Duration,
    },
    /// Hold a sandbox (started by `up`)
    #[command(hide = true)]
    Supervise,
    /// Refuse a name and a password (asked by the OpenVPN servers)
    #[command(hide = true)]
    Refuse {
        /// A file with both, which nobody reads
        file: PathBuf,
    },
    /// Say whether a client's certificate will do (asked by the OpenVPN servers)
    #[command(hide = true)]
    Verify {
        depth: u32,
        #[arg(allow_hyphen_values = true)]
        subject: String,
        #[arg(long, env = "peer_cert")]
        certificate: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum FaultCommand {
    /// Put these faults in the place of those in force, with all counts at zero
    Set {
        /// As for `up --faults`
        #[arg(value_name = "FILE|JSON", required_unless_present = "chaos")]
        rules: Option<String>,
        /// As for `up --chaos`
        #[arg(long, value_name = "SEED|random")]
        chaos: Option<String>,
    },
    /// End all faults
    Clear,
    /// Print the faults in force and what they have struck, as JSON
    Show,
}

#[derive(clap::Args)]
struct FaultArguments {
    /// Calls that go wrong: JSON, or a file with it
    ///
    /// A list of rules such as `{"operation": "Describe*", "every": 5, "fault": "throttle"}`. `call` names one call by its
    /// number in place of `every`; with neither, every call is struck. Faults: `throttle`, `error` (500), `unavailable`
    /// (503), `delay` (with `milliseconds`, which goes with the others too), `drop-before` and `drop-after` (the connection
    /// is closed without an answer, before or after the call took effect).
    #[arg(long = "faults", value_name = "FILE|JSON")]
    rules: Option<String>,
    /// Strike a few calls in a hundred, the same ones for the same seed; `random` chooses one and prints it
    #[arg(long, value_name = "SEED|random")]
    chaos: Option<String>,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(code) => code,
        Err(error) => {
            let code = error.exit_code();
            let hint = error.hint();
            let chain: Vec<_> = anyhow::Error::new(error).chain().map(ToString::to_string).collect();
            show_error(&format!("error: {}", chain.join(": ")));
            if let Some(hint) = hint {
                show_error(&format!("\nhint: {hint}"));
            }
            ExitCode::from(code)
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let state = StateDir::new(&arguments.state).context("find the state directory")?;
    match arguments.command {
        Command::Up { association_seconds, quota, keep, peering, control_plane_only, port, faults } => {
            let limits = quota
                .iter()
                .try_fold(sandbox::cloud::Limits::default(), |limits, (name, value)| limits.with(name, *value));
            let faults = faults.plan()?;
            let chaos = faults.chaos;
            let limits = limits.unwrap_or_default();
            let options =
                UpOptions { association: association_seconds, limits, faults, keep, peering, control_plane_only, port };
            let up = commands::up(&state, options).await?;
            let verb = if up.already { "is already up" } else { "is up" };
            let url = up.status.endpoint_url.unwrap_or_default();
            show(&format!("the sandbox {verb} at {url}"));
            show(&format!("data plane: {}", up.status.data_plane.unwrap_or_default()));
            if let Some(seed) = chaos.filter(|_| !up.already) {
                show(&format!("chaos: seed {seed}"));
            }
        }
        Command::Down => match commands::down(&state)? {
            Down::Ended => show("the sandbox is down"),
            Down::WasNotUp => show("the sandbox was not up"),
        },
        Command::Status { json } => {
            let status = commands::status(&state).await?;
            show(&if json { pretty(&status)? } else { status.to_string() });
        }
        Command::Env => {
            for (name, value) in commands::env(&state)? {
                show(&format!("{name}={value}"));
            }
        }
        Command::Connect { file, json, timeout, hold, reach } => {
            let tell = |told: &Told| {
                let text = match told {
                    Told::Report(report) if json && hold.is_zero() => serde_json::to_string_pretty(report),
                    Told::Report(report) if json => serde_json::to_string(report),
                    Told::Event(event) if json => serde_json::to_string(event),
                    Told::Report(report) => Ok(report.to_string()),
                    Told::Event(event) => Ok(event.to_string()),
                };
                // Plain data always becomes JSON.
                show(&text.unwrap_or_default());
            };
            let connected = commands::connect(&state, &file, Trial { timeout, hold, reach }, tell).await?;
            return Ok(ExitCode::from(if connected { 0 } else { 4 }));
        }
        Command::Openvpn { arguments } => {
            let code = commands::openvpn(&state, arguments, show).await?;
            return Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)));
        }
        Command::Log { follow } => {
            commands::log(&state, follow, &mut std::io::stdout().lock())?;
        }
        Command::Faults { command } => {
            let report = match command {
                FaultCommand::Set { rules, chaos } => {
                    commands::set_faults(&state, &FaultArguments { rules, chaos }.plan()?).await?
                }
                FaultCommand::Clear => commands::set_faults(&state, &FaultPlan::default()).await?,
                FaultCommand::Show => commands::show_faults(&state).await?,
            };
            show(&pretty(&report)?);
        }
        Command::Advance { by } => commands::advance(&state, by).await?,
        Command::Verify { depth, subject: _, certificate } => commands::verify(depth, certificate.as_deref())?,
        Command::Refuse { file: _ } => return Ok(ExitCode::FAILURE),
        Command::Supervise => supervisor::supervise(&state).await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl FaultArguments {
    fn plan(&self) -> Result<FaultPlan, CommandError> {
        commands::fault_plan(self.rules.as_deref(), self.chaos.as_deref())
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn quota(text: &str) -> Result<(String, usize), String> {
    let (name, value) = text.split_once('=').ok_or("not NAME=N")?;
    if !sandbox::cloud::Limits::NAMES.contains(&name) {
        return Err(format!("the quotas are {}", sandbox::cloud::Limits::NAMES.join(", ")));
    }
    Ok((name.to_owned(), value.parse().map_err(|_| "not a number".to_owned())?))
}

fn pretty<T: serde::Serialize>(value: &T) -> Result<String, CommandError> {
    Ok(serde_json::to_string_pretty(value).context("write JSON")?)
}

/// Whoever closed the other end has seen enough.
fn show(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn show_error(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
