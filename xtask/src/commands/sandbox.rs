//! `cargo xtask sandbox …`: the local AWS, and the environment that points AWS programs at it.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{build, commands, deployment::Deployment, packages, process};

/// Passes a subcommand on to the `sandbox` binary.
pub(crate) fn sandbox(arguments: &[String]) -> Result<()> {
    let rest = commands::without_config(arguments);
    match rest.first() {
        Some(&"connect") => packages::ensure(packages::DATA_PLANE)?,
        Some(&"up") if !rest.contains(&"--control-plane-only") => data_plane(),
        _ => {}
    }
    build::binaries()?;
    if commands::asks_for_help(arguments) || rest.is_empty() {
        return process::run(build::binary(build::SANDBOX).args(rest).arg("--help"));
    }
    process::run(of(&commands::deployment(arguments)?).args(rest))
}

/// Brings the sandbox up where it is not.
pub(crate) fn up(deployment: &Deployment) -> Result<()> {
    data_plane();
    process::run(of(deployment).arg("up").stdout(std::io::stderr()))
}

/// Installs what the data plane is made of. Where that is not possible the control plane runs alone.
fn data_plane() {
    if let Err(error) = packages::ensure(packages::DATA_PLANE) {
        eprintln!("warning: {error:#}; until then nobody can connect to the sandbox's endpoint");
    }
}

/// The variables that point an AWS program at the sandbox; none where it is not up. Not every command needs it, and
/// one that does says so itself.
pub(crate) fn environment(deployment: &Deployment) -> Result<Vec<(String, String)>> {
    let Some(variables) = process::read_quietly(of(deployment).arg("env")) else {
        return Ok(Vec::new());
    };
    variables
        .lines()
        .map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect::<Option<_>>()
        .context("`sandbox env` printed a line without `=`")
}

fn of(deployment: &Deployment) -> Command {
    let mut sandbox = build::binary(build::SANDBOX);
    sandbox.arg("--state").arg(deployment.sandbox_state());
    sandbox
}
