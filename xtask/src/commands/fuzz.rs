//! `cargo xtask fuzz`: the parsers under libFuzzer.
//!
//! The flags are those of `cargo fuzz build --sanitizer none`, which the pinned toolchain understands: no nightly and no installed tool is
//! needed, and without unsafe code a sanitizer would find nothing.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{build, process};

/// `fuzz [TARGET] [--seconds N]`: one target after the other.
pub(crate) fn fuzz(arguments: &[String]) -> Result<()> {
    let (targets, seconds) = parse(arguments)?;
    let host = host()?;
    let folder = build::root().join("target/fuzz");
    let mut build = build::cargo();
    build.args(["build", "--release", "--locked", "--bins", "--target", &host]);
    build.arg("--manifest-path").arg(build::root().join("profile/fuzz/Cargo.toml"));
    build.env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", FLAGS.join(" "));
    process::run(&mut build)?;
    for target in targets {
        let (found, seeds) =
            (folder.join("corpus").join(target), build::root().join("profile/fuzz/corpus").join(target));
        fs::create_dir_all(&found).map_err(process::at(&found))?;
        let mut run = std::process::Command::new(folder.join(&host).join("release").join(target));
        run.arg(format!("-max_total_time={seconds}")).args(["-timeout=10", "-max_len=20000", "-print_final_stats=1"]);
        run.arg(format!("-artifact_prefix={}/{target}-", folder.display())).arg(found).arg(seeds);
        eprintln!("\n== {target}, {seconds} s");
        process::run(&mut run)?;
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<(Vec<&'static str>, u32)> {
    let (mut targets, mut seconds) = (TARGETS.to_vec(), 60);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seconds" => {
                let value = arguments.next().context("`--seconds` needs a number")?;
                seconds = value.parse().with_context(|| format!("`{value}` is no number of seconds"))?;
            }
            name => match TARGETS.iter().find(|target| **target == name) {
                Some(target) => targets = vec![*target],
                None => bail!("there is no fuzz target `{name}`; there are {}", TARGETS.join(", ")),
            },
        }
    }
    Ok((targets, seconds))
}

/// The host's triple: with a target named, build scripts are built without the flags.
fn host() -> Result<String> {
    let mut rustc = std::process::Command::new("rustc");
    let version = process::read_quietly(rustc.current_dir(build::root()).arg("-vV")).context("`rustc -vV` failed")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}

const TARGETS: [&str; 5] = ["csr", "certificate", "ovpn", "bundle", "invite"];

const FLAGS: [&str; 7] = [
    "--cfg=fuzzing",
    "-Ccodegen-units=1",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_and_a_time_can_be_named() {
        let parse =
            |line: &str| parse(&line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(parse("").unwrap(), (TARGETS.to_vec(), 60));
        assert_eq!(parse("csr --seconds 600").unwrap(), (vec!["csr"], 600));
        assert!(parse("crs").unwrap_err().to_string().contains("csr, certificate"));
        assert!(parse("--seconds").is_err() && parse("--seconds x").is_err());
    }

    #[test]
    fn each_target_is_one_of_the_manifest() {
        let manifest = fs::read_to_string(build::root().join("profile/fuzz/Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        assert!(TARGETS.iter().all(|target| manifest.contains(&format!("targets/{target}.rs"))));
    }
}
