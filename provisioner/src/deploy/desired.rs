//! What there is to be: a [`Config`] with its defaults filled in from the VPC.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use ipnet::{IpNet, Ipv4Net};
use profile::name::Domain;

use crate::config::{Config, DeploymentName, SecurityGroupId, SubnetId, Transport, VpcId};

/// A deployment as it is to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Desired {
    /// The tag of everything that belongs to it.
    pub deployment: DeploymentName,
    /// The domain of its certificates.
    pub domain: Domain,
    /// The endpoint's settings.
    pub settings: Settings,
    /// Subnets to associate.
    pub subnets: BTreeSet<SubnetId>,
    /// Networks to which every client is let through.
    pub authorize: BTreeSet<Ipv4Net>,
}

/// Settings of an endpoint, wanted or found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Addresses for clients; `None` where an endpoint has none for IPv4.
    pub client_cidr: Option<Ipv4Net>,
    /// The tunnel's transport.
    pub transport: Transport,
    /// The tunnel's port.
    pub port: u16,
    /// Whether only routed networks go through the tunnel.
    pub split_tunnel: bool,
    /// The VPC; `None` before the first association where nobody named it.
    pub vpc: Option<VpcId>,
    /// Security groups of the endpoint's network interfaces.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// DNS servers for clients.
    pub dns_servers: Vec<Ipv4Addr>,
    /// The description.
    pub description: String,
    /// The login banner, empty for none.
    pub banner: String,
    /// Hours until a session ends.
    pub session_hours: u8,
    /// Whether a client has to connect by hand after that.
    pub disconnect_on_session_timeout: bool,
    /// Whether connections are logged to CloudWatch.
    pub connection_log: bool,
}

impl Desired {
    /// Fills in what `config` leaves to the VPC.
    pub fn new(config: &Config, vpc_cidrs: &[Ipv4Net], default_group: Option<&SecurityGroupId>) -> Self {
        let network = &config.network;
        let security_groups = match network.security_group_ids.as_slice() {
            [] => default_group.into_iter().cloned().collect(),
            chosen => chosen.iter().cloned().collect(),
        };
        let authorize = match network.authorize.as_slice() {
            [] => vpc_cidrs.iter().copied().collect(),
            chosen => chosen
                .iter()
                .filter_map(|rule| match rule.network {
                    IpNet::V4(network) => Some(network),
                    IpNet::V6(_) => None,
                })
                .collect(),
        };
        Self {
            deployment: config.deployment.name.clone(),
            domain: config.deployment.domain.clone(),
            settings: Settings {
                client_cidr: network.client_cidr,
                transport: network.transport,
                port: network.port.get(),
                split_tunnel: network.split_tunnel,
                vpc: Some(network.vpc_id.clone()),
                security_groups,
                dns_servers: network
                    .dns_servers
                    .iter()
                    .filter_map(|server| match server {
                        IpAddr::V4(server) => Some(*server),
                        IpAddr::V6(_) => None,
                    })
                    .collect(),
                description: config.endpoint.description.clone(),
                banner: config.endpoint.banner.clone(),
                session_hours: config.endpoint.session_timeout.get(),
                disconnect_on_session_timeout: config.endpoint.disconnect_on_session_timeout,
                connection_log: false,
            },
            subnets: network.subnet_ids.iter().cloned().collect(),
            authorize,
        }
    }
}

impl Settings {
    /// Every setting as a name, what it is, and whether AWS can change it on an existing endpoint
    /// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-modify.html>).
    pub fn listed(&self) -> BTreeMap<&'static str, (String, bool)> {
        // No `..`: a new setting must be listed, or its change would go unnoticed.
        let Self {
            client_cidr,
            transport,
            port,
            split_tunnel,
            vpc,
            security_groups,
            dns_servers,
            description,
            banner,
            session_hours,
            disconnect_on_session_timeout,
            connection_log,
        } = self;
        BTreeMap::from([
            ("network.client_cidr", (client_cidr.map(|cidr| cidr.to_string()).unwrap_or_default(), false)),
            ("network.transport", (transport.as_str().to_owned(), false)),
            ("network.port", (port.to_string(), true)),
            ("network.split_tunnel", (split_tunnel.to_string(), true)),
            ("network.vpc_id", (vpc.as_ref().map(ToString::to_string).unwrap_or_default(), true)),
            ("network.security_group_ids", (joined(security_groups), true)),
            ("network.dns_servers", (joined(dns_servers), true)),
            ("endpoint.description", (description.clone(), true)),
            ("endpoint.banner", (banner.clone(), true)),
            ("endpoint.session_timeout_hours", (session_hours.to_string(), true)),
            ("endpoint.disconnect_on_session_timeout", (disconnect_on_session_timeout.to_string(), true)),
            ("connection log", (connection_log.to_string(), true)),
        ])
    }
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
