//! An endpoint that runs: its namespace, its legs in subnets, its OpenVPN server.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::{broadcast, watch};

use super::firewall;
use super::forwarding::{self, Forwarding};
use super::management::{ClientRow, Management};
use super::namespace::Namespace;
use super::server_config::{
    self, CERTIFICATES, CLIENT_AUTHORITIES, CLIENTS, CRL, EVERY_CLIENT, MANAGEMENT, PEERS, PRIVATE_KEY,
};
use super::topology::Topology;
use super::traffic::{self, Packets};
use super::wanted::{Change, Pushed, ServerSpec, Session, WantedEndpoint, changes};
use super::{RUN, report};
use crate::cloud::{Connection, EndpointId, SubnetId};

const PATIENCE: Duration = Duration::from_secs(10);

/// An endpoint that runs.
#[derive(Debug)]
pub(super) struct RunningEndpoint {
    id: EndpointId,
    /// Counts all endpoints that ever ran: interface names may not be reused before the kernel has removed them.
    serial: u32,
    /// Which of the addresses it has.
    pub(super) place: u8,
    namespace: Namespace,
    legs: BTreeMap<SubnetId, String>,
    legs_ever: u32,
    server: Server,
    running: WantedEndpoint,
    server_lines: broadcast::Sender<String>,
}

/// A started OpenVPN server. Killed on drop.
#[derive(Debug)]
struct Server {
    process: Child,
    management: Management,
    ready: watch::Receiver<bool>,
    /// Part of the connection ids: client ids begin anew with each server.
    started: OffsetDateTime,
    /// Each client that is there, by client id.
    sessions: BTreeMap<u64, Presence>,
    /// Clients that were told to go. The server lists them for some seconds more.
    ended: BTreeSet<u64>,
}

/// A client that a server has.
#[derive(Debug)]
struct Presence {
    since: OffsetDateTime,
    address: Ipv4Addr,
}

/// What a client is told when its connection is ended.
#[derive(Debug, Clone, Copy)]
enum Farewell {
    ComeAgain,
    StayAway,
}

impl RunningEndpoint {
    /// Brings an endpoint up as wanted.
    pub(super) async fn start(
        id: EndpointId,
        (serial, place): (u32, u8),
        wanted: WantedEndpoint,
        topology: &Topology,
        server_lines: broadcast::Sender<String>,
        now: OffsetDateTime,
    ) -> io::Result<Self> {
        let namespace = Namespace::new().await?;
        let address = topology.attach_to_internet(&namespace, &format!("ep{serial}"), place).await?;
        for table in [firewall::TABLE, traffic::TABLE] {
            namespace.run("nft", &["-f", "-"], table).await?;
        }
        namespace.ip(forwarding::NONE).await?;
        write_files(&id, &wanted)?;
        let server = Server::start(&id, &namespace, &server_lines, now).await?;
        let mut endpoint = Self {
            id,
            serial,
            place,
            namespace,
            legs: BTreeMap::new(),
            legs_ever: 0,
            server,
            running: WantedEndpoint {
                subnets: BTreeSet::new(),
                forwarding: Forwarding::default(),
                authorized: Vec::new(),
                ..wanted.clone()
            },
            server_lines,
        };
        endpoint.become_like(wanted, topology, now).await?;
        topology.names.insert(endpoint.running.dns_name.clone(), address);
        Ok(endpoint)
    }

    /// Brings an endpoint from how it runs to how it should. After a failure it can be tried again.
    pub(super) async fn become_like(
        &mut self,
        wanted: WantedEndpoint,
        topology: &Topology,
        now: OffsetDateTime,
    ) -> io::Result<()> {
        for change in changes(&self.running, &wanted) {
            match change {
                Change::Attach(subnet) => self.attach(subnet, topology).await?,
                Change::Detach(subnet) => self.detach(&subnet).await?,
                Change::Forward(forwarding) => {
                    self.namespace.ip(&forwarding.changes(&self.running.forwarding, &self.legs)).await?;
                    // At once, as with interfaces.
                    self.running.forwarding = forwarding;
                }
                Change::Authorize(networks) => {
                    self.namespace.run("nft", &["-f", "-"], &firewall::authorize(&networks)).await?;
                }
                Change::ReplaceCrl(crl) => write_secretly(&self.id, CRL, &crl.pem)?,
                Change::Push(pushed) => write_pushed(&self.id, &pushed)?,
                Change::RestartServer => {
                    // So that clients come again at once and not when they miss the server. One that has ended needs none.
                    drop(self.server.reset_connections().await);
                    drop(self.server.process.kill().await);
                    write_files(&self.id, &wanted)?;
                    self.server = Server::start(&self.id, &self.namespace, &self.server_lines, now).await?;
                }
                Change::ResetConnections => self.server.reset_connections().await?,
            }
        }
        self.running = wanted;
        Ok(())
    }

