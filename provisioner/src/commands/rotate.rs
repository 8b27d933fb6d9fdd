//! `latchkey rotate`: renews a certificate in its place, whenever it ends. The CA stays, so profiles do too.
//!
//! A new CA cannot take the place of the old one at an endpoint: [`successor`] is the way around.

use std::path::Path;

use provisioner::deploy::{
    apply::ApplyError,
    desired::{Desired, Goal},
    observed::{Imported, Observed},
    own::OwnCertificate,
    plan::{Plan, plan},
};

use super::{
    apply::{apply, failure},
    plan::Preview,
    probe::{self, Client},
};
use crate::{
    cli,
    deployment::{Deployment, View},
    failure::{Failure, Kind, Outcome},
    logged::{Task, results},
    surroundings::Surroundings,
};

mod successor;

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Rotate) -> Outcome {
    let own = match arguments.what {
        cli::Rotated::Ca => return successor::run(surroundings, config, arguments.out.as_deref()),
        cli::Rotated::Server => OwnCertificate::Server,
        cli::Rotated::Anchor => OwnCertificate::Anchor,
    };
    let deployment = Deployment::open(surroundings, config)?;
    let probe = Client::wanted(surroundings, arguments.probe).await?;
    let aws = deployment.aws(surroundings).await?;
    let (View { desired, observed, plan: everything }, _vpc) = deployment.view(&aws, surroundings.now).await?;
    if !everything.obstacles.is_empty() {
        return Err(failure(ApplyError::Obstacles(everything.obstacles), &deployment));
    }
    let (Some(old), Some(_endpoint)) = (found(&observed, own).cloned(), &observed.endpoint) else {
        return Err(Failure::say(Kind::Input, format!("there is no {own} of this deployment to renew"))
            .hint("`latchkey provision` makes it"));
    };
    let serial = old.serial.ok_or_else(|| Failure::say(Kind::Bug, "a recorded certificate has no serial number"))?;
    let desired = Desired { goal: Goal::Renewal(own, serial), ..desired };
    let view = View { plan: plan(&desired, &observed), desired, observed };
    let left = left_to_provision(&everything, &view.plan);
    surroundings.note(Preview::of(&deployment, &aws, &view).await?.to_string().trim_end());
    if let Some(text) = left {
        surroundings.note(&text);
    }
    if !arguments.yes && !deployment.is_rehearsal() {
        surroundings.confirm(&format!("Renew the {own} of `{}`?", view.desired.deployment))?;
    }
    let task = Task::of("rotate", &view.plan);
    let work = apply(surroundings, &deployment, &aws, view, false, None);
    let observed = task.logged(surroundings, &deployment, work, results).await?;
    surroundings.out(&receipt(&deployment, own, &old, found(&observed, own)));
    probe::afterwards(surroundings, &deployment, &aws, probe).await
}

fn found(observed: &Observed, own: OwnCertificate) -> Option<&Imported> {
    observed.own(own).map(|(_, found)| found)
}

/// What else differs from the configuration, and stays so.
fn left_to_provision(everything: &Plan, now: &Plan) -> Option<String> {
    let others = everything.steps.iter().filter(|step| !now.steps.contains(step)).count();
    let steps = if others == 1 { "1 more step is" } else { "more steps are" };
    let count = if others > 1 { format!("{others} ") } else { String::new() };
    (others > 0).then(|| format!("{count}{steps} left to `latchkey provision`; `latchkey plan` shows them."))
}

/// What was done, for the record.
fn receipt(deployment: &Deployment, own: OwnCertificate, old: &Imported, new: Option<&Imported>) -> String {
    let end = |certificate: Option<&Imported>| {
        certificate.and_then(|it| it.not_after).map(|end| end.date().to_string()).unwrap_or_default()
    };
    let after = match own {
        OwnCertificate::Server => {
            "AWS takes up to 5 hours until the endpoint shows the new one. Profiles stay as they are: the CA is the same."
        }
        OwnCertificate::Anchor => {
            "Both the old and the new one are on the CRL. Profiles stay as they are: the endpoint trusts the same CA."
        }
    };
    format!(
        "The {own} of `{name}` is renewed, in its place in ACM.\n\
         \n\
         \x20 name       {subject}\n\
         \x20 old end    {old}\n\
         \x20 new end    {new}\n\
         \n\
         {after}\n",
        name = deployment.config.deployment.name,
        subject = own.subject(&deployment.config.deployment.domain),
        old = end(Some(old)),
        new = end(new),
    )
}
