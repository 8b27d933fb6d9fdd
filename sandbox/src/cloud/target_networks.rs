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
