//! `latchkey provision`: plan, ask, apply, export, and say what there is then.

use std::path::Path;

use provisioner::deploy::{
    apply::ApplyError,
    observed::{Endpoint, Observed},
    own::OwnCertificate,
    part::{Kind as PartKind, Part},
};

use super::{
    apply::{apply, failure},
    export::{Exported, export},
    plan::Preview,
    probe::{self, Client},
};
use crate::{
    checks,
    deployment::{Deployment, View},
    failure::{Failure, Kind, OrFail, Outcome},
    logged::{Task, results},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, yes: bool, replace: bool, probe: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let probe = Client::wanted(surroundings, probe).await?;
    let aws = deployment.connect(surroundings).await?;
    let view = checks::view(surroundings, &deployment, &aws).await?;
    surroundings.note(Preview::of(&deployment, &aws, &view).await?.to_string().trim_end());
    if !view.plan.obstacles.is_empty() {
        return Err(failure(ApplyError::Obstacles(view.plan.obstacles), &deployment));
    }
    let nothing_changed = view.plan.is_empty();
    let observed = if nothing_changed {
        view.observed
    } else {
        let may_replace = confirm(surroundings, &deployment, &view, yes, replace)?;
        let task = Task::of("provision", &view.plan);
        let work = apply(surroundings, &deployment, &aws, view, may_replace, None);
        task.logged(surroundings, &deployment, work, results).await?
    };
    let endpoint = observed
        .endpoint
        .as_ref()
        .ok_or_else(|| Failure::say(Kind::Bug, "there is no endpoint after all steps were done"))?;
    let exported = export(&deployment, &aws, endpoint, nothing_changed).await?;
    surroundings.out(&summary(&deployment, &observed, endpoint, &exported).await?);
    probe::afterwards(surroundings, &deployment, &aws, probe).await
}

/// Asks whether the plan shall be carried out; a replacement is asked for on its own, since it ends every profile.
/// Answers whether the endpoint may be replaced.
fn confirm(
    surroundings: &Surroundings,
    deployment: &Deployment,
    view: &View,
    yes: bool,
    replace: bool,
) -> Outcome<bool> {
    let names = &deployment.config.deployment;
    if view.plan.replaced_for.is_empty() {
        if !yes && !deployment.is_rehearsal() {
            surroundings.confirm(&format!("Do this for `{}` in {}?", names.name, names.region))?;
        }
    } else if !replace {
        let question =
            "The endpoint is replaced: nobody can connect until it is done, and every user needs a new profile.";
        surroundings.confirm_by_name(question, names.name.as_str(), "--replace")?;
    }
    Ok(!view.plan.replaced_for.is_empty())
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
    let of = |kind| {
        let parts = endpoint.parts.keys().filter(|part| part.kind() == kind);
        let names = parts.map(|part| match part {
            Part::Association(subnet) => subnet.to_string(),
            Part::Rule(rule) => rule.network.to_string(),
            Part::Route(route) => route.destination.to_string(),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let server = observed.own(OwnCertificate::Server).and_then(|(_, server)| server.not_after);
    let until = server.map(|end| format!("until {}", end.date())).unwrap_or_default();
    let number = observed.recorded_crl.as_ref().map(|recorded| recorded.number).unwrap_or_default();
    let ledger = deployment.ledger.ca_certificate().await.or_fail(Kind::Input)?;
    let keep = if ledger.is_some() { " (keep it and back it up: it holds the CA)" } else { "" };
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
         \x20 ledger                {ledger}{keep}\n",
        name = deployment.config.deployment.name,
        id = endpoint.id,
        dns = endpoint.dns_name,
        transport = settings.transport.as_str(),
        port = settings.port,
        cidrs = of(PartKind::Rule),
        subnets = of(PartKind::Association),
        client_cidr = settings.client_cidr.map(|cidr| cidr.to_string()).unwrap_or_default(),
        domain = deployment.config.deployment.domain,
        configuration = exported.configuration.display(),
        bundle = exported.bundle.display(),
        ledger = deployment.config.ledger,
    ))
}
