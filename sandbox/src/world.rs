//! The world that stands around the endpoints: account, region, VPC, subnets, and the addresses of the hosts.
//!
//! It is fixed, so that the default configuration of a deployment works unchanged on every machine.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

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
    /// Its subnets.
    pub subnets: Vec<Subnet>,
}

/// A private network without an internet gateway.
#[derive(Debug, Clone)]
pub struct Vpc {
    /// `vpc-` and 17 hexadecimal digits.
    pub id: String,
    /// The VPC's one CIDR block.
    pub cidr: Ipv4Net,
    /// The group that AWS makes with every VPC.
    pub default_security_group: String,
}

/// A subnet with one host in it.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// `subnet-` and 17 hexadecimal digits.
    pub id: String,
    /// Part of the VPC's block.
    pub cidr: Ipv4Net,
    /// Name of the availability zone, such as `eu-central-1a`.
    pub zone: String,
    /// Id of the availability zone, such as `euc1-az2`.
    pub zone_id: String,
    /// The host that a user of the VPN wants to reach.
    pub private_host: Ipv4Addr,
}

impl World {
    /// The one world there is.
    #[must_use]
    pub fn standard() -> Self {
        let subnet = |digit: u8, zone: char, zone_id: &str| Subnet {
            id: format!("subnet-0a1b2c3d4e5f6000{digit}"),
            cidr: Ipv4Net::new_assert(Ipv4Addr::new(10, 1, digit, 0), 24),
            zone: format!("eu-central-1{zone}"),
            zone_id: zone_id.to_owned(),
            private_host: Ipv4Addr::new(10, 1, digit, 10),
        };
        Self {
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            vpc: Vpc {
                id: "vpc-0a1b2c3d4e5f60718".to_owned(),
                cidr: Ipv4Net::new_assert(Ipv4Addr::new(10, 1, 0, 0), 16),
                default_security_group: "sg-0a1b2c3d4e5f60718".to_owned(),
            },
            subnets: vec![subnet(1, 'a', "euc1-az2"), subnet(2, 'b', "euc1-az3")],
        }
    }

    /// The subnet of that id.
    #[must_use]
    pub fn subnet(&self, id: &str) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.id == id)
    }
}