    /// Starts the server anew if it has ended by itself.
    pub(super) async fn revive(&mut self, now: OffsetDateTime) -> io::Result<()> {
        if let Some(status) = self.server.process.try_wait()? {
            report(&format!("{}: the server ended ({status}), starting it anew", self.id));
            self.server = Server::start(&self.id, &self.namespace, &self.server_lines, now).await?;
        }
        Ok(())
    }

    /// Waits until clients can connect.
    pub(super) async fn ready(&self) -> io::Result<()> {
        let mut ready = self.server.ready.clone();
        let waiting = ready.wait_for(|ready| *ready);
        let done = tokio::time::timeout(PATIENCE, waiting).await?;
        done.map(drop).map_err(|_| io::Error::other("the server ended"))
    }

    /// The connections that the server has, after those were ended that are to end: `terminated` by id, and every one that
    /// has lasted too long.
    pub(super) async fn connections(
        &mut self,
        terminated: &[String],
        now: OffsetDateTime,
    ) -> io::Result<Vec<Connection>> {
        let (rows, gone) = self.server.clients(now).await?;
        traffic::forget(&self.namespace, &gone).await?;
        let packets = if rows.is_empty() { traffic::Counts::new() } else { traffic::read(&self.namespace).await? };
        let Session { longest, ends_client } = self.running.session;
        let mut connections = Vec::new();
        for row in rows {
            let packets = packets.get(&row.address).copied().unwrap_or_default();
            let connection = self.connection(&row, packets, now);
            if terminated.contains(&connection.id) {
                self.server.end(row.client_id, Farewell::StayAway).await;
            } else if now - connection.established >= longest {
                let farewell = if ends_client { Farewell::StayAway } else { Farewell::ComeAgain };
                self.server.end(row.client_id, farewell).await;
            } else {
                connections.push(connection);
            }
        }
        Ok(connections)
    }

    /// Ends its connections, and removes what others know of it. The rest goes with the value.
    pub(super) async fn leave(mut self, topology: &Topology) {
        // A server that has ended has no connections.
        drop(self.server.reset_connections().await);
        topology.names.remove(&self.running.dns_name);
        drop(std::fs::remove_dir_all(folder(&self.id)));
    }

    fn connection(&self, row: &ClientRow, packets: Packets, now: OffsetDateTime) -> Connection {
        // 17 digits that are the same for the same client of the same server.
        let started = self.server.started.unix_timestamp_nanos() / 1000;
        Connection {
            id: format!("cvpn-connection-{:05x}{:012x}", row.client_id & 0xf_ffff, started & 0xffff_ffff_ffff),
            endpoint: self.id.clone(),
            common_name: row.common_name.clone(),
            address: row.address,
            established: self.server.sessions.get(&row.client_id).map_or(now, |session| session.since),
            seen: now,
            ended: None,
            ingress_bytes: row.received,
            egress_bytes: row.sent,
            ingress_packets: packets.ingress,
            egress_packets: packets.egress,
        }
    }

    async fn attach(&mut self, subnet: SubnetId, topology: &Topology) -> io::Result<()> {
        self.legs_ever += 1;
        let interface = format!("eni{}", self.legs_ever);
        let link = format!("{interface}e{}", self.serial);
        topology.attach_to_subnet(&self.namespace, &subnet, &interface, &link, self.place).await?;
        self.legs.insert(subnet.clone(), interface);
        // At once, and not with the rest: to do it twice would fail.
        self.running.subnets.insert(subnet);
        Ok(())
    }

    async fn detach(&mut self, subnet: &SubnetId) -> io::Result<()> {
        self.running.subnets.remove(subnet);
        match self.legs.remove(subnet) {
            Some(interface) => self.namespace.ip(&format!("link delete {interface}\n")).await,
            None => Ok(()),
        }
    }
}

