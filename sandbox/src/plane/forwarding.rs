//! Which way an endpoint forwards what its clients send: its route table, and nothing beside it.
//!
//! The kernel has a table for what comes out of the tunnel. What has no way in it goes nowhere, whatever is authorized;
//! the firewall answers it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use crate::cloud::{Route, RouteStatus, RouteTarget, SubnetId};
use crate::world::World;

/// What an endpoint's namespace begins with, as input for `ip`. A way that everything may go comes before the last one.
pub(super) const NONE: &str = "\
link add nowhere type bridge
link set nowhere up
route add default dev nowhere metric 4096 table 100
rule add priority 1001 iif tun0 lookup 100
";

/// How packets of clients are forwarded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Forwarding {
    ways: BTreeMap<Ipv4Net, Way>,
    /// The client CIDR, where clients may reach each other.
    among_clients: Option<Ipv4Net>,
}

/// Through which subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    subnet: SubnetId,
    /// The VPC's router, unless the destination is in the subnet itself.
    router: Option<Ipv4Addr>,
}

impl Forwarding {
    /// What a route table means.
    ///
    /// The longest prefix decides. Which subnet is taken when several routes have the same destination is UNCONFIRMED:
    /// here the destination's own, or else the first.
    pub(super) fn new(table: &[Route], world: &World) -> Self {
        let mut targets = BTreeMap::<Ipv4Net, BTreeSet<&SubnetId>>::new();
        let mut among_clients = None;
        for route in table.iter().filter(|route| route.status == RouteStatus::Active) {
            let Some(destination) = v4(route.destination) else { continue };
            match &route.target {
                RouteTarget::Local => among_clients = Some(destination),
                RouteTarget::Subnet(subnet) => drop(targets.entry(destination).or_default().insert(subnet)),
            }
        }
        let mut ways = BTreeMap::new();
        for (destination, subnets) in &targets {
            let own = subnets.iter().find(|subnet| cidr(world, subnet).is_some_and(|own| own.contains(destination)));
            if let Some(subnet) = own.or_else(|| subnets.first()) {
                ways.extend(way(world, subnet, *destination).map(|way| (*destination, way)));
            }
        }
        // A part of a destination that is a subnet's own.
        for subnet in targets.values().flatten() {
            let Some(own) = cidr(world, subnet) else { continue };
            let longest = targets.iter().rfind(|(destination, _)| destination.contains(&own));
            if longest.is_some_and(|(destination, subnets)| *destination != own && subnets.contains(subnet)) {
                ways.extend(way(world, subnet, own).map(|way| (own, way)));
            }
        }
        Self { ways, among_clients }
    }

    /// From another state to this one, as input for `ip`. An interface that is gone has taken its ways with it.
    pub(super) fn changes(&self, before: &Self, interfaces: &BTreeMap<SubnetId, String>) -> String {
        let mut batch = String::new();
        // Writing to a string cannot fail.
        for (destination, Way { subnet, router }) in &self.ways {
            let Some(interface) = interfaces.get(subnet) else { continue };
            let via = router.map(|router| format!("via {router} ")).unwrap_or_default();
            let _ = writeln!(batch, "route replace {destination} {via}dev {interface} table 100");
        }
        for destination in before.ways.keys().filter(|destination| !self.ways.contains_key(destination)) {
            // Of the two to everywhere, the last one stays.
            let _ = writeln!(batch, "route flush table 100 exact {destination} metric 0");
        }
        if before.among_clients != self.among_clients {
            for (verb, cidr) in [("del", before.among_clients), ("add", self.among_clients)] {
                let rule = cidr.map(|cidr| format!("rule {verb} priority 1000 iif tun0 to {cidr} lookup main\n"));
                batch.extend(rule);
            }
        }
        batch
    }
}

/// Of what the control plane knows, IPv4 alone is made to run.
pub(super) fn v4(network: IpNet) -> Option<Ipv4Net> {
    match network {
        IpNet::V4(network) => Some(network),
        IpNet::V6(_) => None,
    }
}

