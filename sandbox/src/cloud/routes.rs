//! The route table of an endpoint.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-routes.html>: every association adds the
//! VPC's local route, others are added by hand. What is pushed to clients is this table, not the authorization rules.

use std::fmt;

use ipnet::{IpNet, Ipv4Net};
use time::OffsetDateTime;

use super::authorization_rules::network;
use super::endpoints::overlap;
use super::target_networks::no_subnet;
use super::{Association, AssociationStatus, Cloud, Endpoint, Moment, Refusal, SubnetId, Timings};

/// What is asked for, as it came.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct CreateRoute {
    pub destination: String,
    pub target: String,
    pub description: Option<String>,
}

/// A route that somebody added.
#[derive(Debug)]
pub struct ManualRoute {
    /// Where to.
    pub destination: IpNet,
    /// Which way.
    pub target: RouteTarget,
    /// For people.
    pub description: Option<String>,
    /// When it was asked for.
    pub since: OffsetDateTime,
    /// When its end was asked for.
    pub deleting: Option<OffsetDateTime>,
}

/// Which way a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTarget {
    /// Through an associated subnet.
    Subnet(SubnetId),
    /// From client to client.
    Local,
}

/// A row of an endpoint's route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where to.
    pub destination: IpNet,
    /// Which way.
    pub target: RouteTarget,
    /// Its state.
    pub status: RouteStatus,
    /// Where it comes from.
    pub origin: RouteOrigin,
    /// For people.
    pub description: Option<String>,
}

/// Where a route comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteOrigin {
    /// It came with an association.
    Associate,
    /// Somebody added it.
    AddRoute,
}

/// `Status` of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteStatus {
    /// Accepted, or its association is not complete yet.
    Creating,
    /// Traffic can take it.
    Active,
    /// Traffic cannot take it any more.
    Deleting,
}

impl RouteTarget {
    fn parse(text: &str) -> Self {
        if text == "local" { Self::Local } else { Self::Subnet(SubnetId::from(text)) }
    }
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subnet(subnet) => subnet.fmt(f),
            Self::Local => f.write_str("local"),
        }
    }
}

impl RouteOrigin {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Associate => "associate",
            Self::AddRoute => "add-route",
        }
    }
}

impl RouteStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
            Self::Deleting => "deleting",
        }
    }
}

impl ManualRoute {
    pub(super) fn is_gone(&self, now: OffsetDateTime, timings: &Timings) -> bool {
        self.deleting.is_some_and(|deleting| now - deleting >= timings.route_deletion)
    }

    pub(super) fn is_changing(&self, now: OffsetDateTime, timings: &Timings) -> bool {
        !self.is_gone(now, timings) && self.status(now, timings) != RouteStatus::Active
    }

    fn status(&self, now: OffsetDateTime, timings: &Timings) -> RouteStatus {
        if self.deleting.is_some() {
            RouteStatus::Deleting
        } else if now - self.since < timings.route_creation {
            RouteStatus::Creating
        } else {
            RouteStatus::Active
        }
    }
}

impl Cloud {
    /// The route table of an endpoint at a time.
    #[must_use]
    pub fn routes(&self, endpoint: &Endpoint, now: OffsetDateTime) -> Vec<Route> {
        let association_of = |subnet: &SubnetId| endpoint.associations.iter().find(|known| known.subnet == *subnet);
        let status = |association: &Association| match association.status(now, &self.timings) {
            AssociationStatus::Associating => Some(RouteStatus::Creating),
            AssociationStatus::Associated => Some(RouteStatus::Active),
            AssociationStatus::Disassociating => Some(RouteStatus::Deleting),
            AssociationStatus::Disassociated => None,
        };
        let local = endpoint.associations.iter().filter_map(|association| {
            Some(Route {
                destination: self.cidr_behind(endpoint)?.into(),
                target: RouteTarget::Subnet(association.subnet.clone()),
                status: status(association)?,
                origin: RouteOrigin::Associate,
                description: Some("Default Route".to_owned()),
            })
        });
        let manual = endpoint.manual_routes.iter().filter(|route| !route.is_gone(now, &self.timings));
        let manual = manual.filter_map(|route| {
            // A route goes with the association that it leads through.
            let way = match &route.target {
                RouteTarget::Local => RouteStatus::Active,
                RouteTarget::Subnet(subnet) => status(association_of(subnet)?)?,
            };
            let own = route.status(now, &self.timings);
            Some(Route {
                destination: route.destination,
                target: route.target.clone(),
                status: if way == RouteStatus::Deleting { way } else { own },
                origin: RouteOrigin::AddRoute,
                description: route.description.clone(),
            })
        });
        local.chain(manual).collect()
    }

