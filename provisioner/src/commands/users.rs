//! `latchkey users`: who has a certificate, and until when; as a table, for programs, or for a spreadsheet.

use std::path::Path;

use provisioner::{
    ledger::{Issued, Revocations, Role},
    pki::reason::Reason,
};
use serde::Serialize;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    cli,
    deployment::Deployment,
    failure::{Kind, OrFail, Outcome},
    surroundings::Surroundings,
    table::Table,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Users) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let revocations = deployment.ledger.revocations().await.or_fail(Kind::Input)?;
    let issued = deployment.ledger.all_issued().await.or_fail(Kind::Input)?;
    let domain = deployment.config.deployment.domain.as_str();
    let mut users = users(&issued, &revocations, domain, surroundings.now).or_fail(Kind::Bug)?;
    if let Some(days) = arguments.expiring {
        let end = surroundings.now + Duration::days(days.into());
        users.retain(|user| user.state == State::Valid && user.end <= end);
    }
    let text = match (arguments.json, arguments.csv) {
        (true, _) => serde_json::to_string_pretty(&users).or_fail(Kind::Bug)? + "\n",
        (false, true) => csv(&users).or_fail(Kind::Bug)?,
        (false, false) => table(&users, arguments.expiring),
    };
    surroundings.out(&text);
    Ok(())
}

/// One certificate of a user. A stable form.
#[derive(Serialize)]
struct User {
    username: String,
    subject: String,
    state: State,
    /// Why it is revoked, where it is.
    reason: Option<&'static str>,
    not_before: String,
    not_after: String,
    serial: String,
    key_sha256: String,
    issued_by: String,
    issued_at: String,
    #[serde(skip)]
    end: OffsetDateTime,
}

/// The fields of a [`User`]: a list of nobody has a head, too.
const HEAD: [&str; 10] = [
    "username",
    "subject",
    "state",
    "reason",
    "not_before",
    "not_after",
    "serial",
    "key_sha256",
    "issued_by",
    "issued_at",
];

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Valid,
    Revoked,
    Expired,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// Those of `issued` that are users', by name and age.
fn users(
    issued: &[Issued],
    revocations: &Revocations,
    domain: &str,
    now: OffsetDateTime,
) -> Result<Vec<User>, time::error::Format> {
    let of_users = issued.iter().filter(|issued| issued.role == Role::User);
    let mut users = of_users
        .map(|issued| form(issued, revocations.reason(issued.serial), domain, now))
        .collect::<Result<Vec<_>, _>>()?;
    users.sort_by(|a, b| (&a.username, &a.issued_at).cmp(&(&b.username, &b.issued_at)));
    Ok(users)
}

fn form(
    issued: &Issued,
    reason: Option<Reason>,
    domain: &str,
    now: OffsetDateTime,
) -> Result<User, time::error::Format> {
    let username =
        issued.subject.strip_suffix(domain).and_then(|name| name.strip_suffix('.')).unwrap_or(&issued.subject);
    let state = match reason {
        Some(_) => State::Revoked,
        None if issued.not_after < now => State::Expired,
        None => State::Valid,
    };
    Ok(User {
        username: username.to_owned(),
        subject: issued.subject.clone(),
        state,
        reason: reason.map(Reason::as_str),
        not_before: issued.not_before.format(&Rfc3339)?,
        not_after: issued.not_after.format(&Rfc3339)?,
        serial: issued.serial.to_string(),
        key_sha256: issued.key_sha256.clone(),
        issued_by: issued.provenance.who.clone(),
        issued_at: issued.provenance.when.format(&Rfc3339)?,
        end: issued.not_after,
    })
}

/// Quoted as RFC 4180 says; lines end as they do on this system's other lists.
fn csv(users: &[User]) -> anyhow::Result<String> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for user in users {
        writer.serialize(user)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8(bytes)?)
}

fn table(users: &[User], expiring: Option<u16>) -> String {
    match (users, expiring) {
        ([], None) => "Nobody has a certificate yet: `latchkey sign FILE.csr` issues one.\n".to_owned(),
        ([], Some(days)) => format!("No valid certificate ends within {days} days.\n"),
        (users, _) => {
            let mut table = Table::new(["user", "state", "until", "serial", "reason"]);
            for user in users {
                let until = user.not_after.split('T').next().unwrap_or_default();
                let reason = user.reason.unwrap_or_default();
                table.row([&user.username, user.state.as_str(), until, &user.serial, reason].map(str::to_owned));
            }
            table.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use provisioner::{ledger::Provenance, pki::serial::Serial};
    use time::macros::datetime;

    use super::*;

    #[test]
    fn only_users_are_listed_by_name_and_age() {
        let issued = [
            issued(1, Role::User, "bob", NOW),
            issued(2, Role::Probe, "probe", NOW),
            issued(3, Role::User, "alice", NOW - Duration::SECOND),
            issued(4, Role::Server, "", NOW),
            issued(5, Role::Anchor, "anchor", NOW),
        ];
        let users = users(&issued, &Revocations::default(), "vpn.example.com", NOW).unwrap();
        let seen: Vec<_> = users.iter().map(|it| (it.username.as_str(), it.state)).collect();
        assert_eq!(seen, [("alice", State::Expired), ("bob", State::Valid)]);
    }

    #[test]
    fn a_spreadsheet_has_the_fields_of_the_json_and_a_head_in_any_case() {
        let mut one = issued(1, Role::User, "alice", NOW);
        one.provenance.who = "the \"boss\", himself".to_owned();
        let users = users(&[one], &Revocations::default(), "vpn.example.com", NOW).unwrap();
        let text = csv(&users).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), HEAD.as_slice());
        let record = reader.records().next().unwrap().unwrap();
        let json = serde_json::to_value(&users).unwrap();
        let keys: BTreeSet<&str> = json[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, HEAD.into_iter().collect());
        for (field, value) in HEAD.into_iter().zip(&record) {
            assert_eq!(json[0][field].as_str().unwrap_or_default(), value, "{field}");
        }
        assert_eq!(csv(&[]).unwrap().lines().collect::<Vec<_>>(), [HEAD.join(",")]);
    }

    fn issued(n: u8, role: Role, name: &str, not_after: OffsetDateTime) -> Issued {
        let serial = Serial::from_random([n; 16]);
        Issued {
            serial,
            role,
            subject: format!("{name}.vpn.example.com"),
            key_sha256: format!("{n}"),
            request_sha256: None,
            not_before: NOW - Duration::WEEK,
            not_after,
            certificate: String::new(),
            provenance: Provenance { who: "tester".to_owned(), when: NOW, nonce: serial },
        }
    }

    const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);
}
