//! The permissions that Latchkey needs: one table of every action, who calls it and why, and from it the IAM policy of
//! one deployment, as narrow as AWS allows.
//!
//! Which action can be narrowed to which resource, and by which condition, is from the Service Authorization Reference:
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>, and the page of ACM beside
//! it. That the policy as a whole suffices is UNCONFIRMED: it has been held against the calls, not against AWS.

mod action;

mod grant;

mod document;

pub use action::{ACTIONS, Action, Caller};
pub use document::{Document, Statement};
pub use grant::Grant;

use crate::config::{
    Bucket, CaKey, Config, DeploymentName, KmsKeyArn, Location, Region, SecurityGroupId, SubnetId, VpcId,
};

/// What of a deployment narrows its policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// The tag of everything that belongs to it.
    pub name: DeploymentName,
    /// The region.
    pub region: Region,
    /// The VPC.
    pub vpc: VpcId,
    /// Subnets that may be associated.
    pub subnets: Vec<SubnetId>,
    /// Security groups of the endpoint; empty means the VPC's default group, whose id is not known here.
    pub security_groups: Vec<SecurityGroupId>,
    /// Whether connections are logged to CloudWatch.
    pub logs_connections: bool,
    /// The bucket that has the ledger, where one has.
    pub ledger: Option<Bucket>,
    /// The bucket that the page is published to, where it is.
    pub page: Option<Bucket>,
    /// The CA's key, where it is in KMS.
    pub ca_key: Option<KmsKeyArn>,
}

impl Deployment {
    /// The deployment that `config` describes.
    pub fn of(config: &Config) -> Self {
        Self {
            name: config.deployment.name.clone(),
            region: config.deployment.region.clone(),
            vpc: config.network.vpc_id.clone(),
            subnets: config.network.subnet_ids.clone(),
            security_groups: config.network.security_group_ids.clone(),
            logs_connections: config.endpoint.connection_log.is_some(),
            ledger: bucket(&config.ledger),
            page: config.page.publish.as_ref().and_then(bucket),
            ca_key: match &config.pki.ca_key {
                CaKey::File => None,
                CaKey::Kms(arn) => Some(arn.clone()),
            },
        }
    }

    /// The actions that this deployment needs.
    pub fn actions(&self) -> impl Iterator<Item = &'static Action> {
        ACTIONS.iter().filter(|action| action.grants.is_empty() || action.grants.iter().any(|grant| self.needs(*grant)))
    }

    fn needs(&self, grant: Grant) -> bool {
        match grant {
            Grant::Logs => self.logs_connections,
            Grant::CaPublicKey | Grant::CaSignature => self.ca_key.is_some(),
            Grant::LedgerBucket | Grant::LedgerObjects => self.ledger.is_some(),
            Grant::PageBucket | Grant::PageObjects => self.page.is_some(),
            Grant::Look
            | Grant::Certificates
            | Grant::NewCertificates
            | Grant::OwnCertificates
            | Grant::NewEndpoint
            | Grant::TagsOfNewEndpoint
            | Grant::Vpc
            | Grant::SecurityGroups
            | Grant::Endpoint
            | Grant::Subnets
            | Grant::ServiceLinkedRole => true,
        }
    }

    /// The policy that allows exactly these.
    pub fn policy(&self) -> Document {
        let needed = Grant::ALL.into_iter().filter(|grant| self.needs(*grant));
        let statements = needed.filter_map(|grant| {
            let granted = self.actions().filter(|action| action.grants.contains(&grant));
            let actions: Vec<&str> = granted.map(|action| action.name).collect();
            (!actions.is_empty()).then(|| Statement::new(grant, self, actions))
        });
        Document::new(statements.collect())
    }
}

fn bucket(location: &Location) -> Option<Bucket> {
    match location {
        Location::Folder(_) => None,
        Location::Bucket(bucket) => Some(bucket.clone()),
    }
}
