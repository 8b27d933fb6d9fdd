//! The trial of a profile: the stock OpenVPN client on the laptop, with the file as it is, and what can be reached then.

mod client;
mod ping;
mod probe;
mod refusal;
mod report;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use self::client::{Attempt, Client};
use self::report::Tunnel;
pub use self::report::{HostReport, Report};
use crate::plane::{Plane, Topology};
use crate::wire::Gateway;
use crate::world::INTERNET_HOST;

/// Tries a profile and ends the client again.
///
/// # Errors
/// When the data plane does not work. A client that is refused is no error but stands in the report.
pub async fn try_profile(
    plane: &Plane,
    gateway: &Gateway,
    profile: &Path,
    timeout: Duration,
) -> anyhow::Result<Report> {
    plane.settle(gateway).await.context("bring the data plane up to date")?;
    plane.ready().await.context("wait for the servers")?;
    let topology = plane.topology().context("there is no data plane")?;
    let server_lines = plane.server_lines().context("there is no data plane")?;

    let before = probe::reachable_before(topology).await;
    drop(topology.names.take_last());
    let mut client = Client::start(&topology.laptop, profile).context("start `openvpn`")?;
    let attempt = client.connect(server_lines, timeout).await.context("watch `openvpn`")?;
    let resolved = topology.names.take_last();
    let mut report = Report::new(resolved, before);
    match attempt {
        Attempt::Refused(reason) => report.reason = Some(reason),
        Attempt::Connected(tunnel) => probe_all(topology, tunnel, &mut report).await?,
    }
    client.end().await;
    Ok(report)
}

async fn probe_all(topology: &Topology, tunnel: Tunnel, report: &mut Report) -> anyhow::Result<()> {
    let interface = tunnel.interface.clone();
    report.connect(tunnel);
    for host in &mut report.private_hosts {
        probe::probe(&topology.laptop, &interface, host).await.context("reach a private host")?;
    }
    let mut internet = HostReport::new(INTERNET_HOST, "internet".to_owned(), None);
    probe::probe(&topology.laptop, &interface, &mut internet).await.context("reach the internet")?;
    report.internet_host = Some(internet);
    report.private_host_reaches_internet = probe::private_host_reaches_internet(topology).await;
    Ok(())
}
