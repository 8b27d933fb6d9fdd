//! Waiting for what AWS does on its own: looks at what is pending, and at nothing else.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use super::{Applier, ApplyError, ObserveError, Timer};
use crate::deploy::{
    cloud::{CallError, Cloud},
    observed::{Observed, Outcome},
    part::Kind,
    plan::{Pending, Step},
    to_list::ToList,
    wait::{Next, SETTLE, Wait},
};

/// What is waited for, and since when.
#[derive(Default)]
pub(super) struct Settle {
    wait: Option<(Vec<Step>, Wait)>,
}

impl<C: Cloud, T: Timer> Applier<'_, C, T> {
    /// Pauses, then looks at `pending` again. Where AWS gives no usable answer, answers with that setback.
    pub(super) async fn settle(
        &self,
        settle: &mut Settle,
        pending: &[Step],
        observed: &mut Observed,
    ) -> Result<Option<(Step, CallError)>, ApplyError> {
        let now = self.timer.now();
        // The limit is for one and the same thing: when something comes to its end, the rest is given its time anew.
        let wait = match settle.wait.take() {
            Some((before, wait)) if before == pending => wait,
            _ => Wait::begin(SETTLE, now),
        };
        settle.wait = Some((pending.to_vec(), wait));
        match wait.next(now, self.timer.dice()) {
            Next::GiveUp { waited } => {
                let pending = pending.iter().filter_map(Step::pending).cloned().collect();
                Err(ApplyError::TimedOut { waited, pending })
            }
            Next::LookAfter(pause) => {
                self.timer.sleep(pause).await;
                if self.timer.is_stopped() {
                    return Ok(None);
                }
                match self.look(pending, observed).await {
                    Ok(outcomes) => {
                        outcomes.into_iter().for_each(|outcome| observed.learn(outcome));
                        Ok(None)
                    }
                    Err(ObserveError::Call(error)) if error.is_temporary() => {
                        Ok(pending.first().map(|step| (step.clone(), error)))
                    }
                    Err(error) => Err(ApplyError::Observe(error)),
                }
            }
        }
    }

    async fn look(&self, pending: &[Step], observed: &Observed) -> Result<Vec<Outcome>, ObserveError> {
        let mut kinds = BTreeSet::new();
        let mut deletions = Vec::new();
        let mut is_crl_pending = false;
        for pending in pending.iter().filter_map(Step::pending) {
            match pending {
                Pending::Coming(part) | Pending::Going(part) => drop(kinds.insert(part.kind())),
                Pending::Crl => is_crl_pending = true,
                Pending::Deletion(id) => deletions.push(id),
            }
        }
        let parts = async { Ok(self.look_at_parts(&kinds, observed).await?) };
        let crl = self.look_at_crl(is_crl_pending, observed);
        let gone = try_join_all(deletions.into_iter().map(async |id| {
            let is_gone = self.cloud.is_gone(id).await?;
            Ok::<_, ObserveError>(is_gone.then(|| Outcome::Gone(id.clone())))
        }));
        let (parts, crl, gone) = futures::try_join!(parts, crl, gone)?;
        Ok(parts.into_iter().chain(crl).chain(gone.into_iter().flatten()).collect())
    }

    /// The endpoint first: what it has, the ledger had before. Where another admin has imported an older CRL over this
    /// one at the same moment, or a newer one is in the ledger by now, that is seen here.
    async fn look_at_crl(&self, is_pending: bool, observed: &Observed) -> Result<Option<Outcome>, ObserveError> {
        let Some(endpoint) = observed.endpoint.as_ref().filter(|_| is_pending) else {
            return Ok(None);
        };
        let found = self.cloud.crl(&endpoint.id).await?;
        let recorded = self.supply.ledger.latest_crl().await?;
        let to_list = ToList::read(self.supply.ledger, recorded.as_ref()).await?;
        Ok(Some(Outcome::CrlLooked { found, recorded, to_list }))
    }

    async fn look_at_parts(&self, kinds: &BTreeSet<Kind>, observed: &Observed) -> Result<Option<Outcome>, CallError> {
        let Some(endpoint) = observed.endpoint.as_ref().filter(|_| !kinds.is_empty()) else {
            return Ok(None);
        };
        let parts = self.cloud.parts(&endpoint.id, kinds).await?;
        Ok(Some(Outcome::Looked(kinds.clone(), parts)))
    }
}
