//! `cargo xtask doctor`: the programs that this machine needs, then what `latchkey doctor` finds.

use anyhow::Result;

use super::forward;
use crate::{
    commands,
    packages::{self, Package},
    process, tools,
};

/// Looks at everything, and changes nothing but what building `latchkey` needs.
pub(crate) fn doctor(arguments: &[String]) -> Result<()> {
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        return forward::latchkey("doctor", arguments);
    }
    // A configuration that cannot be read is the other part's to report.
    let on_sandbox = commands::deployment(arguments).is_ok_and(|deployment| deployment.on_sandbox);
    let mut all_well = true;
    // stdout is for the result, which may be JSON.
    for (packages, purpose, is_needed) in [
        (packages::BUILD, "to build Latchkey", true),
        (packages::DATA_PLANE, "for the sandbox", on_sandbox),
        (packages::TESTS, "for `cargo xtask test`", false),
    ] {
        for package in packages {
            all_well &= row(package, purpose, is_needed);
        }
    }
    let trunk = tools::find_trunk();
    let state = if trunk.is_some() { "ok" } else { "warning" };
    let found = trunk.map(|trunk| trunk.display().to_string());
    print_row(
        state,
        "trunk",
        found.as_deref().unwrap_or("built when the page is: about six minutes on two cores, once"),
    );
    eprintln!();
    forward::latchkey("doctor", arguments)?;
    if all_well { Ok(()) } else { Err(process::failed("doctor", 2)) }
}

/// Whether the program is there, or can come by itself, or is not needed.
fn row(package: &Package, purpose: &str, is_needed: bool) -> bool {
    if let Some(path) = package.find() {
        print_row("ok", package.program(), &path.display().to_string());
        return true;
    }
    if packages::can_install() {
        print_row("warning", package.program(), &format!("missing {purpose}; it is installed when it is needed"));
        return true;
    }
    let state = if is_needed { "failure" } else { "warning" };
    print_row(state, package.program(), &format!("missing {purpose}; install the package `{}`", package.debian()));
    !is_needed
}

fn print_row(state: &str, what: &str, found: &str) {
    eprintln!("{state:7}  {what:13}  {found}");
}
