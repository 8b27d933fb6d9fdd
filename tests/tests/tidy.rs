//! Rules of the repository that no compiler checks.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context, Result, ensure};
use tests::rehearsal::{files, repository};

#[test]
fn dependencies_point_one_way() -> Result<()> {
    let members: BTreeSet<String> = crates(&["--workspace", "--depth", "0"])?;
    ensure!(members.len() == ALLOWED.len(), "a member is missing in this test: {members:?}");
    for (package, allowed) in ALLOWED {
        let made_of = crates(&["--package", package])?;
        for member in made_of.intersection(&members).filter(|member| member != package) {
            ensure!(allowed.contains(&member.as_str()), "`{package}` must not depend on `{member}`");
        }
    }
    Ok(())
}

#[test]
fn the_shared_rules_know_neither_service_nor_browser_nor_chance() -> Result<()> {
    for made_of in crates(&["--package", "profile", "--target", "wasm32-unknown-unknown"])? {
        let found = FORBIDDEN_IN_PROFILE.iter().find(|(start, _)| made_of.starts_with(start));
        ensure!(found.is_none(), "`profile` is made of `{made_of}`, but {found:?}");
    }
    Ok(())
}

#[test]
fn the_changelog_speaks_of_this_version() -> Result<()> {
    let changelog = std::fs::read_to_string(repository().join("CHANGELOG.md"))?;
    let version = format!("## {}", env!("CARGO_PKG_VERSION"));
    ensure!(changelog.contains(&version) || changelog.contains("## Unreleased"), "no heading for this version");
    Ok(())
}

#[test]
fn both_readmes_give_the_same_commands() -> Result<()> {
    let [english, chinese] =
        ["README.md", "README.zh-CN.md"].map(|file| std::fs::read_to_string(repository().join(file)));
    let (english, chinese) = (english?, chinese?);
    ensure!(commands(&english).len() == 7, "{:?}", commands(&english));
    ensure!(commands(&english) == commands(&chinese), "{:?}", commands(&chinese));
    let shape = |text: &str| ["## ", "| ", "]("].map(|mark| text.matches(mark).count());
    ensure!(
        shape(&english) == shape(&chinese),
        "headings, cells and links: {:?}, {:?}",
        shape(&english),
        shape(&chinese)
    );
    Ok(())
}

#[test]
fn everything_that_the_page_may_have_to_say_is_tried() -> Result<()> {
    let texts: toml::Table = toml::from_str(&std::fs::read_to_string(repository().join("web/text/en.toml"))?)?;
    let tests = files(&repository().join("tests/e2e"))?;
    let tests: Vec<String> = tests.into_iter().map(|(_, test)| String::from_utf8(test)).collect::<Result<_, _>>()?;
    let codes: Vec<&str> = texts.keys().filter_map(|key| key.strip_prefix("message-")).collect();
    ensure!(codes.len() > 40, "{codes:?}");
    let is_tried = |code: &str| tests.iter().any(|test| test.contains(&format!("\"{code}\"")));
    let missing: Vec<_> = codes.into_iter().filter(|code| !is_tried(code)).collect();
    ensure!(missing.is_empty(), "no end-to-end test waits for {missing:?}");
    Ok(())
}

/// What is to be typed, without what is said about it.
fn commands(readme: &str) -> Vec<&str> {
    let blocks = readme.split("```").skip(1).step_by(2).flat_map(str::lines);
    blocks.filter(|line| line.starts_with("cargo ")).filter_map(|line| line.split('#').next()).map(str::trim).collect()
}

/// Every member, and which members it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("pki", &["profile"]),
    ("profile", &[]),
    ("profile-wasm", &["profile"]),
    ("provisioner", &["pki", "profile"]),
    ("sandbox", &["profile"]),
    ("tests", &[]),
    ("web-tool", &[]),
    ("xtask", &[]),
];

const FORBIDDEN_IN_PROFILE: &[(&str, &str)] = &[
    ("aws-", "it knows no service"),
    ("getrandom", "randomness is an argument"),
    ("js-sys", "it is not the browser's alone"),
    ("tokio", "it is synchronous"),
    ("wasm-bindgen", "it is not the browser's alone"),
];

/// The names of all crates in what `cargo tree` shows.
fn crates(arguments: &[&str]) -> Result<BTreeSet<String>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"]).args(arguments);
    let output = cargo.current_dir(repository()).output().context("cargo tree")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    Ok(lines
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}
