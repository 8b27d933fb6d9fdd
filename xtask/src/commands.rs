//! The commands: one line of help and one function each.

mod doctor;
mod forward;
mod fuzz;
mod page;
mod sandbox;
mod test;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::deployment::Deployment;

/// Runs the command that `arguments` begin with; without one, lists them all.
///
/// # Errors
/// An unknown command, or what the command reports.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", help());
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", help());
        return Ok(());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        bail!("unknown command `{name}`; `cargo xtask` lists them all");
    };
    if OWN.contains(&command.name) && asks_for_help(rest) {
        println!("usage: cargo xtask {name} {}\n\n{}", command.usage, command.help);
        return Ok(());
    }
    (command.run)(rest)
}

fn asks_for_help(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == "--help" || argument == "-h")
}

struct Command {
    name: &'static str,
    /// What follows the name, for the help.
    usage: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<()>,
}

/// Commands of this program. The others are passed on to one that explains them itself.
const OWN: [&str; 5] = ["web", "serve", "test", "fuzz", "bench"];

const COMMANDS: &[Command] = &[
    Command {
        name: "init",
        usage: "[--sandbox] [--out FILE]",
        help: "write a configuration file: asks, and offers what the account has",
        run: forward::init,
    },
    Command {
        name: "provision",
        usage: "[--yes] [--replace] [--probe]",
        help: "set up CA, certificates, endpoint, subnets, authorization, CRL and the page",
        run: forward::provision,
    },
    Command {
        name: "plan",
        usage: "[--json] [--check]",
        help: "show what `provision` would change",
        run: |rest| forward::latchkey("plan", rest),
    },
    Command {
        name: "status",
        usage: "[--json]",
        help: "show how the deployment is; exits with 5 where something is not well",
        run: |rest| forward::latchkey("status", rest),
    },
    Command {
        name: "invite",
        usage: "USER|--csv FILE [--days N] [--json]",
        help: "print a link to the page whose request is signed unasked; `--list`, `--cancel ID`",
        run: |rest| forward::latchkey("invite", rest),
    },
    Command {
        name: "sign",
        usage: "FILE.csr|FOLDER… [--out FILE] [--revoke-older] [--yes]",
        help: "check users' requests, issue their certificates and publish them",
        run: |rest| forward::latchkey("sign", rest),
    },
    Command {
        name: "users",
        usage: "[--expiring DAYS] [--json|--csv]",
        help: "list who has which certificate until when",
        run: |rest| forward::latchkey("users", rest),
    },
    Command {
        name: "log",
        usage: "[--since DAYS] [--user NAME] [--json]",
        help: "say who changed what, when, and how it ended",
        run: |rest| forward::latchkey("log", rest),
    },
    Command {
        name: "ledger",
        usage: "verify [--json]",
        help: "hold the ledger against itself and what the CA has signed",
        run: |rest| forward::latchkey("ledger", rest),
    },
    Command {
        name: "publish",
        usage: "[--to URL]",
        help: "put the built page into a folder or an S3 bucket",
        run: |rest| forward::latchkey("publish", rest),
    },
    Command {
        name: "export",
        usage: "",
        help: "write the client configuration and the page's bundle again",
        run: |rest| forward::latchkey("export", rest),
    },
    Command {
        name: "adopt",
        usage: "PKI_DIR [--key-passphrase-fd N] [--yes]",
        help: "take over a PKI that easy-rsa made",
        run: |rest| forward::latchkey("adopt", rest),
    },
    Command {
        name: "rotate",
        usage: "[server|anchor|ca] [--out FILE] [--yes] [--probe]",
        help: "renew the server certificate or the client anchor in its place, now; or prepare a new CA",
        run: |rest| forward::latchkey("rotate", rest),
    },
    Command {
        name: "destroy",
        usage: "[--yes] [--with-ca]",
        help: "delete everything of the deployment at AWS",
        run: |rest| forward::latchkey("destroy", rest),
    },
    Command {
        name: "connections",
        usage: "[--json] [--all]",
        help: "list who is connected",
        run: |rest| forward::latchkey("connections", rest),
    },
    Command {
        name: "disconnect",
        usage: "USER|ID [--yes]",
        help: "end a user's connections, or one",
        run: |rest| forward::latchkey("disconnect", rest),
    },
    Command {
        name: "revoke",
        usage: "USER|--serial HEX [--reason R|--undo] [--yes]",
        help: "lock a user out: CRL, endpoint, connections",
        run: |rest| forward::latchkey("revoke", rest),
    },
    Command {
        name: "probe",
        usage: "[--patience SECONDS] [--openvpn PROGRAM] [--json]",
        help: "try whether people get in: a real handshake with the endpoint",
        run: |rest| forward::latchkey("probe", rest),
    },
    Command {
        name: "doctor",
        usage: "[--json]",
        help: "check programs, configuration, AWS account and VPC before anything is changed",
        run: doctor::doctor,
    },
    Command {
        name: "iam-policy",
        usage: "[--explain] [--json]",
        help: "print the permissions that this deployment needs",
        run: |rest| forward::latchkey("iam-policy", rest),
    },
    Command {
        name: "web",
        usage: "[--single-file|--reproduce|--verify URL|FOLDER]",
        help: "build the page, also as one file; build it again elsewhere, or compare what is deployed, byte by byte",
        run: page::web,
    },
    Command { name: "serve", usage: "[--port N]", help: "serve the built page on 127.0.0.1", run: page::serve },
    Command {
        name: "sandbox",
        usage: "up|down|status|connect FILE.ovpn|…",
        help: "the local AWS with a real OpenVPN endpoint",
        run: sandbox::sandbox,
    },
    Command {
        name: "test",
        usage: "[e2e|page|faults|aws]",
        help: "run every check; `e2e`, `page` or `faults` runs that part alone, `aws` is the run on real AWS",
        run: test::test,
    },
    Command {
        name: "fuzz",
        usage: "[TARGET] [--seconds N]",
        help: "parsers of requests, certificates, profiles, bundles and invites under libFuzzer",
        run: fuzz::fuzz,
    },
    Command { name: "bench", usage: "[page]", help: "time the main job: page, commands and tunnel", run: test::bench },
];

