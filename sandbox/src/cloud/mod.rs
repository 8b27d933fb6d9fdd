//! The rules of the service: what exists, what may be asked, what is refused and with which code.
//!
//! Pure: no I/O, no clock, no randomness, no wire format. Time and randomness come with each call as a [`Moment`];
//! states that change by themselves (`associating` to `associated`) are computed from when the change began.

mod authorization_rules;
mod certificates;
mod connections;
mod create_endpoint;
mod crl;
mod endpoints;
#[cfg(test)]
pub(crate) mod fixture;
mod idempotency;
mod ids;
mod refusal;
mod routes;
mod tags;
mod target_networks;
mod x509;

use std::collections::BTreeMap;

use time::Duration;

use crate::world::World;

pub use self::authorization_rules::{AuthorizationRule, AuthorizeIngress, RuleStatus};
pub use self::certificates::{Certificate, CertificateStatus, ImportCertificate};
pub use self::connections::{Connection, ConnectionStatus};
pub use self::create_endpoint::{AuthenticationOption, CreateEndpoint};
pub use self::crl::Crl;
pub use self::endpoints::{ConnectionLog, Endpoint, EndpointStatus, Settings, Transport};
pub use self::idempotency::Tokens;
pub(crate) use self::ids::hex;
pub use self::ids::{AssociationId, CertificateArn, EndpointId, Moment, SubnetId, uuid};
pub use self::refusal::Refusal;
pub use self::routes::{Route, RouteStatus};
pub use self::tags::Tags;
pub use self::target_networks::{Association, AssociationStatus};
pub use self::x509::{ExtendedKeyUsage, KeyAlgorithm, KeyUsage, PrivateKey, X509};

/// How long the service takes to do what it has accepted.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// From `associating` to `associated`. Minutes on AWS.
    pub association: Duration,
    /// From `authorizing` to `active`.
    pub authorization: Duration,
}

/// Everything that the control plane knows.
#[derive(Debug)]
pub struct Cloud {
    /// What was there before the first call.
    pub world: World,
    /// How long things take.
    pub timings: Timings,
    /// What a repeated `ClientToken` gets for an answer.
    pub tokens: Tokens,
    /// Live and recently ended connections, as the data plane reports them.
    pub connections: Vec<Connection>,
    certificates: BTreeMap<CertificateArn, Certificate>,
    endpoints: BTreeMap<EndpointId, Endpoint>,
}

impl Cloud {
    /// A region in which nothing was created yet.
    #[must_use]
    pub fn new(world: World, timings: Timings) -> Self {
        Self {
            world,
            timings,
            tokens: Tokens::default(),
            connections: Vec::new(),
            certificates: BTreeMap::new(),
            endpoints: BTreeMap::new(),
        }
    }
}
