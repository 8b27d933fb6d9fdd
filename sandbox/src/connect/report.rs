//! What came of a trial, for people and for programs.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::plane::Resolved;

/// What `connect --json` prints: a stable schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether the tunnel came up.
    pub connected: bool,
    /// Why not, in plain words.
    pub reason: Option<String>,
    /// From the start of the client to the tunnel.
    pub milliseconds: Option<u64>,
    /// `udp` or `tcp`, as the client has it.
    pub transport: Option<String>,
    /// The name that the client looked up, with its random label.
    pub resolved_name: Option<String>,
    /// The address that it got for it.
    pub resolved_address: Option<Ipv4Addr>,
    /// The tunnel's interface on the laptop.
    pub tunnel_interface: Option<String>,
    /// The laptop's address in the tunnel.
    pub tunnel_address: Option<Ipv4Addr>,
    /// The login banner, as the server sent it.
    pub banner: Option<String>,
    /// The options that the server pushed, as the client shows them: without the content of `echo`.
    pub pushed: Vec<String>,
    /// One host in each private subnet.
    pub private_hosts: Vec<HostReport>,
    /// A host on the internet. Null when the tunnel did not come up.
    pub internet_host: Option<HostReport>,
    /// What else was asked for.
    pub others: Vec<HostReport>,
    /// Whether a private host can open a connection to the internet. It must not.
    pub private_host_reaches_internet: bool,
}

/// What was seen of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReport {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its subnet, `internet`, or `asked for`.
    pub place: String,
    /// Whether it could be reached without the tunnel. Tried for private hosts only.
    pub reachable_before: Option<bool>,
    /// Whether its page could be fetched.
    pub reachable: bool,
    /// Whether it answered an echo request.
    pub ping: bool,
    /// The interface that the laptop's routing table names for it.
    pub interface: Option<String>,
    /// Bytes that went through the tunnel's interface during the fetch. They show that the way was really taken.
    pub bytes_through_tunnel: u64,
    /// The address from which the host saw the request.
    pub seen_as: Option<String>,
}

/// A tunnel that came up.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) milliseconds: u64,
    pub(super) transport: Option<String>,
    pub(super) interface: String,
    pub(super) address: Option<Ipv4Addr>,
    pub(super) banner: Option<String>,
    pub(super) pushed: Vec<String>,
}

impl Report {
    /// A report of a trial that has only begun.
    pub(super) fn new(resolved: Option<Resolved>, private_hosts: Vec<HostReport>) -> Self {
        let (resolved_name, resolved_address) = resolved.map(|Resolved { name, address }| (name, address)).unzip();
        Self {
            connected: false,
            reason: None,
            milliseconds: None,
            transport: None,
            resolved_name,
            resolved_address,
            tunnel_interface: None,
            tunnel_address: None,
            banner: None,
            pushed: Vec::new(),
            private_hosts,
            internet_host: None,
            others: Vec::new(),
            private_host_reaches_internet: false,
        }
    }

    pub(super) fn connect(&mut self, tunnel: Tunnel) {
        self.connected = true;
        self.milliseconds = Some(tunnel.milliseconds);
        self.transport = tunnel.transport;
        self.tunnel_interface = Some(tunnel.interface);
        self.tunnel_address = tunnel.address;
        self.banner = tunnel.banner;
        self.pushed = tunnel.pushed;
    }
}

