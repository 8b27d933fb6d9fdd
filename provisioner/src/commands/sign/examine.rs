//! What becomes of each request, before anything is issued.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use futures::{StreamExt, stream};
use profile::{certificate::Certificate, csr::Csr, fingerprint::Fingerprint, invite::Credential, name::CommonName};
use provisioner::{
    invitation::{self, Admission, InvitationRefusal},
    issuance::{self, Decision, IssuanceRefusal},
    ledger::{End, Issued},
    pki::request,
    register::Register,
};

use super::requests::Source;
use crate::{
    deployment::Deployment,
    failure::{Failure, Kind, OrFail, Outcome},
    surroundings::Surroundings,
};

/// A request that is in order.
pub(super) struct Candidate {
    pub(super) file: PathBuf,
    /// Where the certificate goes.
    pub(super) out: PathBuf,
    pub(super) csr: Csr,
    pub(super) name: CommonName,
    pub(super) verdict: Verdict,
}

/// What becomes of it.
pub(super) enum Verdict {
    /// It has a certificate.
    Again(Box<Issued>),
    /// Its invite lets it in.
    Invited(Admission),
    /// Somebody must be asked.
    Ask,
    /// Another request of this run has the same key: what becomes of that decides.
    Follows,
}

impl Candidate {
    pub(super) fn is_to_be_issued(&self) -> bool {
        matches!(self.verdict, Verdict::Invited(_) | Verdict::Ask)
    }

    fn key(&self) -> Fingerprint {
        self.csr.public_key().fingerprint()
    }
}

/// What requests are held against.
pub(super) struct Desk<'a> {
    pub(super) surroundings: &'a Surroundings,
    pub(super) deployment: &'a Deployment,
    pub(super) ca: &'a Certificate,
    /// What was issued before for the keys and names of the requests.
    pub(super) register: Register,
}

/// A request that is in order as such.
struct Accepted {
    source: Source,
    csr: Csr,
    name: CommonName,
}

impl Desk<'_> {
    /// Examines each request, several at the same time; the answers are in the order of `sources`.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(super) async fn examine(&mut self, sources: &[Source]) -> Outcome<Vec<Outcome<Candidate>>> {
        let accepted: Vec<_> = stream::iter(sources).map(|it| self.accept(it)).buffered(AT_ONCE).collect().await;
        let in_order = || accepted.iter().flatten();
        let keys = in_order().map(|it| it.csr.public_key().fingerprint()).collect();
        let names = in_order().map(|it| it.name.clone()).collect();
        self.register = Register::read(&self.deployment.ledger, &keys, &names).await.or_fail(Kind::Input)?;
        let examined = stream::iter(accepted).map(|accepted| self.examine_one(accepted));
        let mut examined: Vec<_> = examined.buffered(AT_ONCE).collect().await;
        follow(&mut examined);
        one_for_each_name(&mut examined);
        Ok(examined)
    }

    /// Reads and checks a request, on another core.
    async fn accept(&self, source: &Source) -> Outcome<Accepted> {
        let (source, domain) = (source.clone(), self.deployment.config.deployment.domain.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let text = source.read()?;
            let (csr, name) = request::accept(&text, &domain).or_fail(Kind::Refused)?;
            Ok(Accepted { source, csr, name })
        });
        reading.await.or_fail(Kind::Bug)?
    }

    async fn examine_one(&self, accepted: Outcome<Accepted>) -> Outcome<Candidate> {
        let Accepted { source, csr, name } = accepted?;
        let verdict = self.decide(&csr, &name).await?;
        let out = source.out(name.username());
        let may_be_there: Vec<&Issued> = match &verdict {
            Verdict::Again(issued) => vec![issued],
            // A renewal: what the user had before stands in the ledger.
            Verdict::Invited(_) | Verdict::Ask | Verdict::Follows => {
                self.register.for_name(&name).iter().map(|it| &it.issued).collect()
            }
        };
        check_out(&out, &may_be_there)?;
        Ok(Candidate { file: source.file, out, csr, name, verdict })
    }

    /// What the ledger says to a request that is in order.
    async fn decide(&self, csr: &Csr, name: &CommonName) -> Outcome<Verdict> {
        match self.look_up(csr, name)? {
            Decision::Again(issued) => Ok(Verdict::Again(issued)),
            Decision::Issue => match csr.challenge().map(Credential::from_password) {
                None | Some(Ok(None)) => Ok(Verdict::Ask),
                Some(Err(refusal)) => Err(invitation_failure(refusal.into(), name)),
                Some(Ok(Some(credential))) => self.admit(csr, name, &credential).await.map(Verdict::Invited),
            },
        }
    }

    /// What was issued before, for this key and this name.
    pub(super) fn look_up(&self, csr: &Csr, name: &CommonName) -> Outcome<Decision> {
        let for_key = self.register.for_key(csr.public_key().fingerprint());
        let for_name = self.register.for_name(name);
        issuance::decide(name, for_key, for_name, self.surroundings.now).map_err(issuance_failure)
    }

    async fn admit(&self, csr: &Csr, name: &CommonName, credential: &Credential) -> Outcome<Admission> {
        let ledger = &self.deployment.ledger;
        let found = ledger.invite(credential.id).await.or_fail(Kind::Input)?;
        let mut recorded = false;
        if let Some(End::Used(used)) = found.as_ref().and_then(|it| it.ended.as_ref()).map(|ended| &ended.by) {
            recorded = ledger.issued(used.serial).await.or_fail(Kind::Input)?.is_some();
        }
        let request = csr.fingerprint().hex();
        let (for_name, now) = (self.register.for_name(name), self.surroundings.now);
        invitation::admit(credential, found.as_ref(), name.username(), &request, recorded, for_name, now)
            .map_err(|refusal| invitation_failure(refusal, name))
    }

    /// The certificate, then the CA's: what the user gets.
    pub(super) fn chain(&self, issued: &Issued) -> String {
        issued.certificate.clone() + &self.ca.to_pem()
    }
}

