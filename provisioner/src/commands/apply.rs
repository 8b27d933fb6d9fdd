//! Carries a plan out: opens the CA where it is needed, shows progress, and stops decently when asked to.

use provisioner::{
    deploy::{
        apply::{Applier, ApplyError, StepError},
        aws::Aws,
        observed::Observed,
        plan::Obstacle,
        supply::{Supply, SupplyError},
    },
    pki::authority::Authority,
};

use crate::{
    custody,
    deployment::{Deployment, View, call_failure, observe_failure},
    failure::{Failure, Kind, Outcome},
    progress::Reporter,
    surroundings::Surroundings,
};

/// Carries out the plan of `view` and answers with what there is then. The CA is opened where it is needed and not open
/// yet.
pub(super) async fn apply(
    surroundings: &Surroundings,
    deployment: &Deployment,
    aws: &Aws,
    view: View,
    may_replace: bool,
    authority: Option<&Authority>,
) -> Outcome<Observed> {
    let View { desired, observed, plan } = view;
    let opened = match authority {
        None if plan.needs_ca(&observed) => Some(custody::open_or_create(surroundings, deployment).await?),
        _ => None,
    };
    let reporter = Reporter::new(surroundings);
    let applier = Applier {
        cloud: aws,
        supply: Supply {
            deployment: &desired.deployment,
            domain: &desired.domain,
            pki: &deployment.config.pki,
            ledger: &deployment.ledger,
            authority: authority.or(opened.as_ref()),
            who: surroundings.who(),
            now: surroundings.now,
            random: surroundings,
        },
        desired: &desired,
        may_replace,
        timer: surroundings,
        progress: &reporter,
    };
    match surroundings.interruptible(applier.apply(observed)).await {
        Some(applied) => applied.map_err(|error| failure(error, deployment)),
        None => Err(Failure::say(Kind::Interrupted, "interrupted").hint(
            "a call may have been cut off; run the command again: it looks first and goes on from what is there",
        )),
    }
}

/// What stands in the way of a plan, as a failure.
pub(super) fn failure(error: ApplyError, deployment: &Deployment) -> Failure {
    match error {
        ApplyError::Observe(error) => observe_failure(error),
        ApplyError::Step { step, source: StepError::Call(source) } => {
            call_failure(source).during(format!("cannot {step}"))
        }
        error @ ApplyError::CrlNotKept(_) => Failure::new(Kind::Aws, error)
            .hint("somebody else may be importing another CRL: see to it that nobody does"),
        ApplyError::Step { step, source: StepError::Supply(SupplyError::Pki(source)) } => {
            custody::pki_failure(source).during(format!("cannot {step}"))
        }
        ApplyError::Step { step, source: StepError::Supply(source @ SupplyError::Locked) } => {
            Failure::new(Kind::Input, source)
                .during(format!("cannot {step}"))
                .hint("run the command again: it goes on from here")
        }
        ApplyError::Step { step, source: StepError::Supply(source) } => {
            Failure::new(Kind::Input, source).during(format!("cannot {step}"))
        }
        error @ ApplyError::Step { .. } => Failure::new(Kind::Bug, error),
        ApplyError::Obstacles(obstacles) => {
            let is_loss = |it: &&Obstacle| matches!(it, Obstacle::CrlWouldLose { .. });
            let worst = obstacles.iter().find(is_loss).or_else(|| obstacles.first());
            let hint = worst.map_or("", |obstacle| way_around(obstacle, deployment));
            Failure::new(Kind::Aws, ApplyError::Obstacles(obstacles)).hint(hint)
        }
        error @ ApplyError::Replacement => {
            Failure::new(Kind::Input, error).hint("`latchkey plan` shows why; `--replace` agrees to it")
        }
        error @ ApplyError::GivenUp { .. } => Failure::new(Kind::Aws, error)
            .hint("clear up what AWS names, then run the command again: it makes that part anew"),
        error @ ApplyError::TimedOut { .. } => Failure::new(Kind::Aws, error)
            .hint("AWS may still come to an end with it: run the command again, it goes on from here"),
        ApplyError::Stopped { observed, left } => {
            let left: Vec<String> = left.iter().map(|step| format!("  {step}")).collect();
            let text = format!("stopped as asked; {}\nleft to do:\n{}", inventory(&observed), left.join("\n"));
            Failure::say(Kind::Interrupted, text).hint("run the command again: it goes on from here")
        }
    }
}

fn way_around(obstacle: &Obstacle, deployment: &Deployment) -> &'static str {
    match obstacle {
        Obstacle::EndpointNotUsable => "AWS is still at work on it: wait, and run the command again",
        Obstacle::OtherDomain { .. } => {
            "the domain of a deployment cannot change, because its certificates name it: put the old one back, or take \
             another `deployment.name`"
        }
        Obstacle::SeveralEndpoints(_) => {
            "find out which of them people use, and delete the other, or take its tag `latchkey:deployment` away"
        }
        Obstacle::CrlWouldLose { .. } => {
            "somebody has imported a CRL that this ledger did not make. Record what is on it by `latchkey revoke \
             --serial HEX` for each certificate that is in the ledger; of others, take the ledger that they are in"
        }
        Obstacle::ForeignEndpoint { .. } | Obstacle::ForeignCertificate { .. } if deployment.is_rehearsal() => {
            "`cargo xtask sandbox down` empties the sandbox; the next `cargo xtask provision` starts afresh"
        }
        Obstacle::ForeignEndpoint { .. } | Obstacle::ForeignCertificate { .. } => {
            "take the ledger that the deployment was made with (`ledger.url`), or another `deployment.name`"
        }
    }
}

/// What exists, in one line.
fn inventory(observed: &Observed) -> String {
    let certificates = match observed.certificates.len() {
        0 => "no certificate in ACM".to_owned(),
        1 => "1 certificate in ACM".to_owned(),
        n => format!("{n} certificates in ACM"),
    };
    match &observed.endpoint {
        None => format!("there is no endpoint, and {certificates}"),
        Some(endpoint) => {
            let parts = endpoint.parts.len();
            format!("there are the endpoint `{}` with {parts} of its parts, and {certificates}", endpoint.id)
        }
    }
}
