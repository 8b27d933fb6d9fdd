//! `latchkey log`: who changed what, when, and how it ended.

use std::{fmt::Write, path::Path};

use profile::name::Domain;
use provisioner::ledger::{Deed, Ending, Logged};
use serde::Serialize;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    cli,
    deployment::Deployment,
    failure::{Kind, OrFail, Outcome},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Log) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let since =
        arguments.since.map_or(OffsetDateTime::UNIX_EPOCH, |days| surroundings.now - Duration::days(days.into()));
    let mut logged = deployment.ledger.log(since).await.or_fail(Kind::Input)?;
    if let Some(name) = &arguments.user {
        logged.retain(|it| is_about(&it.deed, name, &deployment.config.deployment.domain));
    }
    let forms: Vec<Form<'_>> = logged.iter().map(Form::of).collect::<Result<_, _>>().or_fail(Kind::Bug)?;
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&forms).or_fail(Kind::Bug)? + "\n",
        false if forms.is_empty() => "The log has nothing of that.\n".to_owned(),
        false => forms.iter().map(shown).collect(),
    };
    surroundings.out(&text);
    Ok(())
}

/// Whether `name` is a user whom it is about, or the admin who did it.
fn is_about(deed: &Deed, name: &str, domain: &Domain) -> bool {
    let common_name = format!("{name}.{domain}");
    deed.provenance.who == name || deed.subjects.iter().any(|subject| subject == name || *subject == common_name)
}

/// One entry. A stable form.
#[derive(Serialize)]
struct Form<'a> {
    begun: String,
    who: &'a str,
    caller: Option<&'a str>,
    command: &'a str,
    subjects: &'a [String],
    what: &'a [String],
    outcome: &'static str,
    result: &'a [String],
    error: Option<&'a str>,
    ended: Option<String>,
}

impl<'a> Form<'a> {
    fn of(Logged { deed, ending }: &'a Logged) -> Result<Self, time::error::Format> {
        let Deed { command, subjects, what, caller, provenance } = deed;
        let (outcome, result, error): (_, &[String], _) = match ending.as_ref().map(|ending| &ending.outcome) {
            None => ("unknown", &[], None),
            Some(Ok(result)) => ("done", result, None),
            Some(Err(error)) => ("failed", &[], Some(error.as_str())),
        };
        let ended = ending.as_ref().map(|Ending { when, .. }| when.format(&Rfc3339)).transpose()?;
        Ok(Self {
            begun: provenance.when.format(&Rfc3339)?,
            who: &provenance.who,
            caller: caller.as_deref(),
            command,
            subjects,
            what,
            outcome,
            result,
            error,
            ended,
        })
    }
}

/// An entry as people read it: a line, and below it what was to be done and how it ended.
fn shown(form: &Form<'_>) -> String {
    let Form { begun, who, caller, command, subjects, what, outcome, result, error, ended: _ } = form;
    let caller = caller.map(|arn| format!(" ({arn})")).unwrap_or_default();
    let subjects = if subjects.is_empty() { String::new() } else { format!(" {}", subjects.join(", ")) };
    let (second, _) = begun.split_at_checked(SECOND).unwrap_or((begun, ""));
    let mut text = format!("{second}Z  {who}{caller}: {command}{subjects}\n");
    let end = match (*outcome, error) {
        ("unknown", _) => "its end is not known: it goes on, or was cut short".to_owned(),
        (outcome, Some(error)) => format!("{outcome}: {error}"),
        (outcome, None) if result.is_empty() => outcome.to_owned(),
        (outcome, None) => format!("{outcome}: {}", result.join(", ")),
    };
    for line in what.iter().chain([&end]) {
        // Writing to a string does not fail.
        let _ok = writeln!(text, "    {line}");
    }
    text
}

/// The length of `2026-11-25T12:00:00`.
const SECOND: usize = 19;

#[cfg(test)]
mod tests {
    use provisioner::{ledger::Provenance, pki::serial::Serial};
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_entry_says_who_did_what_and_how_it_ended() {
        let end = |outcome| Some(Ending { when: NOW + Duration::SECOND, outcome });
        for (ending, last) in [
            (None, "its end is not known: it goes on, or was cut short"),
            (end(Ok(vec![])), "done"),
            (end(Ok(vec!["list 2".to_owned(), "connections ended 1".to_owned()])), "done: list 2, connections ended 1"),
            (end(Err("AWS is out of reach".to_owned())), "failed: AWS is out of reach"),
        ] {
            let logged = Logged { deed: deed(), ending };
            assert_eq!(
                shown(&Form::of(&logged).unwrap()),
                format!(
                    "2026-11-25T12:00:00Z  boss (arn:x): revoke alice.vpn.example.com\n    revoke 01\n    {last}\n"
                )
            );
        }
    }

    #[test]
    fn a_name_is_a_users_or_an_admins() {
        let domain = "vpn.example.com".parse().unwrap();
        for name in ["alice", "alice.vpn.example.com", "boss"] {
            assert!(is_about(&deed(), name, &domain), "{name}");
        }
        for name in ["bob", "alice.vpn", ""] {
            assert!(!is_about(&deed(), name, &domain), "{name}");
        }
    }

    fn deed() -> Deed {
        Deed {
            command: "revoke".to_owned(),
            subjects: vec!["alice.vpn.example.com".to_owned()],
            what: vec!["revoke 01".to_owned()],
            caller: Some("arn:x".to_owned()),
            provenance: Provenance {
                who: "boss".to_owned(),
                when: NOW + Duration::MILLISECOND,
                nonce: Serial::from_random([1; 16]),
            },
        }
    }

    const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);
}
