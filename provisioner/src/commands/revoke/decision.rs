//! What somebody has decided about which certificates, and what is said and recorded of it.

use std::collections::BTreeSet;

use profile::name::Domain;
use provisioner::{
    deploy::{
        observed::Observed,
        supply::{CRL_ENTRIES, crl_entries},
    },
    ledger::{Act, Invited, Issued, Ledger, LedgerError, Revocations},
    pki::{reason::Reason, serial::Serial},
    revocation::{RevocationRefusal, Whom, choose, ends_invites},
};

use super::invites;
use crate::{
    cli,
    deployment::Deployment,
    failure::{Failure, Kind, OrFail, Outcome},
    logged::Task,
    surroundings::Surroundings,
};

/// What is decided, about which certificates.
pub(super) struct Decision {
    pub(super) act: Act,
    pub(super) certificates: Vec<Issued>,
    /// The user, where all that they have is meant, and whatever else would let them in.
    pub(super) user: Option<String>,
    /// Why the certificate of an invite that is just being used is revoked, where the user's invites end. It comes from
    /// what was asked for: that what they had is superseded already does not let them in again.
    pub(super) ends_invites: Option<Reason>,
    /// Whether all the certificates' users have others that stay.
    pub(super) has_others: bool,
}

impl Decision {
    pub(super) async fn of(
        surroundings: &Surroundings,
        deployment: &Deployment,
        arguments: &cli::Revoke,
    ) -> Outcome<Self> {
        let act = if arguments.undo { Act::Undo } else { Act::Revoke(arguments.reason) };
        let user = arguments.user.clone();
        let ends_invites = ends_invites(act);
        let whom = match (arguments.serial, &user) {
            (Some(serial), _) => Whom::Serial(serial),
            (None, user) => Whom::User(user.as_deref().unwrap_or_default()),
        };
        let revocations = deployment.ledger.revocations().await.or_fail(Kind::Input)?;
        let certificates = match (chosen(surroundings, deployment, whom, act, &revocations).await?, &user) {
            (Err(refusal), Some(user)) if refusal.is_of_nothing_valid() && ends_invites.is_some() => {
                // Their invite would get them one.
                let open = invites::open(surroundings, deployment, user).await?;
                if open.is_empty() { Err(refusal) } else { Ok(Vec::new()) }
            }
            (chosen, _) => chosen,
        };
        let certificates = certificates.map_err(refusal_failure)?;
        // Where the ledger says so already, for whatever reason, that reason stays.
        let stays = |it: &Issued| match (act, revocations.reason(it.serial)) {
            (Act::Revoke(reason), Some(last)) => (!last.is_hold() || reason.is_hold()).then_some(last),
            (Act::Revoke(_), None) | (Act::Undo, _) => None,
        };
        let reasons: Option<BTreeSet<Reason>> = certificates.iter().map(stays).collect();
        let act = reasons.and_then(|reasons| reasons.first().copied()).map_or(act, Act::Revoke);
        let mut decision = Self { act, certificates, user, ends_invites, has_others: false };
        if arguments.serial.is_some() {
            decision.has_others = decision.look_for_others(surroundings, deployment, &revocations).await?;
        }
        decision.check_room(surroundings, deployment, &revocations).await?;
        Ok(decision)
    }

    /// Certificates whose users have newer ones.
    pub(super) async fn supersede(
        surroundings: &Surroundings,
        deployment: &Deployment,
        certificates: Vec<Issued>,
    ) -> Outcome<Self> {
        let revocations = deployment.ledger.revocations().await.or_fail(Kind::Input)?;
        let act = Act::Revoke(Reason::Superseded);
        let decision = Self { act, certificates, user: None, ends_invites: None, has_others: true };
        decision.check_room(surroundings, deployment, &revocations).await?;
        Ok(decision)
    }

