//! The section `[network]`: where clients enter, what they reach, and how they are told.

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};

use super::{GroupId, Port, SecurityGroupId, SubnetId, VpcId};

/// The section `[network]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    /// The VPC that clients reach.
    pub vpc_id: VpcId,
    /// One subnet per availability zone, at least one.
    pub subnet_ids: Vec<SubnetId>,
    /// Addresses that clients get, a block of /12 to /22; `None` where they get IPv6 addresses alone, which AWS chooses.
    pub client_cidr: Option<Ipv4Net>,
    /// What clients may reach; empty means the VPC's own CIDRs, for everybody.
    pub authorize: Vec<AuthorizationRule>,
    /// Routes beside those that come with the subnets.
    pub routes: Vec<Route>,
    /// Whether only what the endpoint routes goes through the tunnel.
    pub split_tunnel: bool,
    /// The tunnel's transport.
    pub transport: Transport,
    /// The tunnel's port.
    pub port: Port,
    /// At most two DNS servers that clients are told to use.
    pub dns_servers: Vec<IpAddr>,
    /// At most five security groups; empty means the VPC's default group.
    pub security_group_ids: Vec<SecurityGroupId>,
    /// By which addresses clients reach the endpoint.
    pub endpoint_address_type: AddressType,
    /// Which addresses the tunnel carries.
    pub traffic_address_type: AddressType,
}

/// A network that clients may reach.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AuthorizationRule {
    /// The network.
    pub network: IpNet,
    /// Who may reach it; `None` means everybody. Only with a second factor: a certificate has no groups.
    pub group: Option<GroupId>,
    /// Shown in the AWS console.
    pub description: String,
}

/// A route of the endpoint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Route {
    /// Where it leads.
    pub destination: IpNet,
    /// By which way.
    pub target: RouteTarget,
    /// Shown in the AWS console.
    pub description: String,
}

/// The way that a route takes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RouteTarget {
    /// Through one of the deployment's subnets.
    Subnet(SubnetId),
    /// To other clients.
    Local,
}

impl RouteTarget {
    /// The word that `latchkey.toml` and AWS use.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Subnet(subnet) => subnet.as_str(),
            Self::Local => "local",
        }
    }
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which version of the internet protocol is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AddressType {
    /// IPv4 alone, the default.
    Ipv4,
    /// IPv6 alone.
    Ipv6,
    /// Both.
    DualStack,
}

impl AddressType {
    /// The word that `latchkey.toml` and AWS use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::DualStack => "dual-stack",
        }
    }

    /// Whether IPv4 is meant, alone or with the other.
    pub fn has_ipv4(self) -> bool {
        self != Self::Ipv6
    }

    /// Whether IPv6 is meant, alone or with the other.
    pub fn has_ipv6(self) -> bool {
        self != Self::Ipv4
    }
}

impl fmt::Display for AddressType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The tunnel's transport protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// The faster choice.
    Udp,
    /// Where a network between client and AWS drops UDP.
    Tcp,
}

impl Transport {
    /// The word that `latchkey.toml` and AWS use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}
