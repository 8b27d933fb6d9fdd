//! What the laptop reaches, and which way.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::ping;
use super::report::HostReport;
use crate::http::{self, Ask};
use crate::plane::{Namespace, PrivateSubnet, Topology, WHO_AM_I, WhoAmI};
use crate::world::INTERNET_HOST;

/// Long enough for a lost packet to be sent again. Where there is no way the network says so at once.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often is looked, at most, whether the tunnel is at rest: something else may go through it all the time.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Every private host, with whether the laptop reaches it as it is.
pub(super) async fn reachable_before(laptop: &Namespace, topology: &Topology) -> Vec<HostReport> {
    let mut hosts = Vec::new();
    for PrivateSubnet { subnet, .. } in topology.subnets() {
        let reached = fetch(laptop, subnet.private_host).await.is_some();
        hosts.push(HostReport::new(subnet.private_host, subnet.id.clone(), Some(reached)));
    }
    hosts
}

/// Fetches a host's page and pings it, and notes which way that went.
pub(super) async fn probe(laptop: &Namespace, tunnel: &str, host: &mut HostReport) -> io::Result<()> {
    let address = host.address;
    host.interface = laptop.interface_towards(address).await?;
    let before = bytes_at_rest(laptop, tunnel).await?;
    let answer = fetch(laptop, address).await;
    let after = laptop.bytes_through(tunnel)?.unwrap_or_default();
    host.bytes_through_tunnel = after.saturating_sub(before);
    host.reachable = answer.is_some();
    host.seen_as = answer.map(|answer| answer.you.to_string());
    host.ping = laptop.enter(move || ping::ping(address)).await?;
    Ok(())
}

/// How many bytes have gone through the tunnel, once no more do: the end of one host's connection, which may come late, is not
/// the next one's.
async fn bytes_at_rest(laptop: &Namespace, tunnel: &str) -> io::Result<u64> {
    let count = || Ok::<_, io::Error>(laptop.bytes_through(tunnel)?.unwrap_or_default());
    let mut bytes = count()?;
    for _ in 0..LOOKS {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        let now = count()?;
        if now == bytes {
            break;
        }
        bytes = now;
    }
    Ok(bytes)
}

/// Whether any private host can open a connection to the internet.
pub(super) async fn private_host_reaches_internet(topology: &Topology) -> bool {
    for PrivateSubnet { namespace, .. } in topology.subnets() {
        if fetch(namespace, INTERNET_HOST).await.is_some() {
            return true;
        }
    }
    false
}

/// What a host says to whoever asks from that namespace. `None` when it cannot be reached in time.
async fn fetch(from: &Namespace, host: Ipv4Addr) -> Option<WhoAmI> {
    let fetching = async {
        let stream = from.tcp_connect((host, 80).into(), PATIENCE).await.ok()?;
        let (_, body) = http::ask_over(stream, Ask::get(WHO_AM_I)).await.ok()?;
        serde_json::from_slice(&body).ok()
    };
    tokio::time::timeout(PATIENCE * 2, fetching).await.ok()?
}