fn way(world: &World, subnet: &SubnetId, destination: Ipv4Net) -> Option<Way> {
    let known = world.subnet(subnet.as_str())?;
    let router = (!known.cidr.contains(&destination)).then(|| known.router());
    Some(Way { subnet: subnet.clone(), router })
}

fn cidr(world: &World, subnet: &SubnetId) -> Option<Ipv4Net> {
    world.subnet(subnet.as_str()).map(|subnet| subnet.cidr)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::cloud::RouteOrigin;

    const SUBNETS: [&str; 2] = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"];

    /// What a table of destinations and targets comes to; targets are numbers of subnets, or `l` for local.
    fn forwarding(table: &[(&str, char)]) -> Forwarding {
        let route = |(destination, target): &(&str, char)| Route {
            destination: destination.parse().unwrap(),
            target: match target {
                'l' => RouteTarget::Local,
                number => RouteTarget::Subnet(SubnetId::from(SUBNETS[*number as usize - '1' as usize])),
            },
            status: RouteStatus::Active,
            origin: RouteOrigin::AddRoute,
            description: None,
        };
        Forwarding::new(&table.iter().map(route).collect::<Vec<_>>(), &World::standard())
    }

    fn check(before: &[(&str, char)], after: &[(&str, char)], expected: &Expect) {
        let interfaces = SUBNETS.iter().zip(["eni1", "eni2"]);
        let interfaces = interfaces.map(|(subnet, name)| (SubnetId::from(*subnet), name.to_owned())).collect();
        expected.assert_eq(&forwarding(after).changes(&forwarding(before), &interfaces));
    }

    const ONE: (&str, char) = ("10.1.0.0/16", '1');
    const BOTH: [(&str, char); 2] = [ONE, ("10.1.0.0/16", '2')];

    #[test]
    fn a_vpc_is_reached_through_the_destination_s_own_subnet_or_the_only_one() {
        check(
            &[],
            &BOTH,
            &expect![[r"
            route replace 10.1.0.0/16 via 10.1.1.1 dev eni1 table 100
            route replace 10.1.1.0/24 dev eni1 table 100
            route replace 10.1.2.0/24 dev eni2 table 100
        "]],
        );
        check(
            &BOTH,
            &[ONE],
            &expect![[r"
            route replace 10.1.0.0/16 via 10.1.1.1 dev eni1 table 100
            route replace 10.1.1.0/24 dev eni1 table 100
            route flush table 100 exact 10.1.2.0/24 metric 0
        "]],
        );
    }

    #[test]
    fn the_longest_prefix_decides() {
        check(
            &BOTH,
            &[BOTH[0], BOTH[1], ("10.1.0.0/20", '1'), ("192.168.0.0/24", '2')],
            &expect![[r"
            route replace 10.1.0.0/16 via 10.1.1.1 dev eni1 table 100
            route replace 10.1.0.0/20 via 10.1.1.1 dev eni1 table 100
            route replace 10.1.1.0/24 dev eni1 table 100
            route replace 192.168.0.0/24 via 10.1.2.1 dev eni2 table 100
            route flush table 100 exact 10.1.2.0/24 metric 0
        "]],
        );
        check(
            &BOTH,
            &[BOTH[0], BOTH[1], ("10.1.2.0/24", '1')],
            &expect![[r"
            route replace 10.1.0.0/16 via 10.1.1.1 dev eni1 table 100
            route replace 10.1.1.0/24 dev eni1 table 100
            route replace 10.1.2.0/24 via 10.1.1.1 dev eni1 table 100
        "]],
        );
    }

    #[test]
    fn clients_reach_each_other_while_there_is_a_local_route() {
        check(
            &[],
            &[("10.88.0.0/16", 'l')],
            &expect![[r"
            rule add priority 1000 iif tun0 to 10.88.0.0/16 lookup main
        "]],
        );
        check(
            &[("10.88.0.0/16", 'l')],
            &[],
            &expect![[r"
            rule del priority 1000 iif tun0 to 10.88.0.0/16 lookup main
        "]],
        );
    }
}
