//! Which call is it? By operation and by what it is about, since calls that run at the same time come in any order.

use std::{borrow::Cow, fmt};

use hyper::HeaderMap;
use serde_json::Value;

/// A call among all that a command makes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Point {
    /// As the service names it.
    pub operation: String,
    /// What the call is about, where several of that operation run at the same time; empty where nothing tells.
    pub subject: String,
    /// The how manieth of that operation and subject, from 1.
    pub occurrence: u32,
}

/// The service that a call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Service {
    Acm,
    Ec2,
    Sts,
}

/// Service, operation and subject.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> (Service, String, String) {
    if let Some(target) = headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        let operation = target.rsplit('.').next().unwrap_or_default();
        return (Service::Acm, operation.to_owned(), role(body).unwrap_or_default());
    }
    let parameter = |wanted: &str| {
        form_urlencoded::parse(body).find(|(name, _)| name == wanted).map(|(_, value)| Cow::into_owned(value))
    };
    let service = if parameter("Version").as_deref() == Some(STS_VERSION) { Service::Sts } else { Service::Ec2 };
    let subject = SUBJECTS.iter().find_map(|name| parameter(name)).unwrap_or_default();
    (service, parameter("Action").unwrap_or_default(), subject)
}

/// The role tag that a certificate is imported with.
fn role(body: &[u8]) -> Option<String> {
    let members: Value = serde_json::from_slice(body).ok()?;
    let tags = members.get("Tags")?.as_array()?;
    tags.iter().find(|tag| tag["Key"] == "latchkey:role")?["Value"].as_str().map(str::to_owned)
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, subject, occurrence } = self;
        let space = if subject.is_empty() { "" } else { " " };
        write!(f, "{operation}{space}{subject} #{occurrence}")
    }
}

/// Parameters of EC2 that say what a call is about.
const SUBJECTS: &[&str] = &["SubnetId", "TargetVpcSubnetId", "TargetNetworkCidr", "DestinationCidrBlock"];

const STS_VERSION: &str = "2011-06-15";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_apart_by_what_they_are_about() {
        let ec2 = b"Action=AssociateClientVpnTargetNetwork&Version=2016-11-15&SubnetId=subnet-1";
        let associate = "AssociateClientVpnTargetNetwork".to_owned();
        assert_eq!(read(&HeaderMap::new(), ec2), (Service::Ec2, associate, "subnet-1".to_owned()));

        let target = [("x-amz-target".parse().unwrap(), "CertificateManager.ImportCertificate".parse().unwrap())];
        let acm = br#"{"Tags": [{"Key": "latchkey:role", "Value": "anchor"}]}"#;
        let import = "ImportCertificate".to_owned();
        assert_eq!(read(&target.into_iter().collect(), acm), (Service::Acm, import, "anchor".to_owned()));

        let sts = b"Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!(read(&HeaderMap::new(), sts), (Service::Sts, "GetCallerIdentity".to_owned(), String::new()));
    }
}
