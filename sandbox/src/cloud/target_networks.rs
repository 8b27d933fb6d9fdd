//! Target networks: which subnets an endpoint reaches, and when the association is complete.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-target.html>

use time::OffsetDateTime;

use super::endpoints::overlap;
use super::security_groups::no_association;
use super::{AddressType, AssociationId, Cloud, Endpoint, Moment, Refusal, SubnetId, Timings};
use crate::world::BareSubnet;

/// The longest prefix of a subnet's CIDR.
const MAX_PREFIX: u8 = 27;

/// An endpoint's leg in a subnet.
#[derive(Debug)]
pub struct Association {
    /// Its id.
    pub id: AssociationId,
    /// The subnet.
    pub subnet: SubnetId,
    /// The subnet's availability zone.
    pub zone: String,
    /// When it was asked for.
    pub since: OffsetDateTime,
    /// When its end was asked for.
    pub leaving: Option<OffsetDateTime>,
}

/// `Status` of an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssociationStatus {
    /// Accepted, not usable yet.
    Associating,
    /// Usable.
    Associated,
    /// Not usable any more.
    Disassociating,
    /// Gone.
    Disassociated,
}

impl AssociationStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Associating => "associating",
            Self::Associated => "associated",
            Self::Disassociating => "disassociating",
            Self::Disassociated => "disassociated",
        }
    }
}

impl Association {
    /// The association's state at a time.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime, timings: &Timings) -> AssociationStatus {
        match self.leaving {
            Some(leaving) if now - leaving >= timings.disassociation => AssociationStatus::Disassociated,
            Some(_) => AssociationStatus::Disassociating,
            None if now - self.since < timings.association => AssociationStatus::Associating,
            None => AssociationStatus::Associated,
        }
    }
}

impl Cloud {
    /// Associates a subnet with an endpoint. The first one binds the endpoint to its VPC.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `IncorrectState`, `InvalidClientVpnSubnetId.NotFound`,
    /// `.DifferentAccount`, `.DuplicateAz`, `.OverlappingCidr`, `InvalidClientVpnDuplicateAssociationException`,
    /// `InvalidParameterValue`, `ConcurrentMutationLimitExceeded`.
    pub fn associate(&mut self, endpoint: &str, subnet: &str, moment: &Moment) -> Result<AssociationId, Refusal> {
        let known = self.live_endpoint(endpoint)?;
        let subnet = self.world.all_subnets().find(|known| known.id == subnet).ok_or_else(|| no_subnet(subnet))?;
        if subnet.owner != self.world.account {
            return Err(Refusal::new(
                "InvalidClientVpnSubnetId.DifferentAccount",
                format!("The subnet '{}' belongs to another account", subnet.id),
            ));
        }
        self.check_same_vpc(known, &subnet.vpc)?;
        check_place(known, &subnet)?;
        self.check_concurrency(known, moment.now)?;

        let groups = match &known.vpc {
            Some(vpc) if *vpc == subnet.vpc => known.security_groups.clone(),
            // What happens when the chosen VPC is another one than the subnet's is not published: UNCONFIRMED.
            Some(vpc) => {
                return Err(Refusal::invalid_value(format!("The subnet '{}' is not in VPC '{vpc}'", subnet.id)));
            }
            None => {
                let vpc = self.world.vpcs().find(|vpc| vpc.id == subnet.vpc);
                vpc.map(|vpc| vpc.default_security_group.clone()).into_iter().collect()
            }
        };
        let endpoint = self.live_endpoint_mut(endpoint)?;
        endpoint.security_groups = groups;
        endpoint.vpc = Some(subnet.vpc);
        let id = AssociationId::from(format!("cvpn-assoc-{}", moment.hex_id()));
        endpoint.associations.push(Association {
            id: id.clone(),
            subnet: SubnetId::from(subnet.id),
            zone: subnet.zone,
            since: moment.now,
            leaving: None,
        });
        Ok(id)
    }

    /// Begins the end of an association, and of all routes through it. To ask again while it is under way changes
    /// nothing.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `InvalidClientVpnAssociationIdNotFound`,
    /// `ConcurrentMutationLimitExceeded`.
    pub fn disassociate(&mut self, endpoint: &str, association: &str, moment: &Moment) -> Result<(), Refusal> {
        let known = self.live_endpoint(endpoint)?;
        let known_association = known.association(association)?;
        if known_association.leaving.is_some() {
            return Ok(());
        }
        self.check_concurrency(known, moment.now)?;
        let endpoint = self.live_endpoint_mut(endpoint)?;
        let left = endpoint.associations.iter_mut().find(|known| known.id.as_str() == association);
        left.into_iter().for_each(|known| known.leaving = Some(moment.now));
        Ok(())
    }

