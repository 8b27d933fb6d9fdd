//! The port to AWS: the calls that a deployment needs, in our own types, and how they can end.

use std::collections::{BTreeMap, BTreeSet};

use profile::name::Domain;
use thiserror::Error;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    id::{AssociationId, CertificateArn, EndpointId},
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
    pki::serial::Serial,
};

/// How closely to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// At the endpoint and what it uses; at the certificates in ACM only where there is no endpoint.
    Quick,
    /// At everything that carries the deployment's tags.
    Thorough,
}

/// What AWS has of one deployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// Certificates that are tagged as the deployment's, or that the endpoint uses.
    pub certificates: BTreeMap<CertificateArn, FoundCertificate>,
    /// The endpoint.
    pub endpoint: Option<Endpoint>,
    /// More endpoints with the deployment's tag.
    pub others: BTreeSet<EndpointId>,
    /// Endpoints with the deployment's tag that are being deleted.
    pub deleting: BTreeSet<EndpointId>,
}

/// A certificate that was found in ACM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundCertificate {
    /// Which of the two it is.
    pub own: OwnCertificate,
    /// Whether its tags say so; else the endpoint does by using it.
    pub tagged: bool,
    /// Its serial number, where it can be one of ours.
    pub serial: Option<Serial>,
    /// The domain that ACM shows.
    pub domain: Option<String>,
    /// When it expires.
    pub not_after: Option<OffsetDateTime>,
    /// Who made it, by its tags.
    pub made_by: Option<String>,
}

/// A certificate to import: with its key, for which this is the only way out of the process.
pub struct Material {
    /// Its serial number.
    pub serial: Serial,
    /// When it expires.
    pub not_after: OffsetDateTime,
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
    /// Its settings.
    pub settings: Settings,
    /// Its tags.
    pub tags: Tags,
    /// The server certificate.
    pub server: CertificateArn,
    /// The client anchor.
    pub anchor: CertificateArn,
}

/// Parts of an endpoint, as they were found.
pub type Parts = BTreeMap<Part, PartState>;

/// Calls to AWS. Changing ones are done once: whoever implements this must not repeat a call that carries no token
/// and would do something else the second time.
pub trait Cloud {
    /// Reads the VPC, the named subnets, and the VPC's security groups.
    fn vpc(&self, vpc: &VpcId, subnets: &[SubnetId]) -> impl Future<Output = Result<VpcView, CallError>>;

    /// Reads what is tagged as this deployment's.
    fn observe(
        &self,
        deployment: &DeploymentName,
        domain: &Domain,
        depth: Depth,
    ) -> impl Future<Output = Result<Found, CallError>>;

    /// Reads the endpoint's parts of these kinds.
    fn parts(&self, endpoint: &EndpointId, kinds: &BTreeSet<Kind>) -> impl Future<Output = Result<Parts, CallError>>;

    /// Reads the endpoint's CRL.
    fn crl(&self, endpoint: &EndpointId) -> impl Future<Output = Result<FoundCrl, CallError>>;

    /// Whether the endpoint is gone.
    fn is_gone(&self, endpoint: &EndpointId) -> impl Future<Output = Result<bool, CallError>>;

    /// Imports and tags a certificate.
    fn import_certificate(
        &self,
        tags: &Tags,
        material: &Material,
    ) -> impl Future<Output = Result<CertificateArn, CallError>>;

    /// Imports a certificate in the place of another.
    fn reimport_certificate(
        &self,
        arn: &CertificateArn,
        material: &Material,
    ) -> impl Future<Output = Result<(), CallError>>;

    /// Adds tags to a certificate, or changes them.
    fn tag_certificate(&self, arn: &CertificateArn, tags: &Tags) -> impl Future<Output = Result<(), CallError>>;

    /// Deletes a certificate.
    fn delete_certificate(&self, arn: &CertificateArn) -> impl Future<Output = Result<(), CallError>>;

    /// Creates and tags an endpoint; answers with its id and DNS name.
    fn create_endpoint(
        &self,
        new: &NewEndpoint,
        token: &ClientToken,
    ) -> impl Future<Output = Result<(EndpointId, String), CallError>>;

    /// Sets the named ones of `settings`.
    fn modify_endpoint(
        &self,
        endpoint: &EndpointId,
        settings: &Settings,
        changed: &BTreeSet<Setting>,
    ) -> impl Future<Output = Result<(), CallError>>;

    /// Has the endpoint use another server certificate. Resets its connections.
    fn exchange_server(
        &self,
        endpoint: &EndpointId,
        server: &CertificateArn,
    ) -> impl Future<Output = Result<(), CallError>>;

    /// Adds tags to an endpoint, or changes them.
    fn tag_endpoint(&self, endpoint: &EndpointId, tags: &Tags) -> impl Future<Output = Result<(), CallError>>;

    /// Deletes an endpoint that has no associations.
    fn delete_endpoint(&self, endpoint: &EndpointId) -> impl Future<Output = Result<(), CallError>>;

    /// Begins to make a part; answers with the id of an association.
    fn make(
        &self,
        endpoint: &EndpointId,
        part: &Part,
        description: &str,
        token: &ClientToken,
    ) -> impl Future<Output = Result<Option<AssociationId>, CallError>>;

    /// Begins to take a part away.
    fn remove(
        &self,
        endpoint: &EndpointId,
        part: &Part,
        state: &PartState,
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
    /// What the call was to take away is not there.
    #[error("AWS has nothing to take away for `{operation}` (`{code}`)")]
    Gone {
        /// The call.
        operation: &'static str,
        /// AWS's error code.
        code: String,
    },
    /// The same token came with another request before: somebody else is making the same thing at this moment.
    #[error("somebody else has just asked for `{operation}` under the same token")]
    Outrun {
        /// The call.
        operation: &'static str,
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
}

impl CallError {
    /// Whether the same call may work later, or what it was to do may be done: then AWS must be looked at again.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Busy { .. }
            | Self::Exists { .. }
            | Self::Gone { .. }
            | Self::Outrun { .. }
            | Self::Unknown { .. } => true,
            Self::Refused { .. } | Self::UnknownValue { .. } => false,
        }
    }

    /// Whether AWS has taken note of the call and come to an end with it, so that its token is used up.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::Exists { .. } | Self::Gone { .. } => true,
            // With the next token there would be a second endpoint, where AWS does not list the other's yet.
            Self::Outrun { .. } | Self::Busy { .. } | Self::Unknown { .. } | Self::UnknownValue { .. } => false,
        }
    }
}
