//! Target networks: which subnets an endpoint reaches, and when the association is complete.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-target.html>

use time::OffsetDateTime;

use super::endpoints::{self, overlap};
use super::{AssociationId, Cloud, EndpointId, Moment, Refusal, SubnetId, Timings};

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
}

/// `Status` of an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssociationStatus {
    /// Accepted, not usable yet.
    Associating,
    /// Usable.
    Associated,
}

impl AssociationStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Associating => "associating",
            Self::Associated => "associated",
        }
    }
}

impl Association {
    /// The association's state at a time.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime, timings: &Timings) -> AssociationStatus {
        if now - self.since < timings.association {
            AssociationStatus::Associating
        } else {
            AssociationStatus::Associated
        }
    }
}

impl Cloud {
    /// Associates a subnet with an endpoint. The first one binds the endpoint to its VPC.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `InvalidClientVpnSubnetId.NotFound`, `.DuplicateAz`, `.OverlappingCidr`,
    /// `InvalidClientVpnDuplicateAssociationException`.
    pub fn associate(&mut self, endpoint: &str, subnet: &str, moment: &Moment) -> Result<AssociationId, Refusal> {
        let endpoint =
            self.endpoints.get_mut(&EndpointId::from(endpoint)).ok_or_else(|| endpoints::not_found(endpoint))?;
        let world = &self.world;
        let subnet = world.subnet(subnet).ok_or_else(|| {
            Refusal::new("InvalidClientVpnSubnetId.NotFound", format!("The specified subnet '{subnet}' does not exist"))
        })?;
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
        if endpoint.vpc.is_none() {
            endpoint.vpc = Some(world.vpc.id.clone());
            endpoint.security_groups = vec![world.vpc.default_security_group.clone()];
        }
        let id = AssociationId::from(format!("cvpn-assoc-{}", moment.hex_id()));
        endpoint.associations.push(Association {
            id: id.clone(),
            subnet: SubnetId::from(subnet.id.as_str()),
            zone: subnet.zone.clone(),
            since: moment.now,
        });
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::fixture::{TIMINGS, at, cloud_with_endpoint};
    use crate::world::Subnet;

    const FIRST: &str = "subnet-0a1b2c3d4e5f60001";

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
        let first = cloud.world.subnets[0].clone();
        cloud.world.subnets.push(Subnet { id: "subnet-same-zone".to_owned(), ..first });
        cloud.associate(id.as_str(), FIRST, &at(0, 4)).unwrap();
        let mut code = |endpoint: &str, subnet| cloud.associate(endpoint, subnet, &at(0, 5)).unwrap_err().code;
        assert_eq!(code("cvpn-endpoint-none", FIRST), "InvalidClientVpnEndpointId.NotFound");
        assert_eq!(code(id.as_str(), "subnet-none"), "InvalidClientVpnSubnetId.NotFound");
        assert_eq!(code(id.as_str(), FIRST), "InvalidClientVpnDuplicateAssociationException");
        assert_eq!(code(id.as_str(), "subnet-same-zone"), "InvalidClientVpnSubnetId.DuplicateAz");
    }
}