    /// At most so many changes of networks and routes at the same time.
    pub(super) fn check_concurrency(&self, endpoint: &Endpoint, now: OffsetDateTime) -> Result<(), Refusal> {
        use AssociationStatus::{Associating, Disassociating};
        let under_way = |known: &&Association| matches!(known.status(now, &self.timings), Associating | Disassociating);
        let associations = endpoint.associations.iter().filter(under_way).count();
        let routes = endpoint.manual_routes.iter().filter(|route| route.is_changing(now, &self.timings)).count();
        if associations + routes < self.limits.concurrent_changes {
            return Ok(());
        }
        // In these words people have seen it of the service.
        Err(Refusal::new(
            "ConcurrentMutationLimitExceeded",
            "Cannot initiate another change for this endpoint at this time",
        ))
    }
}

impl Endpoint {
    /// The association of that id.
    ///
    /// # Errors
    /// `InvalidClientVpnAssociationIdNotFound`.
    pub fn association(&self, id: &str) -> Result<&Association, Refusal> {
        self.associations.iter().find(|known| known.id.as_str() == id).ok_or_else(|| {
            Refusal::new(
                "InvalidClientVpnAssociationIdNotFound",
                format!("The specified association '{id}' does not exist"),
            )
        })
    }

    /// Whether a route can lead through a subnet.
    ///
    /// # Errors
    /// `InvalidClientVpnActiveAssociationNotFound`.
    pub(super) fn check_leads_to(
        &self,
        subnet: Option<&SubnetId>,
        now: OffsetDateTime,
        timings: &Timings,
    ) -> Result<(), Refusal> {
        let mut associated = self.associated_subnets(now, timings);
        let leads = associated.any(|known| subnet.is_none_or(|wanted| wanted == known));
        if leads { Ok(()) } else { Err(no_association(self.id.as_str())) }
    }
}

fn check_place(endpoint: &Endpoint, subnet: &BareSubnet) -> Result<(), Refusal> {
    if endpoint.associations.iter().any(|known| known.subnet.as_str() == subnet.id) {
        return Err(Refusal::new(
            "InvalidClientVpnDuplicateAssociationException",
            format!("The subnet '{}' is already associated with '{}'", subnet.id, endpoint.id),
        ));
    }
    if endpoint.associations.iter().any(|known| known.zone == subnet.zone) {
        return Err(Refusal::new(
            "InvalidClientVpnSubnetId.DuplicateAz",
            format!("A subnet of the availability zone '{}' is already associated", subnet.zone),
        ));
    }
    if overlap(endpoint.settings.client_cidr, subnet.cidr) {
        return Err(Refusal::new(
            "InvalidClientVpnSubnetId.OverlappingCidr",
            format!("The subnet's CIDR '{}' overlaps the client CIDR", subnet.cidr),
        ));
    }
    if endpoint.settings.traffic_addresses == AddressType::DualStack && subnet.ipv6.is_none() {
        // The code is not published: UNCONFIRMED.
        return Err(Refusal::invalid_value(format!("The subnet '{}' has no IPv6 CIDR", subnet.id)));
    }
    if subnet.cidr.prefix_len() > MAX_PREFIX {
        // The code is not published: UNCONFIRMED.
        return Err(Refusal::invalid_value(format!(
            "The subnet '{}' is smaller than /{MAX_PREFIX}: '{}'",
            subnet.id, subnet.cidr
        )));
    }
    Ok(())
}

