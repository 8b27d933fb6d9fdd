//! What really runs: namespaces, hosts, and an OpenVPN server per endpoint.
//!
//! The data plane follows the control plane by comparison, not by events: what should run is computed from the whole
//! state again and again, and the difference to what does run is applied. So nothing can be missed, and a step that
//! failed is tried again.

mod endpoint;
mod firewall;
mod forwarding;
mod hosts;
mod laptops;
mod management;
mod names;
mod namespace;
mod server_config;
mod surroundings;
mod topology;
mod traffic;
mod wanted;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{Mutex, broadcast};

use self::endpoint::RunningEndpoint;
pub(crate) use self::hosts::{WHO_AM_I, WhoAmI};
pub(crate) use self::laptops::Laptop;
pub(crate) use self::management::Management;
pub(crate) use self::names::Resolved;
pub(crate) use self::namespace::Namespace;
pub(crate) use self::server_config::banner;
pub(crate) use self::topology::{PrivateSubnet, Topology};
use self::wanted::{Wanted, WantedEndpoint, wanted};
use crate::cloud::EndpointId;
use crate::state::StateDir;
use crate::wire::Gateway;
use crate::world::World;

/// How often the data plane is compared with the control plane when no call has changed anything.
const PERIOD: Duration = Duration::from_millis(200);
/// How long a step that failed rests.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(2);
/// How often the servers are asked for their connections.
const BETWEEN_OBSERVATIONS: time::Duration = time::Duration::SECOND;
/// Lines of server logs that a slow reader may be behind.
const LINES_KEPT: usize = 1024;

/// The supervisor's working directory, which is the file system for keys and sockets, by a path of few characters: that
/// of a socket has at most 108. The supervisor is process 1 of its namespace.
pub(crate) const RUN: &str = "/proc/1/cwd";

/// The data plane, or the reason why there is none.
#[derive(Debug)]
pub struct Plane(Result<Works, String>);

#[derive(Debug)]
struct Works {
    topology: Topology,
    endpoints: Mutex<Endpoints>,
    server_lines: broadcast::Sender<String>,
}

#[derive(Debug, Default)]
struct Endpoints {
    running: BTreeMap<EndpointId, RunningEndpoint>,
    started_ever: u32,
    /// When the servers were last asked for their connections.
    observed: Option<OffsetDateTime>,
}

/// Whether clients can connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaneStatus {
    /// No endpoint has a target network.
    Idle,
    /// At least one endpoint runs.
    Running,
    /// This machine cannot run it: what is missing, and what installs it.
    Unavailable(String),
}

impl fmt::Display for PlaneStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("idle"),
            Self::Running => f.write_str("running"),
            Self::Unavailable(why) => write!(f, "unavailable: {why}"),
        }
    }
}

impl Plane {
    /// A data plane that is not there.
    #[must_use]
    pub fn unavailable(why: String) -> Self {
        Self(Err(why))
    }

    /// Builds everything that is there before the first endpoint. What fails becomes the reason why there is none.
    pub async fn build(world: &World, state: &StateDir) -> Self {
        let built = async {
            surroundings::prepare(&state.run())?;
            Topology::build(world).await
        };
        Self(match built.await {
            Ok(topology) => {
                Ok(Works { topology, endpoints: Mutex::default(), server_lines: broadcast::Sender::new(LINES_KEPT) })
            }
            Err(error) => Err(format!("the namespaces could not be built: {error}")),
        })
    }

    /// Whether clients can connect.
    pub async fn status(&self) -> PlaneStatus {
        match &self.0 {
            Err(why) => PlaneStatus::Unavailable(why.clone()),
            Ok(works) if works.endpoints.lock().await.running.is_empty() => PlaneStatus::Idle,
            Ok(_) => PlaneStatus::Running,
        }
    }