impl Server {
    async fn start(
        id: &EndpointId,
        namespace: &Namespace,
        lines: &broadcast::Sender<String>,
        now: OffsetDateTime,
    ) -> io::Result<Self> {
        let folder = folder(id);
        let socket = folder.join(MANAGEMENT);
        // It gives out its addresses from the beginning again.
        traffic::forget_all(namespace).await?;
        drop(std::fs::remove_file(&socket));
        let mut process =
            namespace.command("openvpn").args(["--config", "server.conf"]).current_dir(&folder).spawn()?;
        let (set_ready, ready) = watch::channel(false);
        if let Some(output) = process.stdout.take() {
            tokio::spawn(follow(id.clone(), output, lines.clone(), set_ready.clone()));
        }
        if let Some(output) = process.stderr.take() {
            tokio::spawn(follow(id.clone(), output, lines.clone(), set_ready));
        }
        let management = Management::connect(&socket).await?;
        Ok(Self { process, management, ready, started: now, sessions: BTreeMap::new(), ended: BTreeSet::new() })
    }

    /// The clients that the server has and that were not told to go, and the addresses of those that have gone since.
    async fn clients(&mut self, now: OffsetDateTime) -> io::Result<(Vec<ClientRow>, Vec<Ipv4Addr>)> {
        let mut rows = self.management.clients().await?;
        let listed = |id: &u64| rows.iter().any(|row| row.client_id == *id);
        self.ended.retain(listed);
        let gone = self.sessions.extract_if(.., |id, _| !listed(id)).map(|(_, session)| session.address).collect();
        rows.retain(|row| !self.ended.contains(&row.client_id));
        for row in &rows {
            self.sessions.entry(row.client_id).or_insert(Presence { since: now, address: row.address });
        }
        Ok((rows, gone))
    }

    async fn end(&mut self, client_id: u64, farewell: Farewell) {
        let message = match farewell {
            Farewell::ComeAgain => "RESTART",
            Farewell::StayAway => "HALT",
        };
        // One that has gone by itself meanwhile is an error of no interest.
        drop(self.management.command(&format!("client-kill {client_id} {message}")).await);
        self.ended.insert(client_id);
    }

    async fn reset_connections(&mut self) -> io::Result<()> {
        for client in self.management.clients().await? {
            if !self.ended.contains(&client.client_id) {
                self.end(client.client_id, Farewell::ComeAgain).await;
            }
        }
        // By the time it answers it has sent what it was told to.
        self.management.clients().await.map(drop)
    }
}

/// Passes on what a server says, until it ends.
async fn follow(
    id: EndpointId,
    output: impl AsyncRead + Unpin,
    lines: broadcast::Sender<String>,
    ready: watch::Sender<bool>,
) {
    let mut output = BufReader::new(output).lines();
    while let Ok(Some(line)) = output.next_line().await {
        if line.contains("Initialization Sequence Completed") {
            ready.send_replace(true);
        }
        // The log is not for what the supervisor itself asks every second.
        if !line.contains("MANAGEMENT: CMD 'status") {
            report(&format!("{id}: {line}"));
        }
        // Nobody needs to be listening.
        drop(lines.send(line));
    }
}

fn folder(id: &EndpointId) -> PathBuf {
    PathBuf::from(RUN).join(id.as_str())
}

fn write_files(id: &EndpointId, wanted: &WantedEndpoint) -> io::Result<()> {
    for inner in [CLIENTS, PEERS] {
        DirBuilder::new().recursive(true).mode(0o700).create(folder(id).join(inner))?;
    }
    let ServerSpec { client_authorities, certificates, private_key, .. } = &wanted.server;
    write_secretly(id, CLIENT_AUTHORITIES, client_authorities)?;
    write_secretly(id, CERTIFICATES, certificates)?;
    write_secretly(id, PRIVATE_KEY, private_key.pem())?;
    if let Some(crl) = &wanted.crl {
        write_secretly(id, CRL, &crl.pem)?;
    }
    write_pushed(id, &wanted.pushed)?;
    write_secretly(id, "server.conf", &server_config::text(&wanted.server))
}

fn write_pushed(id: &EndpointId, pushed: &Pushed) -> io::Result<()> {
    write_secretly(id, &format!("{CLIENTS}/{EVERY_CLIENT}"), &server_config::pushed_text(pushed))
}

/// In one step, because the server reads the CRL again with every handshake.
fn write_secretly(id: &EndpointId, name: &str, content: &str) -> io::Result<()> {
    let folder = folder(id);
    let draft = folder.join(format!("{name}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(content.as_bytes())?;
    std::fs::rename(draft, folder.join(name))
}
