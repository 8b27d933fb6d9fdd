//! From a request that is let in to a certificate in the hands of its user.
//!
//! The order is what survives an interruption: first the invite is used, under a serial number that is decided then; then
//! the certificate is recorded under it, which can happen once; then it is written for the user. The same request goes on
//! from wherever that ended, and no other can.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use profile::name::CommonName;
use provisioner::{
    invitation::{Admission, InvitationRefusal},
    issuance::{Earlier, replaced_by},
    ledger::{Act, End, Ended, Issued, LedgerError, Role, Use},
    pki::{authority::Authority, policy, serial::Serial},
    publication::{self, File},
    random::Random,
    register::Register,
    revocation::ends_invites,
};

use time::Duration;

use super::super::publish::Place;
use super::examine::{Candidate, Desk, Verdict, invitation_failure};
use crate::{
    custody,
    failure::{Failure, Kind, OrFail, Outcome},
    files,
};

impl Desk<'_> {
    /// Opens the CA.
    pub(super) async fn authority(&self) -> Outcome<Arc<Authority>> {
        custody::open(self.surroundings, self.deployment).await.map(Arc::new)
    }

    /// Issues a certificate and records it.
    pub(super) async fn issue(&self, authority: &Arc<Authority>, candidate: &Candidate) -> Outcome<Issued> {
        let serial = self.serial(candidate).await?;
        let (authority, subject) = (authority.clone(), candidate.name.to_string());
        let key = candidate.csr.public_key().clone();
        let life = Duration::days(self.deployment.config.pki.client_days.into());
        let now = self.surroundings.now;
        // Signing is what takes time: on another core.
        let signing =
            tokio::task::spawn_blocking(move || authority.issue(&policy::CLIENT, &subject, &key, life, now, serial));
        let certificate = signing.await.or_fail(Kind::Bug)?.map_err(custody::pki_failure)?;
        let request = candidate.csr.fingerprint().hex();
        let issued = Issued::of(&certificate, Role::User, Some(request), self.surroundings.provenance())
            .ok_or_else(|| Failure::say(Kind::Bug, "a certificate was issued that cannot be recorded"))?;
        match self.deployment.ledger.record_issued(&issued).await {
            Ok(()) => self.unless_locked_out(&candidate.name, issued).await,
            // Another admin signs the same request with the same invite at this moment: theirs is the certificate.
            Err(taken @ LedgerError::Taken { .. }) => {
                let found = self.deployment.ledger.issued(serial).await.or_fail(Kind::Input)?;
                let is_this = |it: &Issued| it.request_sha256 == issued.request_sha256;
                found.filter(is_this).map_or_else(|| Err(Failure::new(Kind::Input, taken)), Ok)
            }
            Err(error @ LedgerError::KeyOfAnother { .. }) => Err(Failure::new(Kind::Refused, error)),
            Err(error) => Err(Failure::new(Kind::Input, error)),
        }
    }

    /// Refuses to hand a certificate over whose user somebody has locked out since the request was examined. Whoever
    /// revokes looks for certificates after recording that, and this looks for revocations after recording the certificate:
    /// one of the two sees the other.
    async fn unless_locked_out(&self, name: &CommonName, issued: Issued) -> Outcome<Issued> {
        let ledger = &self.deployment.ledger;
        let now =
            Register::read(ledger, &BTreeSet::new(), &BTreeSet::from([name.clone()])).await.or_fail(Kind::Input)?;
        let revoked = |it: &Earlier| Some((it.issued.serial, it.revoked?.0));
        let known: BTreeSet<_> = self.register.for_name(name).iter().filter_map(revoked).map(|(it, _)| it).collect();
        let since = now.for_name(name).iter().filter_map(revoked).filter(|(serial, _)| !known.contains(serial));
        let found = since.filter_map(|(_, decided)| Some((decided, ends_invites(Act::Revoke(decided))?))).next();
        let Some((decided, reason)) = found else { return Ok(issued) };
        let provenance = self.surroundings.provenance();
        ledger.record_revocation(&issued, Act::Revoke(reason), provenance).await.or_fail(Kind::Input)?;
        let text = format!("`{name}` was revoked ({decided}) while this was being signed");
        Err(Failure::say(Kind::Refused, text).hint(
            "nobody got the certificate, which is revoked as well; `latchkey status` says whether the endpoint's CRL has to be \
             brought up to date",
        ))
    }

    /// The serial number of the certificate to be. From here on the invite is used.
    async fn serial(&self, candidate: &Candidate) -> Outcome<Serial> {
        let fresh = Serial::from_random(self.surroundings.bits_128());
        let id = match candidate.verdict {
            Verdict::Invited(Admission::Use(id)) => id,
            Verdict::Invited(Admission::GoOn(_, serial)) => return Ok(serial),
            Verdict::Ask | Verdict::Again(_) | Verdict::Follows => return Ok(fresh),
        };
        let request_sha256 = candidate.csr.fingerprint().hex();
        let by = End::Used(Use { serial: fresh, request_sha256: request_sha256.clone() });
        let ended = Ended { by, provenance: self.surroundings.provenance() };
        let ended = self.deployment.ledger.end_invite(id, &ended).await.or_fail(Kind::Input)?;
        let when = ended.provenance.when.date();
        let refusal = match ended.by {
            End::Used(used) if used.request_sha256 == request_sha256 => return Ok(used.serial),
            End::Used(_) => InvitationRefusal::Used { id, when, by_this: false },
            End::Cancelled => InvitationRefusal::Cancelled { id, when },
        };
        Err(invitation_failure(refusal, &candidate.name))
    }

    /// Writes the certificate for the user and, where a page is built, for the page.
    pub(super) async fn hand_over(&self, candidate: &Candidate, issued: &Issued) -> Outcome {
        let (chain, out) = (self.chain(issued), candidate.out.clone());
        let published = self.published(candidate);
        let writing = tokio::task::spawn_blocking(move || {
            files::replace(&out, &chain)?;
            published.map_or(Ok(()), |published| files::replace(&published, &chain).map(drop))
        });
        writing.await.or_fail(Kind::Bug)?.or_fail(Kind::Input)?;
        self.publish(candidate, issued).await
    }

    /// Puts the certificate where the page is published, if it is said where that is.
    async fn publish(&self, candidate: &Candidate, issued: &Issued) -> Outcome {
        let Some(location) = &self.deployment.config.page.publish else { return Ok(()) };
        let path = publication::issued_path(&candidate.csr.fingerprint().hex());
        let item = publication::item(File { path, content: self.chain(issued).into_bytes() }).or_fail(Kind::Bug)?;
        Place::open(self.surroundings, self.deployment, location)?.put(item).await
    }

    /// Where the page looks for the certificate; `None` before there is a page.
    fn published(&self, candidate: &Candidate) -> Option<PathBuf> {
        let file = format!("{}.pem", candidate.csr.fingerprint().hex());
        self.page().map(|page| page.join("issued").join(file))
    }

    /// The page, where one was built.
    pub(super) fn page(&self) -> Option<&Path> {
        let page = self.deployment.config.page.dir.as_path();
        page.join("index.html").exists().then_some(page)
    }

    /// The certificates of this user that `issued` takes the place of.
    pub(super) fn replaced(&self, name: &CommonName, issued: &Issued) -> Vec<Issued> {
        replaced_by(issued, self.register.for_name(name), self.surroundings.now)
    }
}
