//! What the account has in a region, to choose a deployment's network from, and the choices that suggest themselves.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use crate::config::{SecurityGroupId, SubnetId, VpcId};

/// What the account has in a region.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inventory {
    /// Its VPCs.
    pub vpcs: Vec<Vpc>,
    /// Their subnets that have an IPv4 range.
    pub subnets: Vec<Subnet>,
    /// Their security groups.
    pub groups: Vec<SecurityGroup>,
}

/// A VPC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Its tag `Name`, empty where it has none.
    pub name: String,
    /// Its IPv4 ranges.
    pub cidrs: Vec<Ipv4Net>,
    /// The account that owns it.
    pub owner: String,
}

/// A subnet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Its tag `Name`, empty where it has none.
    pub name: String,
    /// The VPC that it is in.
    pub vpc: VpcId,
    /// Its addresses.
    pub cidr: Ipv4Net,
    /// Its availability zone.
    pub zone: String,
    /// How many of its addresses are free.
    pub free_addresses: i32,
    /// The account that owns it.
    pub owner: String,
}

/// A security group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Its name.
    pub name: String,
    /// The VPC that it is in.
    pub vpc: VpcId,
}

impl Inventory {
    /// The VPC that clients could enter in most zones; of several the first.
    pub fn likely_vpc(&self) -> Option<&Vpc> {
        let mut likely = None;
        for vpc in &self.vpcs {
            let zones = self.one_subnet_per_zone(&vpc.id).len();
            if likely.is_none_or(|(_, most)| zones > most) {
                likely = Some((vpc, zones));
            }
        }
        likely.map(|(vpc, _)| vpc)
    }

    /// For every zone of a VPC the subnet with most free addresses, of those that AWS takes.
    pub fn one_subnet_per_zone(&self, vpc: &VpcId) -> Vec<&Subnet> {
        let Some(vpc) = self.vpcs.iter().find(|known| known.id == *vpc) else {
            return Vec::new();
        };
        let mut zones = BTreeMap::<&str, &Subnet>::new();
        for subnet in self.subnets.iter().filter(|subnet| is_taken(subnet, vpc)) {
            let best = zones.entry(&subnet.zone).or_insert(subnet);
            if (subnet.free_addresses, &best.id) > (best.free_addresses, &subnet.id) {
                *best = subnet;
            }
        }
        zones.into_values().collect()
    }

    /// A block for clients that overlaps no VPC of the region, so that none can be in its way later.
    pub fn free_client_cidr(&self) -> Option<Ipv4Net> {
        let is_free = |block: &Ipv4Net| {
            let mut taken = self.vpcs.iter().flat_map(|vpc| &vpc.cidrs);
            !taken.any(|cidr| cidr.contains(block) || block.contains(cidr))
        };
        let tens = (88..=255).chain(0..88).map(|second| [10, second, 0, 0]);
        let others = (16..32).map(|second| [172, second, 0, 0]);
        let large = tens.chain(others).filter_map(|address| Ipv4Net::new(address.into(), 16).ok());
        let small = (0..=252).step_by(4).filter_map(|third| Ipv4Net::new([192, 168, third, 0].into(), 22).ok());
        large.chain(small).find(is_free)
    }
}

/// What AWS asks of a subnet (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-target.html>).
fn is_taken(subnet: &Subnet, vpc: &Vpc) -> bool {
    subnet.vpc == vpc.id
        && subnet.owner == vpc.owner
        && subnet.cidr.prefix_len() <= SMALLEST_SUBNET
        && subnet.free_addresses >= FREE_ADDRESSES
}

const SMALLEST_SUBNET: u8 = 27;
const FREE_ADDRESSES: i32 = 20;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn of_every_zone_the_roomiest_subnet_is_proposed() {
        let inventory = sample();
        let proposed = |vpc: &str| {
            let subnets = inventory.one_subnet_per_zone(&vpc.parse().unwrap());
            subnets.into_iter().map(|subnet| subnet.id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(proposed("vpc-00000002"), ["subnet-00000001", "subnet-00000003"]);
        assert_eq!(proposed("vpc-00000001"), [] as [String; 0]);
        assert_eq!(inventory.likely_vpc().unwrap().id, inventory.vpcs[1].id);
    }

    #[test]
    fn the_block_for_clients_overlaps_no_vpc() {
        let mut inventory = sample();
        assert_eq!(inventory.free_client_cidr().unwrap().to_string(), "10.89.0.0/16");
        inventory.vpcs[0].cidrs = vec!["10.0.0.0/8".parse().unwrap()];
        assert_eq!(inventory.free_client_cidr().unwrap().to_string(), "172.16.0.0/16");
        inventory.vpcs[1].cidrs = vec!["172.16.0.0/12".parse().unwrap(), "192.168.1.0/24".parse().unwrap()];
        assert_eq!(inventory.free_client_cidr().unwrap().to_string(), "192.168.4.0/22");
        inventory.vpcs[1].cidrs = vec!["0.0.0.0/0".parse().unwrap()];
        assert_eq!(inventory.free_client_cidr(), None);
    }

    /// Two VPCs; the second has two subnets that are fit in one zone, one in another, and two that are not fit.
    pub(crate) fn sample() -> Inventory {
        let vpc = |n: u8, cidr: &str| Vpc {
            id: format!("vpc-0000000{n}").parse().unwrap(),
            name: String::new(),
            cidrs: vec![cidr.parse().unwrap()],
            owner: "123456789012".to_owned(),
        };
        let subnet = |n: u8, zone: &str, prefix: u8, free_addresses: i32| Subnet {
            id: format!("subnet-0000000{n}").parse().unwrap(),
            name: format!("private {n}"),
            vpc: "vpc-00000002".parse().unwrap(),
            cidr: format!("10.88.{n}.0/{prefix}").parse().unwrap(),
            zone: zone.to_owned(),
            free_addresses,
            owner: "123456789012".to_owned(),
        };
        let shared = Subnet { owner: "210987654321".to_owned(), ..subnet(5, "c", 24, 251) };
        Inventory {
            vpcs: vec![vpc(1, "10.1.0.0/16"), vpc(2, "10.88.0.0/16")],
            subnets: vec![
                subnet(1, "a", 24, 251),
                subnet(2, "a", 24, 250),
                subnet(3, "b", 27, 20),
                subnet(4, "c", 28, 11),
                shared,
            ],
            groups: vec![
                SecurityGroup {
                    id: "sg-00000001".parse().unwrap(),
                    name: "default".to_owned(),
                    vpc: "vpc-00000002".parse().unwrap(),
                },
                SecurityGroup {
                    id: "sg-00000002".parse().unwrap(),
                    name: "vpn".to_owned(),
                    vpc: "vpc-00000002".parse().unwrap(),
                },
            ],
        }
    }
}
