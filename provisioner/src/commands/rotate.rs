//! `latchkey rotate`: renews the server certificate in its place, whenever it ends. The CA stays, so profiles do too.

use std::path::Path;

use provisioner::deploy::{
    apply::ApplyError,
    desired::{Desired, Goal},
    observed::{Imported, Observed},
    own::OwnCertificate,
    plan::{Plan, Step, plan},
};

use super::{
    apply::{apply, failure},
    plan::Preview,
    probe::{self, Client},
};
use crate::{
    deployment::{Deployment, View},
    failure::{Failure, Kind, Outcome},
    logged::{Task, results},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, yes: bool, probe: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let probe = Client::wanted(surroundings, probe).await?;
    let aws = deployment.aws(surroundings).await?;
    let (View { desired, observed, plan: everything }, _vpc) = deployment.view(&aws, surroundings.now).await?;
    if !everything.obstacles.is_empty() {
        return Err(failure(ApplyError::Obstacles(everything.obstacles), &deployment));
    }
    let (Some(old), Some(_endpoint)) = (server(&observed).cloned(), &observed.endpoint) else {
        return Err(Failure::say(Kind::Input, "there is no server certificate of this deployment to renew")
            .hint("`latchkey provision` makes it"));
    };
    let serial = old.serial.ok_or_else(|| Failure::say(Kind::Bug, "a recorded certificate has no serial number"))?;
    let desired = Desired { goal: Goal::Renewal(serial), ..desired };
    let view = View { plan: plan(&desired, &observed), desired, observed };
    surroundings.note(Preview::of(&deployment, &aws, &view).await?.to_string().trim_end());
    if let Some(text) = left_to_provision(&everything) {
        surroundings.note(&text);
    }
    if !yes && !deployment.is_rehearsal() {
        surroundings.confirm(&format!("Renew the server certificate of `{}`?", view.desired.deployment))?;
    }
    let task = Task::of("rotate", &view.plan);
    let work = apply(surroundings, &deployment, &aws, view, false, None);
    let observed = task.logged(surroundings, &deployment, work, results).await?;
    surroundings.out(&receipt(&deployment, &old, server(&observed)));
    probe::afterwards(surroundings, &deployment, &aws, probe).await
}

fn server(observed: &Observed) -> Option<&Imported> {
    observed.own(OwnCertificate::Server).map(|(_, server)| server)
}

/// What else differs from the configuration, and stays so.
fn left_to_provision(everything: &Plan) -> Option<String> {
    let others = everything.steps.iter().filter(|step| **step != Step::RenewServer).count();
    let steps = if others == 1 { "1 more step is" } else { "more steps are" };
    let count = if others > 1 { format!("{others} ") } else { String::new() };
    (others > 0).then(|| format!("{count}{steps} left to `latchkey provision`; `latchkey plan` shows them."))
}

/// What was done, for the record.
fn receipt(deployment: &Deployment, old: &Imported, new: Option<&Imported>) -> String {
    let end = |certificate: Option<&Imported>| {
        certificate.and_then(|it| it.not_after).map(|end| end.date().to_string()).unwrap_or_default()
    };
    format!(
        "The server certificate of `{name}` is renewed, in its place in ACM.\n\
         \n\
         \x20 name       {domain}\n\
         \x20 old end    {old}\n\
         \x20 new end    {new}\n\
         \n\
         AWS takes up to 5 hours until the endpoint shows the new one. Profiles stay as they are: the CA is the same.\n",
        name = deployment.config.deployment.name,
        domain = deployment.config.deployment.domain,
        old = end(Some(old)),
        new = end(new),
    )
}
