//! `latchkey revoke`: locks somebody out, and says only then that they are.
//!
//! First the ledger, then the CRL, then the endpoint, then what is connected. Whatever ends the command in between, it
//! has not said that the certificate is revoked, and the next run goes on from there.

use std::{collections::BTreeSet, path::Path, time::Duration};

use profile::name::Domain;
use provisioner::{
    deploy::{
        apply::{ApplyError, Timer, observe},
        aws::Aws,
        changes::drops_connections,
        cloud::Depth,
        connection::{Connection, ConnectionStatus, to_end},
        desired::{Desired, Goal},
        observed::{Endpoint, Observed},
        plan::plan,
        supply::CRL_ENTRIES,
    },
    ledger::{Act, Issued, Ledger, LedgerError, Revocations, Role},
    pki::{authority::Authority, reason::Reason},
    revocation::{RevocationRefusal, Whom, choose},
};

use super::{
    apply::{apply, failure},
    probe::{self, Client},
};
use crate::{
    cli, custody,
    deployment::{Deployment, View, call_failure, observe_failure},
    failure::{Failure, Kind, OrFail, Outcome},
    logged::Task,
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Revoke) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let probe = Client::wanted(surroundings, arguments.probe).await?;
    let decision = Decision::of(surroundings, &deployment, arguments).await?;
    let (receipt, aws) = agree_and_carry_out(surroundings, &deployment, &decision, arguments.yes).await?;
    surroundings.out(&receipt);
    probe::afterwards(surroundings, &deployment, &aws, probe).await
}

/// Revokes certificates whose users have newer ones; answers with the receipt.
pub(super) async fn supersede(
    surroundings: &Surroundings,
    deployment: &Deployment,
    certificates: Vec<Issued>,
    yes: bool,
) -> Outcome<String> {
    let revocations = deployment.ledger.revocations().await.or_fail(Kind::Input)?;
    let decision = Decision { act: Act::Revoke(Reason::Superseded), certificates, is_replaced: true };
    decision.check_room(surroundings, &revocations, anchors(surroundings, deployment).await?)?;
    let (receipt, _) = agree_and_carry_out(surroundings, deployment, &decision, yes).await?;
    Ok(receipt)
}

/// Says what will come of it, asks, and does it; answers with the receipt.
async fn agree_and_carry_out(
    surroundings: &Surroundings,
    deployment: &Deployment,
    decision: &Decision,
    yes: bool,
) -> Outcome<(String, Aws)> {
    let reached = reach(surroundings, deployment, decision).await?;
    surroundings.note(&decision.announcement());
    surroundings.note(&match &reached {
        Ok(Reached { dropping, .. }) => dropped(*dropping),
        Err(failure) => format!("It is only recorded for now: {}.", failure.message()),
    });
    if !yes && !deployment.is_rehearsal() {
        surroundings.confirm(decision.question())?;
    }
    // A wrong passphrase is told here, while nothing says yet that anybody is revoked.
    let authority = match &reached {
        Ok(Reached { needs_ca: true, .. }) => Some(custody::open_or_create(surroundings, deployment).await?),
        _ => None,
    };
    let work = carry_out(surroundings, deployment, decision, reached, authority);
    let Done { aws, in_use, after, ended } =
        decision.task().logged(surroundings, deployment, work, Done::results).await?;
    Ok((decision.receipt(&in_use, after, ended), aws))
}

/// Records it, has the endpoint use it, and ends what is connected.
async fn carry_out(
    surroundings: &Surroundings,
    deployment: &Deployment,
    decision: &Decision,
    reached: Result<Reached, Failure>,
    authority: Option<Authority>,
) -> Outcome<Done> {
    let begin = surroundings.now();
    decision.record(surroundings, deployment).await?;
    let Reached { aws, connections, .. } = reached.map_err(|failure| decision.not_in_effect(failure))?;
    let in_use = take_into_use(surroundings, deployment, &aws, decision, authority)
        .await
        .map_err(|failure| decision.not_in_effect(failure))?;
    let after = surroundings.now() - begin;
    let ended = match decision.act {
        Act::Revoke(_) => end_connections(deployment, &aws, &in_use, &connections, decision)
            .await
            .map_err(|failure| decision.still_connected(failure))?,
        Act::Undo => 0,
    };
    Ok(Done { aws, in_use, after, ended })
}

