//! `latchkey disconnect`: ends connections, and says that this locks nobody out.

use std::{collections::BTreeSet, path::Path};

use provisioner::deploy::connection::to_end;

use super::connections::endpoint;
use crate::{
    deployment::{Deployment, call_failure},
    failure::{Failure, Kind, Outcome},
    logged::Task,
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, who: &str, yes: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let aws = deployment.aws(surroundings).await?;
    let endpoint = endpoint(&deployment, &aws).await?;
    let connections = aws.connections(&endpoint).await.map_err(call_failure)?;
    let domain = &deployment.config.deployment.domain;
    let ending = to_end(&connections, who, domain);
    if ending.is_empty() {
        return Err(Failure::say(
            Kind::Input,
            format!("`{who}` is neither a user who is connected nor a live connection"),
        )
        .hint("`latchkey connections` lists both; `--all` also what ended within the hour"));
    }
    for it in &ending {
        surroundings.note(&format!("{} at {} since {} ({})", it.user(domain), it.address, it.since, it.id));
    }
    if !yes && !deployment.is_rehearsal() {
        surroundings.confirm(&format!("End {} connection(s)?", ending.len()))?;
    }
    let task = Task {
        command: "disconnect",
        subjects: ending.iter().map(|it| it.common_name.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
        what: ending.iter().map(|it| format!("end connection {}", it.id)).collect(),
    };
    let work = async {
        for it in &ending {
            let status = aws.terminate(&endpoint, &it.id).await.map_err(call_failure)?;
            surroundings.out(&format!("{}  {}\n", it.id, status.as_str()));
        }
        Ok(())
    };
    task.logged(surroundings, &deployment, work, |()| Vec::new()).await?;
    surroundings.note(
        "Whoever holds a valid certificate can connect again at once, and most clients do so by themselves: \
         `latchkey revoke` is what locks a user out.",
    );
    Ok(())
}
