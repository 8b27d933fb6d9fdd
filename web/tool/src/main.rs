//! Stands between trunk and a host: runs wasm-bindgen for trunk, seals what trunk
//! built against tampering, serves the result on this machine, and compares what is served elsewhere with it.
//!
//! Started under the file name `wasm-bindgen` (a symlink is enough) it answers as that
//! program does, so that the page is bound by the very version that `Cargo.lock` names.

use std::{env, path::Path, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

mod advice;
mod headers;
mod host;
mod hosting;
mod markup;
mod seal;
mod serve;
mod sha256;
mod single_file;
mod size;
mod text;
mod verify;
mod wasm_bindgen;

/// Seals, serves and verifies the page.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Seal(seal::Seal),
    Serve(serve::Serve),
    SingleFile(single_file::SingleFile),
    Verify(verify::Verify),
}

fn main() -> ExitCode {
    let outcome = if started_as("wasm-bindgen") {
        wasm_bindgen::WasmBindgen::parse().run()
    } else {
        match Cli::parse().command {
            Command::Seal(seal) => seal.run(),
            Command::Serve(serve) => serve.run(),
            Command::SingleFile(single_file) => single_file.run(),
            Command::Verify(verify) => verify.run(),
        }
    };
    finish(outcome)
}

/// A page that differs is exit code 5. Everything else that can go wrong is a matter of input, files or ports: 2.
#[expect(clippy::print_stderr, reason = "`main` reports the error, once")]
fn finish(outcome: Result<()>) -> ExitCode {
    let Err(error) = outcome else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error:#}");
    if let Some(hint) = advice::hint(&error) {
        eprintln!("\nhint: {hint}");
    }
    ExitCode::from(if error.is::<verify::Drift>() { 5 } else { 2 })
}

fn started_as(name: &str) -> bool {
    env::args_os().next().is_some_and(|program| Path::new(&program).file_stem().is_some_and(|stem| stem == name))
}
