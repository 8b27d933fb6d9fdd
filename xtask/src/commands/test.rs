//! `cargo xtask test`: every check, counted, in the order in which a failure is cheapest to find.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use super::page;
use crate::{build, packages, process, tools};

/// Runs all checks, or one of the parts that take minutes alone, and ends with `N passed, N failed`.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let checks: &[Check] = match arguments.as_slice() {
        [] => CHECKS,
        ["e2e"] => END_TO_END,
        ["faults"] => FAULTS,
        ["page"] => PAGE,
        ["aws", rest @ ..] => return aws(rest),
        [other, ..] => {
            bail!("`cargo xtask test` does not know `{other}`; it takes `e2e`, `page`, `faults`, `aws` or nothing")
        }
    };
    prerequisites()?;
    let scratch = Scratch::make()?;
    let trunk = std::thread::spawn(tools::trunk);
    let mut count = Count::default();
    for check in checks {
        let begin = Instant::now();
        eprintln!("\n== {}", check.name);
        let result = (check.run)(&mut count);
        if let Err(error) = &result {
            eprintln!("error: {error:#}");
        }
        let outcome = if result.is_ok() { "passed" } else { "FAILED" };
        eprintln!("== {} {outcome} in {} s", check.name, begin.elapsed().as_secs());
        count.failed += u32::from(result.is_err());
        count.passed += u32::from(result.is_ok());
        if result.is_err() && check.name == BINARIES {
            eprintln!("error: what comes after would run what was built before");
            break;
        }
    }
    if trunk.join().map_or(true, |trunk| trunk.is_err()) {
        eprintln!("error: trunk could not be built");
    }
    drop(scratch);
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed > 0 {
        return Err(process::failed("test", 1));
    }
    Ok(())
}

/// The acceptance run on real AWS: never part of the others, since it costs money.
fn aws(arguments: &[&str]) -> Result<()> {
    packages::ensure(&[packages::BUILD, packages::ACCEPTANCE].concat())?;
    build::binaries()?;
    examples()?;
    process::run(build::example("aws").args(arguments))
}

/// Times the main job; figures to be read, nothing passes or fails.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    let is_page_alone = match arguments {
        [] => false,
        [part] if part == "page" => true,
        _ => bail!("usage: cargo xtask bench [page]"),
    };
    prerequisites()?;
    build::binaries()?;
    page::weigh()?;
    examples()?;
    if is_page_alone {
        return bench_page();
    }
    process::run(&mut build::example("signing"))?;
    process::run(&mut build::example("revocations"))?;
    process::run(&mut build::example("bench"))?;
    let figures = ["--", "second-run", "critical-path"];
    process::run(
        build::cargo().args(["test", "--quiet", "--locked", "--workspace", "--test", "faults"]).args(figures),
    )?;
    bench_page()
}

fn bench_page() -> Result<()> {
    process::run(build::example("page").arg(tools::node_forge()?))
}

fn examples() -> Result<()> {
    process::run(build::cargo().args(["build", "--quiet", "--locked", "--workspace", "--examples"]))
}

/// All programs of the system that tests start, so that what is missing is named at once.
fn prerequisites() -> Result<()> {
    packages::ensure(&[packages::BUILD, packages::DATA_PLANE, packages::TESTS].concat())
}

/// The folder in which all tests have theirs. A sandbox ends when its folder is removed: so does, with the next run, what an
/// interrupted one has left.
struct Scratch;

impl Scratch {
    fn make() -> Result<Self> {
        Self::remove()?;
        let folder = scratch();
        std::fs::create_dir(&folder).map_err(process::at(&folder))?;
        // As the system's own: some tests become nobody, and OpenVPN refuses a folder that it may not write to.
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o1777)).map_err(process::at(&folder))?;
        Ok(Self)
    }

    fn remove() -> Result<()> {
        match std::fs::remove_dir_all(scratch()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(process::at(&scratch())(error)),
            _ => Ok(()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = Self::remove() {
            eprintln!("warning: {error:#}");
        }
    }
}

/// One for each checkout, in the system's own folder for such: below a home folder some tests could not be run as nobody, and
/// paths of sockets must be short.
fn scratch() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (build::target_dir(), std::env::var_os("USER")).hash(&mut hasher);
    std::env::temp_dir().join(format!("latchkey-tests-{:016x}", hasher.finish()))
}

struct Check {
    name: &'static str,
    run: fn(&mut Count) -> Result<()>,
}

/// What passed and failed: one for each check, and one for each test that a check runs.
#[derive(Default)]
struct Count {
    passed: u32,
    failed: u32,
}

const BINARIES: &str = "binaries";

