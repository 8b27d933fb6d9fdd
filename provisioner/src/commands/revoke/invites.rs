//! Invites of somebody who is locked out: a link in their mail must not bring them back.

use provisioner::{
    ledger::{Act, End, InviteState, Invited},
    pki::{reason::Reason, serial::Serial},
};
use time::Duration;

use super::{super::invite::cancelled, decision::Decision};
use crate::{
    deployment::Deployment,
    failure::{Failure, Kind, OrFail, Outcome},
    logged::Task,
    surroundings::Surroundings,
};

/// The invites that `user` could still use.
pub(super) async fn open(surroundings: &Surroundings, deployment: &Deployment, user: &str) -> Outcome<Vec<Invited>> {
    let all = of(deployment, user).await?;
    Ok(all.into_iter().filter(|it| it.is_open(surroundings.now)).map(|it| it.invited).collect())
}

/// Takes back the invites of `user`; answers with those that they could have used.
///
/// An invite that was used, and whose certificate is not in the ledger, is one of a request that is being signed at this
/// moment or will be signed when somebody goes on: the certificate is revoked, for `reason`, before it is there.
pub(super) async fn take_back(
    surroundings: &Surroundings,
    deployment: &Deployment,
    user: &str,
    reason: Reason,
) -> Outcome<Vec<Invited>> {
    let mut taken_back = Vec::new();
    for state in of(deployment, user).await? {
        let is_open = state.is_open(surroundings.now);
        let InviteState { invited, mut ended } = state;
        if is_open {
            let cancelled = cancelled(surroundings);
            ended = Some(deployment.ledger.end_invite(invited.id, &cancelled).await.or_fail(Kind::Input)?);
        }
        match ended.map(|ended| ended.by) {
            Some(End::Used(used)) => revoke_ahead(surroundings, deployment, used.serial, reason).await?,
            Some(End::Cancelled) if is_open => taken_back.push(invited),
            Some(End::Cancelled) | None => {}
        }
    }
    Ok(taken_back)
}

/// Takes back the invites of somebody who has no certificate that could be revoked.
pub(super) async fn take_back_alone(
    surroundings: &Surroundings,
    deployment: &Deployment,
    decision: &Decision,
    yes: bool,
) -> Outcome {
    let (Some(user), Some(reason)) = (&decision.user, decision.ends_invites) else {
        return Err(Failure::say(Kind::Bug, "there is nothing to be revoked"));
    };
    surroundings.note(&format!("`{user}` has no valid certificate, but an invite for one."));
    if !yes && !deployment.is_rehearsal() {
        surroundings.confirm("Take it back?")?;
    }
    let open = open(surroundings, deployment, user).await?;
    let task = Task {
        command: "revoke",
        subjects: vec![user.clone()],
        what: open.iter().map(|it| format!("take back the invite {}", it.id)).collect(),
    };
    let work = take_back(surroundings, deployment, user, reason);
    let done = |taken_back: &Vec<Invited>| taken_back.iter().map(result).collect();
    let taken_back = task.logged(surroundings, deployment, work, done).await?;
    if taken_back.len() < open.len() {
        return Err(Failure::say(Kind::Refused, format!("a request of `{user}` has just used the invite"))
            .hint("run the same command again: it revokes the certificate that came of it"));
    }
    for invited in taken_back {
        surroundings.out(&format!("The invite `{}` of `{user}` no longer works.\n", invited.id));
    }
    Ok(())
}

/// What the log keeps of it.
pub(super) fn result(invited: &Invited) -> String {
    format!("invite {} taken back", invited.id)
}

async fn of(deployment: &Deployment, user: &str) -> Outcome<Vec<InviteState>> {
    let domain = &deployment.config.deployment.domain;
    let mut all = deployment.ledger.invites().await.or_fail(Kind::Input)?;
    all.retain(|it| it.invited.username.as_str() == user || format!("{}.{domain}", it.invited.username) == user);
    Ok(all)
}

/// Revokes the certificate with this serial number, where it is not in the ledger yet.
async fn revoke_ahead(surroundings: &Surroundings, deployment: &Deployment, serial: Serial, reason: Reason) -> Outcome {
    let ledger = &deployment.ledger;
    if ledger.issued(serial).await.or_fail(Kind::Input)?.is_some() {
        return Ok(());
    }
    // Nobody is going to sign it for longer than this.
    let not_after = surroundings.now + Duration::days(deployment.config.pki.client_days.into()) + Duration::DAY;
    let provenance = surroundings.provenance();
    ledger.record_revocation_of(serial, not_after, Act::Revoke(reason), provenance).await.or_fail(Kind::Input)?;
    Ok(())
}
