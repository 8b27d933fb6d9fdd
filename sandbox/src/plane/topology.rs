//! Who is connected to whom: laptops, internet, one namespace per subnet, and the router of the private networks.
//!
//! ```text
//! laptop eth0 198.51.100.2 ── access 198.51.100.1 │ internet │ edge 203.0.113.1 ── eth0 203.0.113.10… endpoint
//!                                    198.18.0.80 (host, DNS) │                                   eni1 │ eni2
//!                                                       ┌── lan 10.1.1.10 (subnet) ───────────────────┘    │
//!                                   10.1.1.1… router ───┼── lan 10.1.2.10 (subnet) ────────────────────────┘
//!                                                       └── lan 10.2.1.10 (subnet of the other VPC, where there is a peering)
//! ```
//!
//! The router knows the subnets and nothing else, as in a VPC without an internet gateway.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::firewall;
use super::hosts;
use super::laptops::{Laptop, Laptops};
use super::names::{self, Names};
use super::namespace::Namespace;
use crate::cloud::SubnetId;
use crate::world::{EDGE_GATEWAY, INTERNET_HOST, LAPTOP_GATEWAY, PUBLIC_PREFIX, Subnet, World};

/// Addresses at the end of a subnet that no ENI takes: AWS keeps the last one, and round numbers read well.
const ABOVE_ENIS: u32 = 5;
/// The first public address of an endpoint is this many after the network's.
const BELOW_ENDPOINTS: u8 = 10;

/// The part of the network that is always there.
#[derive(Debug)]
pub(crate) struct Topology {
    laptops: Laptops,
    internet: Namespace,
    /// Kept for what is in it.
    _router: Namespace,
    subnets: BTreeMap<SubnetId, PrivateSubnet>,
    /// What the laptop's name server knows and was asked.
    pub(crate) names: Names,
}

/// A subnet with its host.
#[derive(Debug)]
pub(crate) struct PrivateSubnet {
    pub(crate) namespace: Namespace,
    pub(crate) subnet: Subnet,
}

impl Topology {
    /// Makes all namespaces, joins them, and starts the hosts.
    pub(super) async fn build(world: &World) -> io::Result<Self> {
        let (internet, router) = (Namespace::new().await?, Namespace::new().await?);
        wire_router(&router).await?;
        let mut subnets = BTreeMap::new();
        for (number, subnet) in world.hosted_subnets().enumerate() {
            let private = PrivateSubnet { namespace: Namespace::new().await?, subnet: subnet.clone() };
            private.wire(&router, &format!("subnet{number}")).await?;
            subnets.insert(SubnetId::from(subnet.id.as_str()), private);
        }
        wire_internet(&internet).await?;
        let laptops = Laptops::default();
        laptops.put_back(laptops.take(&internet).await?);

        let names = Names::default();
        names::serve(internet.udp_socket((INTERNET_HOST, 53).into()).await?, names.clone());
        hosts::serve(internet.tcp_listener((INTERNET_HOST, 80).into()).await?, "the internet host");
        for PrivateSubnet { namespace, subnet } in subnets.values() {
            let name = format!("the private host of {}", subnet.id);
            hosts::serve(namespace.tcp_listener(SocketAddr::from((subnet.private_host, 80))).await?, &name);
        }
        Ok(Self { laptops, internet, _router: router, subnets, names })
    }

    /// A laptop that nobody else uses, until it is put back.
    pub(crate) async fn take_laptop(&self) -> io::Result<Laptop> {
        self.laptops.take(&self.internet).await
    }

    /// Lets others use it.
    pub(crate) fn put_back(&self, laptop: Laptop) {
        self.laptops.put_back(laptop);
    }

    /// All subnets.
    pub(crate) fn subnets(&self) -> impl Iterator<Item = &PrivateSubnet> {
        self.subnets.values()
    }

    /// Gives an endpoint's namespace its public address, and the way to the internet.
    pub(super) async fn attach_to_internet(&self, endpoint: &Namespace, link: &str, place: u8) -> io::Result<Ipv4Addr> {
        let [a, b, c, _] = EDGE_GATEWAY.octets();
        let address = Ipv4Addr::new(a, b, c, BELOW_ENDPOINTS + place);
        let internet = self.internet.pid();
        // Before there is an interface: it takes on what is set then.
        endpoint.become_router().await?;
        endpoint
            .ip(&format!(
                "link set lo up\n\
                 link add eth0 type veth peer name {link} netns {internet}\n\
                 address add {address}/{PUBLIC_PREFIX} dev eth0\n\
                 link set eth0 up\n\
                 route add default via {EDGE_GATEWAY}\n"
            ))
            .await?;
        self.internet.ip(&format!("link set {link} master edge up\n")).await?;
        Ok(address)
    }

