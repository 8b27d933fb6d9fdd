//! `latchkey users`: who has a certificate, and until when.

use std::path::Path;

use provisioner::{
    ledger::{Issued, Role},
    pki::reason::Reason,
};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use crate::{
    deployment::Deployment,
    failure::{Kind, OrFail, Outcome},
    surroundings::Surroundings,
    table::Table,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, json: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let mut users = Vec::new();
    let revocations = deployment.ledger.revocations().await.or_fail(Kind::Input)?;
    for issued in deployment.ledger.all_issued().await.or_fail(Kind::Input)? {
        if issued.role != Role::User {
            continue;
        }
        let reason = revocations.reason(issued.serial);
        let state = match reason {
            Some(_) => "revoked",
            None if issued.not_after < surroundings.now => "expired",
            None => "valid",
        };
        users.push(form(&issued, state, reason, deployment.config.deployment.domain.as_str()).or_fail(Kind::Bug)?);
    }
    users.sort_by(|a, b| (&a.username, &a.issued_at).cmp(&(&b.username, &b.issued_at)));
    let text = if json { serde_json::to_string_pretty(&users).or_fail(Kind::Bug)? + "\n" } else { table(&users) };
    surroundings.out(&text);
    Ok(())
}

/// One certificate of a user. A stable form.
#[derive(Serialize)]
struct User {
    username: String,
    subject: String,
    state: &'static str,
    /// Why it is revoked, where it is.
    reason: Option<&'static str>,
    not_before: String,
    not_after: String,
    serial: String,
    key_sha256: String,
    issued_by: String,
    issued_at: String,
}

fn form(
    issued: &Issued,
    state: &'static str,
    reason: Option<Reason>,
    domain: &str,
) -> Result<User, time::error::Format> {
    let username =
        issued.subject.strip_suffix(domain).and_then(|name| name.strip_suffix('.')).unwrap_or(&issued.subject);
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
    })
}

fn table(users: &[User]) -> String {
    if users.is_empty() {
        return "Nobody has a certificate yet: `latchkey sign FILE.csr` issues one.\n".to_owned();
    }
    let mut table = Table::new(["user", "state", "until", "serial", "reason"]);
    for user in users {
        let until = user.not_after.split('T').next().unwrap_or_default();
        let reason = user.reason.unwrap_or_default();
        table.row([&user.username, user.state, until, &user.serial, reason].map(str::to_owned));
    }
    table.to_string()
}
