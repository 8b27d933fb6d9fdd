//! The part of the wasm-bindgen command line that trunk uses, on wasm-bindgen's own library.
//!
//! Trunk looks for `wasm-bindgen` on the PATH, asks for its version and takes it when that
//! is the version in `Cargo.lock`. Linking the library in that version makes the answer
//! right by construction and saves a separate installation.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use wasm_bindgen_cli_support::Bindgen;

/// Binds a WebAssembly module to JavaScript.
///
/// Field by field what trunk 0.22 passes; an option it does not pass is refused.
#[derive(Debug, Parser)]
#[command(name = "wasm-bindgen", version = version())]
pub(crate) struct WasmBindgen {
    /// The module that cargo built.
    wasm: PathBuf,
    /// What the generated JavaScript is for.
    #[arg(long)]
    target: Target,
    /// Directory for the generated files.
    #[arg(long)]
    out_dir: PathBuf,
    /// Stem of the generated files' names.
    #[arg(long)]
    out_name: String,
    /// Leave out the TypeScript declarations.
    #[arg(long)]
    no_typescript: bool,
    /// Keep debug sections in the module.
    #[arg(long)]
    keep_debug: bool,
    /// Leave Rust symbol names mangled.
    #[arg(long)]
    no_demangle: bool,
    /// Accepted without effect: detected from the module, as in the original.
    #[arg(long)]
    reference_types: bool,
    /// Accepted without effect: always on, as in the original.
    #[arg(long)]
    weak_refs: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    Web,
}

impl WasmBindgen {
    pub(crate) fn run(self) -> Result<()> {
        let mut bindgen = Bindgen::new();
        match self.target {
            Target::Web => bindgen.web(true)?,
        };
        bindgen
            .input_path(&self.wasm)
            .out_name(&self.out_name)
            .typescript(!self.no_typescript)
            .keep_debug(self.keep_debug)
            .demangle(!self.no_demangle)
            // The library's default differs from the program's; without the module path the
            // generated `init()` cannot be called without an argument.
            .omit_default_module_path(false)
            .generate(&self.out_dir)
            .with_context(|| format!("cannot bind `{}`", self.wasm.display()))
    }
}

/// Leaked once a run, because clap wants a static string.
fn version() -> &'static str {
    wasm_bindgen_shared::version().leak()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_command_line_is_understood() {
        let parsed = WasmBindgen::try_parse_from([
            "wasm-bindgen",
            "--target=web",
            "--out-dir=target/wasm-bindgen/release",
            "--out-name=profile-wasm",
            "target/wasm32-unknown-unknown/page/profile_wasm.wasm",
            "--no-typescript",
        ])
        .unwrap();
        assert!(parsed.no_typescript);
        assert_eq!(parsed.out_name, "profile-wasm");
    }

    #[test]
    fn the_version_is_the_librarys() {
        let answer = WasmBindgen::try_parse_from(["wasm-bindgen", "--version"]).unwrap_err();
        assert_eq!(answer.to_string(), format!("wasm-bindgen {}\n", wasm_bindgen_shared::version()));
    }
}