fn help() -> String {
    let mut text = String::from("usage: cargo xtask COMMAND [--config FILE]\n\n");
    let width = COMMANDS.iter().map(|command| command.name.len() + command.usage.len() + 1).max().unwrap_or(0);
    for Command { name, usage, help, .. } in COMMANDS {
        let call = format!("{name} {usage}");
        text.push_str(&format!("  {call:width$}  {help}\n"));
    }
    text.push_str(
        "\nThe configuration is latchkey.toml unless --config names another. COMMAND --help says more.\n\
         Exit codes: 0 done, 2 wrong usage or configuration, 3 refused by policy, 4 AWS refused or failed,\n\
         5 drift found, 70 a bug, 130 interrupted.\n",
    );
    text
}

/// The deployment that `--config` in `arguments` names, or the default one.
fn deployment(arguments: &[String]) -> Result<Deployment> {
    let config = match option(arguments, "--config") {
        Some(Some(file)) => PathBuf::from(file),
        Some(None) => bail!("--config needs a file"),
        None => PathBuf::from("latchkey.toml"),
    };
    Deployment::read(&config)
}

/// The value of `--name VALUE` or `--name=VALUE`; `Some(None)` where the value is missing.
fn option<'a>(arguments: &'a [String], name: &str) -> Option<Option<&'a str>> {
    arguments.iter().enumerate().find_map(|(at, argument)| {
        let rest = argument.strip_prefix(name)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(Some(value)),
            None if rest.is_empty() => Some(arguments.get(at + 1).map(String::as_str)),
            None => None,
        }
    })
}

/// `arguments` without `--config FILE`, for programs that do not know it.
fn without_config(arguments: &[String]) -> Vec<&str> {
    let mut rest = arguments.iter();
    let mut kept = Vec::new();
    while let Some(argument) = rest.next() {
        if argument == "--config" {
            rest.next();
        } else if !argument.starts_with("--config=") {
            kept.push(argument.as_str());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_in_both_spellings() {
        let arguments = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(option(&arguments("a --config b c"), "--config"), Some(Some("b")));
        assert_eq!(option(&arguments("a --config=b c"), "--config"), Some(Some("b")));
        assert_eq!(option(&arguments("a --config"), "--config"), Some(None));
        assert_eq!(option(&arguments("a --configure b"), "--config"), None);
        assert_eq!(without_config(&arguments("a --config b c --config=d --yes")), ["a", "c", "--yes"]);
    }

    #[test]
    fn every_command_has_one_line_of_help() {
        let help = help();
        for command in COMMANDS {
            let lines = help.lines().filter(|line| line.starts_with(&format!("  {} ", command.name)));
            assert_eq!(lines.count(), 1, "{}", command.name);
        }
    }
}
