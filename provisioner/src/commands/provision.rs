//! `latchkey provision`: plan, ask, apply, export, and say what there is then.

use std::path::Path;

use provisioner::{
    deploy::{
        apply::{Applier, ApplyError, StepError},
        observed::{Endpoint, Observed},
        supply::Supply,
    },
    ledger::authority::NewAuthority,
    pki::{authority::Authority, secret::Salt, serial::Serial},
    random::Random,
};

use super::export::{Exported, export};
use crate::{
    deployment::{Deployment, View, call_failure, observe_failure},
    failure::{Failure, Kind, OrFail, Outcome},
    progress::Reporter,
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, yes: bool) -> Outcome {
    let deployment = Deployment::open(config)?;
    let aws = deployment.aws(surroundings).await?;
    let View { desired, observed, plan } = deployment.view(&aws).await?;
    if !plan.obstacles.is_empty() {
        return Err(apply_failure(ApplyError::Obstacles(plan.obstacles), &deployment));
    }
    let new_ca = deployment.ledger.ca_certificate().await.or_fail(Kind::Input)?.is_none();
    surroundings.note(super::plan::shown(&plan, new_ca).trim_end());
    let observed = if plan.steps.is_empty() {
        observed
    } else {
        if !yes && !deployment.is_rehearsal() {
            let names = &deployment.config.deployment;
            surroundings.confirm(&format!("Do this for `{}` in {}?", names.name, names.region))?;
        }
        let authority = if plan.needs_ca(&observed) { Some(open_ca(surroundings, &deployment).await?) } else { None };
        let reporter = Reporter::new(surroundings, &plan.steps);
        let applier = Applier {
            cloud: &aws,
            supply: Supply {
                deployment: &desired.deployment,
                domain: &desired.domain,
                pki: &deployment.config.pki,
                ledger: &deployment.ledger,
                authority: authority.as_ref(),
                who: surroundings.who(),
                now: surroundings.now,
                random: surroundings,
            },
            desired: &desired,
            timer: surroundings,
            progress: &reporter,
        };
        tokio::select! {
            applied = applier.apply(observed) => applied.map_err(|error| apply_failure(error, &deployment))?,
            _ = tokio::signal::ctrl_c() => {
                return Err(Failure::say(Kind::Interrupted, "interrupted").hint("run the command again: it goes on from here"));
            }
        }
    };
    let endpoint = observed
        .endpoint
        .as_ref()
        .ok_or_else(|| Failure::say(Kind::Bug, "there is no endpoint after all steps were done"))?;
    let exported = export(&deployment, &aws, &endpoint.id).await?;
    surroundings.out(&summary(&deployment, &observed, endpoint, &exported).await?);
    if plan.differences.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = plan.differences.iter().map(ToString::to_string).collect();
    Err(Failure::say(Kind::Drift, lines.join("\n"))
        .hint("set the configuration back to what there is, or change the endpoint with AWS's own tools"))
}

/// Opens the CA, or makes it in the first run.
async fn open_ca(surroundings: &Surroundings, deployment: &Deployment) -> Outcome<Authority> {
    let is_new = !deployment.ledger.has_ca_key().await.or_fail(Kind::Input)?;
    let passphrase = surroundings.passphrase(is_new)?;
    let shortest = if deployment.is_rehearsal() { 1 } else { SHORTEST_PASSPHRASE };
    if is_new && passphrase.length() < shortest {
        return Err(Failure::say(
            Kind::Input,
            format!("the passphrase has {} characters, at least {shortest} are needed", passphrase.length()),
        )
        .hint("whoever gets hold of the ledger can try passphrases at leisure: take several words"));
    }
    let new = NewAuthority {
        name: deployment.config.deployment.name.as_str(),
        days: deployment.config.pki.ca_days,
        now: surroundings.now,
        serial: Serial::from_random(surroundings.bits_128()),
        salt: Salt { salt: surroundings.bits_128(), iv: surroundings.bits_128() },
    };
    deployment.ledger.open_or_create_authority(&passphrase, new).await.or_fail(Kind::Input)
}

/// What exists now, for somebody who has never seen a VPN endpoint.
async fn summary(
    deployment: &Deployment,
    observed: &Observed,
    endpoint: &Endpoint,
    exported: &Exported,
) -> Outcome<String> {
    let settings = &endpoint.settings;
    let tunnel =
        if settings.split_tunnel { "only the networks below go through it" } else { "everything goes through it" };
    let list = |items: Vec<String>| items.join(", ");
    let server = match observed.server.as_ref().and_then(|server| server.serial) {
        Some(serial) => deployment.ledger.issued(serial).await.or_fail(Kind::Input)?,
        None => None,
    };
    let until = server.map(|issued| format!("until {}", issued.not_after.date())).unwrap_or_default();
    let number = observed.recorded_crl.as_ref().map(|recorded| recorded.number).unwrap_or_default();
    Ok(format!(
        "The VPN `{name}` is there.\n\
         \n\
         \x20 endpoint              {id}\n\
         \x20 reached at            {dns} ({transport} {port})\n\
         \x20 tunnel                {tunnel}\n\
         \x20 clients reach         {cidrs}\n\
         \x20 through               {subnets}\n\
         \x20 clients get addresses {client_cidr}\n\
         \x20 server certificate    {domain}, {until}\n\
         \x20 revocation list       number {number}\n\
         \n\
         \x20 client configuration  {configuration}\n\
         \x20 bundle for the page   {bundle}\n\
         \x20 ledger                {ledger} (keep it and back it up: it holds the CA)\n",
        name = deployment.config.deployment.name,
        id = endpoint.id,
        dns = endpoint.dns_name,
        transport = settings.transport.as_str(),
        port = settings.port,
        cidrs = list(endpoint.rules.keys().map(ToString::to_string).collect()),
        subnets = list(endpoint.associations.keys().map(ToString::to_string).collect()),
        client_cidr = settings.client_cidr.map(|cidr| cidr.to_string()).unwrap_or_default(),
        domain = deployment.config.deployment.domain,
        configuration = exported.configuration.display(),
        bundle = exported.bundle.display(),
        ledger = deployment.ledger_folder.display(),
    ))
}

fn apply_failure(error: ApplyError, deployment: &Deployment) -> Failure {
    match error {
        ApplyError::Observe(error) => observe_failure(error),
        ApplyError::Step { step, source: StepError::Call(source) } => call_failure(source).during(format!("cannot {step}")),
        ApplyError::Step { step, source: StepError::Supply(source) } => {
            Failure::new(Kind::Input, source).during(format!("cannot {step}"))
        }
        error @ ApplyError::Step { .. } => Failure::new(Kind::Bug, error),
        error @ ApplyError::Obstacles(_) => Failure::new(Kind::Aws, error).hint(if deployment.is_rehearsal() {
            "`cargo xtask sandbox down` empties the sandbox; the next `cargo xtask provision` starts afresh"
        } else {
            "this has to be cleared up first, in the AWS console or by running with the ledger that belongs to the endpoint"
        }),
        error @ ApplyError::TimedOut { .. } => {
            Failure::new(Kind::Aws, error).hint("AWS may still come to an end with it: run the command again, it goes on from here")
        }
    }
}

/// Characters of a passphrase that guards a CA in earnest.
const SHORTEST_PASSPHRASE: usize = 12;
