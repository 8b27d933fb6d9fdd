//! The acceptance run on real AWS, for `cargo xtask test aws --config FILE [--yes-this-costs-money]`.
//!
//! Its code is that of the run on the sandbox (`tests/tests/life.rs`); only the account is another one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the run is told to whoever started it")]

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use tests::{
    acceptance::{Acceptance, Verdict},
    inventory::Account,
    trial::{CONFIG, Trial},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (acceptance, trial) = match request() {
        Ok(request) => request,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    let account = Account::of_environment(&trial.region).await;
    match acceptance.run(trial, account, |text| println!("{text}")).await {
        Ok(Verdict::Passed) => {
            println!("1 passed, 0 failed");
            ExitCode::SUCCESS
        }
        Ok(Verdict::NotAgreed) => {
            eprintln!("Nothing was done. `{AGREED}` agrees to it.");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            println!("0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}

/// What the command line and the configuration ask for.
fn request() -> Result<(Acceptance, Trial)> {
    let mut config = PathBuf::from(CONFIG);
    let mut is_agreed = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--config" => config = arguments.next().context("--config needs a file")?.into(),
            AGREED => is_agreed = true,
            other => match other.strip_prefix("--config=") {
                Some(file) => config = file.into(),
                None => bail!("`{other}` is no option of the acceptance run; `--config FILE` and `{AGREED}` are"),
            },
        }
    }
    let text = fs::read_to_string(&config).with_context(|| format!("cannot read `{}`", config.display()))?;
    let trial = Trial::of(&text).with_context(|| format!("`{}` is not for AWS", config.display()))?;
    let environment = std::env::vars().collect();
    Ok((Acceptance { config, environment, is_agreed, is_watched: true }, trial))
}

const AGREED: &str = "--yes-this-costs-money";