const CHECKS: &[Check] = &[
    Check { name: "format", run: |_| process::run(build::cargo().args(["fmt", "--all", "--check"])) },
    Check { name: BINARIES, run: |_| build::binaries() },
    Check { name: "unit and property tests", run: unit_and_property_tests },
    Check {
        name: "clippy",
        run: |_| {
            clippy(&["--all-targets"])?;
            // Those with `test = false`, which are no part of all.
            clippy(&["--test", "*"])
        },
    },
    Check {
        name: "documentation",
        run: |_| {
            let doc = ["doc", "--quiet", "--locked", "--workspace", "--no-deps", "--document-private-items"];
            process::run(build::cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings"))
        },
    },
    Check { name: "page", run: |_| page::ensure_built() },
    Check { name: "end to end, kills and faults", run: end_to_end_beside_faults },
];

const END_TO_END: &[Check] = &[
    Check { name: BINARIES, run: |_| build::binaries() },
    Check { name: "page", run: |_| page::ensure_built() },
    Check { name: "end to end", run: end_to_end },
];

const PAGE: &[Check] = &[
    Check { name: BINARIES, run: |_| build::binaries() },
    Check { name: "page", run: |_| page::ensure_built() },
    Check { name: "page built again", run: |_| page::reproduce() },
    Check {
        name: "in the browser",
        run: |count| {
            let filters = ["page_", "single_file", "main_job", "leaks"];
            let one_by_one = ["--test-threads", "1", "--nocapture", "--format", "pretty"];
            cargo_test(count, &[["--workspace", "--test", "e2e", "--"].as_slice(), &filters, &one_by_one].concat())
        },
    },
];

const FAULTS: &[Check] =
    &[Check { name: BINARIES, run: |_| build::binaries() }, Check { name: "kills and faults", run: kills_and_faults }];

fn end_to_end(count: &mut Count) -> Result<()> {
    // One test after the other: each starts browsers, servers and namespaces on what may be two cores.
    // Not quiet: each takes so long that one wants to see its name.
    let tests = ["--workspace", "--test", "e2e", "--", "--test-threads", "1", "--nocapture", "--format", "pretty"];
    cargo_test(count, &tests)
}

/// Most of these wait for processes and namespaces, too: twice as many at a time as there are cores.
fn unit_and_property_tests(count: &mut Count) -> Result<()> {
    let mut command = cargo_test_of(&["--workspace"]);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    command.env("RUST_TEST_THREADS", (2 * cores).to_string());
    run_tests(command, count, |line| println!("{line}"))
}

/// Both mostly wait, for browsers and tunnels, for rules to become active: side by side they take the time of one. What
/// the points of kills and faults say is shown after the last test, in one piece.
fn end_to_end_beside_faults(count: &mut Count) -> Result<()> {
    let beside = std::thread::spawn(|| {
        let (mut count, mut lines) = (Count::default(), Vec::new());
        // A person's clicks and a tunnel's timers come first; a point is a point however long it takes.
        let result = run_tests(process::behind(cargo_test_of(FAULT_TESTS)), &mut count, |line| lines.push(line));
        (result, count, lines)
    });
    let end_to_end = end_to_end(count);
    let (faults, counted, lines) = beside.join().map_err(|_| anyhow::anyhow!("kills and faults panicked"))?;
    lines.iter().for_each(|line| println!("{line}"));
    count.passed += counted.passed;
    count.failed += counted.failed;
    end_to_end.and(faults)
}

fn clippy(targets: &[&str]) -> Result<()> {
    let mut clippy = build::cargo();
    clippy.args(["clippy", "--quiet", "--locked", "--workspace"]).args(targets).args(["--", "-D", "warnings"]);
    process::run(&mut clippy)
}

fn kills_and_faults(count: &mut Count) -> Result<()> {
    cargo_test(count, FAULT_TESTS)
}

const FAULT_TESTS: &[&str] = &["--workspace", "--test", "faults"];

/// Runs `cargo test` and shows its output.
fn cargo_test(count: &mut Count, arguments: &[&str]) -> Result<()> {
    run_tests(cargo_test_of(arguments), count, |line| println!("{line}"))
}

fn cargo_test_of(arguments: &[&str]) -> Command {
    let mut command = build::cargo();
    command.args(["test", "--quiet", "--locked", "--no-fail-fast"]).args(arguments);
    // An error says what failed, on what, in its chain; forty lines of calls behind it hide that where CI keeps the end.
    command.env(build::BUILT, "yes").env("TMPDIR", scratch()).env("RUST_LIB_BACKTRACE", "0");
    command
}

/// Runs `command`, gives each line of its output to `show`, and adds its summary lines to `count`.
fn run_tests(mut command: Command, count: &mut Count, mut show: impl FnMut(String)) -> Result<()> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start `cargo`")?;
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let line = line.context("the output of `cargo test`")?;
        if let Some((passed, failed)) = summary(&line) {
            count.passed += passed;
            count.failed += failed;
        }
        show(line);
    }
    let status = child.wait().context("`cargo test`")?;
    process::succeeded(&command, status)
}

/// The counts of a line such as `test result: ok. 27 passed; 0 failed; 0 ignored; …`.
fn summary(line: &str) -> Option<(u32, u32)> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = counts.split("; ");
    let passed = counts.next()?.strip_suffix(" passed")?.parse().ok()?;
    let failed = counts.next()?.strip_suffix(" failed")?.parse().ok()?;
    Some((passed, failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_lines_of_cargo_test_are_counted() {
        let line = "test result: FAILED. 27 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.07s";
        assert_eq!(summary(line), Some((27, 3)));
        assert_eq!(summary("test name::tests::x ... ok"), None);
    }
}
