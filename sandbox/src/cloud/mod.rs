//! The rules of the service: what exists, what may be asked, what is refused and with which code.
//!
//! Pure: no I/O, no clock, no randomness, no wire format. Time and randomness come with each call as a [`Moment`];
//! states that change by themselves (`associating` to `associated`) are computed from when the change began.

mod authentication;
mod authorization_rules;
mod certificates;
mod connections;
mod create_endpoint;
mod crl;
mod delete_endpoint;
mod endpoint_members;
mod endpoints;
#[cfg(test)]
pub(crate) mod fixture;
mod idempotency;
mod ids;
mod limits;
mod modify_endpoint;
mod refusal;
mod routes;
mod security_groups;
mod tags;
mod target_networks;
mod timings;
mod x509;

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::world::World;

pub use self::authentication::{AuthenticationOption, SecondFactor};
pub use self::authorization_rules::{AuthorizationRule, AuthorizeIngress, RevokeIngress, RuleStatus};
pub use self::certificates::{Certificate, CertificateStatus, ImportCertificate};
pub use self::connections::{Connection, ConnectionStatus, Terminate, Terminated};
pub use self::create_endpoint::CreateEndpoint;
pub use self::crl::Crl;
pub use self::endpoint_members::{BannerMembers, LogMembers};
pub use self::endpoints::{AddressType, ConnectionLog, Endpoint, EndpointStatus, Settings, Transport};
pub use self::idempotency::Tokens;
pub(crate) use self::ids::hex;
pub use self::ids::{AssociationId, CertificateArn, EndpointId, Moment, SubnetId, uuid};
pub use self::limits::Limits;
pub use self::modify_endpoint::{DnsServersChange, ModifyEndpoint};
pub use self::refusal::Refusal;
pub use self::routes::{CreateRoute, ManualRoute, Route, RouteOrigin, RouteStatus, RouteTarget};
pub use self::tags::{TaggedResource, Tags};
pub use self::target_networks::{Association, AssociationStatus};
pub use self::timings::Timings;
pub use self::x509::{ExtendedKeyUsage, KeyAlgorithm, KeyUsage, PrivateKey, X509};

/// Everything that the control plane knows.
#[derive(Debug)]
pub struct Cloud {
    /// What was there before the first call.
    pub world: World,
    /// How long things take.
    pub timings: Timings,
    /// What a repeated `ClientToken` gets for an answer.
    pub tokens: Tokens,
    /// How much of everything there may be.
    pub limits: Limits,
    /// Live and recently ended connections, as the data plane reports them.
    pub connections: Vec<Connection>,
    /// Connections that the data plane is to end, until it no longer reports them.
    terminations: BTreeMap<String, OffsetDateTime>,
    /// Tags of what was there before the first call.
    world_tags: BTreeMap<String, Tags>,
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
            limits: Limits::default(),
            connections: Vec::new(),
            terminations: BTreeMap::new(),
            world_tags: BTreeMap::new(),
            certificates: BTreeMap::new(),
            endpoints: BTreeMap::new(),
        }
    }

    /// Forgets what has come to its end by now. States in between are computed, so that this need not be called for
    /// any answer to be right, except that what has ended would be listed as such.
    pub fn pass_time(&mut self, now: OffsetDateTime) {
        let timings = self.timings;
        self.endpoints.retain(|_, endpoint| {
            endpoint.pass_time(now, &timings);
            endpoint.status(now, &timings) != EndpointStatus::Deleted
        });
        self.forget_ended_connections(now);
    }
}