impl HostReport {
    /// A host that was not tried yet.
    pub(super) fn new(address: Ipv4Addr, place: String, reachable_before: Option<bool>) -> Self {
        Self {
            address,
            place,
            reachable_before,
            reachable: false,
            ping: false,
            interface: None,
            bytes_through_tunnel: 0,
            seen_as: None,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = if self.private_hosts.iter().any(|host| host.reachable_before == Some(true)) {
            "a private host could be reached, which is wrong"
        } else {
            "no private host could be reached"
        };
        line(f, "without the tunnel", before)?;
        match (&self.resolved_name, self.resolved_address) {
            (Some(name), Some(address)) => line(f, "looked up", &format!("{name} ({address})"))?,
            _ => line(f, "looked up", "nothing that leads to an endpoint")?,
        }
        if !self.connected {
            let reason = self.reason.as_deref().unwrap_or("no reason is known");
            return write!(f, "{:<19} {reason}", "not connected");
        }
        let transport = self.transport.as_deref().unwrap_or("an unknown transport");
        line(f, "connected", &format!("in {} ms over {transport}", self.milliseconds.unwrap_or_default()))?;
        if let (Some(interface), Some(address)) = (&self.tunnel_interface, self.tunnel_address) {
            line(f, "tunnel", &format!("{interface}, address {address}"))?;
        }
        if let Some(banner) = &self.banner {
            for (number, text) in banner.lines().enumerate() {
                line(f, if number == 0 { "banner" } else { "" }, text)?;
            }
        }
        writeln!(f, "\n{:<15} {:<25} {:<7} {:<5} {:<8} seen as", "host", "in", "page", "ping", "through")?;
        for host in self.private_hosts.iter().chain(&self.internet_host).chain(&self.others) {
            writeln!(f, "{host}")?;
        }
        let out = if self.private_host_reaches_internet {
            "\na private host can reach the internet, which is wrong"
        } else {
            "\nno private host can reach the internet"
        };
        f.write_str(out)
    }
}

impl fmt::Display for HostReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes_no = |is: bool| if is { "yes" } else { "no" };
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        write!(
            f,
            "{:<15} {:<25} {:<7} {:<5} {:<8} {}",
            self.address.to_string(),
            self.place,
            yes_no(self.reachable),
            yes_no(self.ping),
            text(&self.interface),
            text(&self.seen_as),
        )
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    writeln!(f, "{name:<19} {value}")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn host(last: u8, place: &str, interface: &str, seen_as: &str) -> HostReport {
        HostReport {
            reachable: true,
            ping: true,
            interface: Some(interface.to_owned()),
            seen_as: Some(seen_as.to_owned()),
            ..HostReport::new(Ipv4Addr::new(10, 1, last, 10), place.to_owned(), Some(false))
        }
    }

    #[test]
    fn a_connection_is_told_with_the_way_that_each_host_was_reached() {
        let resolved = Resolved {
            name: "ba55a8810508.cvpn-endpoint-1.example".to_owned(),
            address: Ipv4Addr::new(203, 0, 113, 10),
        };
        let mut report = Report::new(Some(resolved), vec![host(1, "subnet-0a1b2c3d4e5f60001", "tun0", "10.1.1.250")]);
        report.connect(Tunnel {
            milliseconds: 61,
            transport: Some("udp".to_owned()),
            interface: "tun0".to_owned(),
            address: Some(Ipv4Addr::new(10, 88, 0, 2)),
            banner: Some("Welcome\nBe kind".to_owned()),
            pushed: Vec::new(),
        });
        report.internet_host = Some(host(9, "internet", "eth0", "198.51.100.2"));
        expect![[r#"
            without the tunnel  no private host could be reached
            looked up           ba55a8810508.cvpn-endpoint-1.example (203.0.113.10)
            connected           in 61 ms over udp
            tunnel              tun0, address 10.88.0.2
            banner              Welcome
                                Be kind

            host            in                        page    ping  through  seen as
            10.1.1.10       subnet-0a1b2c3d4e5f60001  yes     yes   tun0     10.1.1.250
            10.1.9.10       internet                  yes     yes   eth0     198.51.100.2

            no private host can reach the internet"#]]
        .assert_eq(&report.to_string());
    }

    #[test]
    fn a_refusal_is_told_with_its_reason() {
        let mut report = Report::new(None, Vec::new());
        report.reason = Some("the certificate is revoked".to_owned());
        expect![[r#"
            without the tunnel  no private host could be reached
            looked up           nothing that leads to an endpoint
            not connected       the certificate is revoked"#]]
        .assert_eq(&report.to_string());
    }
}
