//! The workspace's own binaries.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{packages, process};

/// The admin's tool.
pub(crate) const LATCHKEY: &str = "latchkey";
/// The local AWS.
pub(crate) const SANDBOX: &str = "sandbox";
/// What builds, seals and serves the page.
pub(crate) const WEB_TOOL: &str = "web-tool";

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Cargo's target folder.
pub(crate) fn target_dir() -> PathBuf {
    // This program is `<target>/debug/xtask`.
    let own = std::env::current_exe().ok();
    own.as_deref().and_then(|own| own.ancestors().nth(2)).map_or_else(|| root().join("target"), Path::to_owned)
}

/// Cargo, as it was started for this program, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Set for what the tests start: that the binaries are built, and that looking for changes each time takes longer than
/// most commands.
pub(crate) const BUILT: &str = "LATCHKEY_BUILT";

/// Builds every binary: one build with one set of features, because the AWS SDK takes minutes.
///
/// # Errors
/// Cargo's.
pub(crate) fn binaries() -> Result<()> {
    if std::env::var_os(BUILT).is_some() {
        return Ok(());
    }
    packages::ensure(packages::BUILD)?;
    let mut build = cargo();
    build.args(["build", "--locked", "--workspace", "--bins"]);
    if binary_path(LATCHKEY).exists() {
        build.arg("--quiet");
    } else {
        eprintln!(
            "building Latchkey; the first time this takes about ten minutes on two cores, most of it for the AWS SDK"
        );
    }
    process::run(&mut build)
}

/// A binary that [`binaries`] has built.
pub(crate) fn binary(name: &str) -> Command {
    Command::new(binary_path(name))
}

fn binary_path(name: &str) -> PathBuf {
    target_dir().join("debug").join(name)
}

/// A program of `tests/examples`, once it has been built.
pub(crate) fn example(name: &str) -> Command {
    binary(&format!("examples/{name}"))
}
