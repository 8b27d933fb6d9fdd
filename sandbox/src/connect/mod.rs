//! The trial of a profile: the stock OpenVPN client on the laptop, with the file as it is, and what can be reached then.

mod client;
mod hold;
mod ping;
mod probe;
mod refusal;
mod report;
mod stock;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc};

use self::client::{Attempt, Client};
pub use self::hold::{Event, What};
use self::report::Tunnel;
pub use self::report::{HostReport, Report};
pub use self::stock::{ClientOrder, Said, run_client};
use crate::plane::{Laptop, Namespace, Plane, Topology};
use crate::wire::Gateway;
use crate::world::INTERNET_HOST;

/// What to try.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConnectOrder {
    /// The profile's absolute path.
    pub profile: PathBuf,
    /// How long to wait for the connection.
    pub timeout: Duration,
    /// How long to stay connected after the report.
    pub hold: Duration,
    /// Addresses to try beside those of the hosts.
    pub reach: Vec<Ipv4Addr>,
}

/// What is told of a trial, in this order: the report, and then what happened while the connection was held.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "there is one of them at a time")]
#[expect(missing_docs, reason = "the names say all")]
pub enum Told {
    Report(Report),
    Event(Event),
}

/// Tries a profile on a laptop of its own, holds the connection as long as it was ordered and somebody listens, and ends the
/// client.
///
/// # Errors
/// When the data plane does not work. A client that is refused is no error but stands in the report.
pub async fn try_profile(
    plane: &Plane,
    gateway: &Gateway,
    order: &ConnectOrder,
    told: &mpsc::UnboundedSender<Told>,
) -> anyhow::Result<()> {
    plane.settle(gateway).await.context("bring the data plane up to date")?;
    plane.ready().await.context("wait for the servers")?;
    let topology = plane.topology().context("there is no data plane")?;
    let server_lines = plane.server_lines().context("there is no data plane")?;
    let laptop = topology.take_laptop().await.context("set up a laptop")?;
    let outcome = try_on(&laptop, topology, server_lines, order, told).await;
    topology.put_back(laptop);
    outcome
}

async fn try_on(
    laptop: &Laptop,
    topology: &Topology,
    server_lines: broadcast::Receiver<String>,
    order: &ConnectOrder,
    told: &mpsc::UnboundedSender<Told>,
) -> anyhow::Result<()> {
    let before = probe::reachable_before(&laptop.namespace, topology).await;
    drop(topology.names.take_last(laptop.address));
    let mut client = Client::start(laptop, &order.profile).context("start `openvpn`")?;
    let attempt = client.connect(server_lines, order.timeout).await.context("watch `openvpn`")?;
    let mut report = Report::new(topology.names.take_last(laptop.address), before);
    let connected = match attempt {
        Attempt::Refused(reason) => {
            report.reason = Some(reason);
            None
        }
        Attempt::Connected(tunnel, management) => {
            probe_all(&laptop.namespace, topology, tunnel, &mut report).await?;
            probe_others(&laptop.namespace, &order.reach, &mut report).await?;
            Some(management)
        }
    };
    let hosts = report.private_hosts.iter().chain(&report.others);
    let reachable: Vec<_> = hosts.filter(|host| host.reachable).map(|host| host.address).collect();
    // Whoever asked may have stopped listening; the client is ended all the same.
    drop(told.send(Told::Report(report)));
    if let Some(management) = connected.filter(|_| !order.hold.is_zero()) {
        hold::watch(&laptop.namespace, *management, reachable, order.hold, told).await;
    }
    client.end().await;
    Ok(())
}

async fn probe_all(laptop: &Namespace, topology: &Topology, tunnel: Tunnel, report: &mut Report) -> anyhow::Result<()> {
    let interface = tunnel.interface.clone();
    report.connect(tunnel);
    for host in &mut report.private_hosts {
        probe::probe(laptop, &interface, host).await.context("reach a private host")?;
    }
    let mut internet = HostReport::new(INTERNET_HOST, "internet".to_owned(), None);
    probe::probe(laptop, &interface, &mut internet).await.context("reach the internet")?;
    report.internet_host = Some(internet);
    report.private_host_reaches_internet = probe::private_host_reaches_internet(topology).await;
    Ok(())
}

async fn probe_others(laptop: &Namespace, addresses: &[Ipv4Addr], report: &mut Report) -> anyhow::Result<()> {
    let tunnel = report.tunnel_interface.clone().unwrap_or_default();
    for address in addresses {
        let mut host = HostReport::new(*address, "asked for".to_owned(), None);
        probe::probe(laptop, &tunnel, &mut host).await.with_context(|| format!("reach `{address}`"))?;
        report.others.push(host);
    }
    Ok(())
}
