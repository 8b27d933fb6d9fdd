//! Runs a plan: steps that do not wait for each other at the same time, then a new plan, until none is left.
//!
//! After every round the plan is made anew from what is known then, so that there is one path for a fresh run, a run
//! that picks up after a kill, and a run in which an answer got lost: in the last case AWS is observed again before
//! the next step.

mod settle;

mod steps;

use std::{collections::BTreeSet, time::Duration};

use futures::stream::{self, StreamExt};
use thiserror::Error;

use super::{
    cloud::{CallError, Cloud, Depth},
    desired::Desired,
    observed::{Imported, Observed},
    part::{Part, Status},
    plan::{Obstacle, Pending, Plan, Step, plan},
    supply::{Supply, SupplyError},
    to_list::ToList,
    wait::{LISTED, Next, RETRY, Wait},
};
use crate::ledger::{Ledger, LedgerError};

/// A clock that never goes back, pauses on it, and the wish to stop.
pub trait Timer {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;

    /// Comes back after `pause`, or earlier where somebody wants to stop.
    fn sleep(&self, pause: Duration) -> impl Future<Output = ()>;

    /// Whether somebody wants to stop.
    fn is_stopped(&self) -> bool;

    /// A number from 0 to 255 by which pauses vary.
    fn dice(&self) -> u8;
}