/// What a revocation has led to.
struct Done {
    aws: Aws,
    in_use: InUse,
    /// How long it took until it was in effect.
    after: Duration,
    /// Connections that are no longer up.
    ended: usize,
}

impl Done {
    fn results(&self) -> Vec<String> {
        let InUse { number, entries, .. } = &self.in_use;
        vec![format!("revocation list number {number}, {entries} entries"), format!("connections ended {}", self.ended)]
    }
}

/// How many anchors every CRL has to list.
async fn anchors(surroundings: &Surroundings, deployment: &Deployment) -> Outcome<usize> {
    let anchors = deployment.ledger.issued_for_role(Role::Anchor).await.or_fail(Kind::Input)?;
    Ok(anchors.iter().filter(|it| it.not_after >= surroundings.now).count())
}

/// What is decided, about which certificates.
struct Decision {
    act: Act,
    certificates: Vec<Issued>,
    /// Whether all of their users have newer ones that stay.
    is_replaced: bool,
}

impl Decision {
    async fn of(surroundings: &Surroundings, deployment: &Deployment, arguments: &cli::Revoke) -> Outcome<Self> {
        let act = if arguments.undo { Act::Undo } else { Act::Revoke(arguments.reason) };
        let whom = match (&arguments.user, arguments.serial) {
            (_, Some(serial)) => Whom::Serial(serial),
            (user, None) => Whom::User(user.as_deref().unwrap_or_default()),
        };
        let domain = &deployment.config.deployment.domain;
        let issued = issued_for(&deployment.ledger, whom, domain).await.or_fail(Kind::Input)?;
        let anchors = anchors(surroundings, deployment).await?;
        let revocations = deployment.ledger.revocations().await.or_fail(Kind::Input)?;
        let certificates =
            choose(whom, act, issued, &revocations, domain, surroundings.now).map_err(refusal_failure)?;
        // Where the ledger says so already, for whatever reason, that reason stays.
        let stays = |it: &Issued| match (act, revocations.reason(it.serial)) {
            (Act::Revoke(reason), Some(last)) => (!last.is_hold() || reason.is_hold()).then_some(last),
            (Act::Revoke(_), None) | (Act::Undo, _) => None,
        };
        let reasons: Option<BTreeSet<Reason>> = certificates.iter().map(stays).collect();
        let act = reasons.and_then(|reasons| reasons.first().copied()).map_or(act, Act::Revoke);
        let decision = Self { act, certificates, is_replaced: false };
        decision.check_room(surroundings, &revocations, anchors)?;
        Ok(decision)
    }

    /// Refuses before anything is recorded what AWS would refuse in the end.
    fn check_room(&self, surroundings: &Surroundings, revocations: &Revocations, anchors: usize) -> Outcome {
        let listed = revocations.revoked().filter(|(it, _)| it.not_after >= surroundings.now).count();
        let more = self.certificates.iter().filter(|it| revocations.reason(it.serial).is_none()).count();
        let entries = anchors + listed + more;
        if self.act == Act::Undo || entries <= CRL_ENTRIES {
            return Ok(());
        }
        let text = format!("the CRL would have {entries} entries, and AWS takes {CRL_ENTRIES} at most");
        Err(Failure::say(Kind::Refused, text).hint(
            "entries go when their certificates expire, so a shorter `pki.client_days` helps in time; at once, only a \
             new CA does, with new certificates for all users. `latchkey disconnect` ends connections, for the moment",
        ))
    }

    fn subjects(&self) -> BTreeSet<&str> {
        self.certificates.iter().map(|it| it.subject.as_str()).collect()
    }

    fn names(&self) -> String {
        self.subjects().into_iter().collect::<Vec<_>>().join(", ")
    }

    fn task(&self) -> Task {
        let act = match self.act {
            Act::Revoke(reason) => format!("revoke ({reason})"),
            Act::Undo => "take off hold".to_owned(),
        };
        Task {
            command: "revoke",
            subjects: self.subjects().into_iter().map(str::to_owned).collect(),
            what: self.certificates.iter().map(|it| format!("{act} certificate {}", it.serial)).collect(),
        }
    }

