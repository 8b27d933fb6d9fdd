//! `latchkey plan`: what `provision` would do.

use std::{fmt::Write, path::Path};

use provisioner::deploy::plan::{Change, Pending, Plan, Step};
use serde::Serialize;

use crate::{
    deployment::{Deployment, View},
    failure::{Failure, Kind, OrFail, Outcome},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, json: bool, check: bool) -> Outcome {
    let deployment = Deployment::open(config)?;
    let View { plan, .. } = deployment.view(&deployment.aws(surroundings).await?).await?;
    let new_ca = deployment.ledger.ca_certificate().await.or_fail(Kind::Input)?.is_none();
    if json {
        let form = Form::of(deployment.config.deployment.name.as_str(), &plan);
        let text = serde_json::to_string_pretty(&form).or_fail(Kind::Bug)?;
        surroundings.out(&format!("{text}\n"));
    } else {
        surroundings.out(&shown(&plan, new_ca));
    }
    if check && !plan.is_empty() {
        return Err(Failure::say(Kind::Drift, "what there is differs from the configuration")
            .hint("`latchkey provision` runs the steps"));
    }
    Ok(())
}

/// The plan as people read it.
pub(super) fn shown(plan: &Plan, new_ca: bool) -> String {
    let mut text = String::new();
    if plan.is_empty() {
        text.push_str("Nothing to do: everything is as configured.\n");
    }
    if new_ca && plan.steps.iter().any(|step| matches!(step, Step::ImportCertificate(_))) {
        text.push_str("  + make the certification authority of this deployment\n");
    }
    let mut line = |sign: char, item: &dyn std::fmt::Display| {
        // Writing to a string does not fail.
        let _ok = writeln!(text, "  {sign} {item}");
    };
    plan.steps.iter().for_each(|step| line('+', step));
    plan.differences.iter().for_each(|difference| line('~', difference));
    plan.obstacles.iter().for_each(|obstacle| line('!', obstacle));
    text
}

/// The plan as programs read it. A stable form of its own.
#[derive(Serialize)]
struct Form<'a> {
    version: u32,
    deployment: &'a str,
    steps: Vec<StepForm>,
    differences: Vec<DifferenceForm<'a>>,
    obstacles: Vec<String>,
}

#[derive(Serialize)]
struct StepForm {
    step: &'static str,
    subject: Option<String>,
    text: String,
}

#[derive(Serialize)]
struct DifferenceForm<'a> {
    what: &'a str,
    found: &'a str,
    wanted: &'a str,
    change: &'static str,
    text: String,
}

impl<'a> Form<'a> {
    fn of(deployment: &'a str, plan: &'a Plan) -> Self {
        let step = |step: &Step| {
            let (name, subject) = match step {
                Step::ImportCertificate(own) => ("import-certificate", Some(own.word().to_owned())),
                Step::CreateEndpoint => ("create-endpoint", None),
                Step::Associate(subnet) => ("associate", Some(subnet.to_string())),
                Step::Authorize(cidr) => ("authorize", Some(cidr.to_string())),
                Step::ImportCrl => ("import-crl", None),
                Step::Await(Pending::Association(subnet) | Pending::Disassociation(subnet)) => {
                    ("await", Some(subnet.to_string()))
                }
                Step::Await(Pending::Authorization(cidr) | Pending::Revocation(cidr)) => {
                    ("await", Some(cidr.to_string()))
                }
            };
            StepForm { step: name, subject, text: step.to_string() }
        };
        let differences = plan.differences.iter().map(|difference| DifferenceForm {
            what: &difference.what,
            found: &difference.found,
            wanted: &difference.wanted,
            change: match difference.change {
                Change::Modify => "modify",
                Change::Replace => "replace",
                Change::Remove => "remove",
            },
            text: difference.to_string(),
        });
        Self {
            version: 1,
            deployment,
            steps: plan.steps.iter().map(step).collect(),
            differences: differences.collect(),
            obstacles: plan.obstacles.iter().map(ToString::to_string).collect(),
        }
    }
}