    /// Gives an endpoint's namespace an address in a subnet: the network interface that AWS makes for an association.
    pub(super) async fn attach_to_subnet(
        &self,
        endpoint: &Namespace,
        subnet: &SubnetId,
        interface: &str,
        link: &str,
        place: u8,
    ) -> io::Result<()> {
        let PrivateSubnet { namespace, subnet } =
            self.subnets.get(subnet).ok_or_else(|| io::Error::other(format!("there is no subnet `{subnet}`")))?;
        let address = eni_address(subnet, place);
        let (prefix, pid) = (subnet.cidr.prefix_len(), namespace.pid());
        endpoint
            .ip(&format!(
                "link add {interface} type veth peer name {link} netns {pid}\n\
                 address add {address}/{prefix} dev {interface}\n\
                 link set {interface} up\n"
            ))
            .await?;
        namespace.ip(&format!("link set {link} master lan up\n")).await
    }
}

impl PrivateSubnet {
    /// Its bridge, its host and its way to the router of the VPC.
    async fn wire(&self, router: &Namespace, link: &str) -> io::Result<()> {
        let (host, prefix, gateway) = (self.subnet.private_host, self.subnet.cidr.prefix_len(), self.subnet.router());
        let pid = self.namespace.pid();
        router
            .ip(&format!(
                "link add {link} type veth peer name router netns {pid}\n\
                 address add {gateway}/{prefix} dev {link}\n\
                 link set {link} up\n"
            ))
            .await?;
        self.namespace
            .ip(&format!(
                "link set lo up\n\
                 {}\
                 link set router master lan up\n\
                 route add default via {gateway}\n",
                bridge("lan", host, prefix)
            ))
            .await
    }
}

async fn wire_router(router: &Namespace) -> io::Result<()> {
    router.become_router().await?;
    router.ip(NOWHERE).await?;
    router.run("nft", &["-f", "-"], firewall::NOWHERE).await.map(drop)
}

async fn wire_internet(internet: &Namespace) -> io::Result<()> {
    let mut batch = format!("{NOWHERE}address add {INTERNET_HOST}/32 dev lo\n");
    batch += &bridge("access", LAPTOP_GATEWAY, PUBLIC_PREFIX);
    batch += &bridge("edge", EDGE_GATEWAY, PUBLIC_PREFIX);
    internet.ip(&batch).await?;
    internet.run("nft", &["-f", "-"], firewall::NOWHERE).await?;
    internet.become_router().await
}

/// Of a router: where packets go that have no other way. See [`firewall::NOWHERE`].
const NOWHERE: &str = "\
link set lo up
link add nowhere type bridge
link set nowhere up
route add default dev nowhere
";

/// Makes a bridge that has an address of its own: as input for `ip`.
///
/// Its hardware address is given, made from the other one. Left alone, a bridge takes the lowest one of its ports, and a
/// new one with every port that has a lower one: whoever had asked for it before would send to nobody for half a minute.
fn bridge(name: &str, address: Ipv4Addr, prefix: u8) -> String {
    let [a, b, c, d] = address.octets();
    format!(
        "link add {name} address 02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x} type bridge\n\
         address add {address}/{prefix} dev {name}\n\
         link set {name} up\n"
    )
}

/// The first endpoint gets `.250` of a /24, the next one `.249`.
fn eni_address(subnet: &Subnet, place: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet.cidr.broadcast()) - ABOVE_ENIS - u32::from(place))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_bridge_keeps_its_hardware_address_whatever_joins_it() {
        expect![[r"
            link add access address 02:00:c6:33:64:01 type bridge
            address add 198.51.100.1/24 dev access
            link set access up
        "]]
        .assert_eq(&bridge("access", LAPTOP_GATEWAY, PUBLIC_PREFIX));
    }

    #[test]
    fn endpoints_get_different_addresses_in_a_subnet() {
        let world = World::standard();
        assert_eq!(eni_address(&world.subnets[0], 0), Ipv4Addr::new(10, 1, 1, 250));
        assert_eq!(eni_address(&world.subnets[1], 1), Ipv4Addr::new(10, 1, 2, 249));
    }
}
