//! The endpoint of a revocation: what it is before, the CRL that it uses after, and who is connected.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use provisioner::{
    deploy::{
        apply::{ApplyError, Timer, observe},
        aws::Aws,
        changes::drops_connections,
        cloud::Depth,
        connection::{Connection, ConnectionStatus, up},
        desired::{Desired, Goal},
        id::ConnectionId,
        observed::{Endpoint, Observed},
        plan::{Plan, plan},
    },
    ledger::Act,
    pki::authority::Authority,
};

use super::{
    super::apply::{apply, failure},
    decision::Decision,
};
use crate::{
    deployment::{Deployment, View, call_failure, observe_failure},
    failure::{Failure, Kind, Outcome},
    surroundings::Surroundings,
};

/// The endpoint, as it was before anybody was asked.
pub(super) struct Reached {
    pub(super) aws: Aws,
    pub(super) connections: Vec<Connection>,
    /// How many connections an import will end; `None` where none is needed.
    pub(super) dropping: Option<usize>,
    /// Whether a CRL has to be made.
    pub(super) needs_ca: bool,
}

/// Looks at the endpoint. That AWS cannot be reached, that there is no endpoint, or that its CRL is somebody else's, keeps
/// nobody from recording.
pub(super) async fn reach(
    surroundings: &Surroundings,
    deployment: &Deployment,
    decision: &Decision,
) -> Outcome<Result<Reached, Failure>> {
    let look = async {
        let aws = deployment.aws(surroundings).await?;
        let name = &deployment.config.deployment.name;
        let endpoint = aws.endpoint(name).await.map_err(call_failure)?.ok_or_else(|| no_endpoint(deployment))?;
        let desired = Desired::only(&deployment.config, Goal::Crl);
        let observed = async { look(deployment, &aws, &desired).await };
        let connections = async { aws.connections(&endpoint).await.map_err(call_failure) };
        let (mut observed, connections) = futures::try_join!(observed, connections)?;
        decision.anticipate(&mut observed);
        let plan = unobstructed(plan(&desired, &observed), deployment)?;
        let dropping = drops_connections(&plan, &observed).then(|| live(&connections));
        Ok::<_, Failure>(Reached { aws, connections, dropping, needs_ca: plan.needs_ca(&observed) })
    };
    match look.await {
        Ok(reached) => Ok(Ok(reached)),
        Err(failure) if failure.kind() == Kind::Aws => Ok(Err(failure)),
        Err(failure) => Err(failure),
    }
}

/// The CRL that the endpoint uses.
pub(super) struct InUse {
    pub(super) endpoint: Endpoint,
    pub(super) number: u64,
    pub(super) entries: usize,
    /// How many connections its import has ended; `None` where it was in use before.
    pub(super) dropped: Option<usize>,
}

/// Has the endpoint use a CRL that says what the ledger says: the same machine as `provision`, for this step alone. It
/// reads back what was imported, and comes back when AWS uses it.
pub(super) async fn take_into_use(
    surroundings: &Surroundings,
    deployment: &Deployment,
    aws: &Aws,
    decision: &Decision,
    authority: Option<&Authority>,
) -> Outcome<InUse> {
    let desired = Desired::only(&deployment.config, Goal::Crl);
    let observed = look(deployment, aws, &desired).await?;
    let plan = unobstructed(plan(&desired, &observed), deployment)?;
    let endpoint = observed.endpoint.as_ref().ok_or_else(|| no_endpoint(deployment))?;
    let mut dropped = None;
    if drops_connections(&plan, &observed) {
        dropped = Some(live(&aws.connections(&endpoint.id).await.map_err(call_failure)?));
    }
    let observed = match plan.is_empty() {
        true => observed,
        false => apply(surroundings, deployment, aws, View { desired, observed, plan }, false, authority).await?,
    };
    let endpoint = observed.endpoint.ok_or_else(|| no_endpoint(deployment))?;
    let crl = endpoint.crl.as_ref().ok_or_else(|| Failure::say(Kind::Aws, "the endpoint has no CRL"))?;
    let is_revoked = decision.act != Act::Undo;
    if decision.certificates.iter().any(|it| crl.lists(it.serial) != is_revoked) {
        return Err(Failure::say(Kind::Aws, "somebody else has just decided otherwise")
            .hint("`latchkey users` shows how it is"));
    }
    let number = observed.recorded_crl.as_ref().map(|recorded| recorded.number).unwrap_or_default();
    Ok(InUse { number, entries: crl.entries(), dropped, endpoint })
}

