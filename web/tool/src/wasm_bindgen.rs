//! The part of the wasm-bindgen command line that trunk uses, on wasm-bindgen's own library.
//!
//! Trunk looks for `wasm-bindgen` on the PATH, asks for its version and takes it when that
//! is the version in `Cargo.lock`. Linking the library in that version makes the answer
//! right by construction and saves a separate installation.

use std::{fs, mem, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use wasm_bindgen_cli_support::Bindgen;

use crate::seal;

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
            .omit_default_module_path(false);
        self.bind(bindgen).with_context(|| format!("cannot bind `{}`", self.wasm.display()))
    }

    /// Generates module and glue, with short names for what the one imports from the other: each of some two hundred
    /// has a hash in it that cannot be compressed.
    fn bind(&self, mut bindgen: Bindgen) -> Result<()> {
        let mut output = bindgen.generate_output()?;
        let mut names = Vec::new();
        for (place, import) in output.wasm_mut().imports.iter_mut().enumerate() {
            names.push((mem::replace(&mut import.name, place.to_string()), place));
        }
        output.emit(&self.out_dir)?;
        let path = self.out_dir.join(&self.out_name).with_extension("js");
        let glue = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let glue = renamed(&glue, &names)?;
        seal::write(&path, glue.as_bytes())
    }
}

/// `glue` with the numbers of its functions as their names.
fn renamed(glue: &str, functions: &[(String, usize)]) -> Result<String> {
    let mut glue = glue.to_owned();
    for (name, number) in functions {
        let head = format!(" {name}: function(");
        ensure!(glue.matches(&head).count() == 1, "the glue does not have `{name}` once");
        glue = glue.replace(&head, &format!(" {number}: function("));
    }
    Ok(glue)
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
    fn what_the_module_imports_is_called_by_numbers() {
        let functions = [("__wbg_new_1f".to_owned(), 0), ("__wbg_new_1f2".to_owned(), 1)];
        let glue = "{ __wbg_new_1f: function(a) {}, __wbg_new_1f2: function() { return new __wbg_new_1f(); } }";
        let expected = "{ 0: function(a) {}, 1: function() { return new __wbg_new_1f(); } }";
        assert_eq!(renamed(glue, &functions).unwrap(), expected);
        assert!(renamed("{}", &functions).is_err());
    }

    #[test]
    fn the_version_is_the_librarys() {
        let answer = WasmBindgen::try_parse_from(["wasm-bindgen", "--version"]).unwrap_err();
        assert_eq!(answer.to_string(), format!("wasm-bindgen {}\n", wasm_bindgen_shared::version()));
    }
}
