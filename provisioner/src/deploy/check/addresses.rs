//! Ranges of addresses that must not meet: the clients', those of the endpoint's routes, and those of peered VPCs. That
//! of the VPC itself is in [`crate::deploy::network`].

use ipnet::{IpNet, Ipv4Net};

use super::{
    Wanted,
    finding::{Finding, Subject},
};
use crate::{config::VpcId, deploy::cloud::CallError};

/// A peering connection that is active, between whichever VPCs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peering {
    /// Its id.
    pub id: String,
    /// Both sides.
    pub sides: [Side; 2],
}

/// One side of a peering connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Side {
    /// The VPC; of another account perhaps.
    pub vpc: String,
    /// Its IPv4 CIDRs.
    pub cidrs: Vec<Ipv4Net>,
}

impl Peering {
    /// The VPC at the other end, `None` where `vpc` is at neither.
    fn other_side(&self, vpc: &VpcId) -> Option<&Side> {
        let [a, b] = &self.sides;
        match (a.vpc == vpc.as_str(), b.vpc == vpc.as_str()) {
            (true, _) => Some(b),
            (false, true) => Some(a),
            (false, false) => None,
        }
    }
}

/// What meets, and one finding where nothing does.
pub fn check(wanted: &Wanted, peerings: &Result<Vec<Peering>, CallError>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(clients) = wanted.client_cidr {
        findings.extend(routes(clients, &wanted.routes));
        if let Ok(peerings) = peerings {
            findings.extend(peers(clients, wanted, peerings));
        }
    }
    findings.extend(contained(&wanted.rules));
    if let Err(error) = peerings {
        findings.push(Finding::unchecked(Subject::Addresses, "overlap with peered VPCs", error));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(Subject::Addresses, "the clients' addresses are in use nowhere near"));
    }
    findings
}

/// AWS refuses it: <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is-best-practices.html>. The default route
/// contains everything, and AWS's own guides have it.
fn routes(clients: Ipv4Net, routes: &[IpNet]) -> impl Iterator<Item = Finding> {
    let particular = routes.iter().filter(|route| route.prefix_len() > 0);
    particular.filter(move |route| meet(route, &clients.into())).map(move |route| {
        Finding::failure(
            Subject::Addresses,
            format!("the clients' addresses {clients} overlap the route to {route}"),
            "choose another `network.client_cidr`, or leave the route out of `network.routes`",
        )
    })
}

/// AWS takes it. Clients cannot reach that part of the peer: its addresses are their own.
fn peers(clients: Ipv4Net, wanted: &Wanted, peerings: &[Peering]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (peering, side) in peerings.iter().filter_map(|it| Some((it, it.other_side(&wanted.vpc)?))) {
        for cidr in side.cidrs.iter().filter(|cidr| meet(&clients.into(), &IpNet::V4(**cidr))) {
            let text = format!(
                "the clients' addresses {clients} overlap {cidr} of `{}`, a peer by `{}`",
                side.vpc, peering.id
            );
            let is_wanted = wanted.rules.iter().chain(&wanted.routes).any(|it| meet(it, &IpNet::V4(*cidr)));
            findings.push(if is_wanted {
                Finding::failure(
                    Subject::Addresses,
                    format!("{text}, which clients are to reach"),
                    "choose another `network.client_cidr`: it cannot be changed later",
                )
            } else {
                Finding::warning(
                    Subject::Addresses,
                    format!("{text}: clients will never reach that peer"),
                    "choose another `network.client_cidr`, where that matters: it cannot be changed later",
                )
            });
        }
    }
    findings
}

/// A rule that another one contains lets nobody through who was not let through before.
fn contained(rules: &[IpNet]) -> impl Iterator<Item = Finding> {
    rules.iter().filter_map(|inner| {
        let outer = rules.iter().find(|outer| *outer != inner && outer.contains(inner))?;
        Some(Finding::warning(
            Subject::Addresses,
            format!("the authorization rule for {inner} adds nothing to that for {outer}"),
            "leave one of them out of `network.authorize`",
        ))
    })
}

fn meet(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::check::testing::{refused, show, wanted};
    use expect_test::{Expect, expect};

    #[test]
    fn clients_apart_from_everything_are_well() {
        check(
            &wanted(),
            &Ok(vec![peering("10.2.0.0/16")]),
            expect!["ok addresses: the clients' addresses are in use nowhere near"],
        );
    }

    #[test]
    fn a_peer_that_clients_are_to_reach_must_not_have_their_addresses() {
        let peerings = Ok(vec![peering("10.88.128.0/20")]);
        check(
            &wanted(),
            &peerings,
            expect![
                "warning addresses: the clients' addresses 10.88.0.0/16 overlap 10.88.128.0/20 of `vpc-0000000f`, a peer by `pcx-1`: clients will never reach that peer"
            ],
        );
        let reaching = Wanted { rules: vec!["10.0.0.0/8".parse().unwrap()], ..wanted() };
        check(
            &reaching,
            &peerings,
            expect![
                "failure addresses: the clients' addresses 10.88.0.0/16 overlap 10.88.128.0/20 of `vpc-0000000f`, a peer by `pcx-1`, which clients are to reach"
            ],
        );
    }

    #[test]
    fn a_peering_of_other_vpcs_is_none_of_ours() {
        let mut foreign = peering("10.88.0.0/16");
        foreign.sides[0].vpc = "vpc-0000000e".to_owned();
        check(&wanted(), &Ok(vec![foreign]), expect!["ok addresses: the clients' addresses are in use nowhere near"]);
    }

    #[test]
    fn routes_and_rules_are_held_against_the_rest() {
        let crowded = Wanted {
            rules: vec![
                "10.1.0.0/16".parse().unwrap(),
                "10.1.2.0/24".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
            routes: vec!["10.88.4.0/24".parse().unwrap(), "0.0.0.0/0".parse().unwrap()],
            ..wanted()
        };
        check(
            &crowded,
            &Ok(Vec::new()),
            expect![[r#"
                failure addresses: the clients' addresses 10.88.0.0/16 overlap the route to 10.88.4.0/24
                warning addresses: the authorization rule for 10.1.2.0/24 adds nothing to that for 10.1.0.0/16"#]],
        );
    }

    #[test]
    fn what_may_not_be_asked_is_a_warning() {
        check(
            &wanted(),
            &Err(refused("UnauthorizedOperation")),
            expect![
                "warning addresses: overlap with peered VPCs could not be checked: AWS refused `DescribeThings` with `UnauthorizedOperation`: no"
            ],
        );
    }

    fn check(wanted: &Wanted, peerings: &Result<Vec<Peering>, CallError>, expected: Expect) {
        expected.assert_eq(&show(&super::check(wanted, peerings)));
    }

    fn peering(cidr: &str) -> Peering {
        let side = |vpc: &str, cidr: &str| Side { vpc: vpc.to_owned(), cidrs: vec![cidr.parse().unwrap()] };
        Peering {
            id: "pcx-1".to_owned(),
            sides: [side(wanted().vpc.as_str(), "10.1.0.0/16"), side("vpc-0000000f", cidr)],
        }
    }
}
