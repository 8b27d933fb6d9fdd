//! `latchkey destroy`: the same machine as `provision`, with nothing as its goal.

use std::path::Path;

use provisioner::deploy::{
    apply::observe,
    cloud::Depth,
    desired::{Desired, Goal},
    plan::plan,
};

use super::{apply::apply, plan::Preview};
use crate::{
    deployment::{Deployment, View, observe_failure},
    failure::{Kind, OrFail, Outcome},
    files,
    logged::{Task, results},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, yes: bool, with_ca: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let aws = deployment.aws(surroundings).await?;
    let desired = Desired::only(&deployment.config, Goal::Nothing);
    let mut agreed = yes || deployment.is_rehearsal();
    loop {
        let observed = observe(&aws, &deployment.ledger, &desired, Depth::Thorough).await.map_err(observe_failure)?;
        let plan = plan(&desired, &observed);
        let view = View { desired: desired.clone(), observed, plan };
        if view.plan.is_empty() && view.observed.others.is_empty() {
            break;
        }
        surroundings.note(Preview::of(&deployment, &aws, &view).await?.to_string().trim_end());
        if !agreed {
            let question = "All of this is deleted. Nobody can connect any more, and profiles of users stay useless.";
            surroundings.confirm_by_name(question, desired.deployment.as_str(), "--yes")?;
            agreed = true;
        }
        // With several endpoints there is one more round for each.
        let task = Task::of("destroy", &view.plan);
        let work = apply(surroundings, &deployment, &aws, view, false, None);
        task.logged(surroundings, &deployment, work, results).await?;
    }
    for path in [&deployment.configuration_file, &deployment.config.page.dir.join("bundle.json")] {
        files::remove(path).or_fail(Kind::Input)?;
    }
    let names = &deployment.config.deployment;
    surroundings.out(&format!("Nothing of `{}` is left in {}.\n", names.name, names.region));
    if with_ca {
        erase(surroundings, &deployment, yes).await
    } else {
        surroundings.note(&format!(
            "The CA and the ledger are kept in `{}`; `--with-ca` deletes them too.",
            deployment.config.ledger
        ));
        Ok(())
    }
}

async fn erase(surroundings: &Surroundings, deployment: &Deployment, yes: bool) -> Outcome {
    if !yes && !deployment.is_rehearsal() {
        let question = "The CA's key and the record of every certificate are deleted too. Nobody can bring them back.";
        surroundings.confirm_by_name(question, deployment.config.deployment.name.as_str(), "--yes")?;
    }
    deployment.ledger.erase().await.or_fail(Kind::Input)?;
    surroundings.out(&format!("The ledger in `{}` is deleted.\n", deployment.config.ledger));
    Ok(())
}
