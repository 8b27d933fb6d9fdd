//! Whether the VPC has a way to the internet. That is said, never enforced: both are legitimate, but whoever believes
//! in a private VPC should know it otherwise, and whoever sends all of a client's traffic there needs a way out.

use super::{
    Wanted,
    finding::{Finding, Subject},
};
use crate::{config::SubnetId, deploy::cloud::CallError};

/// A route table of the VPC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// Whether it is that of all subnets that have none of their own.
    pub main: bool,
    /// Subnets that it was given to.
    pub subnets: Vec<String>,
    /// Targets of its default routes, `0.0.0.0/0` and `::/0`, as far as they work.
    pub defaults: Vec<String>,
}

/// One finding on the VPC, one for clients that would be cut off.
pub fn check(
    wanted: &Wanted,
    gateways: &Result<Vec<String>, CallError>,
    tables: &Result<Vec<RouteTable>, CallError>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut ways = Vec::new();
    match gateways {
        Ok(gateways) => ways.extend(gateways.iter().map(|id| format!("`{id}` is attached"))),
        Err(error) => findings.push(Finding::unchecked(Subject::Internet, "internet gateways", error)),
    }
    match tables {
        Ok(tables) => {
            let exits: Vec<_> = wanted.subnets.iter().flat_map(|subnet| exits(subnet, tables)).collect();
            if !wanted.split_tunnel && exits.is_empty() {
                findings.push(Finding::warning(
                    Subject::Internet,
                    "everything of a client goes through the tunnel, and no subnet has a route to the internet",
                    "set `network.split_tunnel = true`, unless clients are to be cut off from the internet",
                ));
            }
            ways.extend(exits);
        }
        Err(error) => findings.push(Finding::unchecked(Subject::Internet, "route tables", error)),
    }
    if !ways.is_empty() {
        findings.push(Finding::warning(
            Subject::Internet,
            format!("the VPC has a way to the internet: {}", ways.join(", ")),
            "nothing, where that is intended; else take the route or the gateway away",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            Subject::Internet,
            "the VPC has no way to the internet: no internet gateway, no default route",
        ));
    }
    findings
}

/// The default routes of a subnet: of its own table, or of the main one where it has none.
fn exits(subnet: &SubnetId, tables: &[RouteTable]) -> Vec<String> {
    let own = tables.iter().find(|table| table.subnets.iter().any(|id| id == subnet.as_str()));
    let table = own.or_else(|| tables.iter().find(|table| table.main));
    let defaults = table.into_iter().flat_map(|table| table.defaults.iter().map(move |target| (target, &table.id)));
    defaults.map(|(target, table)| format!("`{subnet}` goes by `{target}` (`{table}`)")).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::deploy::check::testing::{refused, show, wanted};

    #[test]
    fn a_private_vpc_is_well() {
        check(
            &wanted(),
            &Ok(Vec::new()),
            &Ok(vec![main(&[])]),
            expect!["ok internet: the VPC has no way to the internet: no internet gateway, no default route"],
        );
    }

    #[test]
    fn a_subnet_without_a_table_of_its_own_has_the_main_one() {
        let own = RouteTable {
            id: "rtb-2".to_owned(),
            main: false,
            subnets: vec![wanted().subnets[0].to_string()],
            defaults: Vec::new(),
        };
        check(
            &wanted(),
            &Ok(Vec::new()),
            &Ok(vec![main(&["nat-1"]), own]),
            expect![
                "warning internet: the VPC has a way to the internet: `subnet-0a1b2c3d4e5f60002` goes by `nat-1` (`rtb-1`)"
            ],
        );
        check(
            &wanted(),
            &Ok(vec!["igw-1".to_owned()]),
            &Ok(vec![main(&[])]),
            expect!["warning internet: the VPC has a way to the internet: `igw-1` is attached"],
        );
    }

    #[test]
    fn a_full_tunnel_needs_a_way_out() {
        let full = Wanted { split_tunnel: false, ..wanted() };
        check(
            &full,
            &Ok(Vec::new()),
            &Ok(vec![main(&[])]),
            expect![
                "warning internet: everything of a client goes through the tunnel, and no subnet has a route to the internet"
            ],
        );
    }

    #[test]
    fn what_may_not_be_asked_is_a_warning() {
        check(
            &wanted(),
            &Err(refused("InvalidAction")),
            &Err(refused("UnauthorizedOperation")),
            expect![[r#"
            warning internet: internet gateways could not be checked: AWS refused `DescribeThings` with `InvalidAction`: no
            warning internet: route tables could not be checked: AWS refused `DescribeThings` with `UnauthorizedOperation`: no"#]],
        );
    }

    fn check(
        wanted: &Wanted,
        gateways: &Result<Vec<String>, CallError>,
        tables: &Result<Vec<RouteTable>, CallError>,
        expected: Expect,
    ) {
        expected.assert_eq(&show(&super::check(wanted, gateways, tables)));
    }

    fn main(defaults: &[&str]) -> RouteTable {
        let defaults = defaults.iter().map(|&target| target.to_owned()).collect();
        RouteTable { id: "rtb-1".to_owned(), main: true, subnets: Vec::new(), defaults }
    }
}
