//! The port to AWS: the calls that a deployment needs, in our own types, and how they can end.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{
    desired::Settings,
    id::{AssociationId, CertificateArn, EndpointId},
    network::VpcView,
    observed::{Association, Endpoint, RuleStatus},
    own::OwnCertificate,
};
use crate::{
    config::{DeploymentName, SubnetId, VpcId},
    ledger::ClientToken,
    pki::serial::Serial,
};
use profile::name::Domain;

/// What AWS has of one deployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// The server certificate and its serial number.
    pub server: Option<(CertificateArn, Option<Serial>)>,
    /// The client anchor and its serial number.
    pub anchor: Option<(CertificateArn, Option<Serial>)>,
    /// The endpoint.
    pub endpoint: Option<Endpoint>,
}

/// A certificate to import: with its key, for which this is the only way out of the process.
pub struct Material {
    /// Its serial number.
    pub serial: Serial,
    /// The certificate, PEM.
    pub certificate: String,
    /// Its private key, PEM; overwritten when dropped.
    pub key: Zeroizing<String>,
    /// The CA's certificate, PEM.
    pub chain: String,
}

/// An endpoint to create.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEndpoint {
    /// The deployment that it belongs to.
    pub deployment: DeploymentName,
    /// Its settings.
    pub settings: Settings,
    /// The server certificate.
    pub server: CertificateArn,
    /// The client anchor.
    pub anchor: CertificateArn,
}

/// The parts of an endpoint that change on their own.
pub type Parts = (BTreeMap<SubnetId, Association>, BTreeMap<IpNet, RuleStatus>);

/// Calls to AWS. Changing ones are done once: whoever implements this must not repeat a call that carries no token.
pub trait Cloud {
    /// Reads the VPC, the named subnets, and the VPC's security groups.
    fn vpc(&self, vpc: &VpcId, subnets: &[SubnetId]) -> impl Future<Output = Result<VpcView, CallError>>;

    /// Reads everything that is tagged as this deployment's.
    fn observe(&self, deployment: &DeploymentName, domain: &Domain) -> impl Future<Output = Result<Found, CallError>>;

    /// Reads target networks and rules.
    fn parts(&self, endpoint: &EndpointId) -> impl Future<Output = Result<Parts, CallError>>;

    /// Imports and tags a certificate.
    fn import_certificate(
        &self,
        deployment: &DeploymentName,
        own: OwnCertificate,
        material: &Material,
    ) -> impl Future<Output = Result<CertificateArn, CallError>>;

    /// Creates and tags an endpoint; answers with its id and DNS name.
    fn create_endpoint(
        &self,
        new: &NewEndpoint,
        token: &ClientToken,
    ) -> impl Future<Output = Result<(EndpointId, String), CallError>>;

    /// Associates a subnet.
    fn associate(
        &self,
        endpoint: &EndpointId,
        subnet: &SubnetId,
        token: &ClientToken,
    ) -> impl Future<Output = Result<AssociationId, CallError>>;

    /// Lets all clients through to a network.
    fn authorize(
        &self,
        endpoint: &EndpointId,
        cidr: Ipv4Net,
        token: &ClientToken,
    ) -> impl Future<Output = Result<(), CallError>>;

    /// Replaces the endpoint's CRL. Resets its connections.
    fn import_crl(&self, endpoint: &EndpointId, pem: &str) -> impl Future<Output = Result<(), CallError>>;

    /// The client configuration that AWS exports.
    fn export_configuration(&self, endpoint: &EndpointId) -> impl Future<Output = Result<String, CallError>>;
}

/// How a call can end otherwise than well.
#[derive(Debug, Error)]
pub enum CallError {
    /// AWS said no.
    #[error("AWS refused `{operation}` with `{code}`: {message}")]
    Refused {
        /// The call.
        operation: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// AWS said: not now.
    #[error("AWS put `{operation}` off with `{code}`: {message}")]
    Busy {
        /// The call.
        operation: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// What the call was to make is there already.
    #[error("AWS did not repeat `{operation}` (`{code}`)")]
    Exists {
        /// The call.
        operation: &'static str,
        /// AWS's error code.
        code: String,
    },
    /// No answer, or one that makes no sense: nobody knows whether AWS did it.
    #[error("no usable answer from AWS to `{operation}`")]
    Unknown {
        /// The call.
        operation: &'static str,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value that this version does not know.
    #[error("AWS answered `{operation}` with the {what} `{value}`, which this version does not know")]
    UnknownValue {
        /// The call.
        operation: &'static str,
        /// What kind of value.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// More than one endpoint carries the deployment's tag.
    #[error("more than one endpoint is tagged as this deployment's: {}", .0.join(", "))]
    SeveralEndpoints(Vec<String>),
}

impl CallError {
    /// Whether the same call may work later, or what it was to do may be done: then AWS must be looked at again.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Exists { .. } | Self::Unknown { .. } => true,
            Self::Refused { .. } | Self::UnknownValue { .. } | Self::SeveralEndpoints(_) => false,
        }
    }

    /// Whether AWS has taken note of the call and come to an end with it.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::Exists { .. } => true,
            Self::Busy { .. } | Self::Unknown { .. } | Self::UnknownValue { .. } | Self::SeveralEndpoints(_) => false,
        }
    }
}
