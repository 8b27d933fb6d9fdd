//! `latchkey`: reads clock, environment and terminal, runs one command, and prints what went wrong once.

mod cli;

mod commands;

mod deployment;

mod custody;

mod checks;

mod logged;

mod progress;

mod surroundings;

mod files;

mod table;

mod failure;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Cli, Command, Ledger},
    failure::Outcome,
    surroundings::Surroundings,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let surroundings = Surroundings::look(cli.passphrase_fd);
    match run(&cli, &surroundings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            surroundings.note(&failure.report());
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(Cli { config, command, .. }: &Cli, surroundings: &Surroundings) -> Outcome {
    match command {
        Command::Init(init) => commands::init::run(surroundings, config, init).await,
        Command::Provision { yes, replace, probe } => {
            commands::provision::run(surroundings, config, *yes, *replace, *probe).await
        }
        Command::Rotate(arguments) => commands::rotate::run(surroundings, config, arguments).await,
        Command::Destroy { yes, with_ca } => commands::destroy::run(surroundings, config, *yes, *with_ca).await,
        Command::Plan { json, check } => commands::plan::run(surroundings, config, *json, *check).await,
        Command::Sign(arguments) => commands::sign::run(surroundings, config, arguments).await,
        Command::Invite(arguments) => commands::invite::run(surroundings, config, arguments).await,
        Command::Adopt(arguments) => commands::adopt::run(surroundings, config, arguments).await,
        Command::Status { json } => commands::status::run(surroundings, config, *json).await,
        Command::Publish { to } => commands::publish::run(surroundings, config, to.as_deref()).await,
        Command::Export => commands::export::run(surroundings, config).await,
        Command::Users(arguments) => commands::users::run(surroundings, config, arguments).await,
        Command::Log(arguments) => commands::log::run(surroundings, config, arguments).await,
        Command::Ledger { command: Ledger::Verify { json } } => {
            commands::ledger_verify::run(surroundings, config, *json).await
        }
        Command::Connections { json, all } => commands::connections::run(surroundings, config, *json, *all).await,
        Command::Revoke(arguments) => commands::revoke::run(surroundings, config, arguments).await,
        Command::Probe(arguments) => commands::probe::run(surroundings, config, arguments).await,
        Command::IamPolicy { explain, json } => commands::iam_policy::run(surroundings, config, *explain, *json),
        Command::Doctor { json } => commands::doctor::run(surroundings, config, *json).await,
        Command::Disconnect { who, yes } => commands::disconnect::run(surroundings, config, who, *yes).await,
    }
}
