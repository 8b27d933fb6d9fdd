//! Commands of the `latchkey` binary, with what must be there around it.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};

use super::{page, sandbox};
use crate::{build, commands, deployment::Deployment, process, tools};

/// Sets everything up: the sandbox where it is the target, the deployment, then the page.
pub(crate) fn provision(arguments: &[String]) -> Result<()> {
    if commands::asks_for_help(arguments) {
        return latchkey("provision", arguments);
    }
    let deployment = commands::deployment(arguments)?;
    // trunk and the AWS SDK both take minutes to build the first time, and neither keeps two cores busy.
    let trunk = std::thread::spawn(tools::trunk);
    let provisioned = provision_without_page(arguments, &deployment);
    // Awaited in any case: a build that goes on behind the prompt would be a surprise.
    let trunk = trunk.join().map_err(|_| anyhow::anyhow!("building trunk panicked"))?;
    provisioned?;
    trunk?;
    page::build_into(&deployment)?;
    eprintln!("\nThe page is in {}\n", deployment.page_dir.display());
    eprintln!("What to do next");
    eprintln!("  cargo xtask serve            look at the page; a user makes a key and a request there");
    eprintln!("  cargo xtask sign alice.csr   issue the certificate for that request");
    if deployment.on_sandbox {
        eprintln!("  cargo xtask sandbox connect alice.ovpn   try the finished profile");
        eprintln!("  cargo xtask sandbox down     end the rehearsal");
    }
    Ok(())
}

fn provision_without_page(arguments: &[String], deployment: &Deployment) -> Result<()> {
    build::binaries()?;
    if deployment.on_sandbox {
        sandbox::up(deployment)?;
    }
    process::run(&mut command("provision", arguments, deployment)?)
}

/// Passes `init` on, with a sandbox to look at where the file is for one. There is no configuration yet.
pub(crate) fn init(arguments: &[String]) -> Result<()> {
    build::binaries()?;
    let mut command = build::binary(build::LATCHKEY);
    command.arg("init").args(arguments);
    if arguments.iter().any(|argument| argument == "--sandbox") && !commands::asks_for_help(arguments) {
        let named = ["--out", "--config"].into_iter().find_map(|name| commands::option(arguments, name).flatten());
        let deployment = Deployment::unwritten(Path::new(named.unwrap_or("latchkey.toml")))?;
        sandbox::up(&deployment)?;
        command.envs(sandbox::environment(&deployment)?);
    }
    process::run(&mut command)
}

/// Passes `name` and `arguments` on to the `latchkey` binary, untouched.
pub(crate) fn latchkey(name: &str, arguments: &[String]) -> Result<()> {
    build::binaries()?;
    if commands::asks_for_help(arguments) {
        return process::run(build::binary(build::LATCHKEY).arg(name).args(arguments));
    }
    process::run(&mut command(name, arguments, &commands::deployment(arguments)?)?)
}

fn command(name: &str, arguments: &[String], deployment: &Deployment) -> Result<Command> {
    let mut command = build::binary(build::LATCHKEY);
    command.arg(name).args(arguments);
    if deployment.on_sandbox {
        command.envs(sandbox::environment(deployment)?);
        if std::env::var_os(PASSPHRASE).is_none() {
            command.env(PASSPHRASE, rehearsal_passphrase(&deployment.rehearsal_passphrase())?);
        }
    }
    Ok(command)
}

/// The passphrase that protects a rehearsal's CA key, made up the first time: nobody is asked, nothing is at stake.
fn rehearsal_passphrase(file: &Path) -> Result<String> {
    if let Ok(passphrase) = fs::read_to_string(file) {
        return Ok(passphrase);
    }
    let mut random = [0; 16];
    fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut random)).context("/dev/urandom")?;
    let passphrase: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(process::at(folder))?;
    let fresh = file.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let created = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh);
    created
        .and_then(|mut created| created.write_all(passphrase.as_bytes()))
        .and_then(|()| fs::rename(&fresh, file))
        .map_err(process::at(file))?;
    Ok(passphrase)
}

const PASSPHRASE: &str = "LATCHKEY_CA_PASSPHRASE";
