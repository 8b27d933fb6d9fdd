//! `latchkey doctor`: everything that `provision` needs, looked at without changing anything.

use std::path::Path;

use provisioner::{
    config::{CaKey, KmsKeyArn},
    deploy::{
        aws::Aws,
        check::{
            caller::{Caller, Source},
            finding::{Finding, State, Subject},
        },
        cloud::Cloud,
    },
};
use serde::Serialize;

use crate::{
    checks, custody,
    deployment::{Deployment, call_failure},
    failure::{Failure, Kind, OrFail, Outcome},
    surroundings::Surroundings,
    table::Table,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, json: bool) -> Outcome {
    let mut report = Report::default();
    look(surroundings, config, &mut report).await;
    let text = match json {
        true => serde_json::to_string_pretty(&Form::of(&report)).or_fail(Kind::Bug)? + "\n",
        false => shown(&report),
    };
    surroundings.out(&text);
    let failed = report.findings.iter().filter(|it| it.state == State::Failure).count();
    match failed {
        0 => Ok(()),
        failed => Err(Failure::say(checks::kind(&report.findings), format!("{failed} check(s) failed"))),
    }
}

#[derive(Default)]
struct Report {
    deployment: Option<Deployment>,
    caller: Option<(Caller, Source)>,
    findings: Vec<Finding>,
}

/// Goes from one thing to the next, as far as each allows.
async fn look(surroundings: &Surroundings, config: &Path, report: &mut Report) {
    let opened = Deployment::open(surroundings, config);
    let Some(deployment) = keep(opened, Subject::Configuration, "correct the configuration", &mut report.findings)
    else {
        return;
    };
    let file = config.display();
    report.findings.push(Finding::ok(Subject::Configuration, format!("`{file}` is in order")));
    let ledger = ledger(&deployment).await;
    report.findings.push(ledger);
    let connected = deployment.connect(surroundings).await;
    let aws = keep(connected, Subject::Configuration, "correct the configuration", &mut report.findings);
    if let Some(aws) = aws {
        ask(surroundings, &deployment, &aws, report).await;
    }
    report.deployment = Some(deployment);
}

/// What only AWS knows. Without credentials that it accepts, nothing else is asked.
async fn ask(surroundings: &Surroundings, deployment: &Deployment, aws: &Aws, report: &mut Report) {
    let source = checks::source(surroundings);
    match aws.caller().await {
        Ok(caller) => {
            report.findings.push(Finding::ok(Subject::Credentials, "AWS accepts them"));
            report.caller = Some((caller, source));
        }
        Err(error) => {
            let remedy = error.remedy(&source);
            let text = Failure::new(Kind::Aws, error).message();
            report.findings.push(Finding::failure(Subject::Credentials, text, remedy));
            return;
        }
    }
    if let CaKey::Kms(arn) = &deployment.config.pki.ca_key {
        let finding = ca_key(surroundings, deployment, arn).await;
        report.findings.push(finding);
    }
    let network = &deployment.config.network;
    let vpc = aws.vpc(&network.vpc_id, &network.subnet_ids).await.map_err(call_failure);
    let remedy = "`latchkey iam-policy` prints the permissions that are needed";
    let vpc = keep(vpc, Subject::Vpc, remedy, &mut report.findings);
    // What the ledger cannot say has been said.
    let crl = deployment.ledger.latest_crl().await.unwrap_or_default();
    if let Some(vpc) = vpc {
        report.findings.extend(checks::findings(deployment, aws, &vpc, crl.as_ref()).await);
    }
}

/// Whether the key in KMS is there, is of the right kind, and is the one that the CA was made with.
async fn ca_key(surroundings: &Surroundings, deployment: &Deployment, arn: &KmsKeyArn) -> Finding {
    let failed = |failure: Failure| {
        let remedy = failure.advice().unwrap_or("correct `pki.ca_key`").to_owned();
        Finding::failure(Subject::CaKey, failure.message(), remedy)
    };
    let key = match custody::kms_key(surroundings, deployment, arn).await {
        Ok(key) => key,
        Err(failure) => return failed(failure),
    };
    match deployment.ledger.open_remote_authority(Box::new(key)).await {
        Ok(Some(_)) => Finding::ok(Subject::CaKey, "the key in KMS is that of the CA"),
        Ok(None) => Finding::ok(Subject::CaKey, "the key in KMS can be that of a CA: `provision` makes it"),
        Err(error) => failed(custody::failure(error)),
    }
}

async fn ledger(deployment: &Deployment) -> Finding {
    let folder = &deployment.config.ledger;
    match deployment.ledger.ca_certificate().await {
        Ok(Some(_)) => Finding::ok(Subject::Ledger, format!("the CA is in `{folder}`")),
        Ok(None) => Finding::ok(Subject::Ledger, format!("`{folder}` has no CA yet: `provision` makes it")),
        Err(error) => Finding::failure(
            Subject::Ledger,
            Failure::new(Kind::Input, error).message(),
            "correct `ledger.url`, or bring the ledger back from its copy",
        ),
    }
}

/// The value, or its failure as a finding.
fn keep<T>(outcome: Outcome<T>, subject: Subject, remedy: &str, findings: &mut Vec<Finding>) -> Option<T> {
    outcome
        .map_err(|failure| {
            let remedy = failure.advice().unwrap_or(remedy).to_owned();
            findings.push(Finding::failure(subject, failure.message(), remedy));
        })
        .ok()
}

fn shown(report: &Report) -> String {
    let mut text = String::new();
    if let (Some(deployment), Some((caller, source))) = (&report.deployment, &report.caller) {
        text += &format!("{}\n\n", checks::introduction(deployment, caller, source));
    }
    let mut table = Table::new(["state", "what", "found"]);
    for it in &report.findings {
        // A configuration has all its problems in one text.
        let mut lines = it.text.lines();
        let first = lines.next().unwrap_or_default();
        table.row([it.state.as_str().to_owned(), it.subject.as_str().to_owned(), first.to_owned()]);
        let remedy = it.remedy.as_ref().map(|remedy| format!("-> {remedy}"));
        for line in lines.map(str::to_owned).chain(remedy) {
            table.row([String::new(), String::new(), line]);
        }
    }
    text + &table.to_string()
}

/// The report as programs read it. A stable form of its own.
#[derive(Serialize)]
struct Form<'a> {
    version: u32,
    deployment: Option<&'a str>,
    region: Option<&'a str>,
    account: Option<&'a str>,
    caller: Option<&'a str>,
    credentials: Option<String>,
    findings: Vec<FindingForm<'a>>,
}

#[derive(Serialize)]
struct FindingForm<'a> {
    subject: &'static str,
    state: &'static str,
    text: &'a str,
    remedy: Option<&'a str>,
}

impl<'a> Form<'a> {
    fn of(report: &'a Report) -> Self {
        let names = report.deployment.as_ref().map(|deployment| &deployment.config.deployment);
        let finding = |it: &'a Finding| FindingForm {
            subject: it.subject.as_str(),
            state: it.state.as_str(),
            text: &it.text,
            remedy: it.remedy.as_deref(),
        };
        Self {
            version: 1,
            deployment: names.map(|names| names.name.as_str()),
            region: names.map(|names| names.region.as_str()),
            account: report.caller.as_ref().map(|(caller, _)| caller.account.as_str()),
            caller: report.caller.as_ref().map(|(caller, _)| caller.arn.as_str()),
            credentials: report.caller.as_ref().map(|(_, source)| source.to_string()),
            findings: report.findings.iter().map(finding).collect(),
        }
    }
}