/// Is told what happens while it happens.
pub trait Progress {
    /// Takes note of `event`.
    fn tell(&self, event: Event<'_>);
}

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// A step begins.
    Begun(&'a Step),
    /// A step has worked, or what was waited for has come.
    Done(&'a Step),
    /// A step did not work yet and will be tried again.
    Again(&'a Step, &'a str),
    /// AWS is at work on these.
    Waiting(&'a [Step]),
}

/// Why a plan did not come to its end.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// Something stands in the way.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Obstacles(Vec<Obstacle>),
    /// The endpoint would have to be replaced, and nobody has agreed to that.
    #[error("the endpoint would have to be replaced, which was not agreed to")]
    Replacement,
    /// A step did not work.
    #[error("cannot {step}")]
    Step {
        /// The step.
        step: Box<Step>,
        /// Why.
        source: StepError,
    },
    /// AWS began a part and gave it up.
    #[error("AWS gave up on the {part}: {message}")]
    GivenUp {
        /// The part.
        part: Box<Part>,
        /// What AWS said.
        message: String,
    },
    /// AWS could not be observed.
    #[error("cannot observe the deployment")]
    Observe(#[from] ObserveError),
    /// The endpoint has another CRL than the one that was imported, again and again.
    #[error("the endpoint does not have the CRL that was imported {0} times")]
    CrlNotKept(usize),
    /// AWS did not come to an end with something.
    #[error("gave up after {} minutes to wait until {}", .waited.as_secs() / 60, with_status(.pending))]
    TimedOut {
        /// How long it was waited for.
        waited: Duration,
        /// What for.
        pending: Vec<Pending>,
    },
    /// Somebody wanted it to stop.
    #[error("stopped; left to do: {}", .left.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Stopped {
        /// What there is.
        observed: Box<Observed>,
        /// What is left to do.
        left: Vec<Step>,
    },
}

/// Why a step did not work.
#[derive(Debug, Error)]
pub enum StepError {
    /// AWS.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The CA or the ledger.
    #[error(transparent)]
    Supply(#[from] SupplyError),
    /// What the step builds on is not there, which is a defect.
    #[error("{0} is not there yet")]
    TooEarly(&'static str),
}

/// Why there is no view of a deployment.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// AWS.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Everything that running a plan takes.
#[derive(Clone, Copy)]
pub struct Applier<'a, C, T> {
    /// AWS.
    pub cloud: &'a C,
    /// Certificates, CRL and tokens.
    pub supply: Supply<'a>,
    /// What there is to be.
    pub desired: &'a Desired,
    /// Whether the endpoint may be replaced by a new one.
    pub may_replace: bool,
    /// The clock.
    pub timer: &'a T,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

/// Reads what there is of the deployment that is desired, from AWS and the ledger.
///
/// # Errors
/// [`ObserveError`].
pub async fn observe(
    cloud: &impl Cloud,
    ledger: &Ledger,
    desired: &Desired,
    depth: Depth,
) -> Result<Observed, ObserveError> {
    let creations = ledger.finished_attempts(CREATE_ENDPOINT).await?;
    let found = cloud.observe(&desired.deployment, &desired.domain, depth).await?;
    let mut observed = Observed {
        endpoint: found.endpoint,
        others: found.others,
        deleting: found.deleting,
        creations,
        ..Observed::default()
    };
    for (arn, certificate) in found.certificates {
        let record = match certificate.serial {
            Some(serial) => ledger.issued(serial).await?,
            None => None,
        };
        let imported = Imported {
            own: certificate.own,
            tagged: certificate.tagged,
            recorded: record.is_some_and(|issued| issued.role == certificate.own.role()),
            serial: certificate.serial,
            domain: certificate.domain,
            not_after: certificate.not_after,
            made_by: certificate.made_by,
        };
        observed.certificates.insert(arn, imported);
    }
    // After AWS: what the endpoint has, the ledger had before.
    observed.recorded_crl = ledger.latest_crl().await?;
    observed.list(ToList::read(ledger, observed.recorded_crl.as_ref()).await?);
    Ok(observed)
}

impl<C: Cloud, T: Timer> Applier<'_, C, T> {
    /// Brings `observed` to what is desired and answers with what there is then.
    ///
    /// # Errors
    /// [`ApplyError`]. What was done until then stays done, and the next run goes on from there.
    pub async fn apply(&self, mut observed: Observed) -> Result<Observed, ApplyError> {
        let mut retry = None;
        let mut settle = settle::Settle::default();
        let mut made = BTreeSet::new();
        let mut imports = 0;
        let mut pending: Vec<Step> = Vec::new();
        loop {
            let plan = self.plan(&observed)?;
            pending
                .iter()
                .filter(|step| !plan.steps.contains(step))
                .for_each(|step| self.progress.tell(Event::Done(step)));
            given_up(&observed, &made)?;
            let ready = plan.ready();
            if ready.is_empty() && plan.obstacles.is_empty() {
                return Ok(observed);
            }
            if self.timer.is_stopped() {
                return Err(ApplyError::Stopped { observed: Box::new(observed), left: plan.steps });
            }
            let calls: Vec<Step>;
            (pending, calls) = ready.into_iter().partition(|step| matches!(step, Step::Await(_)));
            self.progress.tell(Event::Waiting(&pending));
            let setback = match calls.as_slice() {
                [] if !plan.obstacles.is_empty() => return Err(ApplyError::Obstacles(plan.obstacles)),
                [] => self.settle(&mut settle, &pending, &mut observed).await?,
                calls => self.run_all(calls, &mut observed).await?,
            };
            if setback.is_none() && calls.contains(&Step::ImportCrl) {
                imports += 1;
                if imports > MOST_IMPORTS {
                    return Err(ApplyError::CrlNotKept(imports));
                }
            }
            made.extend(calls.into_iter().filter(|step| matches!(step, Step::Make(_))));
            match setback {
                None => retry = None,
                Some((step, error)) => {
                    let wait = *retry.get_or_insert_with(|| Wait::begin(RETRY, self.timer.now()));
                    observed.renew(self.look_again(wait, step, error).await?);
                }
            }
        }
    }

    fn plan(&self, observed: &Observed) -> Result<Plan, ApplyError> {
        let plan = plan(self.desired, observed);
        if !plan.replaced_for.is_empty() && !self.may_replace {
            return Err(ApplyError::Replacement);
        }
        Ok(plan)
    }

    /// Observes anew after `step` has met with `error`: after a pause, and until AWS answers. No further step is taken
    /// before that, since nobody knows what the last ones have done.
    async fn look_again(&self, wait: Wait, step: Step, error: CallError) -> Result<Observed, ApplyError> {
        self.progress.tell(Event::Again(&step, &error.to_string()));
        if matches!(error, CallError::Outrun { .. }) {
            return self.look_for_the_other().await;
        }
        let depth = if self.desired.is_removal() { Depth::Thorough } else { Depth::Quick };
        loop {
            let Next::LookAfter(pause) = wait.next(self.timer.now(), self.timer.dice()) else {
                return Err(ApplyError::Step { step: Box::new(step), source: StepError::Call(error) });
            };
            self.timer.sleep(pause).await;
            match observe(self.cloud, self.supply.ledger, self.desired, depth).await {
                Ok(observed) => return Ok(observed),
                Err(ObserveError::Call(unseen)) if unseen.is_temporary() && !self.timer.is_stopped() => {
                    self.progress.tell(Event::Again(&step, &unseen.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Observes until the endpoint is listed that somebody else has made, with all certificates: they say whose it is.
    ///
    /// Where none comes, the token was for an endpoint that is gone, and that this ledger does not know of: it is used up.
    async fn look_for_the_other(&self) -> Result<Observed, ApplyError> {
        let wait = Wait::begin(LISTED, self.timer.now());
        while let Next::LookAfter(pause) = wait.next(self.timer.now(), self.timer.dice()) {
            self.timer.sleep(pause).await;
            let observed = observe(self.cloud, self.supply.ledger, self.desired, Depth::Thorough).await?;
            if observed.endpoint.is_some() || self.timer.is_stopped() {
                return Ok(observed);
            }
        }
        let attempt = self.supply.attempt(CREATE_ENDPOINT).await.map_err(ObserveError::Ledger)?;
        self.supply.ledger.end_attempt(&attempt, "outrun").await.map_err(ObserveError::Ledger)?;
        Ok(observe(self.cloud, self.supply.ledger, self.desired, Depth::Thorough).await?)
    }

    /// Runs `calls` at the same time and learns what they did; answers with one that must be tried again.
    async fn run_all(&self, calls: &[Step], observed: &mut Observed) -> Result<Option<(Step, CallError)>, ApplyError> {
        let known = &*observed;
        let run = async |step| {
            self.progress.tell(Event::Begun(step));
            let result = self.run(step, known).await;
            if result.is_ok() {
                self.progress.tell(Event::Done(step));
            }
            (step, result)
        };
        let results: Vec<_> = stream::iter(calls).map(run).buffered(AT_ONCE).collect().await;
        let mut setback = None;
        let mut failure = None;
        for (step, result) in results {
            match result {
                Ok(outcome) => observed.learn(outcome),
                Err(StepError::Call(error)) if error.is_temporary() => setback = Some((step.clone(), error)),
                Err(source) => failure = Some(ApplyError::Step { step: Box::new(step.clone()), source }),
            }
        }
        failure.map_or(Ok(setback), Err)
    }
}

fn with_status(pending: &[Pending]) -> String {
    let one = |pending: &Pending| format!("{pending} (AWS says `{}`)", pending.status());
    pending.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A part that failed is made anew once. One that fails again, AWS does not want.
fn given_up(observed: &Observed, made: &BTreeSet<Step>) -> Result<(), ApplyError> {
    for (part, state) in observed.endpoint.iter().flat_map(|endpoint| &endpoint.parts) {
        if let Status::Failed { message } = &state.status
            && made.contains(&Step::Make(part.clone()))
        {
            return Err(ApplyError::GivenUp { part: Box::new(part.clone()), message: message.clone() });
        }
    }
    Ok(())
}

/// The step of which there must be one only, whoever runs it.
const CREATE_ENDPOINT: &str = "create-endpoint";

/// Calls at the same time. AWS allows ten changes of an endpoint at once
/// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>).
const AT_ONCE: usize = 8;

/// After an import the CRL is read back. Where it is another one, somebody else has imported theirs at the same moment,
/// which does not happen often: every import ends every connection.
const MOST_IMPORTS: usize = 3;

#[cfg(test)]
mod tests;
