//! Runs a plan: steps that do not depend on each other at the same time, then a new plan, until none is left.
//!
//! After every round the plan is made anew from what is known then, so that there is one path for a fresh run, a run
//! that picks up after a kill, and a run in which an answer got lost: in the last case AWS is observed again before
//! the next step.

use std::time::Duration;

use futures::future::join_all;
use ipnet::{IpNet, Ipv4Net};
use profile::name::Domain;
use thiserror::Error;

use super::{
    cloud::{CallError, Cloud, NewEndpoint},
    desired::Desired,
    id::EndpointId,
    observed::{Endpoint, Imported, Observed, Outcome},
    own::OwnCertificate,
    plan::{Obstacle, Step, plan},
    supply::{Supply, SupplyError},
    wait::{Next, RETRY, SETTLE, Wait},
};
use crate::{
    config::{DeploymentName, SubnetId},
    ledger::{Attempt, ClientToken, Ledger, LedgerError},
};

/// A clock that never goes back, and pauses on it.
pub trait Timer {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;

    /// Comes back after `pause`.
    fn sleep(&self, pause: Duration) -> impl Future<Output = ()>;
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
    /// A step has worked.
    Done(&'a Step),
    /// A step did not work yet and will be tried again.
    Again(&'a Step, &'a str),
    /// AWS is at work on these.
    Waiting(&'a [Step], Duration),
}

/// Why a plan did not come to its end.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// Something stands in the way.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Obstacles(Vec<Obstacle>),
    /// A step did not work.
    #[error("cannot {step}")]
    Step {
        /// The step.
        step: Step,
        /// Why.
        source: StepError,
    },
    /// AWS could not be observed.
    #[error("cannot observe the deployment")]
    Observe(#[from] ObserveError),
    /// AWS did not come to an end with something.
    #[error("gave up after {} minutes: {}", .waited.as_secs() / 60, .pending.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    TimedOut {
        /// How long it was waited for.
        waited: Duration,
        /// What for.
        pending: Vec<Step>,
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
    /// The clock.
    pub timer: &'a T,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

/// Reads what there is, from AWS and the ledger.
///
/// # Errors
/// [`ObserveError`].
pub async fn observe(
    cloud: &impl Cloud,
    ledger: &Ledger,
    deployment: &DeploymentName,
    domain: &Domain,
) -> Result<Observed, ObserveError> {
    let found = cloud.observe(deployment, domain).await?;
    let imported = async |certificate: Option<_>, own: OwnCertificate| match certificate {
        None => Ok::<_, LedgerError>(None),
        Some((arn, serial)) => {
            let record = match serial {
                Some(serial) => ledger.issued(serial).await?,
                None => None,
            };
            let recorded = record.is_some_and(|issued| issued.role == own.role());
            Ok(Some(Imported { arn, serial, recorded }))
        }
    };
    Ok(Observed {
        server: imported(found.server, OwnCertificate::Server).await?,
        anchor: imported(found.anchor, OwnCertificate::Anchor).await?,
        endpoint: found.endpoint,
        recorded_crl: ledger.latest_crl().await?,
    })
}

impl<C: Cloud, T: Timer> Applier<'_, C, T> {
    /// Brings `observed` to what is desired and answers with what there is then.
    ///
    /// # Errors
    /// [`ApplyError`]. What was done until then stays done, and the next run goes on from there.
    pub async fn apply(&self, mut observed: Observed) -> Result<Observed, ApplyError> {
        let mut retry = None;
        let mut settle = None;
        loop {
            let plan = plan(self.desired, &observed);
            if !plan.obstacles.is_empty() {
                return Err(ApplyError::Obstacles(plan.obstacles));
            }
            let ready = plan.ready();
            if ready.is_empty() {
                return Ok(observed);
            }
            let calls: Vec<Step> = ready.iter().filter(|step| !matches!(step, Step::Await(_))).cloned().collect();
            if calls.is_empty() {
                self.look_later(&mut settle, &mut retry, &ready, &mut observed).await?;
                continue;
            }
            match self.run_all(&calls, &mut observed).await? {
                None => retry = None,
                Some((step, error)) => {
                    let wait = retry.get_or_insert_with(|| Wait::begin(RETRY, self.timer.now()));
                    let Next::LookAfter(pause) = wait.next(self.timer.now()) else {
                        return Err(ApplyError::Step { step, source: error });
                    };
                    self.progress.tell(Event::Again(&step, &error.to_string()));
                    self.timer.sleep(pause).await;
                    let Desired { deployment, domain, .. } = self.desired;
                    observed.renew(observe(self.cloud, self.supply.ledger, deployment, domain).await?);
                }
            }
        }
    }

    /// Runs `calls` at the same time and learns what they did; answers with one that must be tried again.
    async fn run_all(&self, calls: &[Step], observed: &mut Observed) -> Result<Option<(Step, StepError)>, ApplyError> {
        let results = join_all(calls.iter().map(async |step| {
            self.progress.tell(Event::Begun(step));
            let result = self.run(step, observed).await;
            if result.is_ok() {
                self.progress.tell(Event::Done(step));
            }
            result
        }))
        .await;
        let mut setback = None;
        let mut failure = None;
        for (step, result) in calls.iter().zip(results) {
            match result {
                Ok(outcome) => observed.learn(outcome),
                Err(StepError::Call(error)) if error.is_temporary() => {
                    setback = Some((step.clone(), StepError::Call(error)));
                }
                Err(source) => failure = Some(ApplyError::Step { step: step.clone(), source }),
            }
        }
        failure.map_or(Ok(setback), Err)
    }

    async fn run(&self, step: &Step, observed: &Observed) -> Result<Outcome, StepError> {
        match step {
            Step::ImportCertificate(own) => self.import_certificate(*own).await,
            Step::CreateEndpoint => self.create_endpoint(observed).await,
            Step::Associate(subnet) => self.associate(endpoint(observed)?, subnet).await,
            Step::Authorize(cidr) => self.authorize(endpoint(observed)?, *cidr).await,
            Step::ImportCrl => {
                let recorded = self.supply.crl(observed).await?;
                self.cloud.import_crl(endpoint(observed)?, &recorded.pem).await?;
                Ok(Outcome::CrlImported(recorded))
            }
            Step::Await(_) => Err(StepError::TooEarly("what is waited for")),
        }
    }

    async fn import_certificate(&self, own: OwnCertificate) -> Result<Outcome, StepError> {
        let material = self.supply.certificate(own).await?;
        let arn = self.cloud.import_certificate(&self.desired.deployment, own, &material).await?;
        Ok(Outcome::Imported(own, Imported { arn, serial: Some(material.serial), recorded: true }))
    }

    async fn create_endpoint(&self, observed: &Observed) -> Result<Outcome, StepError> {
        let arn =
            |own| observed.certificate(own).map(|it| it.arn.clone()).ok_or(StepError::TooEarly("its certificate"));
        let new = NewEndpoint {
            deployment: self.desired.deployment.clone(),
            settings: self.desired.settings.clone(),
            server: arn(OwnCertificate::Server)?,
            anchor: arn(OwnCertificate::Anchor)?,
        };
        let call = async |token: ClientToken| self.cloud.create_endpoint(&new, &token).await;
        let (id, dns_name) = self.once("create-endpoint", &format!("{new:?}"), call).await?;
        Ok(Outcome::Created(Box::new(Endpoint {
            id,
            dns_name,
            usable: true,
            settings: new.settings.clone(),
            server: new.server.clone(),
            anchor: Some(new.anchor.clone()),
            associations: [].into(),
            rules: [].into(),
            crl: None,
        })))
    }

    async fn associate(&self, endpoint: &EndpointId, subnet: &SubnetId) -> Result<Outcome, StepError> {
        let call = async |token: ClientToken| self.cloud.associate(endpoint, subnet, &token).await;
        let id = self.once(&format!("associate-{subnet}"), endpoint.as_str(), call).await?;
        Ok(Outcome::Associating(subnet.clone(), id))
    }

    async fn authorize(&self, endpoint: &EndpointId, cidr: Ipv4Net) -> Result<Outcome, StepError> {
        let call = async |token: ClientToken| self.cloud.authorize(endpoint, cidr, &token).await;
        let step = format!("authorize-{}-{}", cidr.network(), cidr.prefix_len());
        self.once(&step, endpoint.as_str(), call).await?;
        Ok(Outcome::Authorizing(IpNet::V4(cidr)))
    }

    /// Makes a call with the token of its attempt, and notes when AWS has come to an end with it.
    async fn once<R>(
        &self,
        step: &str,
        request: &str,
        call: impl AsyncFnOnce(ClientToken) -> Result<R, CallError>,
    ) -> Result<R, StepError> {
        let attempt: Attempt = self.supply.attempt(step, request).await.map_err(SupplyError::Ledger)?;
        let result = call(attempt.token.clone()).await;
        let outcome = match &result {
            Ok(_) => Some("done"),
            Err(error) if error.is_answer() => Some("refused"),
            Err(_) => None,
        };
        if let Some(outcome) = outcome {
            self.supply.ledger.end_attempt(&attempt, outcome).await.map_err(SupplyError::Ledger)?;
        }
        Ok(result?)
    }

    async fn look_later(
        &self,
        settle: &mut Option<Wait>,
        retry: &mut Option<Wait>,
        pending: &[Step],
        observed: &mut Observed,
    ) -> Result<(), ApplyError> {
        let Some(endpoint) = observed.endpoint.as_ref().map(|endpoint| endpoint.id.clone()) else {
            return Ok(());
        };
        let now = self.timer.now();
        let wait = settle.get_or_insert_with(|| Wait::begin(SETTLE, now));
        match wait.next(now) {
            Next::GiveUp { waited } => Err(ApplyError::TimedOut { waited, pending: pending.to_vec() }),
            Next::LookAfter(pause) => {
                self.progress.tell(Event::Waiting(pending, wait.waited(now)));
                self.timer.sleep(pause).await;
                match self.cloud.parts(&endpoint).await {
                    Ok((associations, rules)) => {
                        *retry = None;
                        observed.learn(Outcome::Looked(associations, rules));
                        Ok(())
                    }
                    // One look that gets no answer does not end a wait of half an hour; minutes of them do.
                    Err(error) if error.is_temporary() && self.may_retry(retry) => Ok(()),
                    Err(error) => Err(ObserveError::Call(error).into()),
                }
            }
        }
    }
}

impl<C, T: Timer> Applier<'_, C, T> {
    fn may_retry(&self, retry: &mut Option<Wait>) -> bool {
        let now = self.timer.now();
        let wait = retry.get_or_insert_with(|| Wait::begin(RETRY, now));
        matches!(wait.next(now), Next::LookAfter(_))
    }
}

fn endpoint(observed: &Observed) -> Result<&EndpointId, StepError> {
    observed.endpoint.as_ref().map(|endpoint| &endpoint.id).ok_or(StepError::TooEarly("the endpoint"))
}

#[cfg(test)]
mod tests;
