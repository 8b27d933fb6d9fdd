//! Connections of clients, as the data plane last saw them.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ClientVpnConnection.html>. Ended ones are kept for 60 minutes.

use std::net::Ipv4Addr;

use time::{Duration, OffsetDateTime};

use super::{Cloud, EndpointId};

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
}

/// `Status` of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// Up.
    Active,
    /// Ended.
    Terminated,
}

impl ConnectionStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Terminated => "terminated",
        }
    }
}

impl Connection {
    /// The connection's state.
    #[must_use]
    pub fn status(&self) -> ConnectionStatus {
        if self.ended.is_some() { ConnectionStatus::Terminated } else { ConnectionStatus::Active }
    }
}

impl Cloud {
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
        self.connections.retain(|connection| connection.ended.is_none_or(|ended| now - ended <= SHOWN_AFTER_END));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::fixture::{at, empty_cloud};

    fn connection(id: &str, bytes: u64) -> Connection {
        Connection {
            id: id.to_owned(),
            endpoint: EndpointId::from("cvpn-endpoint-1"),
            common_name: "alice.vpn.example.com".to_owned(),
            address: Ipv4Addr::new(10, 88, 0, 2),
            established: at(0, 0).now,
            seen: at(0, 0).now,
            ended: None,
            ingress_bytes: bytes,
            egress_bytes: 0,
        }
    }

    #[test]
    fn what_is_no_longer_seen_has_ended_and_is_shown_for_an_hour() {
        let mut cloud = empty_cloud();
        let endpoint = EndpointId::from("cvpn-endpoint-1");
        let mut observe = |live, seconds| {
            cloud.observe_connections(&endpoint, live, at(seconds, 0).now);
            let shown = |known: &Connection| (known.id.clone(), known.ingress_bytes, known.status());
            cloud.connections.iter().map(shown).collect::<Vec<_>>()
        };
        let (a, b) = ("a".to_owned(), "b".to_owned());
        use ConnectionStatus::{Active, Terminated};
        assert_eq!(observe(vec![connection("a", 1)], 0), [(a.clone(), 1, Active)]);
        assert_eq!(
            observe(vec![connection("a", 2), connection("b", 9)], 1),
            [(a.clone(), 2, Active), (b.clone(), 9, Active)]
        );
        assert_eq!(observe(vec![connection("b", 9)], 2), [(a.clone(), 2, Terminated), (b.clone(), 9, Active)]);
        assert_eq!(observe(vec![connection("b", 9)], 3602), [(a, 2, Terminated), (b.clone(), 9, Active)]);
        assert_eq!(observe(vec![connection("b", 9)], 3603), [(b, 9, Active)]);
    }
}
