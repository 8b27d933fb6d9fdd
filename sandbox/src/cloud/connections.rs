//! Connections of clients, as the data plane last saw them.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ClientVpnConnection.html>. Ended ones are kept for
//! 60 minutes. The data plane ends those of [`Cloud::terminations`].

use std::net::Ipv4Addr;

use time::{Duration, OffsetDateTime};

use super::{Cloud, EndpointId, Moment, Refusal};

/// How long an ended connection is shown.
const SHOWN_AFTER_END: Duration = Duration::hours(1);

/// A client's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// `cvpn-connection-` and 17 hexadecimal digits.
    pub id: String,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Common name of the client's certificate.
    pub common_name: String,
    /// The client's address in the tunnel.
    pub address: Ipv4Addr,
    /// When it came up.
    pub established: OffsetDateTime,
    /// When it was last seen in that form.
    pub seen: OffsetDateTime,
    /// When it ended.
    pub ended: Option<OffsetDateTime>,
    /// Bytes from the client.
    pub ingress_bytes: u64,
    /// Bytes to the client.
    pub egress_bytes: u64,
    /// Packets from the client.
    pub ingress_packets: u64,
    /// Packets to the client.
    pub egress_packets: u64,
}

/// `Status` of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// Up.
    Active,
    /// To be ended.
    Terminating,
    /// Ended.
    Terminated,
}

impl ConnectionStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Terminating => "terminating",
            Self::Terminated => "terminated",
        }
    }
}

/// Which connections are to end.
#[derive(Debug)]
pub enum Terminate {
    /// The one of that id.
    Connection(String),
    /// All of that user. With mutual authentication alone no user has a name.
    User(String),
}

/// What became of a connection that was to end.
#[derive(Debug, PartialEq, Eq)]
pub struct Terminated {
    /// The connection.
    pub id: String,
    /// Its state before.
    pub previous: ConnectionStatus,
    /// Its state after.
    pub current: ConnectionStatus,
}

impl Cloud {
    /// The state of a connection.
    #[must_use]
    pub fn connection_status(&self, connection: &Connection) -> ConnectionStatus {
        if connection.ended.is_some() {
            ConnectionStatus::Terminated
        } else if self.terminations.contains_key(&connection.id) {
            ConnectionStatus::Terminating
        } else {
            ConnectionStatus::Active
        }
    }

    /// Asks for the end of connections. A client that is still let in may come again at once.
    ///
    /// `ClientVpnTerminateConnectionsLimitExceeded` is for users with many connections, so it does not occur here.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `InvalidClientVpnConnection.IdNotFound`, `.UserNotFound`.
    pub fn terminate_connections(
        &mut self,
        endpoint: &str,
        which: &Terminate,
        moment: &Moment,
    ) -> Result<Vec<Terminated>, Refusal> {
        let endpoint = self.live_endpoint(endpoint)?.id.clone();
        let id = match which {
            Terminate::Connection(id) => id,
            Terminate::User(name) => {
                let message = format!("The user '{name}' has no connection to '{endpoint}'");
                return Err(Refusal::new("InvalidClientVpnConnection.UserNotFound", message));
            }
        };
        let known = self.connections.iter().find(|known| known.endpoint == endpoint && known.id == *id);
        let known = known.ok_or_else(|| {
            let message = format!("The connection '{id}' does not exist");
            Refusal::new("InvalidClientVpnConnection.IdNotFound", message)
        })?;
        let previous = self.connection_status(known);
        if previous == ConnectionStatus::Active {
            self.terminations.insert(id.clone(), moment.now);
        }
        let current = match previous {
            ConnectionStatus::Active | ConnectionStatus::Terminating => ConnectionStatus::Terminating,
            ConnectionStatus::Terminated => ConnectionStatus::Terminated,
        };
        Ok(vec![Terminated { id: id.clone(), previous, current }])
    }

    /// Ids of the connections of an endpoint that are to be ended.
    pub fn terminations(&self, endpoint: &EndpointId) -> impl Iterator<Item = &str> {
        let open = self.connections.iter().filter(|known| known.endpoint == *endpoint && known.ended.is_none());
        open.map(|known| known.id.as_str()).filter(|id| self.terminations.contains_key(*id))
    }

    /// Takes in what the data plane sees of one endpoint: `live` replaces what was known, what is missing has ended.
    pub fn observe_connections(&mut self, endpoint: &EndpointId, live: Vec<Connection>, now: OffsetDateTime) {
        for known in self.connections.iter_mut().filter(|known| known.endpoint == *endpoint) {
            match live.iter().find(|seen| seen.id == known.id) {
                Some(seen) => *known = seen.clone(),
                None => {
                    known.ended.get_or_insert(now);
                }
            }
        }
        let fresh: Vec<_> =
            live.into_iter().filter(|seen| self.connections.iter().all(|known| known.id != seen.id)).collect();
        self.connections.extend(fresh);
        self.forget_ended_connections(now);
    }

