//! What a statement of the policy covers: resources, and the conditions under which.

use std::collections::BTreeMap;

use super::Deployment;
use crate::config::Bucket;

/// A statement of the policy. Each resource that an action touches is judged on its own, so an action may be in several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grant {
    /// Reading calls, which AWS does not narrow to a resource; those on an endpoint's parts are documented to be, which
    /// would gain little and is UNCONFIRMED.
    Look,
    /// Reading any certificate: whose it is shows in its tags only.
    Certificates,
    /// Certificates that come with the deployment's tag.
    NewCertificates,
    /// Certificates that have the deployment's tag.
    OwnCertificates,
    /// An endpoint that comes with the deployment's tag.
    NewEndpoint,
    /// The tags of a new endpoint, and of nothing else.
    TagsOfNewEndpoint,
    /// The VPC that an endpoint is made for.
    Vpc,
    /// The security groups that an endpoint is given.
    SecurityGroups,
    /// The deployment's endpoint.
    Endpoint,
    /// The subnets that are associated.
    Subnets,
    /// The role that the service makes for itself, once in an account
    /// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/using-service-linked-roles.html>).
    ServiceLinkedRole,
    /// The log of connections.
    Logs,
    /// The part of the bucket that has the ledger.
    LedgerBucket,
    /// The objects in it.
    LedgerObjects,
    /// The part of the bucket that the page is published to.
    PageBucket,
    /// The objects in it.
    PageObjects,
    /// The public half of the CA's key in KMS.
    CaPublicKey,
    /// Signatures by the CA's key in KMS.
    CaSignature,
}

/// Condition operator, to key, to value.
pub(super) type Conditions = BTreeMap<&'static str, BTreeMap<String, String>>;

impl Grant {
    /// All of them, in the order of the policy.
    pub const ALL: [Self; 18] = [
        Self::Look,
        Self::Certificates,
        Self::NewCertificates,
        Self::OwnCertificates,
        Self::NewEndpoint,
        Self::TagsOfNewEndpoint,
        Self::Vpc,
        Self::SecurityGroups,
        Self::Endpoint,
        Self::Subnets,
        Self::ServiceLinkedRole,
        Self::Logs,
        Self::LedgerBucket,
        Self::LedgerObjects,
        Self::PageBucket,
        Self::PageObjects,
        Self::CaPublicKey,
        Self::CaSignature,
    ];

