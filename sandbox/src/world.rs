//! The world that stands around the endpoints: account, region, VPC, subnets, and the addresses of the hosts.
//!
//! It is fixed, so that the default configuration of a deployment works unchanged on every machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The laptop on which `sandbox connect` runs the client.
pub const LAPTOP: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);
/// The laptop's way out: the internet's side of its network.
pub const LAPTOP_GATEWAY: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// A host on the "internet": a web page, and the laptop's name server.
pub const INTERNET_HOST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 80);
/// The internet's side of the network in which endpoints have their public addresses.
pub const EDGE_GATEWAY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// Length of the prefixes of the laptop's and of the endpoints' public network.
pub const PUBLIC_PREFIX: u8 = 24;

/// Everything that exists before the first call.
#[derive(Debug, Clone)]
pub struct World {
    /// The region that the sandbox plays.
    pub region: String,
    /// The twelve digits of the account.
    pub account: String,
    /// The private network.
    pub vpc: Vpc,
    /// Its subnets that have a host.
    pub subnets: Vec<Subnet>,
    /// Another private network. Without a peering no endpoint of the first one can reach it.
    pub other_vpc: Vpc,
    /// What joins the two, if anything does.
    pub peering: Option<Peering>,
    /// Subnets without a host. Each shows one reason for which the service refuses a subnet.
    pub bare_subnets: Vec<BareSubnet>,
    /// The region's availability zones: name and id.
    pub zones: Vec<(String, String)>,
}

/// A private network without an internet gateway.
#[derive(Debug, Clone)]
pub struct Vpc {
    /// `vpc-` and 17 hexadecimal digits.
    pub id: String,
    /// The VPC's one CIDR block.
    pub cidr: Ipv4Net,
    /// Its block of IPv6, if it has one.
    pub ipv6: Option<Ipv6Net>,
    /// The group that AWS makes with every VPC.
    pub default_security_group: String,
    /// A group that somebody made.
    pub security_group: String,
    /// The route table that AWS makes with every VPC.
    pub main_route_table: String,
}

/// A peering of both private networks: each one's route table leads to the other.
#[derive(Debug, Clone)]
pub struct Peering {
    /// `pcx-` and 17 hexadecimal digits.
    pub id: String,
    /// The subnet on the other side, which has a host then.
    pub far: Subnet,
}

/// A subnet with one host in it.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// `subnet-` and 17 hexadecimal digits.
    pub id: String,
    /// Part of the VPC's block.
    pub cidr: Ipv4Net,
    /// Part of the VPC's block of IPv6. Nothing in it can be reached.
    pub ipv6: Option<Ipv6Net>,
    /// Name of the availability zone, such as `eu-central-1a`.
    pub zone: String,
    /// The host that a user of the VPN wants to reach.
    pub private_host: Ipv4Addr,
}

/// A subnet without a host.
#[derive(Debug, Clone)]
pub struct BareSubnet {
    /// `subnet-` and 17 hexadecimal digits.
    pub id: String,
    /// The VPC that it is part of.
    pub vpc: String,
    /// Account of the owner, who may have shared it.
    pub owner: String,
    /// Part of the VPC's block.
    pub cidr: Ipv4Net,
    /// Part of the VPC's block of IPv6.
    pub ipv6: Option<Ipv6Net>,
    /// Name of the availability zone.
    pub zone: String,
}

impl Subnet {
    /// The address of the VPC's router in it: AWS keeps the first one for that.
    #[must_use]
    pub fn router(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.cidr.network()) + 1)
    }
}