    /// Follows the control plane. Never ends.
    pub async fn follow(&self, gateway: &Gateway) {
        loop {
            let pause = match self.settle(gateway).await {
                Ok(()) => PERIOD,
                Err(error) => {
                    report(&format!("the data plane could not follow: {error}"));
                    REST_AFTER_FAILURE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = gateway.changed() => {}
            }
        }
    }

    /// Compares once, and applies the difference.
    ///
    /// # Errors
    /// The first step that failed.
    pub async fn settle(&self, gateway: &Gateway) -> std::io::Result<()> {
        let Ok(works) = &self.0 else { return Ok(()) };
        let mut endpoints = works.endpoints.lock().await;
        let wanted = wanted(&gateway.cloud(), gateway.clock.now());
        let mut outcome = Ok(());
        for id in endpoints.stop_unwanted(&wanted, &works.topology).await {
            gateway.cloud().observe_connections(&id, Vec::new(), gateway.clock.now());
        }
        for (id, wanted) in wanted {
            let result = works.apply(&mut endpoints, &id, wanted, gateway.clock.now()).await;
            // One endpoint that cannot be brought up does not hold up the others.
            outcome = outcome.and(result);
        }
        let now = gateway.clock.now();
        let is_due = endpoints.observed.is_none_or(|observed| now - observed >= BETWEEN_OBSERVATIONS);
        if is_due {
            endpoints.observed = Some(now);
        }
        for (id, endpoint) in &mut endpoints.running {
            let terminated: Vec<_> = gateway.cloud().terminations(id).map(str::to_owned).collect();
            if !is_due && terminated.is_empty() {
                continue;
            }
            match endpoint.connections(&terminated, now).await {
                Ok(live) => gateway.cloud().observe_connections(id, live, now),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    /// Waits until every endpoint that runs lets clients in.
    ///
    /// # Errors
    /// When a server does not come up.
    pub async fn ready(&self) -> std::io::Result<()> {
        let Ok(works) = &self.0 else { return Ok(()) };
        for endpoint in works.endpoints.lock().await.running.values() {
            endpoint.ready().await?;
        }
        Ok(())
    }

    /// The network around the endpoints.
    pub(crate) fn topology(&self) -> Option<&Topology> {
        self.0.as_ref().ok().map(|works| &works.topology)
    }

    /// What the servers say from now on.
    pub(crate) fn server_lines(&self) -> Option<broadcast::Receiver<String>> {
        self.0.as_ref().ok().map(|works| works.server_lines.subscribe())
    }
}

impl Works {
    async fn apply(
        &self,
        endpoints: &mut Endpoints,
        id: &EndpointId,
        wanted: WantedEndpoint,
        now: OffsetDateTime,
    ) -> std::io::Result<()> {
        if let Some(endpoint) = endpoints.running.get_mut(id) {
            endpoint.revive(now).await?;
            return endpoint.become_like(wanted, &self.topology, now).await;
        }
        let numbers = endpoints.next();
        let lines = self.server_lines.clone();
        let endpoint = RunningEndpoint::start(id.clone(), numbers, wanted, &self.topology, lines, now).await?;
        endpoints.running.insert(id.clone(), endpoint);
        Ok(())
    }
}

impl Endpoints {
    /// Returns those that it stopped.
    async fn stop_unwanted(&mut self, wanted: &Wanted, topology: &Topology) -> Vec<EndpointId> {
        let mut stopped = Vec::new();
        let unwanted: Vec<_> = self.running.extract_if(.., |id, _| !wanted.contains_key(id)).collect();
        for (id, endpoint) in unwanted {
            endpoint.leave(topology).await;
            stopped.push(id);
        }
        stopped
    }

    /// A number that no endpoint had before, and the lowest place that none has.
    fn next(&mut self) -> (u32, u8) {
        self.started_ever += 1;
        let taken = |place: &u8| self.running.values().any(|endpoint| endpoint.place == *place);
        (self.started_ever, (0..u8::MAX).find(|place| !taken(place)).unwrap_or_default())
    }
}

/// Writes a line to the supervisor's log.
pub(crate) fn report(line: &str) {
    // Without its log the sandbox still works.
    drop(writeln!(std::io::stderr(), "{line}"));
}