    /// Adds a route to an endpoint.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `IncorrectState`, `InvalidParameterValue`,
    /// `InvalidClientVpnSubnetId.NotFound`, `InvalidClientVpnActiveAssociationNotFound`,
    /// `InvalidClientVpnDuplicateRoute`, `ClientVpnRouteLimitExceeded`, `ConcurrentMutationLimitExceeded`.
    pub fn create_route(&mut self, endpoint: &str, request: CreateRoute, moment: &Moment) -> Result<(), Refusal> {
        let known = self.live_endpoint(endpoint)?;
        let CreateRoute { destination, target, description } = request;
        let destination = network(&destination, known.settings.traffic_addresses)?;
        let target = RouteTarget::parse(&target);
        match &target {
            RouteTarget::Local => {
                check_local(known, destination)?;
                known.check_leads_to(None, moment.now, &self.timings)?;
            }
            RouteTarget::Subnet(subnet) => {
                if !self.world.all_subnets().any(|known| known.id == subnet.as_str()) {
                    return Err(no_subnet(subnet.as_str()));
                }
                check_destination(known, destination)?;
                known.check_leads_to(Some(subnet), moment.now, &self.timings)?;
            }
        }
        let table = self.routes(known, moment.now);
        if table.iter().any(|route| route.destination == destination && route.target == target) {
            return Err(Refusal::new(
                "InvalidClientVpnDuplicateRoute",
                format!("A route to '{destination}' through '{target}' exists already"),
            ));
        }
        let most = self.limits.routes;
        if table.iter().filter(|route| route.target == target).count() >= most {
            return Err(Refusal::new(
                "ClientVpnRouteLimitExceeded",
                format!("The maximum number of routes through '{target}' ({most}) has been reached"),
            ));
        }
        self.check_concurrency(known, moment.now)?;
        let route = ManualRoute { destination, target, description, since: moment.now, deleting: None };
        self.live_endpoint_mut(endpoint)?.manual_routes.push(route);
        Ok(())
    }

    /// Begins the end of a route that was added. To ask again while it is under way changes nothing.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `IncorrectState`, `InvalidParameterValue`,
    /// `InvalidClientVpnRouteNotFound`, `OperationNotPermitted` for the route of an association,
    /// `ConcurrentMutationLimitExceeded`.
    pub fn delete_route(
        &mut self,
        endpoint: &str,
        destination: &str,
        target: &str,
        moment: &Moment,
    ) -> Result<(), Refusal> {
        let known = self.live_endpoint(endpoint)?;
        let destination = network(destination, known.settings.traffic_addresses)?;
        let target = RouteTarget::parse(target);
        let table = self.routes(known, moment.now);
        let route = table.iter().find(|route| route.destination == destination && route.target == target);
        match route {
            None => {
                return Err(Refusal::new(
                    "InvalidClientVpnRouteNotFound",
                    format!("There is no route to '{destination}' through '{target}'"),
                ));
            }
            // The code is not published: UNCONFIRMED.
            Some(Route { origin: RouteOrigin::Associate, .. }) => {
                return Err(Refusal::new(
                    "OperationNotPermitted",
                    format!("The route to '{destination}' came with an association and goes with it"),
                ));
            }
            Some(Route { status: RouteStatus::Deleting, .. }) => return Ok(()),
            Some(_) => {}
        }
        self.check_concurrency(known, moment.now)?;
        let routes = self.live_endpoint_mut(endpoint)?.manual_routes.iter_mut();
        routes
            .filter(|route| route.destination == destination && route.target == target)
            .for_each(|route| route.deleting = Some(moment.now));
        Ok(())
    }

