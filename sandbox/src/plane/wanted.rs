//! What should run: a pure function of what the control plane knows at a time, and the difference to what does run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use time::OffsetDateTime;

use crate::cloud::{Cloud, Crl, Endpoint, EndpointId, PrivateKey, RouteStatus, RuleStatus, SubnetId, Transport, X509};

/// Every endpoint that should accept clients.
pub(super) type Wanted = BTreeMap<EndpointId, WantedEndpoint>;

/// An endpoint as it should run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WantedEndpoint {
    pub(super) dns_name: String,
    pub(super) server: ServerSpec,
    pub(super) crl: Option<Crl>,
    pub(super) subnets: BTreeSet<SubnetId>,
    /// Networks that clients may reach, none inside another.
    pub(super) authorized: Vec<Ipv4Net>,
}

/// What an OpenVPN server is started with: when any of it changes, it must be started anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerSpec {
    pub(super) transport: Transport,
    pub(super) port: u16,
    pub(super) client_cidr: Ipv4Net,
    /// Destinations to push; `None` means everything, that is, no split tunnel.
    pub(super) routes: Option<BTreeSet<Ipv4Net>>,
    pub(super) dns_servers: Vec<Ipv4Addr>,
    pub(super) banner: Option<String>,
    /// PEM: the CAs that sign clients.
    pub(super) client_authorities: String,
    /// PEM: the server's certificate and what lies between it and the root.
    pub(super) certificates: String,
    pub(super) private_key: PrivateKey,
    /// Whether there is a CRL to check; which one may change while the server runs.
    pub(super) checks_crl: bool,
}

/// One thing to do to a running endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Give it a leg in a subnet.
    Attach(SubnetId),
    /// Let its clients reach these networks and no others.
    Authorize(Vec<Ipv4Net>),
    /// Take its leg in a subnet away.
    Detach(SubnetId),
    /// End the connections; clients may come again at once.
    ResetConnections,
    /// Check clients against this CRL from now on.
    ReplaceCrl(Crl),
    /// Start the server anew.
    RestartServer,
}

/// What should run at a time.
pub(super) fn wanted(cloud: &Cloud, now: OffsetDateTime) -> Wanted {
    cloud
        .endpoints()
        .filter_map(|endpoint| Some((endpoint.id.clone(), wanted_endpoint(cloud, endpoint, now)?)))
        .collect()
}

/// `None` while no subnet is associated.
fn wanted_endpoint(cloud: &Cloud, endpoint: &Endpoint, now: OffsetDateTime) -> Option<WantedEndpoint> {
    let subnets: BTreeSet<_> = endpoint.associated_subnets(now, &cloud.timings).cloned().collect();
    if subnets.is_empty() {
        return None;
    }
    let settings = &endpoint.settings;
    let server = cloud.certificate(settings.server_certificate.as_str()).ok()?;
    let between = server.chain.iter().filter(|certificate| !certificate.is_self_signed());
    let routes = cloud
        .routes(endpoint, now)
        .into_iter()
        .filter(|route| route.status == RouteStatus::Active)
        .map(|route| route.destination)
        .collect();
    let rules: Vec<_> = endpoint
        .rules
        .iter()
        .filter(|rule| rule.status(now, &cloud.timings) == RuleStatus::Active)
        .map(|rule| rule.target)
        .collect();
    Some(WantedEndpoint {
        dns_name: endpoint.dns_name(&cloud.world.region),
        server: ServerSpec {
            transport: settings.transport,
            port: settings.port,
            client_cidr: settings.client_cidr,
            routes: settings.split_tunnel.then_some(routes),
            dns_servers: settings.dns_servers.clone(),
            banner: settings.banner.clone(),
            client_authorities: cloud.client_authorities(endpoint).ok()?.iter().map(X509::to_pem).collect(),
            certificates: std::iter::once(&server.leaf).chain(between).map(X509::to_pem).collect(),
            private_key: server.private_key.clone(),
            checks_crl: endpoint.crl.is_some(),
        },
        crl: endpoint.crl.clone(),
        subnets,
        authorized: Ipv4Net::aggregate(&rules),
    })
}

/// What to do to an endpoint that runs as `running` so that it runs as `wanted`, in that order.
pub(super) fn changes(running: &WantedEndpoint, wanted: &WantedEndpoint) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(running.subnets.difference(&wanted.subnets).cloned().map(Change::Detach));
    changes.extend(wanted.subnets.difference(&running.subnets).cloned().map(Change::Attach));
    let rules_differ = running.authorized != wanted.authorized;
    if rules_differ {
        changes.push(Change::Authorize(wanted.authorized.clone()));
    }
    let crl_differs = running.crl != wanted.crl;
    if let Some(crl) = wanted.crl.clone().filter(|_| crl_differs) {
        changes.push(Change::ReplaceCrl(crl));
    }
    if running.server != wanted.server {
        changes.push(Change::RestartServer);
    } else if crl_differs || rules_differ {
        // https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-modify.html
        changes.push(Change::ResetConnections);
    }
    changes
}
