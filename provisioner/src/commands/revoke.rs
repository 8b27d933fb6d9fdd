//! `latchkey revoke`: locks somebody out, and says only then that they are.
//!
//! First the ledger, then the CRL, then the endpoint, then what is connected. Whatever ends the command in between, it
//! has not said that the certificate is revoked, and the next run goes on from there.

mod decision;

mod endpoint;

mod invites;

use std::{path::Path, time::Duration};

use provisioner::{
    deploy::{apply::Timer, aws::Aws},
    ledger::{Act, Invited, Issued},
    pki::authority::Authority,
};

use self::{
    decision::Decision,
    endpoint::{InUse, Reached},
};
use super::probe::{self, Client};
use crate::{
    cli, custody,
    deployment::Deployment,
    failure::{Failure, Outcome},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Revoke) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let probe = Client::wanted(surroundings, arguments.probe).await?;
    let decision = Decision::of(surroundings, &deployment, arguments).await?;
    if decision.certificates.is_empty() {
        return invites::take_back_alone(surroundings, &deployment, &decision, arguments.yes).await;
    }
    let (receipt, aws) = agree_and_carry_out(surroundings, &deployment, decision, arguments.yes).await?;
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
    let decision = Decision::supersede(surroundings, deployment, certificates).await?;
    let (receipt, _) = agree_and_carry_out(surroundings, deployment, decision, yes).await?;
    Ok(receipt)
}

/// Says what will come of it, asks, and does it; answers with the receipt.
async fn agree_and_carry_out(
    surroundings: &Surroundings,
    deployment: &Deployment,
    decision: Decision,
    yes: bool,
) -> Outcome<(String, Aws)> {
    let reached = endpoint::reach(surroundings, deployment, &decision).await?;
    surroundings.note(&decision.announcement());
    surroundings.note(&match &reached {
        Ok(Reached { dropping, .. }) => endpoint::dropped(*dropping),
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
    let task = decision.task();
    let work = carry_out(surroundings, deployment, decision, reached, authority);
    let done = task.logged(surroundings, deployment, work, Done::results).await?;
    Ok((done.receipt(), done.aws))
}

/// Records it, has the endpoint use it, and ends what is connected.
async fn carry_out(
    surroundings: &Surroundings,
    deployment: &Deployment,
    mut decision: Decision,
    reached: Result<Reached, Failure>,
    authority: Option<Authority>,
) -> Outcome<Done> {
    let begin = surroundings.now();
    let mut taken_back = decision.record(surroundings, deployment).await?;
    let Reached { aws, connections, .. } = reached.map_err(|failure| decision.not_in_effect(failure))?;
    let mut dropped = None;
    let in_use = loop {
        let in_use = endpoint::take_into_use(surroundings, deployment, &aws, &decision, authority.as_ref())
            .await
            .map_err(|failure| decision.not_in_effect(failure))?;
        dropped = dropped.into_iter().chain(in_use.dropped).reduce(|a, b| a + b);
        let since = decision.issued_since(surroundings, deployment).await?;
        if since.is_empty() {
            break InUse { dropped, ..in_use };
        }
        for issued in &since {
            surroundings.note(&format!("Somebody has just issued {} to {}: that, too.", issued.serial, issued.subject));
        }
        decision.certificates.extend(since);
        taken_back.extend(decision.record(surroundings, deployment).await?);
    };
    let after = surroundings.now() - begin;
    let ended = match decision.act {
        Act::Revoke(_) => endpoint::end_connections(surroundings, deployment, &aws, &in_use, &connections, &decision)
            .await
            .map_err(|failure| decision.still_connected(failure))?,
        Act::Undo => 0,
    };
    Ok(Done { decision, aws, taken_back, in_use, after, ended })
}

/// What a revocation has led to.
struct Done {
    decision: Decision,
    aws: Aws,
    /// Invites that nobody can use any more.
    taken_back: Vec<Invited>,
    in_use: InUse,
    /// How long it took until it was in effect.
    after: Duration,
    /// Connections that are no longer up.
    ended: usize,
}

impl Done {
    fn results(&self) -> Vec<String> {
        let InUse { number, entries, .. } = &self.in_use;
        let crl = format!("revocation list number {number}, {entries} entries");
        let invites = self.taken_back.iter().map(invites::result);
        [crl, format!("connections ended {}", self.ended)].into_iter().chain(invites).collect()
    }

    fn receipt(&self) -> String {
        let Self { decision, taken_back, in_use: InUse { number, entries, dropped, .. }, after, ended, .. } = self;
        let serials: Vec<String> = decision.certificates.iter().map(|it| it.serial.to_string()).collect();
        let names = decision.names();
        let mut text = match decision.act {
            Act::Revoke(reason) if decision.has_others => {
                format!("Revoked ({reason}): {names} can connect with other certificates only.\n\n")
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
        if let Act::Revoke(_) = decision.act {
            text += &format!("  connections ended  {ended}\n");
        }
        if let Some(dropped) = dropped {
            text +=
                &format!("  connections reset  {dropped}, by the import; clients that may, come again by themselves\n");
        }
        if !taken_back.is_empty() {
            let ids: Vec<String> = taken_back.iter().map(|it| it.id.to_string()).collect();
            text += &format!("  invites            {}: their links no longer work\n", ids.join(", "));
        }
        text
    }
}
