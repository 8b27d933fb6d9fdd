//! What there is to be: a [`Config`] with its defaults filled in from the VPC, or nothing at all.

use std::collections::BTreeMap;

use ipnet::IpNet;
use profile::name::Domain;
use time::{Duration, OffsetDateTime};

use super::{
    network::VpcView,
    own::OwnCertificate,
    part::{Part, Route, Rule},
    setting::Settings,
    tags::Tags,
};
use crate::{
    config::{AddressType, Config, DeploymentName, SubnetId},
    pki::serial::Serial,
};

/// A deployment as it is to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Desired {
    /// The tag of everything that belongs to it.
    pub deployment: DeploymentName,
    /// The domain of its certificates.
    pub domain: Domain,
    /// What is to be brought about.
    pub goal: Goal,
}

/// What is to be brought about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Goal {
    /// The deployment as it is configured.
    Deployment(Box<Wanted>),
    /// Nothing of it.
    Nothing,
    /// What there is, and at its endpoint the CRL of the ledger.
    Crl,
    /// What there is, and a new certificate in the place of the one with this serial number, however long that one lasts. The
    /// number, and not the end, says when it is done: a new one may end on the same day or before it.
    Renewal(OwnCertificate, Serial),
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
            goal: Goal::Deployment(Box::new(Wanted {
                settings,
                parts: subnets.chain(rules(config, vpc)).chain(routes).collect(),
                zones: vpc.subnets.iter().map(|subnet| (subnet.id.clone(), subnet.zone.clone())).collect(),
                tags: config.deployment.tags.clone(),
                renew_before: now + renewal(config.pki.server_days),
            })),
        }
    }

    /// A goal that the configuration does not describe.
    pub fn only(config: &Config, goal: Goal) -> Self {
        Self { deployment: config.deployment.name.clone(), domain: config.deployment.domain.clone(), goal }
    }

    /// The deployment, where it is to exist as it is configured.
    pub fn wanted(&self) -> Option<&Wanted> {
        let Goal::Deployment(wanted) = &self.goal else {
            return None;
        };
        Some(wanted)
    }

    /// Whether nothing is to be left.
    pub fn is_removal(&self) -> bool {
        self.goal == Goal::Nothing
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
