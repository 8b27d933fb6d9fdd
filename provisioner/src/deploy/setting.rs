//! Settings of an endpoint, wanted or found, and what it takes to change each of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::Ipv4Net;

use crate::config::{AddressType, ConnectionLog, SecondFactor, SecurityGroupId, Transport, VpcId};

/// Settings of an endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Addresses for clients; `None` where an endpoint has none for IPv4.
    pub client_cidr: Option<Ipv4Net>,
    /// Kind of addresses under which the endpoint is reached.
    pub endpoint_address_type: AddressType,
    /// Kind of addresses inside the tunnel.
    pub traffic_address_type: AddressType,
    /// The tunnel's transport.
    pub transport: Transport,
    /// Whether clients show a certificate.
    pub certificates: bool,
    /// What else they show.
    pub second_factor: Option<SecondFactor>,
    /// The tunnel's port.
    pub port: u16,
    /// Whether only routed networks go through the tunnel.
    pub split_tunnel: bool,
    /// The VPC; `None` before the first association where nobody named it.
    pub vpc: Option<VpcId>,
    /// Security groups of the endpoint's network interfaces.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// DNS servers for clients.
    pub dns_servers: Vec<IpAddr>,
    /// The description.
    pub description: String,
    /// The login banner, empty for none.
    pub banner: String,
    /// Hours until a session ends.
    pub session_hours: u8,
    /// Whether a client has to connect by hand after that.
    pub disconnect_on_session_timeout: bool,
    /// Where connections are logged.
    pub connection_log: Option<ConnectionLog>,
    /// Whether AWS's own client keeps other programs from changing its routes.
    pub route_enforcement: bool,
}

/// One setting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "each is the field of `Settings` of that name")]
pub enum Setting {
    ClientCidr,
    EndpointAddressType,
    TrafficAddressType,
    Transport,
    Authentication,
    Vpc,
    Port,
    SplitTunnel,
    SecurityGroups,
    DnsServers,
    Description,
    Banner,
    SessionHours,
    DisconnectOnSessionTimeout,
    ConnectionLog,
    RouteEnforcement,
}

/// What it takes to change a setting
/// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-modify.html>).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// A call. Connections stay.
    InPlace,
    /// A call, upon which AWS resets all connections.
    Reset,
    /// Another endpoint: AWS does not change it on an existing one.
    Replace,
}

impl Setting {
    /// Its key in the configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::ClientCidr => "network.client_cidr",
            Self::EndpointAddressType => "network.endpoint_address_type",
            Self::TrafficAddressType => "network.traffic_address_type",
            Self::Transport => "network.transport",
            Self::Authentication => "second_factor",
            Self::Vpc => "network.vpc_id",
            Self::Port => "network.port",
            Self::SplitTunnel => "network.split_tunnel",
            Self::SecurityGroups => "network.security_group_ids",
            Self::DnsServers => "network.dns_servers",
            Self::Description => "endpoint.description",
            Self::Banner => "endpoint.banner",
            Self::SessionHours => "endpoint.session_timeout_hours",
            Self::DisconnectOnSessionTimeout => "endpoint.disconnect_on_session_timeout",
            Self::ConnectionLog => "endpoint.connection_log_group",
            Self::RouteEnforcement => "endpoint.route_enforcement",
        }
    }

    /// What it takes to change it.
    pub fn change(self) -> Change {
        match self {
            Self::ClientCidr
            | Self::EndpointAddressType
            | Self::TrafficAddressType
            | Self::Transport
            | Self::Authentication
            // AWS takes another VPC only while no subnet is associated, and by then every connection is gone.
            | Self::Vpc => Change::Replace,
            Self::Port | Self::SplitTunnel | Self::DnsServers => Change::Reset,
            Self::SecurityGroups
            | Self::Description
            | Self::Banner
            // A shorter timeout ends the sessions that are older than it, not all.
            | Self::SessionHours
            | Self::DisconnectOnSessionTimeout
            | Self::ConnectionLog
            | Self::RouteEnforcement => Change::InPlace,
        }
    }
}

impl Settings {
    /// Every setting as text: to compare, and to show.
    pub fn listed(&self) -> BTreeMap<Setting, String> {
        // No `..`: a new setting must be listed, or its change would go unnoticed.
        let Self {
            client_cidr,
            endpoint_address_type,
            traffic_address_type,
            transport,
            certificates,
            second_factor,
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
            route_enforcement,
        } = self;
        let factor = second_factor.as_ref().map(|factor| match factor {
            SecondFactor::Directory(id) => id.to_string(),
            SecondFactor::Saml { provider, self_service: None } => provider.to_string(),
            SecondFactor::Saml { provider, self_service: Some(portal) } => format!("{provider}, {portal}"),
        });
        let authentication = joined(certificates.then(|| "certificate".to_owned()).into_iter().chain(factor));
        let log = |ConnectionLog { group, stream }: &ConnectionLog| match stream {
            Some(stream) => format!("{group} {stream}"),
            None => group.clone(),
        };
        BTreeMap::from([
            (Setting::ClientCidr, client_cidr.map(|cidr| cidr.to_string()).unwrap_or_default()),
            (Setting::EndpointAddressType, endpoint_address_type.as_str().to_owned()),
            (Setting::TrafficAddressType, traffic_address_type.as_str().to_owned()),
            (Setting::Transport, transport.as_str().to_owned()),
            (Setting::Authentication, authentication),
            (Setting::Vpc, vpc.as_ref().map(ToString::to_string).unwrap_or_default()),
            (Setting::Port, port.to_string()),
            (Setting::SplitTunnel, split_tunnel.to_string()),
            (Setting::SecurityGroups, joined(security_groups)),
            (Setting::DnsServers, joined(dns_servers)),
            (Setting::Description, description.clone()),
            (Setting::Banner, banner.clone()),
            (Setting::SessionHours, session_hours.to_string()),
            (Setting::DisconnectOnSessionTimeout, disconnect_on_session_timeout.to_string()),
            (Setting::ConnectionLog, connection_log.as_ref().map(log).unwrap_or_default()),
            (Setting::RouteEnforcement, route_enforcement.to_string()),
        ])
    }

    /// The settings in which `self` and `found` differ.
    ///
    /// A log stream that nobody named is AWS's choice, and no difference.
    pub fn differing(&self, found: &Self) -> BTreeSet<Setting> {
        let mut found = found.clone();
        if let (Some(wanted), Some(log)) = (&self.connection_log, &mut found.connection_log)
            && wanted.stream.is_none()
        {
            log.stream = None;
        }
        let found = found.listed();
        self.listed().into_iter().filter(|(setting, value)| found.get(setting) != Some(value)).map(|it| it.0).collect()
    }
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
