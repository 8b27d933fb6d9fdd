//! The port to AWS, implemented with the AWS SDK. No type of the SDK leaves this module.

mod acm;
mod bucket;
mod caller;
mod connections;
mod endpoint;
mod error;
mod inventory;
pub mod kms;
mod parts;
mod read;
mod settings;
mod survey;
mod vpc;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use futures::future::try_join_all;
use profile::name::Domain;

pub use bucket::bucket;

use super::{
    cloud::{CallError, Cloud, Depth, Found, FoundCertificate, Material, NewEndpoint, Parts},
    id::{AssociationId, CertificateArn, EndpointId},
    inventory::Inventory,
    network::VpcView,
    observed::{Endpoint, FoundCrl},
    own::OwnCertificate,
    part::{Kind, Part, PartState},
    setting::{Setting, Settings},
    tags::Tags,
};
use crate::{
    config::{DeploymentName, SubnetId, VpcId},
    ledger::ClientToken,
};

/// AWS: the real service, or whatever stands at the endpoint URL.
#[derive(Clone, Debug)]
pub struct Aws {
    ec2: aws_sdk_ec2::Client,
    acm: aws_sdk_acm::Client,
    sts: aws_sdk_sts::Client,
}

impl Aws {
    /// Clients for `region`. Credentials come from where every AWS program looks for them.
    ///
    /// With `endpoint_url` every call goes there, whatever environment and profile say about endpoints: whoever
    /// rehearses must not reach the real service by a forgotten variable.
    pub async fn connect(region: &str, endpoint_url: Option<&str>) -> Self {
        let shared = defaults(Region::new(region.to_owned())).await;
        let mut ec2 = aws_sdk_ec2::config::Builder::from(&shared);
        let mut acm = aws_sdk_acm::config::Builder::from(&shared);
        let mut sts = aws_sdk_sts::config::Builder::from(&shared);
        if let Some(url) = endpoint_url {
            ec2 = ec2.endpoint_url(url);
            acm = acm.endpoint_url(url);
            sts = sts.endpoint_url(url);
        }
        Self {
            ec2: aws_sdk_ec2::Client::from_conf(ec2.build()),
            acm: aws_sdk_acm::Client::from_conf(acm.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
        }
    }

    /// What the account has in the region, to choose from.
    ///
    /// # Errors
    /// AWS refuses, or does not answer.
    pub async fn inventory(&self) -> Result<Inventory, CallError> {
        inventory::inventory(&self.ec2).await
    }
}

/// What the clients of all services have in common.
async fn defaults(region: Region) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
        .load()
        .await
}

impl Cloud for Aws {
    async fn vpc(&self, vpc: &VpcId, subnets: &[SubnetId]) -> Result<VpcView, CallError> {
        vpc::view(&self.ec2, vpc, subnets).await
    }

    async fn observe(&self, deployment: &DeploymentName, domain: &Domain, depth: Depth) -> Result<Found, CallError> {
        let tagged = async {
            match depth {
                Depth::Quick => Ok(BTreeMap::new()),
                Depth::Thorough => acm::find(&self.acm, deployment, domain).await,
            }
        };
        let (endpoints, mut certificates) = futures::try_join!(endpoint::find(&self.ec2, deployment), tagged)?;
        let endpoint::Endpoints { mut live, deleting } = endpoints;
        if live.is_empty() && depth == Depth::Quick {
            certificates = acm::find(&self.acm, deployment, domain).await?;
        }
        let others = live.split_off(live.len().min(1)).into_iter().map(|endpoint| endpoint.id).collect();
        let Some(mut endpoint) = live.pop() else {
            return Ok(Found { certificates, endpoint: None, others, deleting });
        };
        let kinds = BTreeSet::from(Kind::ALL);
        let (parts, crl, used) = futures::try_join!(
            parts::find(&self.ec2, &endpoint.id, &kinds),
            endpoint::crl(&self.ec2, &endpoint.id),
            self.used_certificates(&endpoint, &certificates),
        )?;
        endpoint.parts = parts;
        endpoint.crl = crl.crl;
        endpoint.crl_is_active = crl.is_active;
        certificates.extend(used);
        Ok(Found { certificates, endpoint: Some(endpoint), others, deleting })
    }

