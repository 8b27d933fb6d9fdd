//! Connections of clients as AWS lists them: whose each one is, and which of them somebody means.

use profile::name::{CommonName, Domain};

use super::id::ConnectionId;

/// A client's connection, live or ended within the last hour.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The common name of the client's certificate.
    pub common_name: String,
    /// Who logged in, where a second factor asked for it.
    pub login: Option<String>,
    /// The client's address in the tunnel.
    pub address: String,
    /// When it came up, as AWS writes it.
    pub since: String,
    /// Bytes from the client.
    pub bytes_in: u64,
    /// Bytes to the client.
    pub bytes_out: u64,
    /// Whether it is up.
    pub status: ConnectionStatus,
}

/// Whether a connection is up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConnectionStatus {
    /// Up.
    Active,
    /// To be ended, and still up.
    Terminating,
    /// To be ended, which did not work: still up.
    FailedToTerminate,
    /// Ended.
    Terminated,
}

impl ConnectionStatus {
    /// The status of AWS's word; `None` for one that this version does not know.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Active, Self::Terminating, Self::FailedToTerminate, Self::Terminated]
            .into_iter()
            .find(|status| status.as_str() == word)
    }

    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Terminating => "terminating",
            Self::FailedToTerminate => "failed-to-terminate",
            Self::Terminated => "terminated",
        }
    }

    /// Whether bytes may still flow.
    pub fn is_up(self) -> bool {
        self != Self::Terminated
    }

    /// Whether a call is needed to end it: what is ending already needs no second one.
    pub fn is_to_be_ended(self) -> bool {
        matches!(self, Self::Active | Self::FailedToTerminate)
    }
}

impl Connection {
    /// The user: by the certificate where it is one of `domain`, else what AWS says.
    pub fn user(&self, domain: &Domain) -> String {
        match CommonName::parse(&self.common_name, domain) {
            Ok(name) => name.username().to_string(),
            Err(_) => self.login.clone().unwrap_or_else(|| self.common_name.clone()),
        }
    }

    /// Whether `who` means this one: a user, a common name, or the id of a connection.
    fn is_meant_by(&self, who: &str, domain: &Domain) -> bool {
        self.id.as_str() == who || self.common_name == who || self.user(domain) == who
    }
}

/// The connections that end when `who` is disconnected.
pub fn to_end<'a>(connections: &'a [Connection], who: &str, domain: &Domain) -> Vec<&'a Connection> {
    up(connections, who, domain).into_iter().filter(|it| it.status.is_to_be_ended()).collect()
}

/// The connections of `who` that are up.
pub fn up<'a>(connections: &'a [Connection], who: &str, domain: &Domain) -> Vec<&'a Connection> {
    connections.iter().filter(|it| it.status.is_up() && it.is_meant_by(who, domain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_says_who_it_is() {
        assert_eq!(connection(1, "alice.vpn.example.com").user(&domain()), "alice");
        assert_eq!(connection(1, "host.example.org").user(&domain()), "host.example.org");
        let login = Connection { login: Some("EXAMPLE\\alice".to_owned()), ..connection(1, "EXAMPLE\\alice") };
        assert_eq!(login.user(&domain()), "EXAMPLE\\alice");
    }

    #[test]
    fn a_user_means_all_of_their_connections_an_id_means_one() {
        let all = [
            connection(1, "alice.vpn.example.com"),
            connection(2, "alice.vpn.example.com"),
            connection(3, "bob.vpn.example.com"),
            Connection { status: ConnectionStatus::Terminated, ..connection(4, "alice.vpn.example.com") },
            Connection { status: ConnectionStatus::FailedToTerminate, ..connection(5, "alice.vpn.example.com") },
            Connection { status: ConnectionStatus::Terminating, ..connection(6, "alice.vpn.example.com") },
        ];
        let meant = |who| to_end(&all, who, &domain()).iter().map(|it| it.id.to_string()).collect::<Vec<_>>();
        assert_eq!(meant("alice"), ["cvpn-connection-1", "cvpn-connection-2", "cvpn-connection-5"]);
        assert_eq!(meant("alice.vpn.example.com"), meant("alice"));
        assert_eq!(meant("cvpn-connection-3"), ["cvpn-connection-3"]);
        assert_eq!(meant("cvpn-connection-4"), [""; 0]);
        assert_eq!(meant("ali"), [""; 0]);
    }

    #[test]
    fn a_status_is_known_by_its_word_or_not_at_all() {
        for word in ["active", "terminating", "failed-to-terminate", "terminated"] {
            assert_eq!(ConnectionStatus::of(word).map(ConnectionStatus::as_str), Some(word));
        }
        assert_eq!(ConnectionStatus::of("paused"), None);
    }

    fn connection(number: u8, common_name: &str) -> Connection {
        Connection {
            id: ConnectionId::new(format!("cvpn-connection-{number}")),
            common_name: common_name.to_owned(),
            login: None,
            address: "10.88.0.2".to_owned(),
            since: "2026-01-01 00:00:00".to_owned(),
            bytes_in: 1,
            bytes_out: 2,
            status: ConnectionStatus::Active,
        }
    }

    fn domain() -> Domain {
        "vpn.example.com".parse().unwrap()
    }
}
