//! What the tests of the checks share.

use super::{Survey, Wanted, finding::Finding, region::Endpoints};
use crate::deploy::{cloud::CallError, network::VpcView};

/// One finding a line.
pub(super) fn show(findings: &[Finding]) -> String {
    let line = |it: &Finding| format!("{} {}: {}", it.state.as_str(), it.subject.as_str(), it.text);
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub(super) fn refused(code: &str) -> CallError {
    CallError::Refused { operation: "DescribeThings", code: code.to_owned(), message: "no".to_owned() }
}

pub(super) fn wanted() -> Wanted {
    Wanted {
        vpc: "vpc-0a1b2c3d4e5f60718".parse().unwrap(),
        subnets: [1, 2].iter().map(|n| format!("subnet-0a1b2c3d4e5f6000{n}").parse().unwrap()).collect(),
        client_cidr: Some("10.88.0.0/16".parse().unwrap()),
        rules: Vec::new(),
        routes: Vec::new(),
        split_tunnel: true,
    }
}

pub(super) fn view() -> VpcView {
    VpcView { cidrs: Some(vec!["10.1.0.0/16".parse().unwrap()]), ..VpcView::default() }
}

pub(super) fn survey() -> Survey {
    Survey {
        endpoints: Ok(Endpoints { count: 1, has_ours: false }),
        certificates: Ok(7),
        peerings: Ok(Vec::new()),
        gateways: Ok(Vec::new()),
        tables: Ok(Vec::new()),
    }
}