    /// The statement's id.
    pub fn id(self) -> &'static str {
        match self {
            Self::Look => "Look",
            Self::Certificates => "LookAtCertificates",
            Self::NewCertificates => "ImportOwnCertificates",
            Self::OwnCertificates => "ChangeOwnCertificates",
            Self::NewEndpoint => "MakeOwnEndpoint",
            Self::TagsOfNewEndpoint => "TagOwnEndpoint",
            Self::Vpc => "MakeEndpointInVpc",
            Self::SecurityGroups => "MakeEndpointInGroups",
            Self::Endpoint => "UseOwnEndpoint",
            Self::Subnets => "AssociateSubnets",
            Self::ServiceLinkedRole => "LetServiceMakeItsRole",
            Self::Logs => "LogConnections",
            Self::LedgerBucket => "ListLedger",
            Self::LedgerObjects => "UseLedger",
            Self::PageBucket => "ListPage",
            Self::PageObjects => "PublishPage",
            Self::CaPublicKey => "LookAtCaKey",
            Self::CaSignature => "SignWithCaKey",
        }
    }

    pub(super) fn resources(self, deployment: &Deployment) -> Vec<String> {
        let region = deployment.region.as_str();
        let partition = if region.starts_with("us-gov-") { "aws-us-gov" } else { "aws" };
        // The account is that of whoever has the policy; subnets may be shared by another one.
        let arn = |service: &str, rest: &str| format!("arn:{partition}:{service}:{region}:*:{rest}");
        match self {
            Self::Look | Self::Logs => vec!["*".to_owned()],
            Self::Certificates | Self::NewCertificates | Self::OwnCertificates => {
                vec![arn("acm", "certificate/*")]
            }
            Self::NewEndpoint | Self::TagsOfNewEndpoint | Self::Endpoint => {
                vec![arn("ec2", "client-vpn-endpoint/*")]
            }
            Self::Vpc => vec![arn("ec2", &format!("vpc/{}", deployment.vpc))],
            Self::SecurityGroups if deployment.security_groups.is_empty() => vec![arn("ec2", "security-group/*")],
            Self::SecurityGroups => {
                deployment.security_groups.iter().map(|id| arn("ec2", &format!("security-group/{id}"))).collect()
            }
            Self::LedgerBucket => of_bucket(partition, deployment.ledger.as_ref(), |_| String::new()),
            Self::LedgerObjects => of_bucket(partition, deployment.ledger.as_ref(), objects),
            Self::PageBucket => of_bucket(partition, deployment.page.as_ref(), |_| String::new()),
            Self::PageObjects => of_bucket(partition, deployment.page.as_ref(), objects),
            Self::Subnets => deployment.subnets.iter().map(|id| arn("ec2", &format!("subnet/{id}"))).collect(),
            Self::CaPublicKey | Self::CaSignature => deployment.ca_key.iter().map(ToString::to_string).collect(),
            Self::ServiceLinkedRole => vec![format!(
                "arn:{partition}:iam::*:role/aws-service-role/clientvpn.amazonaws.com/AWSServiceRoleForClientVPN"
            )],
        }
    }

    pub(super) fn conditions(self, deployment: &Deployment) -> Conditions {
        let name = deployment.name.as_str();
        let asked = || ("aws:RequestTag/latchkey:deployment", name);
        let equals: Vec<(&str, &str)> = match self {
            Self::Look | Self::Logs => vec![("aws:RequestedRegion", deployment.region.as_str())],
            Self::NewCertificates | Self::NewEndpoint => vec![asked()],
            Self::TagsOfNewEndpoint => vec![asked(), ("ec2:CreateAction", "CreateClientVpnEndpoint")],
            Self::Endpoint | Self::OwnCertificates => vec![("aws:ResourceTag/latchkey:deployment", name)],
            Self::ServiceLinkedRole => vec![("iam:AWSServiceName", "clientvpn.amazonaws.com")],
            Self::Certificates
            | Self::Vpc
            | Self::SecurityGroups
            | Self::Subnets
            | Self::LedgerObjects
            | Self::PageObjects
            | Self::CaPublicKey => Vec::new(),
            Self::LedgerBucket => return within(deployment.ledger.as_ref()),
            Self::PageBucket => return within(deployment.page.as_ref()),
            Self::CaSignature => vec![("kms:SigningAlgorithm", "RSASSA_PKCS1_V1_5_SHA_256")],
        };
        if equals.is_empty() {
            return Conditions::new();
        }
        let equals = equals.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Conditions::from([("StringEquals", equals)])
    }
}

/// What the keys of all objects begin with.
fn folder(bucket: &Bucket) -> String {
    if bucket.prefix.is_empty() { String::new() } else { format!("{}/", bucket.prefix) }
}

/// That only a part of the bucket is listed.
fn within(bucket: Option<&Bucket>) -> Conditions {
    let like = |bucket| BTreeMap::from([("s3:prefix".to_owned(), format!("{}*", folder(bucket)))]);
    bucket.map(|bucket| ("StringLike", like(bucket))).into_iter().collect()
}

fn objects(bucket: &Bucket) -> String {
    format!("/{}*", folder(bucket))
}

/// The bucket's ARN with what `rest` says of it.
fn of_bucket(partition: &str, bucket: Option<&Bucket>, rest: fn(&Bucket) -> String) -> Vec<String> {
    bucket.iter().map(|bucket| format!("arn:{partition}:s3:::{}{}", bucket.name, rest(bucket))).collect()
}