/// Of several requests with one key the first is issued.
fn follow(examined: &mut [Outcome<Candidate>]) {
    let mut seen = BTreeSet::new();
    for candidate in examined.iter_mut().flatten().filter(|it| it.is_to_be_issued()) {
        if !seen.insert(candidate.key()) {
            candidate.verdict = Verdict::Follows;
        }
    }
}

/// Of several requests for a name without an invite nobody can say in one glance which is the user's.
fn one_for_each_name(examined: &mut [Outcome<Candidate>]) {
    let mut requests: BTreeMap<CommonName, Vec<PathBuf>> = BTreeMap::new();
    for candidate in examined.iter().flatten().filter(|it| it.is_to_be_issued()) {
        requests.entry(candidate.name.clone()).or_default().push(candidate.file.clone());
    }
    for examined in examined {
        let Ok(Candidate { name, file, verdict: Verdict::Ask, .. }) = examined else { continue };
        let others = requests.get(name).into_iter().flatten();
        if let Some(other) = others.into_iter().find(|other| *other != file) {
            let text = format!("`{}` is another request for `{name}`", other.display());
            *examined = Err(Failure::say(Kind::Refused, text)
                .hint("ask the user which six words the page shows, and sign that request by itself"));
        }
    }
}

/// Before anything is issued: is there a file that would be lost?
fn check_out(out: &Path, may_be_there: &[&Issued]) -> Outcome {
    match std::fs::read(out) {
        Ok(found) if !may_be_there.iter().any(|it| found.starts_with(it.certificate.as_bytes())) => {
            Err(Failure::say(Kind::Input, format!("`{}` exists and is another file", out.display()))
                .hint("move it away, or name another file with `--out FILE`"))
        }
        _ => Ok(()),
    }
}

fn issuance_failure(refusal: IssuanceRefusal) -> Failure {
    let hint = match &refusal {
        IssuanceRefusal::KeyOfAnother { .. } | IssuanceRefusal::KeyRevoked { .. } => {
            "every user needs a key of their own, made anew: the page does that".to_owned()
        }
        IssuanceRefusal::OnHold { name } => {
            format!(
                "`latchkey revoke {} --undo` lets them in again, with the certificate that they have",
                name.username()
            )
        }
    };
    Failure::new(Kind::Refused, refusal).hint(hint)
}

pub(super) fn invitation_failure(refusal: InvitationRefusal, name: &CommonName) -> Failure {
    let again = format!("`latchkey invite {}` makes a new one, for a new request", name.username());
    let hint = match &refusal {
        InvitationRefusal::Used { by_this: false, .. } => {
            format!(
                "look with `latchkey invite --list` and `users` whose that was, and revoke it where it was not theirs. {again}"
            )
        }
        InvitationRefusal::Unreadable(_)
        | InvitationRefusal::Unknown { .. }
        | InvitationRefusal::Secret { .. }
        | InvitationRefusal::OtherName { .. }
        | InvitationRefusal::Used { .. }
        | InvitationRefusal::Cancelled { .. }
        | InvitationRefusal::Expired { .. }
        | InvitationRefusal::RevokedSince { .. } => again,
    };
    Failure::new(Kind::Refused, refusal).hint(hint)
}

/// Requests that are read and checked at the same time.
const AT_ONCE: usize = 16;
