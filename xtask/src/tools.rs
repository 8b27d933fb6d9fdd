//! What turns Rust into a page: the wasm target, trunk, wasm-bindgen and wasm-opt.
//!
//! A tool that fits is taken from PATH; otherwise it is installed below `target/tools`, in exactly the version
//! wanted, and nothing outside the checkout changes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use anyhow::{Context, Result, bail};

use crate::{build, packages, process};

/// trunk, with everything that it starts first on its PATH.
///
/// # Errors
/// What could not be found or installed.
pub(crate) fn trunk_command() -> Result<Command> {
    wasm_target()?;
    let bin = folder().join("bin");
    fs::create_dir_all(&bin).map_err(process::at(&bin))?;
    wasm_bindgen(&bin)?;
    wasm_opt(&bin)?;
    let mut trunk = Command::new(trunk()?);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path)));
    trunk.env("PATH", path.context("the path of this checkout has a colon")?);
    Ok(trunk)
}

/// Where trunk is; it is built first where it has to be, which takes minutes and may happen beside another build.
///
/// # Errors
/// Cargo's, where it has to be built and cannot.
pub(crate) fn trunk() -> Result<PathBuf> {
    // Whoever comes while it is being built waits for it, and finds it then.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    if let Some(trunk) = find_trunk() {
        return Ok(trunk);
    }
    packages::ensure(packages::BUILD)?;
    eprintln!("building trunk {TRUNK}; this takes about six minutes on two cores, once");
    let build = folder().join("build");
    // trunk 0.22 declares a newer Rust than the pinned one and builds with it all the same. Unoptimised: it builds
    // in half the time, and of a page's build only seconds are trunk's own.
    let mut install = build::cargo();
    install
        .args(["install", "trunk", "--quiet", "--locked", "--debug", "--ignore-rust-version"])
        .args(["--version", TRUNK, "--no-default-features", "--features", "rustls", "--root"])
        .arg(folder())
        .arg("--target-dir")
        .arg(&build)
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    process::run(&mut install)?;
    // More than a gigabyte that nobody needs again.
    fs::remove_dir_all(&build).map_err(process::at(&build))?;
    Ok(own_trunk())
}

/// A trunk in the right version, on PATH or built before.
pub(crate) fn find_trunk() -> Option<PathBuf> {
    let wanted = format!("trunk {TRUNK}");
    let fits = |trunk: &PathBuf| {
        process::read_quietly(Command::new(trunk).arg("--version")).is_some_and(|version| version.trim() == wanted)
    };
    process::find("trunk").into_iter().chain([own_trunk()]).find(fits)
}

fn own_trunk() -> PathBuf {
    folder().join("bin/trunk")
}

fn wasm_target() -> Result<()> {
    let rustc = || {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(build::root());
        rustc
    };
    let libraries = process::read(rustc().args(["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(libraries.trim()).exists() {
        return Ok(());
    }
    if process::find("rustup").is_none() {
        bail!(
            "Rust's `{WASM}` target is missing; install it with your system's package manager, or use rustup: https://rustup.rs"
        );
    }
    eprintln!("adding Rust's {WASM} target (rustup)");
    process::run(Command::new("rustup").args(["--quiet", "target", "add", WASM]).current_dir(build::root()))
}

/// `web-tool` under the name by which it is wasm-bindgen, in the version of Cargo.lock.
fn wasm_bindgen(bin: &Path) -> Result<()> {
    let web_tool = build::binary(build::WEB_TOOL);
    link(Path::new(web_tool.get_program()), &bin.join("wasm-bindgen"))
}

fn wasm_opt(bin: &Path) -> Result<()> {
    let npm = folder().join("npm");
    let from_npm = npm.join("node_modules/.bin/wasm-opt");
    if !from_npm.exists() && process::find("npm").is_some() {
        eprintln!("installing wasm-opt (npm package binaryen {BINARYEN})");
        npm_install(&npm, "binaryen", BINARYEN)?;
    }
    if from_npm.exists() {
        return link(&from_npm, &bin.join("wasm-opt"));
    }
    packages::ensure(packages::BINARYEN)
}

/// node-forge as browsers load it: what the page is measured beside.
///
/// # Errors
/// npm's.
pub(crate) fn node_forge() -> Result<PathBuf> {
    let folder = folder().join(format!("node-forge-{NODE_FORGE}"));
    let file = folder.join("node_modules/node-forge/dist/forge.min.js");
    if !file.exists() {
        npm_install(&folder, "node-forge", NODE_FORGE)?;
    }
    Ok(file)
}

fn npm_install(folder: &Path, package: &str, version: &str) -> Result<()> {
    fs::create_dir_all(folder).map_err(process::at(folder))?;
    let mut install = Command::new("npm");
    install.args(["install", "--silent", "--no-save", "--ignore-scripts", "--prefix"]).arg(folder);
    process::run(install.arg(format!("{package}@{version}")))
}

fn folder() -> PathBuf {
    build::target_dir().join("tools")
}

/// Makes `link` a symbolic link to `target`, whatever it was before.
fn link(target: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|now| now == target) {
        return Ok(());
    }
    let fresh = link.with_extension("new");
    if fresh.is_symlink() {
        fs::remove_file(&fresh).map_err(process::at(&fresh))?;
    }
    std::os::unix::fs::symlink(target, &fresh).map_err(process::at(&fresh))?;
    fs::rename(&fresh, link).with_context(|| format!("`{}`", link.display()))
}

const WASM: &str = "wasm32-unknown-unknown";
const NODE_FORGE: &str = "1.4.3";
const TRUNK: &str = "0.22.1";
/// The release of npm's `binaryen`; trunk takes any wasm-opt, the page's size depends on it.
const BINARYEN: &str = "132.0.0";
