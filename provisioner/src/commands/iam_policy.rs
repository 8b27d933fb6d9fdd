//! `latchkey iam-policy`: the permissions that this deployment needs. Asks nothing of AWS.

use std::path::Path;

use provisioner::iam::{self, Action, Caller};
use serde::Serialize;

use crate::{
    deployment::Deployment,
    failure::{Kind, OrFail, Outcome},
    surroundings::Surroundings,
    table::Table,
};

pub(crate) fn run(surroundings: &Surroundings, config: &Path, explain: bool, json: bool) -> Outcome {
    let deployment = iam::Deployment::of(&Deployment::open(surroundings, config)?.config);
    let text = match (explain, json) {
        (false, _) => serde_json::to_string_pretty(&deployment.policy()).or_fail(Kind::Bug)? + "\n",
        (true, true) => {
            let forms: Vec<Form<'_>> = deployment.actions().map(Form::of).collect();
            serde_json::to_string_pretty(&forms).or_fail(Kind::Bug)? + "\n"
        }
        (true, false) => shown(deployment.actions()),
    };
    surroundings.out(&text);
    Ok(())
}

fn shown<'a>(actions: impl Iterator<Item = &'a Action>) -> String {
    let mut table = Table::new(["action", "called by", "statements", "why"]);
    for action in actions {
        let by = match action.caller {
            Caller::Commands(commands) => commands.join(", "),
            Caller::Within(other) => format!("(with {other})"),
        };
        let statements = match action.grants {
            [] => "(needs no permission)".to_owned(),
            grants => grants.iter().map(|grant| grant.id()).collect::<Vec<_>>().join(", "),
        };
        table.row([action.name.to_owned(), by, statements, action.why.to_owned()]);
    }
    table.to_string()
}

/// One action. A stable form.
#[derive(Serialize)]
struct Form<'a> {
    action: &'a str,
    /// Commands that call it; none where AWS asks for it within another.
    commands: &'a [&'a str],
    within: Option<&'a str>,
    statements: Vec<&'a str>,
    why: &'a str,
}

impl<'a> Form<'a> {
    fn of(action: &'a Action) -> Self {
        let (commands, within): (&[&str], _) = match action.caller {
            Caller::Commands(commands) => (commands, None),
            Caller::Within(other) => (&[], Some(other)),
        };
        let statements = action.grants.iter().map(|grant| grant.id()).collect();
        Self { action: action.name, commands, within, statements, why: action.why }
    }
}
