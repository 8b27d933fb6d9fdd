//! The port to AWS, implemented with the AWS SDK. No type of the SDK leaves this module.

mod acm;
mod endpoint;
mod error;
mod read;
mod vpc;

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use ipnet::Ipv4Net;
use profile::name::Domain;

use super::{
    cloud::{CallError, Cloud, Found, Material, NewEndpoint, Parts},
    id::{AssociationId, CertificateArn, EndpointId},
    network::VpcView,
    own::OwnCertificate,
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
}

impl Aws {
    /// Clients for `region`. Credentials come from where every AWS program looks for them.
    ///
    /// With `endpoint_url` every call goes there, whatever environment and profile say about endpoints: whoever
    /// rehearses must not reach the real service by a forgotten variable.
    pub async fn connect(region: &str, endpoint_url: Option<&str>) -> Self {
        let shared = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
            .load()
            .await;
        let mut ec2 = aws_sdk_ec2::config::Builder::from(&shared);
        let mut acm = aws_sdk_acm::config::Builder::from(&shared);
        if let Some(url) = endpoint_url {
            ec2 = ec2.endpoint_url(url);
            acm = acm.endpoint_url(url);
        }
        Self { ec2: aws_sdk_ec2::Client::from_conf(ec2.build()), acm: aws_sdk_acm::Client::from_conf(acm.build()) }
    }
}

impl Cloud for Aws {
    async fn vpc(&self, vpc: &VpcId, subnets: &[SubnetId]) -> Result<VpcView, CallError> {
        vpc::view(&self.ec2, vpc, subnets).await
    }

    async fn observe(&self, deployment: &DeploymentName, domain: &Domain) -> Result<Found, CallError> {
        let Some(mut endpoint) = endpoint::find(&self.ec2, deployment).await? else {
            let (server, anchor) = acm::find(&self.acm, deployment, domain).await?;
            return Ok(Found { server, anchor, endpoint: None });
        };
        // An endpoint names its certificates: no need to look through all of ACM for them.
        let ((associations, rules), crl, server, anchor) = futures::try_join!(
            endpoint::parts(&self.ec2, &endpoint.id),
            endpoint::crl(&self.ec2, &endpoint.id),
            acm::describe(&self.acm, &endpoint.server),
            async {
                match &endpoint.anchor {
                    Some(arn) => acm::describe(&self.acm, arn).await,
                    None => Ok(None),
                }
            },
        )?;
        endpoint.associations = associations;
        endpoint.rules = rules;
        endpoint.crl = crl;
        Ok(Found { server, anchor, endpoint: Some(endpoint) })
    }

    async fn parts(&self, endpoint: &EndpointId) -> Result<Parts, CallError> {
        endpoint::parts(&self.ec2, endpoint).await
    }

    async fn import_certificate(
        &self,
        deployment: &DeploymentName,
        own: OwnCertificate,
        material: &Material,
    ) -> Result<CertificateArn, CallError> {
        acm::import(&self.acm, deployment, own, material).await
    }

    async fn create_endpoint(&self, new: &NewEndpoint, token: &ClientToken) -> Result<(EndpointId, String), CallError> {
        endpoint::create(&self.ec2, new, token).await
    }

    async fn associate(
        &self,
        endpoint: &EndpointId,
        subnet: &SubnetId,
        token: &ClientToken,
    ) -> Result<AssociationId, CallError> {
        endpoint::associate(&self.ec2, endpoint, subnet, token).await
    }

    async fn authorize(&self, endpoint: &EndpointId, cidr: Ipv4Net, token: &ClientToken) -> Result<(), CallError> {
        endpoint::authorize(&self.ec2, endpoint, cidr, token).await
    }

    async fn import_crl(&self, endpoint: &EndpointId, pem: &str) -> Result<(), CallError> {
        endpoint::import_crl(&self.ec2, endpoint, pem).await
    }

    async fn export_configuration(&self, endpoint: &EndpointId) -> Result<String, CallError> {
        endpoint::export_configuration(&self.ec2, endpoint).await
    }
}

/// The tag that marks what belongs to a deployment.
const TAG_DEPLOYMENT: &str = "latchkey:deployment";
/// The tag that says what it is in the deployment.
const TAG_ROLE: &str = "latchkey:role";

/// The SDK's own attempts at a call that may be repeated.
const ATTEMPTS: u32 = 4;
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
