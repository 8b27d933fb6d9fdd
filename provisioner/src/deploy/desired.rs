//! What there is to be: a [`Config`] with its defaults filled in from the VPC, or nothing at all.

use std::collections::BTreeMap;

use ipnet::IpNet;
use profile::name::Domain;
use time::{Duration, OffsetDateTime};

use super::{
    network::VpcView,
    part::{Part, Route, Rule},
    setting::Settings,
    tags::Tags,
};
use crate::config::{AddressType, Config, DeploymentName, SubnetId};

/// A deployment as it is to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Desired {
    /// The tag of everything that belongs to it.
    pub deployment: DeploymentName,
    /// The domain of its certificates.
    pub domain: Domain,
    /// What is to exist of it; `None` means: nothing.
    pub wanted: Option<Wanted>,
    /// How much of it is to be brought about.
    pub extent: Extent,
}

/// How much is to be brought about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// Everything.
    Whole,
    /// That the endpoint has the CRL of the ledger, and nothing else, whatever is wanted.
    CrlAlone,
}

/// What is to exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The endpoint's settings.
    pub settings: Settings,
    /// The endpoint's parts, each with its description.
    pub parts: BTreeMap<Part, String>,
    /// In which availability zone a subnet is, for those of the VPC that were asked for.
    pub zones: BTreeMap<SubnetId, String>,
    /// The configured tags.
    pub tags: Tags,
    /// A server certificate that expires before this is renewed.
    pub renew_before: OffsetDateTime,
}

impl Desired {
    /// What `config` says at the time `now`, with what it leaves to the VPC filled in.
    pub fn new(config: &Config, vpc: &VpcView, now: OffsetDateTime) -> Self {
        let network = &config.network;
        let security_groups = match network.security_group_ids.as_slice() {
            [] => vpc.default_group.iter().cloned().collect(),
            chosen => chosen.iter().cloned().collect(),
        };
        let settings = Settings {
            client_cidr: network.client_cidr,
            endpoint_address_type: network.endpoint_address_type,
            traffic_address_type: network.traffic_address_type,
            transport: network.transport,
            certificates: true,
            second_factor: config.second_factor.clone(),
            port: network.port.get(),
            split_tunnel: network.split_tunnel,
            vpc: Some(network.vpc_id.clone()),
            security_groups,
            dns_servers: network.dns_servers.clone(),
            description: config.endpoint.description.clone(),
            banner: config.endpoint.banner.clone(),
            session_hours: config.endpoint.session_timeout.get(),
            disconnect_on_session_timeout: config.endpoint.disconnect_on_session_timeout,
            connection_log: config.endpoint.connection_log.clone(),
            route_enforcement: config.endpoint.route_enforcement,
        };
        let subnets = network.subnet_ids.iter().map(|subnet| (Part::Association(subnet.clone()), String::new()));
        let routes = network.routes.iter().map(|route| {
            let key = Route { destination: route.destination, target: route.target.clone() };
            (Part::Route(key), route.description.clone())
        });
        Self {
            deployment: config.deployment.name.clone(),
            domain: config.deployment.domain.clone(),
            wanted: Some(Wanted {
                settings,
                parts: subnets.chain(rules(config, vpc)).chain(routes).collect(),
                zones: vpc.subnets.iter().map(|subnet| (subnet.id.clone(), subnet.zone.clone())).collect(),
                tags: config.deployment.tags.clone(),
                renew_before: now + renewal(config.pki.server_days),
            }),
            extent: Extent::Whole,
        }
    }

    /// Nothing of the deployment.
    pub fn nothing(config: &Config) -> Self {
        Self {
            deployment: config.deployment.name.clone(),
            domain: config.deployment.domain.clone(),
            wanted: None,
            extent: Extent::Whole,
        }
    }

    /// What there is, with the CRL of the ledger.
    pub fn crl_alone(config: &Config) -> Self {
        Self { extent: Extent::CrlAlone, ..Self::nothing(config) }
    }

    /// Whether nothing is to be left.
    pub fn is_removal(&self) -> bool {
        self.extent == Extent::Whole && self.wanted.is_none()
    }
}

/// The configured rules, or every client to the whole VPC.
fn rules(config: &Config, vpc: &VpcView) -> BTreeMap<Part, String> {
    let network = &config.network;
    if !network.authorize.is_empty() {
        let rule = |rule: &crate::config::AuthorizationRule| {
            let key = Rule { network: rule.network, group: rule.group.clone() };
            (Part::Rule(key), rule.description.clone())
        };
        return network.authorize.iter().map(rule).collect();
    }
    let ipv4 = network.traffic_address_type != AddressType::Ipv6;
    let cidrs = vpc.cidrs.iter().flatten().filter(|_| ipv4);
    cidrs.map(|cidr| (Part::Rule(Rule { network: IpNet::V4(*cidr), group: None }), String::new())).collect()
}

/// How long before its end a server certificate is renewed: a month, of short ones the last third.
fn renewal(server_days: u32) -> Duration {
    Duration::days(i64::from(server_days) / 3).min(Duration::days(30))
}