    async fn parts(&self, endpoint: &EndpointId, kinds: &BTreeSet<Kind>) -> Result<Parts, CallError> {
        parts::find(&self.ec2, endpoint, kinds).await
    }

    async fn crl(&self, endpoint: &EndpointId) -> Result<FoundCrl, CallError> {
        endpoint::crl(&self.ec2, endpoint).await
    }

    async fn is_gone(&self, endpoint: &EndpointId) -> Result<bool, CallError> {
        endpoint::is_gone(&self.ec2, endpoint).await
    }

    async fn import_certificate(&self, tags: &Tags, material: &Material) -> Result<CertificateArn, CallError> {
        acm::import(&self.acm, tags, material).await
    }

    async fn reimport_certificate(&self, arn: &CertificateArn, material: &Material) -> Result<(), CallError> {
        acm::reimport(&self.acm, arn, material).await
    }

    async fn tag_certificate(&self, arn: &CertificateArn, tags: &Tags) -> Result<(), CallError> {
        acm::tag(&self.acm, arn, tags).await
    }

    async fn delete_certificate(&self, arn: &CertificateArn) -> Result<(), CallError> {
        acm::delete(&self.acm, arn).await
    }

    async fn create_endpoint(&self, new: &NewEndpoint, token: &ClientToken) -> Result<(EndpointId, String), CallError> {
        endpoint::create(&self.ec2, new, token).await
    }

    async fn modify_endpoint(
        &self,
        endpoint: &EndpointId,
        settings: &Settings,
        changed: &BTreeSet<Setting>,
    ) -> Result<(), CallError> {
        endpoint::modify(&self.ec2, endpoint, settings, changed).await
    }

    async fn exchange_server(&self, endpoint: &EndpointId, server: &CertificateArn) -> Result<(), CallError> {
        endpoint::exchange_server(&self.ec2, endpoint, server).await
    }

    async fn tag_endpoint(&self, endpoint: &EndpointId, tags: &Tags) -> Result<(), CallError> {
        endpoint::tag(&self.ec2, endpoint, tags).await
    }

    async fn delete_endpoint(&self, endpoint: &EndpointId) -> Result<(), CallError> {
        endpoint::delete(&self.ec2, endpoint).await
    }

    async fn make(
        &self,
        endpoint: &EndpointId,
        part: &Part,
        description: &str,
        token: &ClientToken,
    ) -> Result<Option<AssociationId>, CallError> {
        parts::make(&self.ec2, endpoint, part, description, token).await
    }

    async fn remove(&self, endpoint: &EndpointId, part: &Part, state: &PartState) -> Result<(), CallError> {
        parts::remove(&self.ec2, endpoint, part, state).await
    }

    async fn import_crl(&self, endpoint: &EndpointId, pem: &str) -> Result<(), CallError> {
        endpoint::import_crl(&self.ec2, endpoint, pem).await
    }

    async fn export_configuration(&self, endpoint: &EndpointId) -> Result<String, CallError> {
        endpoint::export_configuration(&self.ec2, endpoint).await
    }
}

impl Aws {
    /// The certificates that `endpoint` uses, those that are `known` left out: no need to look through all of ACM.
    async fn used_certificates(
        &self,
        endpoint: &Endpoint,
        known: &BTreeMap<CertificateArn, FoundCertificate>,
    ) -> Result<BTreeMap<CertificateArn, FoundCertificate>, CallError> {
        let server = Some((OwnCertificate::Server, &endpoint.server));
        let anchor = endpoint.anchor.as_ref().map(|arn| (OwnCertificate::Anchor, arn));
        let unknown = server.into_iter().chain(anchor).filter(|(_, arn)| !known.contains_key(arn));
        let found = try_join_all(unknown.map(async |(own, arn)| {
            let found = acm::describe(&self.acm, arn, own).await?;
            Ok(found.map(|found| (arn.clone(), found)))
        }));
        Ok(found.await?.into_iter().flatten().collect())
    }
}

/// The SDK's own attempts at a call that may be repeated.
const ATTEMPTS: u32 = 4;
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
