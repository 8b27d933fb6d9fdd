//! `latchkey invite --list`: who was invited, and what became of it.

use provisioner::ledger::{End, InviteState};
use serde::Serialize;
use time::OffsetDateTime;

use super::rfc3339;
use crate::{
    deployment::Deployment,
    failure::{Kind, OrFail, Outcome},
    surroundings::Surroundings,
    table::Table,
};

pub(super) async fn run(surroundings: &Surroundings, deployment: &Deployment, json: bool) -> Outcome {
    let all = deployment.ledger.invites().await.or_fail(Kind::Input)?;
    let rows = all.iter().map(|it| row(it, surroundings.now)).collect::<Outcome<Vec<_>>>()?;
    let text = if json { serde_json::to_string_pretty(&rows).or_fail(Kind::Bug)? + "\n" } else { table(&rows) };
    surroundings.out(&text);
    Ok(())
}

/// One invite. A stable form.
#[derive(Serialize)]
struct Row {
    id: String,
    username: String,
    state: &'static str,
    expires: String,
    /// The certificate that came of it, where one did.
    serial: Option<String>,
    invited_by: String,
    invited_at: String,
}

fn row(InviteState { invited, ended }: &InviteState, now: OffsetDateTime) -> Outcome<Row> {
    let (state, serial) = match ended.as_ref().map(|ended| &ended.by) {
        Some(End::Used(used)) => ("used", Some(used.serial.to_string())),
        Some(End::Cancelled) => ("cancelled", None),
        None if now >= invited.expires => ("expired", None),
        None => ("open", None),
    };
    Ok(Row {
        id: invited.id.to_string(),
        username: invited.username.to_string(),
        state,
        expires: rfc3339(invited.expires)?,
        serial,
        invited_by: invited.provenance.who.clone(),
        invited_at: rfc3339(invited.provenance.when)?,
    })
}

fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "Nobody was invited yet: `latchkey invite USER` prints a link.\n".to_owned();
    }
    let mut table = Table::new(["user", "state", "until", "id", "invited by"]);
    for row in rows {
        let until = row.expires.split('T').next().unwrap_or_default();
        table.row([&row.username, row.state, until, &row.id, &row.invited_by].map(str::to_owned));
    }
    table.to_string()
}