impl World {
    /// The one world there is.
    #[must_use]
    pub fn standard() -> Self {
        // All of it below one prefix that is for documentation.
        let ipv6 = |subnet: u16| Ipv6Addr::new(0x2001, 0xdb8, 1, subnet, 0, 0, 0, 0);
        let subnet = |digit: u8, zone: char| Subnet {
            id: format!("subnet-0a1b2c3d4e5f6000{digit}"),
            cidr: Ipv4Net::new_assert(Ipv4Addr::new(10, 1, digit, 0), 24),
            ipv6: Some(Ipv6Net::new_assert(ipv6(digit.into()), 64)),
            zone: format!("eu-central-1{zone}"),
            private_host: Ipv4Addr::new(10, 1, digit, 10),
        };
        let vpc = |digit: u8, number: &str| Vpc {
            id: format!("vpc-{number}8"),
            cidr: Ipv4Net::new_assert(Ipv4Addr::new(10, digit, 0, 0), 16),
            ipv6: (digit == 1).then(|| Ipv6Net::new_assert(ipv6(0), 56)),
            default_security_group: format!("sg-{number}8"),
            security_group: format!("sg-{number}9"),
            main_route_table: format!("rtb-{number}8"),
        };
        let (account, stranger) = ("123456789012", "210987654321");
        let (vpc, other_vpc) = (vpc(1, "0a1b2c3d4e5f6071"), vpc(2, "0a1b2c3d4e5f6072"));
        let bare = |digit: u8, vpc: &Vpc, owner: &str, cidr: [u8; 3], prefix: u8, zone: char| BareSubnet {
            id: format!("subnet-0a1b2c3d4e5f6000{digit}"),
            vpc: vpc.id.clone(),
            owner: owner.to_owned(),
            cidr: Ipv4Net::new_assert(Ipv4Addr::new(cidr[0], cidr[1], cidr[2], 0), prefix),
            ipv6: None,
            zone: format!("eu-central-1{zone}"),
        };
        let zone = |letter: char, id: &str| (format!("eu-central-1{letter}"), id.to_owned());
        Self {
            region: "eu-central-1".to_owned(),
            account: account.to_owned(),
            subnets: vec![subnet(1, 'a'), subnet(2, 'b')],
            bare_subnets: vec![
                // Of a zone that has one already, too small, of another VPC, shared by another account.
                bare(3, &vpc, account, [10, 1, 3], 24, 'a'),
                bare(4, &vpc, account, [10, 1, 4], 28, 'c'),
                bare(5, &other_vpc, account, [10, 2, 1], 24, 'c'),
                bare(6, &vpc, stranger, [10, 1, 6], 24, 'c'),
            ],
            vpc,
            other_vpc,
            peering: None,
            zones: vec![zone('a', "euc1-az2"), zone('b', "euc1-az3"), zone('c', "euc1-az1")],
        }
    }

    /// The same with both private networks joined.
    #[must_use]
    pub fn peered(mut self) -> Self {
        let far = self.bare_subnets.iter().find(|subnet| subnet.vpc == self.other_vpc.id);
        self.peering = far.map(|subnet| Peering {
            id: "pcx-0a1b2c3d4e5f60718".to_owned(),
            far: Subnet {
                id: subnet.id.clone(),
                cidr: subnet.cidr,
                ipv6: subnet.ipv6,
                zone: subnet.zone.clone(),
                private_host: Ipv4Addr::from(u32::from(subnet.cidr.network()) + 10),
            },
        });
        self
    }

    /// Every subnet with a host.
    pub fn hosted_subnets(&self) -> impl Iterator<Item = &Subnet> {
        self.subnets.iter().chain(self.peering.as_ref().map(|peering| &peering.far))
    }

    /// The subnet of that id that has a host.
    #[must_use]
    pub fn subnet(&self, id: &str) -> Option<&Subnet> {
        self.hosted_subnets().find(|subnet| subnet.id == id)
    }

    /// The id of an availability zone.
    #[must_use]
    pub fn zone_id(&self, name: &str) -> &str {
        self.zones.iter().find(|(known, _)| known == name).map_or("", |(_, id)| id)
    }

    /// Every subnet that the account can see.
    pub fn all_subnets(&self) -> impl Iterator<Item = BareSubnet> {
        let dressed = self.subnets.iter().map(|subnet| BareSubnet {
            id: subnet.id.clone(),
            vpc: self.vpc.id.clone(),
            owner: self.account.clone(),
            cidr: subnet.cidr,
            ipv6: subnet.ipv6,
            zone: subnet.zone.clone(),
        });
        dressed.chain(self.bare_subnets.iter().cloned())
    }

    /// Both private networks.
    pub fn vpcs(&self) -> impl Iterator<Item = &Vpc> + Clone {
        [&self.vpc, &self.other_vpc].into_iter()
    }
}
