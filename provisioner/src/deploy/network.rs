//! What the configuration says about the VPC, held against the VPC: everything that AWS would refuse later, after
//! something has been created already.

use std::{collections::BTreeMap, fmt};

use ipnet::Ipv4Net;

use crate::config::{Config, SecurityGroupId, SubnetId, VpcId};

/// A VPC as AWS describes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VpcView {
    /// The VPC's IPv4 CIDRs; `None` where there is no such VPC.
    pub cidrs: Option<Vec<Ipv4Net>>,
    /// Those of the configured subnets that exist.
    pub subnets: Vec<SubnetView>,
    /// The VPC's security groups.
    pub groups: Vec<SecurityGroupId>,
    /// Its default security group.
    pub default_group: Option<SecurityGroupId>,
}

/// A subnet as AWS describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubnetView {
    /// Its id.
    pub id: SubnetId,
    /// The VPC that it is in.
    pub vpc: VpcId,
    /// Its addresses.
    pub cidr: Ipv4Net,
    /// Its availability zone.
    pub zone: String,
    /// How many of its addresses are free.
    pub free_addresses: i32,
}

/// Something about the network that AWS would refuse. `key` names the configuration's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetworkProblem {
    /// The configuration's key, such as `network.subnet_ids`.
    pub key: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for NetworkProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.key, self.problem)
    }
}

/// Everything that is wrong, nothing where all is well. The rules are those of
/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is-best-practices.html>.
pub fn check(config: &Config, view: &VpcView) -> Vec<NetworkProblem> {
    let network = &config.network;
    let mut problems = Vec::new();
    let mut note = |key, problem| problems.push(NetworkProblem { key, problem });
    let Some(cidrs) = &view.cidrs else {
        let region = &config.deployment.region;
        note("network.vpc_id", format!("there is no VPC `{}` in {region}", network.vpc_id));
        return problems;
    };
    if let Some(client_cidr) = network.client_cidr {
        for cidr in cidrs.iter().filter(|cidr| overlap(cidr, &client_cidr)) {
            note("network.client_cidr", format!("{client_cidr} overlaps {cidr} of `{}`", network.vpc_id));
        }
    }
    let mut zones = BTreeMap::new();
    for id in &network.subnet_ids {
        let Some(subnet) = view.subnets.iter().find(|subnet| subnet.id == *id) else {
            note("network.subnet_ids", format!("there is no subnet `{id}`"));
            continue;
        };
        if subnet.vpc != network.vpc_id {
            note("network.subnet_ids", format!("`{id}` is in `{}`, not in `{}`", subnet.vpc, network.vpc_id));
        }
        if let Some(other) = zones.insert(&subnet.zone, id) {
            let zone = &subnet.zone;
            note(
                "network.subnet_ids",
                format!("`{other}` and `{id}` are both in {zone}, AWS takes one subnet per zone"),
            );
        }
        if subnet.cidr.prefix_len() > SMALLEST_SUBNET || subnet.free_addresses < FREE_ADDRESSES {
            let (cidr, free) = (subnet.cidr, subnet.free_addresses);
            note(
                "network.subnet_ids",
                format!(
                    "`{id}` ({cidr}, {free} addresses free) is too small, AWS needs a /{SMALLEST_SUBNET} with {FREE_ADDRESSES} free addresses"
                ),
            );
        }
    }
    for id in network.security_group_ids.iter().filter(|id| !view.groups.contains(id)) {
        note("network.security_group_ids", format!("there is no security group `{id}` in `{}`", network.vpc_id));
    }
    if network.security_group_ids.is_empty() && view.default_group.is_none() {
        note("network.security_group_ids", format!("`{}` has no default group, so one must be named", network.vpc_id));
    }
    problems
}

fn overlap(a: &Ipv4Net, b: &Ipv4Net) -> bool {
    a.contains(b) || b.contains(a)
}

/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-target.html>
const SMALLEST_SUBNET: u8 = 27;
const FREE_ADDRESSES: i32 = 20;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn the_sandbox_fits_the_default_configuration() {
        assert_eq!(super::check(&config(""), &view()), []);
    }

    #[test]
    fn a_client_range_inside_or_around_the_vpc_is_refused() {
        check(
            &config("10.1.128.0/17"),
            &view(),
            expect!["`network.client_cidr`: 10.1.128.0/17 overlaps 10.1.0.0/16 of `vpc-0a1b2c3d4e5f60718`"],
        );
        check(
            &config("10.0.0.0/12"),
            &view(),
            expect!["`network.client_cidr`: 10.0.0.0/12 overlaps 10.1.0.0/16 of `vpc-0a1b2c3d4e5f60718`"],
        );
    }

    #[test]
    fn what_is_missing_or_in_the_wrong_place_is_named() {
        check(
            &config(""),
            &VpcView::default(),
            expect!["`network.vpc_id`: there is no VPC `vpc-0a1b2c3d4e5f60718` in eu-central-1"],
        );
        let mut elsewhere = view();
        elsewhere.subnets[0].vpc = "vpc-00000000000000000".parse().unwrap();
        elsewhere.subnets[1].zone = "eu-central-1a".to_owned();
        elsewhere.subnets[1].free_addresses = 19;
        elsewhere.default_group = None;
        check(
            &config(""),
            &elsewhere,
            expect![[r#"
                `network.subnet_ids`: `subnet-0a1b2c3d4e5f60001` is in `vpc-00000000000000000`, not in `vpc-0a1b2c3d4e5f60718`
                `network.subnet_ids`: `subnet-0a1b2c3d4e5f60001` and `subnet-0a1b2c3d4e5f60002` are both in eu-central-1a, AWS takes one subnet per zone
                `network.subnet_ids`: `subnet-0a1b2c3d4e5f60002` (10.1.2.0/24, 19 addresses free) is too small, AWS needs a /27 with 20 free addresses
                `network.security_group_ids`: `vpc-0a1b2c3d4e5f60718` has no default group, so one must be named"#]],
        );
        let gone = VpcView { subnets: Vec::new(), ..view() };
        check(
            &config(""),
            &gone,
            expect![[r#"
                `network.subnet_ids`: there is no subnet `subnet-0a1b2c3d4e5f60001`
                `network.subnet_ids`: there is no subnet `subnet-0a1b2c3d4e5f60002`"#]],
        );
    }

    fn check(config: &Config, view: &VpcView, expected: Expect) {
        let problems: Vec<String> = super::check(config, view).iter().map(ToString::to_string).collect();
        expected.assert_eq(&problems.join("\n"));
    }

    fn config(client_cidr: &str) -> Config {
        let text = include_str!("../../../latchkey.toml");
        let text = if client_cidr.is_empty() { text.to_owned() } else { text.replace("10.88.0.0/16", client_cidr) };
        Config::parse(Path::new("latchkey.toml"), &text).unwrap()
    }

    fn view() -> VpcView {
        let subnet = |n: u8, zone: &str| SubnetView {
            id: format!("subnet-0a1b2c3d4e5f6000{n}").parse().unwrap(),
            vpc: "vpc-0a1b2c3d4e5f60718".parse().unwrap(),
            cidr: format!("10.1.{n}.0/24").parse().unwrap(),
            zone: zone.to_owned(),
            free_addresses: 250,
        };
        let group: SecurityGroupId = "sg-0a1b2c3d4e5f60718".parse().unwrap();
        VpcView {
            cidrs: Some(vec!["10.1.0.0/16".parse().unwrap()]),
            subnets: vec![subnet(1, "eu-central-1a"), subnet(2, "eu-central-1b")],
            groups: vec![group.clone()],
            default_group: Some(group),
        }
    }
}