pub(super) fn no_subnet(id: &str) -> Refusal {
    Refusal::new("InvalidClientVpnSubnetId.NotFound", format!("The specified subnet '{id}' does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::EndpointStatus;
    use crate::cloud::fixture::{TIMINGS, at, cloud_with_endpoint, prepared_cloud};

    const FIRST: &str = "subnet-0a1b2c3d4e5f60001";
    const SECOND: &str = "subnet-0a1b2c3d4e5f60002";

    #[test]
    fn an_association_is_complete_after_its_time() {
        let (mut cloud, id) = cloud_with_endpoint();
        let association = cloud.associate(id.as_str(), FIRST, &at(10, 4)).unwrap();
        assert_eq!(association.as_str(), "cvpn-assoc-04040404040404040");
        let association = &cloud.endpoint(id.as_str()).unwrap().associations[0];
        assert_eq!(association.status(at(12, 0).now, &TIMINGS), AssociationStatus::Associating);
        assert_eq!(association.status(at(13, 0).now, &TIMINGS), AssociationStatus::Associated);
    }

    #[test]
    fn the_first_association_binds_the_endpoint_to_the_vpc() {
        let (mut cloud, id) = cloud_with_endpoint();
        assert_eq!(cloud.endpoint(id.as_str()).unwrap().vpc, None);
        cloud.associate(id.as_str(), FIRST, &at(0, 4)).unwrap();
        let endpoint = cloud.endpoint(id.as_str()).unwrap();
        assert_eq!(endpoint.vpc.as_deref(), Some("vpc-0a1b2c3d4e5f60718"));
        assert_eq!(endpoint.security_groups, ["sg-0a1b2c3d4e5f60718"]);
    }

    #[test]
    fn a_subnet_must_exist_and_be_new_and_in_a_zone_of_its_own() {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.associate(id.as_str(), FIRST, &at(0, 4)).unwrap();
        let mut code = |endpoint: &str, subnet| cloud.associate(endpoint, subnet, &at(0, 5)).unwrap_err().code;
        assert_eq!(code("cvpn-endpoint-none", FIRST), "InvalidClientVpnEndpointId.NotFound");
        assert_eq!(code(id.as_str(), "subnet-none"), "InvalidClientVpnSubnetId.NotFound");
        assert_eq!(code(id.as_str(), FIRST), "InvalidClientVpnDuplicateAssociationException");
        assert_eq!(code(id.as_str(), "subnet-0a1b2c3d4e5f60003"), "InvalidClientVpnSubnetId.DuplicateAz");
    }

    #[test]
    fn a_subnet_must_be_large_enough_and_of_the_account_and_of_the_vpc() {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.associate(id.as_str(), FIRST, &at(0, 4)).unwrap();
        let mut refusal = |subnet| cloud.associate(id.as_str(), subnet, &at(0, 5)).unwrap_err().to_string();
        assert!(refusal("subnet-0a1b2c3d4e5f60004").contains("smaller than /27"));
        assert!(refusal("subnet-0a1b2c3d4e5f60005").starts_with("InvalidParameterValue: The target networks"));
        assert!(refusal("subnet-0a1b2c3d4e5f60006").starts_with("InvalidClientVpnSubnetId.DifferentAccount"));
    }

    #[test]
    fn a_subnet_must_have_the_addresses_of_the_traffic() {
        let (mut cloud, mut request) = prepared_cloud();
        request.traffic_addresses = Some("dual-stack".to_owned());
        let id = cloud.create_endpoint(request, &at(0, 3)).unwrap();
        let refusal = cloud.associate(id.as_str(), "subnet-0a1b2c3d4e5f60003", &at(0, 4)).unwrap_err();
        assert!(refusal.message.contains("has no IPv6 CIDR"), "{refusal}");
        assert!(cloud.associate(id.as_str(), FIRST, &at(0, 4)).is_ok());
    }

    #[test]
    fn a_subnet_must_leave_room_for_the_clients() {
        let (mut cloud, mut request) = prepared_cloud();
        request.client_cidr = Some("10.1.0.0/22".to_owned());
        let id = cloud.create_endpoint(request, &at(0, 3)).unwrap();
        let refusal = cloud.associate(id.as_str(), FIRST, &at(0, 4)).unwrap_err();
        assert_eq!(refusal.code, "InvalidClientVpnSubnetId.OverlappingCidr");
    }

    #[test]
    fn the_last_association_leaves_the_endpoint_waiting_for_another() {
        let (mut cloud, id) = cloud_with_endpoint();
        let id = id.as_str();
        let association = cloud.associate(id, FIRST, &at(0, 4)).unwrap();
        let status = |cloud: &Cloud, seconds| cloud.endpoint(id).unwrap().status(at(seconds, 0).now, &TIMINGS);
        assert_eq!(status(&cloud, 10), EndpointStatus::Available);

        cloud.disassociate(id, association.as_str(), &at(10, 5)).unwrap();
        assert_eq!(status(&cloud, 10), EndpointStatus::PendingAssociate);
        cloud.pass_time(at(12, 0).now);
        let left = &cloud.endpoint(id).unwrap().associations[0];
        assert_eq!(left.status(at(12, 0).now, &TIMINGS), AssociationStatus::Disassociating);
        cloud.disassociate(id, association.as_str(), &at(12, 5)).unwrap();

        cloud.pass_time(at(13, 0).now);
        let refusal = cloud.disassociate(id, association.as_str(), &at(13, 5)).unwrap_err();
        assert_eq!(refusal.code, "InvalidClientVpnAssociationIdNotFound");
        assert!(cloud.associate(id, FIRST, &at(13, 6)).is_ok());
    }

    #[test]
    fn so_many_changes_at_a_time_and_no_more() {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.limits.concurrent_changes = 1;
        cloud.associate(id.as_str(), FIRST, &at(0, 4)).unwrap();
        let refusal = cloud.associate(id.as_str(), SECOND, &at(2, 5)).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "ConcurrentMutationLimitExceeded: Cannot initiate another change for this endpoint at this time"
        );
        assert!(cloud.associate(id.as_str(), SECOND, &at(3, 5)).is_ok());
    }
}
