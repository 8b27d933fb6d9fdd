//! `cargo xtask web` and `serve`: the page, built by trunk, sealed and served by `web-tool`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Result, bail};

use crate::{build, commands, deployment::Deployment, process, tools};

/// Builds the page into the deployment's folder, or does with it what an option says.
pub(crate) fn web(arguments: &[String]) -> Result<()> {
    match commands::without_config(arguments).as_slice() {
        [] => {}
        ["--reproduce"] => {
            build::binaries()?;
            return reproduce();
        }
        ["--verify", page] => {
            build::binaries()?;
            return verify(page);
        }
        ["--single-file"] => {
            let deployment = commands::deployment(arguments)?;
            build::binaries()?;
            return single_file(&deployment);
        }
        _ => bail!("usage: cargo xtask web [--single-file | --reproduce | --verify URL|FOLDER]"),
    }
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

/// Compares a page that is out there with what the source builds.
fn verify(page: &str) -> Result<()> {
    ensure_built()?;
    process::run(web_tool("verify", build::root(), &dist()).arg(page))
}

/// Writes the page with the deployment's bundle into one file.
fn single_file(deployment: &Deployment) -> Result<()> {
    let (bundle, out) = (deployment.page_dir.join("bundle.json"), deployment.single_file());
    if !bundle.exists() {
        bail!("`{}` is missing; `cargo xtask provision` or `export` writes it", bundle.display());
    }
    ensure_built()?;
    let mut single_file = web_tool("single-file", build::root(), &dist());
    process::run(single_file.arg("--bundle").arg(bundle).arg("--out").arg(&out))?;
    println!("{}", out.display());
    Ok(())
}

/// Builds the page once more, from a copy of the sources elsewhere and from nothing, and compares all bytes.
pub(crate) fn reproduce() -> Result<()> {
    ensure_built()?;
    let elsewhere = build::target_dir().join("tmp/reproduced");
    if elsewhere.exists() {
        fs::remove_dir_all(&elsewhere).map_err(process::at(&elsewhere))?;
    }
    let source = elsewhere.join("source");
    copy_sources(build::root(), &source)?;
    run_trunk(&source, &elsewhere.join("page"), Some(&elsewhere.join("target")))?;
    let sites = [(build::root(), dist(), "here"), (&source, elsewhere.join("page"), "there")];
    for (source, dist, site) in &sites {
        process::run(&mut seal(source, dist, &elsewhere.join(site)))?;
    }
    let [here, there] = ["here", "there"].map(|site| files_below(&elsewhere.join(site)));
    let (here, there) = (here?, there?);
    for path in here.keys().chain(there.keys()) {
        if here.get(path) != there.get(path) {
            bail!("`{}` is not the same when the page is built again", path.display());
        }
    }
    fs::remove_dir_all(&elsewhere).map_err(process::at(&elsewhere))?;
    eprintln!("{} files of the page were built again elsewhere, byte by byte", here.len());
    Ok(())
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(process::at(to))?;
    for entry in fs::read_dir(from).map_err(process::at(from))? {
        let from = entry.map_err(process::at(from))?.path();
        let Some(name) = from.file_name() else { continue };
        // What is built, and what deployments keep.
        let is_source = !["target", ".git", ".latchkey"].iter().any(|other| name == *other);
        let to = to.join(name);
        if from.is_dir() && is_source {
            copy_sources(&from, &to)?;
        } else if from.is_file() {
            fs::copy(&from, &to).map_err(process::at(&from))?;
        }
    }
    Ok(())
}

fn files_below(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(process::at(folder))? {
        let path = entry.map_err(process::at(folder))?.path();
        let name = PathBuf::from(path.file_name().unwrap_or_default());
        if path.is_dir() {
            files.extend(files_below(&path)?.into_iter().map(|(below, content)| (name.join(below), content)));
        } else {
            files.insert(name, fs::read(&path).map_err(process::at(&path))?);
        }
    }
    Ok(files)
}

/// Builds the page where its sources have changed, and prints what it weighs.
pub(crate) fn weigh() -> Result<()> {
    ensure_built()?;
    process::run(&mut seal(build::root(), &dist(), &build::target_dir().join("tmp/weighed")))
}

/// Builds the page where its sources have changed, and seals it into the deployment's folder.
pub(crate) fn build_into(deployment: &Deployment) -> Result<()> {
    ensure_built()?;
    process::run(
        seal(build::root(), &dist(), &deployment.page_dir)
            .arg("--hosting")
            .arg(deployment.hosting_dir())
            .stdout(std::io::stderr()),
    )
}

fn seal(source: &Path, dist: &Path, out: &Path) -> Command {
    let mut seal = web_tool("seal", source, dist);
    seal.arg("--out").arg(out);
    seal
}

/// What `web-tool` does with a page that trunk has built in `dist` from the sources in `source`.
fn web_tool(command: &str, source: &Path, dist: &Path) -> Command {
    let mut web_tool = build::binary(build::WEB_TOOL);
    web_tool.arg(command).arg("--dist").arg(dist).arg("--text").arg(source.join("web/text"));
    web_tool
}

fn trunk(dist: &Path) -> Result<()> {
    run_trunk(build::root(), dist, None)
}

/// Builds the sources in `root`, with another target directory where one is named.
fn run_trunk(root: &Path, dist: &Path, target: Option<&Path>) -> Result<()> {
    let mut trunk = tools::trunk_command()?;
    process::run(build::cargo().args(["fetch", "--quiet", "--locked", "--target", "wasm32-unknown-unknown"]))?;
    eprintln!("building the page (trunk)");
    trunk.args(["build", "--release", "--offline", "--locked", "--dist"]).arg(dist);
    trunk.current_dir(root.join("web"));
    if let Some(target) = target {
        trunk.env("CARGO_TARGET_DIR", target);
    }
    // Absolute paths in panic messages would make the page's bytes depend on where it was built.
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    // One short request is hashed: sha2's unrolled rounds would be seven kilobytes of the module for no time at all.
    let sha2 = "--cfg=sha2_backend_soft=\"compact\"".to_owned();
    // Both weigh two kilobytes together: an expression computed once more on a path that lacks it, for speed that nobody
    // would notice here, and a table of the browser's objects in the module beside the one in the glue.
    let lean = ["-Cllvm-args=-enable-pre=false", "-Ctarget-feature=-reference-types"].map(str::to_owned);
    let flags = [remap(root, "/latchkey"), remap(&cargo_home, "/cargo"), sha2].into_iter().chain(lean);
    trunk.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags.collect::<Vec<_>>().join(" "));
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