    fn announcement(&self) -> String {
        let what = match self.act {
            Act::Revoke(reason) => format!("To be revoked ({reason}):"),
            Act::Undo => "To be taken off hold:".to_owned(),
        };
        let lines = self.certificates.iter();
        let lines = lines.map(|it| format!("\n  {}  {}  valid until {}", it.subject, it.serial, it.not_after.date()));
        what + &lines.collect::<String>()
    }

    fn question(&self) -> &'static str {
        match self.act {
            Act::Revoke(reason) if reason.is_hold() => "Put them on hold?",
            Act::Revoke(_) => "Revoke them for ever?",
            Act::Undo => "Let them in again?",
        }
    }

    async fn record(&self, surroundings: &Surroundings, deployment: &Deployment) -> Outcome {
        for issued in &self.certificates {
            let provenance = surroundings.provenance();
            deployment.ledger.record_revocation(issued, self.act, provenance).await.map_err(record_failure)?;
        }
        Ok(())
    }

    /// Takes what was decided over into what was observed, as if it stood in the ledger.
    fn anticipate(&self, observed: &mut Observed) {
        for issued in &self.certificates {
            match self.act {
                Act::Revoke(_) => drop(observed.to_list.revoked.insert(issued.serial, issued.not_after)),
                Act::Undo => {
                    observed.to_list.revoked.remove(&issued.serial);
                    observed.to_list.undone.insert(issued.serial);
                }
            }
        }
    }

    fn not_in_effect(&self, failure: Failure) -> Failure {
        let names = self.names();
        let text = match self.act {
            Act::Revoke(_) => {
                format!(
                    "the revocation of {names} is recorded in the ledger, and NOT in effect: they can still connect"
                )
            }
            Act::Undo => {
                format!("that {names} is on hold no more is recorded, and NOT in effect: they cannot connect yet")
            }
        };
        again(failure.during(text))
    }

    fn still_connected(&self, failure: Failure) -> Failure {
        again(failure.during(format!("{} cannot connect again, but connections may still be up", self.names())))
    }

    fn receipt(&self, InUse { number, entries, dropped, .. }: &InUse, after: Duration, ended: usize) -> String {
        let serials: Vec<String> = self.certificates.iter().map(|it| it.serial.to_string()).collect();
        let names = self.names();
        let mut text = match self.act {
            Act::Revoke(reason) if self.is_replaced => {
                format!("Revoked ({reason}): {names} can connect with their newer certificates only.\n\n")
            }
            Act::Revoke(reason) => format!("Revoked ({reason}): {names} cannot connect.\n\n"),
            Act::Undo => format!("No longer on hold: {names} can connect.\n\n"),
        };
        let since = match dropped {
            Some(_) => format!("in effect after {:.1} s", after.as_secs_f64()),
            None => "in effect before".to_owned(),
        };
        text += &format!("  certificates       {}\n", serials.join(", "));
        text += &format!("  revocation list    number {number}, {entries} entries, {since}\n");
        if let Act::Revoke(_) = self.act {
            text += &format!("  connections ended  {ended}\n");
        }
        if let Some(dropped) = dropped {
            text +=
                &format!("  connections reset  {dropped}, by the import; clients that may, come again by themselves\n");
        }
        text
    }
}

/// Every certificate that may be meant.
async fn issued_for(ledger: &Ledger, whom: Whom<'_>, domain: &Domain) -> Result<Vec<Issued>, LedgerError> {
    match whom {
        Whom::Serial(serial) => Ok(ledger.issued(serial).await?.into_iter().collect()),
        Whom::User(who) => {
            let mut issued = ledger.issued_for_name(&format!("{who}.{domain}")).await?;
            issued.extend(ledger.issued_for_name(who).await?);
            Ok(issued)
        }
    }
}

/// The endpoint, as it was before anybody was asked.
struct Reached {
    aws: Aws,
    connections: Vec<Connection>,
    /// How many connections an import will end; `None` where none is needed.
    dropping: Option<usize>,
    /// Whether a CRL has to be made.
    needs_ca: bool,
}

