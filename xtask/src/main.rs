//! Latchkey's command runner, started as `cargo xtask`.
//!
//! It builds, installs what a step needs, starts the other binaries as processes and passes their exit codes on.
//! It knows neither AWS nor certificates: what needs them lives in the binaries `latchkey`, `sandbox` and
//! `web-tool`, so that this one compiles in seconds.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command runner talks to the terminal")]

mod commands;

mod process;

mod deployment;

mod build;

mod tools;

mod packages;

use std::process::ExitCode;

use process::Failed;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match commands::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<Failed>() {
            // The program that failed has said why.
            Some(Failed { code, .. }) => ExitCode::from(*code),
            None => {
                eprintln!("error: {error:#}");
                ExitCode::from(2)
            }
        },
    }
}
