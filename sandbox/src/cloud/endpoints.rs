//! Client VPN endpoints: what one has, and in which state it is.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoints.html>

use std::net::IpAddr;

use ipnet::Ipv4Net;
use time::OffsetDateTime;

use super::{
    Association, AssociationStatus, AuthorizationRule, CertificateArn, Cloud, Crl, EndpointId, ManualRoute, Refusal,
    RouteTarget, RuleStatus, SecondFactor, SubnetId, Tags, Timings,
};

/// An endpoint and all that hangs off it.
#[derive(Debug)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// When it was created.
    pub created: OffsetDateTime,
    /// What it was created with, or modified to.
    pub settings: Settings,
    /// The VPC, chosen at creation or by the first association.
    pub vpc: Option<String>,
    /// Security groups of the associations.
    pub security_groups: Vec<String>,
    /// Its tags.
    pub tags: Tags,
    /// Target networks, oldest first.
    pub associations: Vec<Association>,
    /// Authorization rules, oldest first.
    pub rules: Vec<AuthorizationRule>,
    /// Routes that were added by hand, oldest first.
    pub manual_routes: Vec<ManualRoute>,
    /// The CRL that was imported last.
    pub crl: Option<Crl>,
    /// When its deletion was asked for.
    pub deleting: Option<OffsetDateTime>,
}

/// What an endpoint is set to, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Addresses of clients.
    pub client_cidr: Ipv4Net,
    /// The server's certificate, whose chain clients trust.
    pub server_certificate: CertificateArn,
    /// The certificate whose chain signs clients.
    pub client_root: CertificateArn,
    /// What clients show beside a certificate.
    pub second_factor: Option<SecondFactor>,
    /// Whether users can fetch the client configuration themselves.
    pub self_service_portal: bool,
    /// Where connections are logged.
    pub log: Option<ConnectionLog>,
    /// Name servers for clients.
    pub dns_servers: Vec<IpAddr>,
    /// Over what the tunnel runs.
    pub transport: Transport,
    /// 443 or 1194.
    pub port: u16,
    /// For people.
    pub description: Option<String>,
    /// Whether only the routes of the endpoint go through the tunnel.
    pub split_tunnel: bool,
    /// 8, 10, 12 or 24.
    pub session_timeout_hours: u8,
    /// Whether a client stays away after the time-out.
    pub disconnect_on_session_timeout: bool,
    /// What AWS's own client shows at login.
    pub banner: Option<String>,
    /// Whether AWS's own client guards the routes.
    pub route_enforcement: bool,
    /// Which addresses the endpoint itself has.
    pub endpoint_addresses: AddressType,
    /// Which addresses pass through the tunnel.
    pub traffic_addresses: AddressType,
}

/// Which versions of IP there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say all")]
pub enum AddressType {
    Ipv4,
    DualStack,
}

impl AddressType {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::DualStack => "dual-stack",
        }
    }
}

/// Names in CloudWatch Logs. They are kept and shown; nothing is written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLog {
    /// Log group.
    pub group: String,
    /// Log stream.
    pub stream: Option<String>,
}

/// Over what the tunnel runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say all")]
pub enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    /// AWS's word, which is also OpenVPN's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// `Status` of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointStatus {
    /// No target network is associated: nobody can connect.
    PendingAssociate,
    /// Ready for clients.
    Available,
    /// Its deletion is under way.
    Deleting,
    /// Gone.
    Deleted,
}

impl EndpointStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingAssociate => "pending-associate",
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }
}

impl Endpoint {
    /// The endpoint's state at a time.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime, timings: &Timings) -> EndpointStatus {
        match self.deleting {
            Some(since) if now - since >= timings.endpoint_deletion => EndpointStatus::Deleted,
            Some(_) => EndpointStatus::Deleting,
            None if self.associated_subnets(now, timings).next().is_some() => EndpointStatus::Available,
            None => EndpointStatus::PendingAssociate,
        }
    }

    /// Subnets whose association is complete.
    pub fn associated_subnets(&self, now: OffsetDateTime, timings: &Timings) -> impl Iterator<Item = &SubnetId> {
        let timings = *timings;
        self.associations
            .iter()
            .filter(move |association| association.status(now, &timings) == AssociationStatus::Associated)
            .map(|association| &association.subnet)
    }

    /// Forgets associations, rules and routes that have come to their end.
    pub(super) fn pass_time(&mut self, now: OffsetDateTime, timings: &Timings) {
        self.associations.retain(|known| known.status(now, timings) != AssociationStatus::Disassociated);
        self.rules.retain(|rule| rule.status(now, timings) != RuleStatus::Revoked);
        let associations = &self.associations;
        self.manual_routes.retain(|route| {
            let has_way = match &route.target {
                RouteTarget::Local => !associations.is_empty(),
                RouteTarget::Subnet(subnet) => associations.iter().any(|known| known.subnet == *subnet),
            };
            has_way && !route.is_gone(now, timings)
        });
    }

    /// The name below which every label leads to the endpoint, and which has no address itself.
    #[must_use]
    pub fn dns_name(&self, region: &str) -> String {
        format!("{}.prod.clientvpn.{region}.amazonaws.com", self.id)
    }
}

impl Cloud {
    /// The endpoint of that id.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`.
    pub fn endpoint(&self, id: &str) -> Result<&Endpoint, Refusal> {
        self.endpoints.get(&EndpointId::from(id)).ok_or_else(|| not_found(id))
    }

    pub(super) fn endpoint_mut(&mut self, id: &str) -> Result<&mut Endpoint, Refusal> {
        self.endpoints.get_mut(&EndpointId::from(id)).ok_or_else(|| not_found(id))
    }

    /// The endpoint of that id, unless its deletion is under way.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `IncorrectState`.
    pub(super) fn live_endpoint(&self, id: &str) -> Result<&Endpoint, Refusal> {
        self.endpoint(id).and_then(|endpoint| if endpoint.deleting.is_none() { Ok(endpoint) } else { Err(leaving(id)) })
    }

    pub(super) fn live_endpoint_mut(&mut self, id: &str) -> Result<&mut Endpoint, Refusal> {
        self.endpoint_mut(id)
            .and_then(|endpoint| if endpoint.deleting.is_none() { Ok(endpoint) } else { Err(leaving(id)) })
    }

    /// All endpoints, by id.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.values()
    }
}

/// Whether two networks share an address.
pub(super) fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}

fn leaving(id: &str) -> Refusal {
    Refusal::new("IncorrectState", format!("The Client VPN endpoint '{id}' is being deleted"))
}

fn not_found(id: &str) -> Refusal {
    Refusal::new(
        "InvalidClientVpnEndpointId.NotFound",
        format!("The specified Client VPN endpoint '{id}' does not exist"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::fixture::{TIMINGS, at, cloud_with_endpoint};

    #[test]
    fn an_endpoint_becomes_available_with_its_first_associated_network() {
        let (mut cloud, id) = cloud_with_endpoint();
        let status = |cloud: &Cloud, seconds| cloud.endpoint(id.as_str()).unwrap().status(at(seconds, 0).now, &TIMINGS);
        assert_eq!(status(&cloud, 100), EndpointStatus::PendingAssociate);
        cloud.associate(id.as_str(), "subnet-0a1b2c3d4e5f60001", &at(10, 4)).unwrap();
        assert_eq!(status(&cloud, 12), EndpointStatus::PendingAssociate);
        assert_eq!(status(&cloud, 13), EndpointStatus::Available);
    }
}