/// Looks at the endpoint. That AWS cannot be reached, or that there is no endpoint, keeps nobody from recording.
async fn reach(
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
        let plan = plan(&desired, &observed);
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
struct InUse {
    endpoint: Endpoint,
    number: u64,
    entries: usize,
    /// How many connections its import has ended; `None` where it was in use before.
    dropped: Option<usize>,
}

/// Has the endpoint use a CRL that says what the ledger says: the same machine as `provision`, for this step alone. It
/// reads back what was imported, and comes back when AWS uses it.
async fn take_into_use(
    surroundings: &Surroundings,
    deployment: &Deployment,
    aws: &Aws,
    decision: &Decision,
    authority: Option<Authority>,
) -> Outcome<InUse> {
    let desired = Desired::only(&deployment.config, Goal::Crl);
    let observed = look(deployment, aws, &desired).await?;
    let plan = plan(&desired, &observed);
    if !plan.obstacles.is_empty() {
        return Err(failure(ApplyError::Obstacles(plan.obstacles), deployment));
    }
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
async fn end_connections(
    deployment: &Deployment,
    aws: &Aws,
    in_use: &InUse,
    before: &[Connection],
    decision: &Decision,
) -> Outcome<usize> {
    let domain = &deployment.config.deployment.domain;
    let of = |connections: &[Connection]| -> BTreeSet<_> {
        let subjects = decision.subjects().into_iter();
        subjects.flat_map(|who| to_end(connections, who, domain)).map(|it| it.id.clone()).collect()
    };
    let connections = aws.connections(&in_use.endpoint.id).await.map_err(call_failure)?;
    let mut ended = of(before);
    for id in of(&connections) {
        let status = aws.terminate(&in_use.endpoint.id, &id).await.map_err(call_failure)?;
        if matches!(status, ConnectionStatus::Active | ConnectionStatus::FailedToTerminate) {
            return Err(Failure::say(Kind::Aws, format!("AWS did not end `{id}`, which is {}", status.as_str())));
        }
        ended.insert(id);
    }
    Ok(ended.len())
}

async fn look(deployment: &Deployment, aws: &Aws, desired: &Desired) -> Outcome<Observed> {
    observe(aws, &deployment.ledger, desired, Depth::Quick).await.map_err(observe_failure)
}

fn live(connections: &[Connection]) -> usize {
    connections.iter().filter(|it| it.status.is_up()).count()
}

fn dropped(dropping: Option<usize>) -> String {
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

fn again(failure: Failure) -> Failure {
    let hint = match failure.advice() {
        Some(advice) if advice.contains("run the command again") => advice.to_owned(),
        Some(advice) => format!("{advice}; then run the same command again: it goes on from here"),
        None => "run the same command again: it goes on from here".to_owned(),
    };
    failure.hint(hint)
}

fn refusal_failure(refusal: RevocationRefusal) -> Failure {
    let kind = match refusal {
        RevocationRefusal::ForEver { .. } => Kind::Refused,
        RevocationRefusal::Unknown { .. }
        | RevocationRefusal::NoUser { .. }
        | RevocationRefusal::Expired { .. }
        | RevocationRefusal::NotOnHold { .. } => Kind::Input,
    };
    let hint = match refusal {
        RevocationRefusal::ForEver { .. } => "a new key gets a new certificate: the page makes both key and request",
        RevocationRefusal::NoUser { .. } => {
            "the client anchor is on every CRL, and nobody can connect with the server certificate"
        }
        RevocationRefusal::Unknown { .. } | RevocationRefusal::Expired { .. } | RevocationRefusal::NotOnHold { .. } => {
            "`latchkey users` lists who has which certificate, and its state"
        }
    };
    Failure::new(kind, refusal).hint(hint)
}

fn record_failure(error: LedgerError) -> Failure {
    let is_taken = matches!(error, LedgerError::Taken { .. });
    let failure = Failure::new(Kind::Input, error);
    match is_taken {
        true => failure.hint("somebody else has just decided about the same certificate: run the command again"),
        false => failure,
    }
}
