//! The undisturbed run of a scenario: its calls are the points to be tried, its outcome is what they are held against.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tests::{
    control_plane::{ControlPlane, succeeded},
    inventory::Inventory,
    openssl,
    proxy::{Point, Proxy},
};

use crate::scenarios::{Before, Scenario};

/// What an undisturbed run does.
#[derive(Debug)]
pub(crate) struct Baseline<'a> {
    pub(crate) scenario: &'a Scenario,
    /// The state before.
    start: ControlPlane,
    /// Every call, in the order of the undisturbed run.
    pub(crate) points: Vec<Point>,
    pub(crate) took: Duration,
    inventory: Inventory,
}

impl<'a> Baseline<'a> {
    /// Prepares the scenario and runs it once.
    ///
    /// # Errors
    /// It does not come to the outcome that the scenario names.
    pub(crate) async fn of(scenario: &'a Scenario) -> Result<Self> {
        let start = ControlPlane::up("0")?;
        let url = format!("http://{}", start.address());
        for before in scenario.before {
            match before {
                Before::Run(arguments) => drop(succeeded(start.run(&url, arguments).await?, "what comes before")?),
                Before::Sign(user) => start.sign(user).await?,
                Before::Configure(from, to) => start.configure(from, to)?,
            }
        }
        if !scenario.before.is_empty() {
            start.ease_the_ca_key()?;
        }
        let place = start.copy("0")?;
        let proxy = Proxy::start(place.address(), Duration::ZERO, None).await?;
        let begin = Instant::now();
        succeeded(place.run(&proxy.url(), scenario.command).await?, "the undisturbed run")?;
        let took = begin.elapsed();
        let points = proxy.calls().into_iter().map(|call| call.point).collect();
        let inventory = place.account().await?.inventory().await?;
        for (beginning, times) in scenario.outcome {
            let found = inventory.count(beginning);
            ensure!(found == *times, "`{beginning}` {found} times instead of {times}: {inventory:#?}");
        }
        let baseline = Self { scenario, start, points, took, inventory };
        baseline.judge(&place).await?;
        Ok(baseline)
    }

    /// A place of its own to begin from.
    pub(crate) fn copy(&self) -> Result<ControlPlane> {
        self.start.copy("0")
    }

    /// Runs the scenario's command once more, undisturbed.
    ///
    /// # Errors
    /// It fails.
    pub(crate) async fn run_again(&self, place: &ControlPlane) -> Result<()> {
        let url = format!("http://{}", place.address());
        succeeded(place.run(&url, self.scenario.command).await?, "the next run").map(drop)
    }

    /// Holds what there is against the undisturbed run's outcome.
    ///
    /// # Errors
    /// What differs.
    pub(crate) async fn judge(&self, place: &ControlPlane) -> Result<()> {
        let found = place.account().await?.inventory().await.context("look at what there is")?;
        let difference = found.difference(&self.inventory);
        ensure!(difference.is_empty(), "the outcome is another one:\n{difference}");
        if let Some(users) = self.scenario.locked_out {
            exactly_these_are_locked_out(place, users).await?;
        }
        if self.scenario.is_settled {
            let url = format!("http://{}", place.address());
            succeeded(place.run(&url, &["plan", "--check"]).await?, "`plan --check`")?;
        }
        Ok(())
    }
}

/// Asks the service for its CRL, and OpenSSL what is on it.
async fn exactly_these_are_locked_out(place: &ControlPlane, users: &[&str]) -> Result<()> {
    let listed = place.locked_out().await?;
    for user in users {
        let serial = openssl::serial(place.path(), &format!("{user}.crt"))?;
        ensure!(listed.contains(&serial), "{user} ({serial}) is not on the CRL: {listed:?}");
    }
    ensure!(listed.len() == users.len() + 1, "{users:?} and the anchor are to be on the CRL: {listed:?}");
    Ok(())
}