    /// Whether the users can connect with other certificates than these.
    async fn look_for_others(
        &self,
        surroundings: &Surroundings,
        deployment: &Deployment,
        revocations: &Revocations,
    ) -> Outcome<bool> {
        let these = self.serials();
        for subject in self.subjects() {
            let issued = deployment.ledger.issued_for_name(subject).await.or_fail(Kind::Input)?;
            let is_valid = |it: &Issued| it.not_after >= surroundings.now && revocations.reason(it.serial).is_none();
            if issued.iter().any(|it| is_valid(it) && !these.contains(&it.serial)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What another admin has issued to the user since: whoever signs looks for a revocation after recording a certificate,
    /// and this looks for certificates after recording a revocation, so that one of the two sees the other.
    pub(super) async fn issued_since(
        &self,
        surroundings: &Surroundings,
        deployment: &Deployment,
    ) -> Outcome<Vec<Issued>> {
        let (Some(user), Act::Revoke(_)) = (&self.user, self.act) else {
            return Ok(Vec::new());
        };
        let these = self.serials();
        let revocations = Revocations::default();
        let chosen = chosen(surroundings, deployment, Whom::User(user), self.act, &revocations).await?;
        // That nothing is valid any more is no new certificate either.
        let mut chosen = chosen.unwrap_or_default();
        chosen.retain(|it| !these.contains(&it.serial));
        Ok(chosen)
    }

    /// Refuses before anything is recorded what AWS would refuse in the end.
    async fn check_room(
        &self,
        surroundings: &Surroundings,
        deployment: &Deployment,
        revocations: &Revocations,
    ) -> Outcome {
        if self.act == Act::Undo {
            return Ok(());
        }
        let (listed, _) = crl_entries(&deployment.ledger, surroundings.now).await.or_fail(Kind::Input)?;
        let more = self.certificates.iter().filter(|it| revocations.reason(it.serial).is_none()).count();
        let entries = listed.len() + more;
        if entries <= CRL_ENTRIES {
            return Ok(());
        }
        let text = format!("the CRL would have {entries} entries, and AWS takes {CRL_ENTRIES} at most");
        Err(Failure::say(Kind::Refused, text).hint(
            "entries go when their certificates expire, so a shorter `pki.client_days` helps in time; at once, only a \
             new CA does, with new certificates for all users. `latchkey disconnect` ends connections, for the moment",
        ))
    }

    fn serials(&self) -> BTreeSet<Serial> {
        self.certificates.iter().map(|it| it.serial).collect()
    }

    pub(super) fn subjects(&self) -> BTreeSet<&str> {
        self.certificates.iter().map(|it| it.subject.as_str()).collect()
    }

    pub(super) fn names(&self) -> String {
        self.subjects().into_iter().collect::<Vec<_>>().join(", ")
    }

    pub(super) fn task(&self) -> Task {
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

    pub(super) fn announcement(&self) -> String {
        let what = match self.act {
            Act::Revoke(reason) => format!("To be revoked ({reason}):"),
            Act::Undo => "To be taken off hold:".to_owned(),
        };
        let lines = self.certificates.iter();
        let lines = lines.map(|it| format!("\n  {}  {}  valid until {}", it.subject, it.serial, it.not_after.date()));
        what + &lines.collect::<String>()
    }

    pub(super) fn question(&self) -> &'static str {
        match self.act {
            Act::Revoke(reason) if reason.is_hold() => "Put them on hold?",
            Act::Revoke(_) => "Revoke them for ever?",
            Act::Undo => "Let them in again?",
        }
    }

    /// Records it in the ledger: invites first, which nobody may use from here on.
    pub(super) async fn record(&self, surroundings: &Surroundings, deployment: &Deployment) -> Outcome<Vec<Invited>> {
        let taken_back = match (&self.user, self.ends_invites) {
            (Some(user), Some(reason)) => invites::take_back(surroundings, deployment, user, reason).await?,
            _ => Vec::new(),
        };
        for issued in &self.certificates {
            let provenance = surroundings.provenance();
            deployment.ledger.record_revocation(issued, self.act, provenance).await.map_err(record_failure)?;
        }
        Ok(taken_back)
    }

    /// Takes what was decided over into what was observed, as if it stood in the ledger.
    pub(super) fn anticipate(&self, observed: &mut Observed) {
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

    pub(super) fn not_in_effect(&self, failure: Failure) -> Failure {
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

    pub(super) fn still_connected(&self, failure: Failure) -> Failure {
        again(failure.during(format!("{} cannot connect again, but connections may still be up", self.names())))
    }
}

/// The certificates that are meant.
async fn chosen(
    surroundings: &Surroundings,
    deployment: &Deployment,
    whom: Whom<'_>,
    act: Act,
    revocations: &Revocations,
) -> Outcome<Result<Vec<Issued>, RevocationRefusal>> {
    let domain = &deployment.config.deployment.domain;
    let issued = issued_for(&deployment.ledger, whom, domain).await.or_fail(Kind::Input)?;
    Ok(choose(whom, act, issued, revocations, domain, surroundings.now))
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