/// Ends what the import has not ended; answers with how many of the connections that were up are no longer.
///
/// AWS tells connections apart by the common name only: another certificate of the same user loses its connection, too,
/// and can come again.
pub(super) async fn end_connections(
    surroundings: &Surroundings,
    deployment: &Deployment,
    aws: &Aws,
    in_use: &InUse,
    before: &[Connection],
    decision: &Decision,
) -> Outcome<usize> {
    let domain = &deployment.config.deployment.domain;
    let up = |connections: &[Connection]| -> BTreeMap<ConnectionId, ConnectionStatus> {
        let subjects = decision.subjects().into_iter();
        subjects.flat_map(|who| up(connections, who, domain)).map(|it| (it.id.clone(), it.status)).collect()
    };
    let endpoint = &in_use.endpoint.id;
    let mut ending: BTreeSet<ConnectionId> = up(before).into_keys().collect();
    let still_up = up(&aws.connections(endpoint).await.map_err(call_failure)?);
    for (id, status) in &still_up {
        if status.is_to_be_ended() {
            aws.terminate(endpoint, id).await.map_err(call_failure)?;
        }
    }
    if still_up.is_empty() {
        return Ok(ending.len());
    }
    ending.extend(still_up.into_keys());
    // AWS answers `terminating` at first, and bytes may flow until it says otherwise.
    let begin = surroundings.now();
    loop {
        let still_up = up(&aws.connections(endpoint).await.map_err(call_failure)?);
        // A client that has come again with another certificate of the user has another id.
        let Some((id, status)) = still_up.into_iter().find(|(id, _)| ending.contains(id)) else {
            return Ok(ending.len());
        };
        if surroundings.now() - begin >= PATIENCE || surroundings.is_stopping() {
            let text = format!("AWS did not end `{id}` within {} s: it is {}", PATIENCE.as_secs(), status.as_str());
            return Err(Failure::say(Kind::Aws, text));
        }
        surroundings.sleep(PAUSE).await;
    }
}

async fn look(deployment: &Deployment, aws: &Aws, desired: &Desired) -> Outcome<Observed> {
    observe(aws, &deployment.ledger, desired, Depth::Quick).await.map_err(observe_failure)
}

fn unobstructed(plan: Plan, deployment: &Deployment) -> Outcome<Plan> {
    match plan.obstacles.is_empty() {
        true => Ok(plan),
        false => Err(failure(ApplyError::Obstacles(plan.obstacles), deployment)),
    }
}

fn live(connections: &[Connection]) -> usize {
    connections.iter().filter(|it| it.status.is_up()).count()
}

pub(super) fn dropped(dropping: Option<usize>) -> String {
    match dropping {
        None => "The endpoint's CRL says so already: nobody else loses a connection.".to_owned(),
        Some(0) => "The endpoint gets a new CRL. Nobody is connected.".to_owned(),
        Some(n) => format!(
            "The endpoint gets a new CRL, which resets all {n} live connection(s); clients that may, come again by \
             themselves."
        ),
    }
}

fn no_endpoint(deployment: &Deployment) -> Failure {
    Failure::say(Kind::Aws, format!("there is no endpoint of `{}`", deployment.config.deployment.name))
        .hint("`latchkey provision` makes it, with a CRL that lists all that is revoked by then")
}

/// How long AWS may take to end a connection. Its documentation names no time: UNCONFIRMED.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);