    fn cidr_behind(&self, endpoint: &Endpoint) -> Option<Ipv4Net> {
        self.world.vpcs().find(|vpc| endpoint.vpc.as_ref() == Some(&vpc.id)).map(|vpc| vpc.cidr)
    }
}

/// Clients reach each other by a route to the client CIDR. The error is not published: UNCONFIRMED.
fn check_local(endpoint: &Endpoint, destination: IpNet) -> Result<(), Refusal> {
    let client_cidr = endpoint.settings.client_cidr;
    if destination == client_cidr.into() {
        return Ok(());
    }
    Err(Refusal::invalid_value(format!("A local route leads to the client CIDR '{client_cidr}', not '{destination}'")))
}

/// The client CIDR must not overlap a route, except that everything may lead somewhere. UNCONFIRMED: the error.
fn check_destination(endpoint: &Endpoint, destination: IpNet) -> Result<(), Refusal> {
    let client_cidr = endpoint.settings.client_cidr;
    let IpNet::V4(destination) = destination else { return Ok(()) };
    if destination.prefix_len() == 0 || !overlap(destination, client_cidr) {
        return Ok(());
    }
    Err(Refusal::invalid_value(format!("The destination '{destination}' overlaps the client CIDR '{client_cidr}'")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::AuthorizeIngress;
    use crate::cloud::fixture::{at, cloud_with_endpoint, prepared_cloud};

    const SUBNETS: [&str; 2] = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"];

    fn route(destination: &str, target: &str) -> CreateRoute {
        CreateRoute { destination: destination.to_owned(), target: target.to_owned(), description: None }
    }

    /// An endpoint with an association in the first subnet, complete at second 3.
    fn associated() -> (Cloud, String) {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.associate(id.as_str(), SUBNETS[0], &at(0, 4)).unwrap();
        (cloud, id.to_string())
    }

    /// Destination, state and origin of every route.
    fn table(cloud: &Cloud, id: &str, seconds: i64) -> Vec<(String, &'static str, &'static str)> {
        let routes = cloud.routes(cloud.endpoint(id).unwrap(), at(seconds, 0).now);
        routes.iter().map(|row| (row.destination.to_string(), row.status.as_str(), row.origin.as_str())).collect()
    }

    #[test]
    fn a_route_comes_and_goes_in_its_time() {
        let (mut cloud, id) = associated();
        cloud.create_route(&id, route("0.0.0.0/0", SUBNETS[0]), &at(3, 5)).unwrap();
        let local = ("10.1.0.0/16".to_owned(), "active", "associate");
        let row = |status| ("0.0.0.0/0".to_owned(), status, "add-route");
        assert_eq!(table(&cloud, &id, 3), [local.clone(), row("creating")]);
        assert_eq!(table(&cloud, &id, 4), [local.clone(), row("active")]);
        cloud.delete_route(&id, "0.0.0.0/0", SUBNETS[0], &at(5, 6)).unwrap();
        assert_eq!(table(&cloud, &id, 5), [local.clone(), row("deleting")]);
        assert_eq!(table(&cloud, &id, 6), [local]);
        let refusal = cloud.delete_route(&id, "0.0.0.0/0", SUBNETS[0], &at(6, 7)).unwrap_err();
        assert_eq!(refusal.code, "InvalidClientVpnRouteNotFound");
    }

    #[test]
    fn routes_go_with_their_association() {
        let (mut cloud, id) = associated();
        cloud.create_route(&id, route("192.168.0.0/16", SUBNETS[0]), &at(3, 5)).unwrap();
        let association = cloud.endpoint(&id).unwrap().associations[0].id.to_string();
        cloud.disassociate(&id, &association, &at(5, 6)).unwrap();
        assert!(table(&cloud, &id, 5).iter().all(|(_, status, _)| *status == "deleting"));
        cloud.pass_time(at(8, 0).now);
        assert_eq!(table(&cloud, &id, 8), []);
        cloud.associate(&id, SUBNETS[0], &at(9, 7)).unwrap();
        assert_eq!(table(&cloud, &id, 20).len(), 1);
    }

    #[test]
    fn a_route_leads_through_a_network_that_is_associated() {
        let (mut cloud, id) = associated();
        let mut code = |destination, target, seconds| {
            cloud.create_route(&id, route(destination, target), &at(seconds, 5)).unwrap_err().code
        };
        assert_eq!(code("192.168.0.0/16", SUBNETS[0], 2), "InvalidClientVpnActiveAssociationNotFound");
        assert_eq!(code("192.168.0.0/16", SUBNETS[1], 3), "InvalidClientVpnActiveAssociationNotFound");
        assert_eq!(code("192.168.0.0/16", "subnet-none", 3), "InvalidClientVpnSubnetId.NotFound");
        assert_eq!(code("10.1.0.0/16", SUBNETS[0], 3), "InvalidClientVpnDuplicateRoute");
        assert_eq!(code("10.88.4.0/24", SUBNETS[0], 3), "InvalidParameterValue");
        assert_eq!(code("10.88.4.0", SUBNETS[0], 3), "InvalidParameterValue");
        assert_eq!(code("10.1.0.0/16", "local", 3), "InvalidParameterValue");
        cloud.create_route(&id, route("10.88.0.0/16", "local"), &at(3, 5)).unwrap();
        assert_eq!(cloud.routes(cloud.endpoint(&id).unwrap(), at(4, 0).now)[1].target, RouteTarget::Local);
    }

    #[test]
    fn routes_and_rules_of_version_six_need_traffic_of_both() {
        let (mut cloud, mut request) = prepared_cloud();
        request.traffic_addresses = Some("dual-stack".to_owned());
        request.dns_servers = vec!["2001:db8::2".to_owned()];
        let id = cloud.create_endpoint(request, &at(0, 3)).unwrap().to_string();
        cloud.associate(&id, SUBNETS[0], &at(0, 4)).unwrap();
        cloud.create_route(&id, route("::/0", SUBNETS[0]), &at(3, 5)).unwrap();
        let everybody =
            AuthorizeIngress { target_network: "::/0".to_owned(), all_groups: true, ..AuthorizeIngress::default() };
        cloud.authorize(&id, everybody, &at(3, 5)).unwrap();
        assert_eq!(table(&cloud, &id, 4)[1].0, "::/0");

        let (mut cloud, id) = associated();
        let refusal = cloud.create_route(&id, route("::/0", SUBNETS[0]), &at(3, 5)).unwrap_err();
        assert_eq!(refusal.message, "'::/0' is of IPv6, and the endpoint's traffic is of IPv4 alone");
    }

    #[test]
    fn the_route_of_an_association_cannot_be_deleted() {
        let (mut cloud, id) = associated();
        let refusal = cloud.delete_route(&id, "10.1.0.0/16", SUBNETS[0], &at(3, 5)).unwrap_err();
        assert_eq!(refusal.code, "OperationNotPermitted");
    }

    #[test]
    fn the_quotas_of_routes_hold() {
        let (mut cloud, id) = associated();
        cloud.limits.routes = 3;
        cloud.limits.concurrent_changes = 2;
        cloud.create_route(&id, route("192.168.1.0/24", SUBNETS[0]), &at(3, 5)).unwrap();
        cloud.create_route(&id, route("192.168.2.0/24", SUBNETS[0]), &at(3, 5)).unwrap();
        let mut code =
            |seconds| cloud.create_route(&id, route("192.168.3.0/24", SUBNETS[0]), &at(seconds, 5)).unwrap_err().code;
        assert_eq!(code(3), "ClientVpnRouteLimitExceeded");
        cloud.limits.routes = 4;
        let mut code =
            |seconds| cloud.create_route(&id, route("192.168.3.0/24", SUBNETS[0]), &at(seconds, 5)).unwrap_err().code;
        assert_eq!(code(3), "ConcurrentMutationLimitExceeded");
        assert!(cloud.create_route(&id, route("192.168.3.0/24", SUBNETS[0]), &at(4, 5)).is_ok());
    }
}
