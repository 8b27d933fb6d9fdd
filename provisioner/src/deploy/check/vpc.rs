//! The rules of [`crate::deploy::network`], each as a finding.

use super::finding::{Finding, Subject};
use crate::{
    config::Config,
    deploy::network::{self, VpcView},
};

/// One finding for every problem, and one for every subject that has none.
pub fn check(config: &Config, view: &VpcView) -> Vec<Finding> {
    let problems = network::check(config, view);
    let mut findings: Vec<Finding> = problems
        .iter()
        .map(|it| Finding::failure(subject(it.key), it.to_string(), format!("correct `{}`", it.key)))
        .collect();
    let Some(cidrs) = &view.cidrs else {
        // Nothing else can be known.
        return findings;
    };
    let network = &config.network;
    let cidrs = cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let zones: Vec<&str> = view.subnets.iter().map(|subnet| subnet.zone.as_str()).collect();
    let groups = match network.security_group_ids.len() {
        0 => "the VPC's default group".to_owned(),
        number => format!("{number} in the VPC"),
    };
    for (subject, text) in [
        (Subject::Vpc, format!("`{}` has {cidrs}", network.vpc_id)),
        (Subject::Subnets, format!("{} in {}, with room", network.subnet_ids.len(), zones.join(", "))),
        (Subject::SecurityGroups, groups),
    ] {
        if findings.iter().all(|it| it.subject != subject) {
            findings.push(Finding::ok(subject, text));
        }
    }
    findings
}

fn subject(key: &str) -> Subject {
    match key {
        "network.subnet_ids" => Subject::Subnets,
        "network.security_group_ids" => Subject::SecurityGroups,
        "network.client_cidr" => Subject::Addresses,
        _ => Subject::Vpc,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::deploy::check::testing::{show, view};

    #[test]
    fn every_subject_is_spoken_of_once_a_vpc_is_there() {
        check(
            &view(),
            expect![[r#"
            failure subnets: `network.subnet_ids`: there is no subnet `subnet-0a1b2c3d4e5f60001`
            failure subnets: `network.subnet_ids`: there is no subnet `subnet-0a1b2c3d4e5f60002`
            failure security groups: `network.security_group_ids`: `vpc-0a1b2c3d4e5f60718` has no default group, so one must be named
            ok vpc: `vpc-0a1b2c3d4e5f60718` has 10.1.0.0/16"#]],
        );
        check(
            &VpcView::default(),
            expect!["failure vpc: `network.vpc_id`: there is no VPC `vpc-0a1b2c3d4e5f60718` in eu-central-1"],
        );
    }

    fn check(view: &VpcView, expected: Expect) {
        let config = Config::parse(Path::new("latchkey.toml"), include_str!("../../../../latchkey.toml")).unwrap();
        expected.assert_eq(&show(&super::check(&config, view)));
    }
}
