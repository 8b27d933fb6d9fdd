//! How long the service takes to do what it has accepted.

use time::Duration;

/// Durations per kind of transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// From `associating` to `associated`. Minutes on AWS.
    pub association: Duration,
    /// From `disassociating` until the association is gone. Minutes on AWS.
    pub disassociation: Duration,
    /// From `authorizing` to `active`.
    pub authorization: Duration,
    /// From `revoking` until the rule is gone.
    pub revocation: Duration,
    /// From `creating` to `active`.
    pub route_creation: Duration,
    /// From `deleting` until the route is gone.
    pub route_deletion: Duration,
    /// From `deleting` until the endpoint is gone. Its certificates are in use until then.
    pub endpoint_deletion: Duration,
}

impl Timings {
    /// The sandbox's own: seconds where AWS takes minutes. Associations come and go within `association`.
    #[must_use]
    pub fn new(association: Duration) -> Self {
        let second = Duration::SECOND;
        Self {
            association,
            disassociation: association,
            authorization: second,
            revocation: second,
            route_creation: second,
            route_deletion: second,
            endpoint_deletion: second,
        }
    }
}
