//! The VPC of an endpoint and its security groups: at creation, in a modification, and on their own.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/client-authorization.html#security-groups>

use ipnet::Ipv4Net;

use super::endpoints::overlap;
use super::{Cloud, Endpoint, Refusal};
use crate::world::Vpc;

/// Security groups of an endpoint.
const MAX_SECURITY_GROUPS: usize = 5;

impl Cloud {
    /// Puts other security groups in the place of those that an endpoint has.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `InvalidVpcID.NotFound`, `InvalidGroup.NotFound`, `MissingParameter`,
    /// `InvalidParameterValue`, `InvalidClientVpnActiveAssociationNotFound` as long as no network is associated.
    pub fn apply_security_groups(
        &mut self,
        endpoint: &str,
        vpc: &str,
        groups: Vec<String>,
    ) -> Result<&[String], Refusal> {
        let known = self.live_endpoint(endpoint)?;
        if known.associations.is_empty() {
            return Err(no_association(endpoint));
        }
        if groups.is_empty() {
            return Err(Refusal::missing("SecurityGroupId"));
        }
        self.check_same_vpc(known, vpc)?;
        let groups = self.check_network(vpc, groups, known.settings.client_cidr)?;
        let endpoint = self.live_endpoint_mut(endpoint)?;
        endpoint.security_groups = groups;
        Ok(&endpoint.security_groups)
    }

    /// The security groups for an endpoint in that VPC: those that were asked for, or the VPC's default one.
    pub(super) fn check_network(
        &self,
        vpc: &str,
        groups: Vec<String>,
        client_cidr: Ipv4Net,
    ) -> Result<Vec<String>, Refusal> {
        let Some(vpc) = self.world.vpcs().find(|known| known.id == vpc) else {
            return Err(Refusal::new("InvalidVpcID.NotFound", format!("The vpc ID '{vpc}' does not exist")));
        };
        let Vpc { cidr, default_security_group, security_group, .. } = vpc;
        if overlap(client_cidr, *cidr) {
            return Err(Refusal::invalid_value(format!("Client CIDR '{client_cidr}' overlaps the VPC's '{cidr}'")));
        }
        if groups.len() > MAX_SECURITY_GROUPS {
            return Err(Refusal::invalid_value(format!("At most {MAX_SECURITY_GROUPS} security groups are allowed")));
        }
        if let Some(unknown) = groups.iter().find(|group| *group != default_security_group && *group != security_group)
        {
            let message = format!("The security group '{unknown}' does not exist in VPC '{}'", vpc.id);
            return Err(Refusal::new("InvalidGroup.NotFound", message));
        }
        Ok(if groups.is_empty() { vec![default_security_group.clone()] } else { groups })
    }

    /// While networks are associated the VPC is theirs. The error is not published: UNCONFIRMED.
    pub(super) fn check_same_vpc(&self, endpoint: &Endpoint, vpc: &str) -> Result<(), Refusal> {
        let bound = endpoint.vpc.as_deref().filter(|_| !endpoint.associations.is_empty());
        match bound {
            Some(bound) if bound != vpc => Err(Refusal::invalid_value(format!(
                "The target networks of '{}' are in VPC '{bound}', not in '{vpc}'",
                endpoint.id
            ))),
            _ => Ok(()),
        }
    }
}

pub(super) fn no_association(endpoint: &str) -> Refusal {
    Refusal::new(
        "InvalidClientVpnActiveAssociationNotFound",
        format!("The Client VPN endpoint '{endpoint}' has no active association with this target network"),
    )
}

#[cfg(test)]
mod tests {
    use crate::cloud::fixture::{at, cloud_with_endpoint};

    const VPC: &str = "vpc-0a1b2c3d4e5f60718";
    const GROUP: &str = "sg-0a1b2c3d4e5f60719";

    #[test]
    fn groups_are_replaced_as_a_whole_once_a_network_is_associated() {
        let (mut cloud, id) = cloud_with_endpoint();
        let refusal = cloud.apply_security_groups(id.as_str(), VPC, vec![GROUP.to_owned()]).unwrap_err();
        assert_eq!(refusal.code, "InvalidClientVpnActiveAssociationNotFound");
        cloud.associate(id.as_str(), "subnet-0a1b2c3d4e5f60001", &at(0, 4)).unwrap();
        assert_eq!(cloud.apply_security_groups(id.as_str(), VPC, vec![GROUP.to_owned()]).unwrap(), [GROUP]);
        assert_eq!(cloud.endpoint(id.as_str()).unwrap().security_groups, [GROUP]);
    }

    #[test]
    fn groups_are_of_the_vpc_and_at_most_five() {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.associate(id.as_str(), "subnet-0a1b2c3d4e5f60001", &at(0, 4)).unwrap();
        let mut code = |vpc: &str, groups: &[&str]| {
            let groups = groups.iter().map(|&group| group.to_owned()).collect();
            cloud.apply_security_groups(id.as_str(), vpc, groups).unwrap_err().code
        };
        assert_eq!(code(VPC, &["sg-0a1b2c3d4e5f60728"]), "InvalidGroup.NotFound");
        assert_eq!(code(VPC, &[GROUP; 6]), "InvalidParameterValue");
        assert_eq!(code(VPC, &[]), "MissingParameter");
        assert_eq!(code("vpc-0a1b2c3d4e5f60728", &["sg-0a1b2c3d4e5f60728"]), "InvalidParameterValue");
    }
}