    pub(super) fn forget_ended_connections(&mut self, now: OffsetDateTime) {
        // What an endpoint that is gone had goes with it.
        let (endpoints, connections) = (&self.endpoints, &mut self.connections);
        for orphan in connections.iter_mut().filter(|known| !endpoints.contains_key(&known.endpoint)) {
            orphan.ended.get_or_insert(now);
        }
        connections.retain(|connection| connection.ended.is_none_or(|ended| now - ended <= SHOWN_AFTER_END));
        let open = |id: &String| connections.iter().any(|known| known.id == *id && known.ended.is_none());
        self.terminations.retain(|id, _| open(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::fixture::{at, cloud_with_endpoint};

    fn connection(endpoint: &EndpointId, id: &str, bytes: u64) -> Connection {
        Connection {
            id: id.to_owned(),
            endpoint: endpoint.clone(),
            common_name: "alice.vpn.example.com".to_owned(),
            address: Ipv4Addr::new(10, 88, 0, 2),
            established: at(0, 0).now,
            seen: at(0, 0).now,
            ended: None,
            ingress_bytes: bytes,
            egress_bytes: 0,
            ingress_packets: 0,
            egress_packets: 0,
        }
    }

    fn shown(cloud: &Cloud) -> Vec<(&str, u64, ConnectionStatus)> {
        cloud
            .connections
            .iter()
            .map(|known| (known.id.as_str(), known.ingress_bytes, cloud.connection_status(known)))
            .collect()
    }

    #[test]
    fn what_is_no_longer_seen_has_ended_and_is_shown_for_an_hour() {
        use ConnectionStatus::{Active, Terminated};
        let (mut cloud, endpoint) = cloud_with_endpoint();
        let (a, b) = (|bytes| connection(&endpoint, "a", bytes), || connection(&endpoint, "b", 9));
        let mut check = |live, seconds, expected: &[_]| {
            cloud.observe_connections(&endpoint, live, at(seconds, 0).now);
            assert_eq!(shown(&cloud), expected);
        };
        check(vec![a(1)], 0, &[("a", 1, Active)]);
        check(vec![a(2), b()], 1, &[("a", 2, Active), ("b", 9, Active)]);
        check(vec![b()], 2, &[("a", 2, Terminated), ("b", 9, Active)]);
        check(vec![b()], 3602, &[("a", 2, Terminated), ("b", 9, Active)]);
        check(vec![b()], 3603, &[("b", 9, Active)]);
    }

    #[test]
    fn a_connection_is_terminating_until_it_is_no_longer_seen() {
        use ConnectionStatus::{Active, Terminated as Ended, Terminating};
        let (mut cloud, endpoint) = cloud_with_endpoint();
        let id = endpoint.as_str();
        let both = || vec![connection(&endpoint, "a", 1), connection(&endpoint, "b", 1)];
        cloud.observe_connections(&endpoint, both(), at(0, 0).now);
        let terminate = |cloud: &mut Cloud| {
            let done = cloud.terminate_connections(id, &Terminate::Connection("a".to_owned()), &at(1, 4)).unwrap();
            (done[0].previous, done[0].current)
        };
        assert_eq!(terminate(&mut cloud), (Active, Terminating));
        assert_eq!(terminate(&mut cloud), (Terminating, Terminating));
        cloud.observe_connections(&endpoint, both(), at(1, 0).now);
        assert_eq!(shown(&cloud), [("a", 1, Terminating), ("b", 1, Active)]);
        assert_eq!(cloud.terminations(&endpoint).collect::<Vec<_>>(), ["a"]);

        cloud.observe_connections(&endpoint, both().split_off(1), at(2, 0).now);
        assert_eq!(shown(&cloud), [("a", 1, Ended), ("b", 1, Active)]);
        assert_eq!(cloud.terminations(&endpoint).count(), 0);
        assert_eq!(terminate(&mut cloud), (Ended, Ended));
    }

    #[test]
    fn only_what_is_connected_can_be_terminated() {
        let (mut cloud, endpoint) = cloud_with_endpoint();
        let mut code = |which| cloud.terminate_connections(endpoint.as_str(), &which, &at(1, 4)).unwrap_err().code;
        assert_eq!(code(Terminate::Connection("a".to_owned())), "InvalidClientVpnConnection.IdNotFound");
        assert_eq!(code(Terminate::User("alice".to_owned())), "InvalidClientVpnConnection.UserNotFound");
    }
}
