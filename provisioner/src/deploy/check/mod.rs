//! What is looked at before the first change: whether the account, the region, the VPC and the quotas are such that the
//! plan can work. Pure rules over what was asked; [`super::aws`] asks.
//!
//! A failure would stop AWS, or strand clients, halfway through. A warning is said and left to the admin: also what
//! could not be checked, because whoever may not look may well be allowed to go on.

pub mod finding;

pub mod caller;

pub mod vpc;

pub mod region;

pub mod addresses;

pub mod way_out;

pub mod quota;

use ipnet::{IpNet, Ipv4Net};

use self::{addresses::Peering, finding::Finding, region::Endpoints, way_out::RouteTable};
use super::{cloud::CallError, network::VpcView};
use crate::config::{Config, RouteTarget, SubnetId, VpcId};

/// What AWS said about the surroundings of the deployment. Each question stands for itself: the admin's role may be
/// allowed one and not the other.
#[derive(Debug)]
pub struct Survey {
    /// The region's Client VPN endpoints.
    pub endpoints: Result<Endpoints, CallError>,
    /// How many certificates ACM has.
    pub certificates: Result<usize, CallError>,
    /// Peering connections that are active.
    pub peerings: Result<Vec<Peering>, CallError>,
    /// Internet gateways of the VPC.
    pub gateways: Result<Vec<String>, CallError>,
    /// Route tables of the VPC.
    pub tables: Result<Vec<RouteTable>, CallError>,
}

/// What of the configuration the checks are about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The VPC.
    pub vpc: VpcId,
    /// Subnets to associate.
    pub subnets: Vec<SubnetId>,
    /// Addresses for clients; `None` where they get none for IPv4.
    pub client_cidr: Option<Ipv4Net>,
    /// Networks that clients may reach; empty means the VPC's own.
    pub rules: Vec<IpNet>,
    /// Networks to which the endpoint gets a route through a subnet, beside the VPC's own.
    pub routes: Vec<IpNet>,
    /// Whether only routed networks go through the tunnel.
    pub split_tunnel: bool,
}

impl Wanted {
    /// What `config` wants.
    pub fn of(config: &Config) -> Self {
        let network = &config.network;
        let through_subnets = network.routes.iter().filter(|route| route.target != RouteTarget::Local);
        Self {
            vpc: network.vpc_id.clone(),
            subnets: network.subnet_ids.clone(),
            client_cidr: network.client_cidr,
            rules: network.authorize.iter().map(|rule| rule.network).collect(),
            routes: through_subnets.map(|route| route.destination).collect(),
            split_tunnel: network.split_tunnel,
        }
    }
}

/// Everything there is to say about the deployment's surroundings. `revoked` is the number of entries of its CRL.
pub fn findings(config: &Config, view: &VpcView, survey: &Survey, revoked: usize) -> Vec<Finding> {
    let wanted = Wanted::of(config);
    let mut findings = vec![region::check(config.deployment.region.as_str(), &survey.endpoints)];
    findings.extend(vpc::check(config, view));
    findings.extend(addresses::check(&wanted, &survey.peerings));
    findings.extend(way_out::check(&wanted, &survey.gateways, &survey.tables));
    findings.extend(quota::check(&wanted, view, survey, revoked));
    findings
}

#[cfg(test)]
mod testing;
