//! The route table of an endpoint, which follows from its target networks.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-routes.html>: every association adds the
//! VPC's local route. What is pushed to clients is this table, not the authorization rules.

use ipnet::Ipv4Net;
use time::OffsetDateTime;

use super::{AssociationStatus, Cloud, Endpoint, SubnetId};

/// A row of an endpoint's route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where to.
    pub destination: Ipv4Net,
    /// Through which associated subnet.
    pub subnet: SubnetId,
    /// Its state.
    pub status: RouteStatus,
}

/// `Status` of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteStatus {
    /// Its association is not complete yet.
    Creating,
    /// Traffic can take it.
    Active,
}

impl RouteStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
        }
    }
}

impl Cloud {
    /// The route table of an endpoint at a time.
    #[must_use]
    pub fn routes(&self, endpoint: &Endpoint, now: OffsetDateTime) -> Vec<Route> {
        let route = |association: &super::Association| Route {
            destination: self.world.vpc.cidr,
            subnet: association.subnet.clone(),
            status: match association.status(now, &self.timings) {
                AssociationStatus::Associating => RouteStatus::Creating,
                AssociationStatus::Associated => RouteStatus::Active,
            },
        };
        endpoint.associations.iter().map(route).collect()
    }
}
