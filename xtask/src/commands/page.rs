//! `cargo xtask web` and `serve`: the page, built by trunk, sealed and served by `web-tool`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::Result;

use crate::{build, commands, deployment::Deployment, process, tools};

/// Builds the page into the deployment's folder.
pub(crate) fn web(arguments: &[String]) -> Result<()> {
    let deployment = commands::deployment(arguments)?;
    build::binaries()?;
    build_into(&deployment)?;
    println!("{}", deployment.page_dir.display());
    Ok(())
}

/// Serves the deployment's page until it is interrupted.
pub(crate) fn serve(arguments: &[String]) -> Result<()> {
    let deployment = commands::deployment(arguments)?;
    build::binaries()?;
    let mut serve = build::binary(build::WEB_TOOL);
    serve.arg("serve").arg("--dir").arg(&deployment.page_dir).args(commands::without_config(arguments));
    process::run(&mut serve)
}

/// Builds the page where its sources have changed.
pub(crate) fn ensure_built() -> Result<()> {
    let dist = dist();
    if is_current(&dist)? { Ok(()) } else { trunk(&dist) }
}

/// Builds the page where its sources have changed, and seals it into the deployment's folder.
pub(crate) fn build_into(deployment: &Deployment) -> Result<()> {
    ensure_built()?;
    process::run(
        build::binary(build::WEB_TOOL)
            .arg("seal")
            .arg("--dist")
            .arg(dist())
            .arg("--text")
            .arg(build::root().join("web/text"))
            .arg("--out")
            .arg(&deployment.page_dir)
            .arg("--hosting")
            .arg(deployment.hosting_dir())
            .stdout(std::io::stderr()),
    )
}

fn trunk(dist: &Path) -> Result<()> {
    let mut trunk = tools::trunk_command()?;
    process::run(build::cargo().args(["fetch", "--quiet", "--locked", "--target", "wasm32-unknown-unknown"]))?;
    eprintln!("building the page (trunk)");
    trunk.args(["build", "--release", "--offline", "--locked", "--dist"]).arg(dist);
    trunk.current_dir(build::root().join("web"));
    // Absolute paths in panic messages would make the page's bytes depend on where it was built.
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    // One short request is hashed: sha2's unrolled rounds would be seven kilobytes of the module for no time at all.
    let sha2 = "--cfg=sha2_backend_soft=\"compact\"".to_owned();
    let flags = [remap(build::root(), "/latchkey"), remap(&cargo_home, "/cargo"), sha2];
    trunk.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags.join(" "));
    process::run(&mut trunk)
}

/// Whether the page in `dist` is newer than everything it is made of.
fn is_current(dist: &Path) -> Result<bool> {
    let Ok(built) = dist.join("index.html").metadata().and_then(|meta| meta.modified()) else {
        return Ok(false);
    };
    let sources = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "profile", "profile-wasm", "web"];
    for source in sources {
        if newest(&build::root().join(source))? > built {
            return Ok(false);
        }
    }
    Ok(true)
}

/// When the youngest file at or below `path` was changed.
fn newest(path: &Path) -> Result<SystemTime> {
    let meta = path.symlink_metadata().map_err(process::at(path))?;
    let mut newest = meta.modified().map_err(process::at(path))?;
    if meta.is_dir() {
        for entry in fs::read_dir(path).map_err(process::at(path))? {
            newest = newest.max(self::newest(&entry.map_err(process::at(path))?.path())?);
        }
    }
    Ok(newest)
}

fn dist() -> PathBuf {
    build::target_dir().join("page")
}
