//! What is said before the first call, by every command that asks AWS, and what is looked at before the first change.

use provisioner::{
    deploy::{
        aws::Aws,
        check::{
            self,
            caller::{Caller, CallerError, Source},
            finding::{Finding, State},
        },
        network::VpcView,
    },
    ledger::RecordedCrl,
};

use crate::{
    deployment::{Deployment, View},
    failure::{Failure, Kind, Outcome},
    surroundings::Surroundings,
};

/// Says who is calling, reads, plans, and checks where something is to change.
pub(crate) async fn view(surroundings: &Surroundings, deployment: &Deployment, aws: &Aws) -> Outcome<View> {
    // At once: each answer takes its time. What AWS says to a stranger is of no interest beside that nobody is known.
    let (introduced, viewed) =
        tokio::join!(introduce(surroundings, deployment, aws), deployment.view(aws, surroundings.now));
    introduced?;
    let (view, vpc) = viewed?;
    if !view.plan.is_empty() {
        before_change(surroundings, deployment, aws, &vpc, view.observed.recorded_crl.as_ref()).await?;
    }
    Ok(view)
}

/// Says who is about to do something, and where. Stops where there are no credentials that AWS accepts.
pub(crate) async fn introduce(surroundings: &Surroundings, deployment: &Deployment, aws: &Aws) -> Outcome {
    let source = source(surroundings);
    match aws.caller().await {
        Ok(caller) => {
            surroundings.note(&introduction(deployment, &caller, &source));
            // Asked again it is the same.
            let _known = deployment.caller.set(caller.arn);
        }
        // AWS may still answer other calls.
        Err(CallerError::Call(error)) => {
            let error = Finding::unchecked(check::finding::Subject::Credentials, "the account", &error);
            surroundings.note(&format!("warning: {}", error.text));
        }
        Err(error) => {
            let remedy = error.remedy(&source);
            return Err(Failure::new(Kind::Aws, error).hint(remedy));
        }
    }
    Ok(())
}

/// Account, caller, region and profile on one line.
pub(crate) fn introduction(deployment: &Deployment, caller: &Caller, source: &Source) -> String {
    let region = &deployment.config.deployment.region;
    format!("account {}, region {region}, {source}, as {}", caller.account, caller.arn)
}

pub(crate) fn source(surroundings: &Surroundings) -> Source {
    Source::of(|name| surroundings.variable(name))
}

/// Looks at everything that could stop a change halfway, or strand clients. Warnings are said, failures stop.
async fn before_change(
    surroundings: &Surroundings,
    deployment: &Deployment,
    aws: &Aws,
    vpc: &VpcView,
    crl: Option<&RecordedCrl>,
) -> Outcome {
    let findings = findings(deployment, aws, vpc, crl).await;
    for it in findings.iter().filter(|it| it.state == State::Warning) {
        let remedy = it.remedy.as_deref().unwrap_or_default();
        surroundings.note(&format!("warning: {}: {} ({remedy})", it.subject.as_str(), it.text));
    }
    let failures: Vec<&Finding> = findings.iter().filter(|it| it.state == State::Failure).collect();
    if failures.is_empty() {
        return Ok(());
    }
    let lines = |of: fn(&Finding) -> String| failures.iter().map(|it| of(it)).collect::<Vec<_>>().join("\n");
    let text = lines(|it| format!("{}: {}", it.subject.as_str(), it.text));
    Err(Failure::say(kind(&findings), text).hint(lines(|it| it.remedy.clone().unwrap_or_default())))
}

pub(crate) async fn findings(
    deployment: &Deployment,
    aws: &Aws,
    vpc: &VpcView,
    crl: Option<&RecordedCrl>,
) -> Vec<Finding> {
    let config = &deployment.config;
    let survey = aws.survey(&config.deployment.name, &config.network.vpc_id).await;
    check::findings(config, vpc, &survey, crl.map(|recorded| recorded.crl.entries()).unwrap_or_default())
}

/// What kind of failure the findings are: of the configuration first, since that is in the admin's hand.
pub(crate) fn kind(findings: &[Finding]) -> Kind {
    let failed = |of_aws| findings.iter().any(|it| it.state == State::Failure && it.subject.is_of_aws() == of_aws);
    match failed(false) {
        true => Kind::Input,
        false => Kind::Aws,
    }
}
