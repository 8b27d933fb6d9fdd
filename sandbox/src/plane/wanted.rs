//! What should run: a pure function of what the control plane knows at a time, and the difference to what does run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use time::{Duration, OffsetDateTime};

use super::forwarding::{Forwarding, v4};
use crate::cloud::{Cloud, Crl, Endpoint, EndpointId, PrivateKey, RouteStatus, RuleStatus, SubnetId, Transport, X509};

/// Every endpoint that should accept clients.
pub(super) type Wanted = BTreeMap<EndpointId, WantedEndpoint>;

/// An endpoint as it should run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WantedEndpoint {
    pub(super) dns_name: String,
    pub(super) server: ServerSpec,
    pub(super) pushed: Pushed,
    pub(super) crl: Option<Crl>,
    pub(super) session: Session,
    pub(super) subnets: BTreeSet<SubnetId>,
    pub(super) forwarding: Forwarding,
    /// Networks that clients may reach, none inside another.
    pub(super) authorized: Vec<Ipv4Net>,
}

/// What an OpenVPN server is started with: when any of it changes, it must be started anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerSpec {
    pub(super) transport: Transport,
    pub(super) port: u16,
    pub(super) client_cidr: Ipv4Net,
    /// PEM: the CAs that sign clients.
    pub(super) client_authorities: String,
    /// PEM: the server's certificate and what lies between it and the root.
    pub(super) certificates: String,
    pub(super) private_key: PrivateKey,
    /// Whether there is a CRL to check; which one may change while the server runs.
    pub(super) checks_crl: bool,
    /// Whether clients are asked for more than a certificate. Nobody can be let in then: there is nobody to check it.
    pub(super) second_factor: bool,
}

/// What every new connection is sent. It may change while the server runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pushed {
    /// Destinations that go through the tunnel; `None` means everything, that is, no split tunnel.
    pub(super) routes: Option<BTreeSet<Ipv4Net>>,
    pub(super) dns_servers: Vec<Ipv4Addr>,
    pub(super) banner: Option<String>,
}

/// How long a connection may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) longest: Duration,
    /// Whether the client stays away then, instead of coming again at once. What the service sends to that end is
    /// UNCONFIRMED.
    pub(super) ends_client: bool,
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
    /// Forward what its clients send in these ways and no others.
    Forward(Forwarding),
    /// End the connections; clients may come again at once.
    ResetConnections,
    /// Send this to new connections from now on.
    Push(Pushed),
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
    // Behind the others there is nothing, so there is nothing to lead to.
    let subnets = subnets.into_iter().filter(|subnet| cloud.world.subnet(subnet.as_str()).is_some()).collect();
    let settings = &endpoint.settings;
    let server = cloud.certificate(settings.server_certificate.as_str()).ok()?;
    let between = server.chain.iter().filter(|certificate| !certificate.is_self_signed());
    let routes = cloud.routes(endpoint, now);
    let forwarding = Forwarding::new(&routes, &cloud.world);
    let active = routes.iter().filter(|route| route.status == RouteStatus::Active);
    let destinations = active.filter_map(|route| v4(route.destination)).collect();
    let rules: Vec<_> = endpoint
        .rules
        .iter()
        // Of no client it is known which group it is in.
        .filter(|rule| rule.status(now, &cloud.timings) == RuleStatus::Active && rule.group.is_none())
        .filter_map(|rule| v4(rule.target))
        .collect();
    Some(WantedEndpoint {
        dns_name: endpoint.dns_name(&cloud.world.region),
        server: ServerSpec {
            transport: settings.transport,
            port: settings.port,
            client_cidr: settings.client_cidr,
            client_authorities: cloud.client_authorities(endpoint).ok()?.iter().map(X509::to_pem).collect(),
            certificates: std::iter::once(&server.leaf).chain(between).map(X509::to_pem).collect(),
            private_key: server.private_key.clone(),
            checks_crl: endpoint.crl.is_some(),
            second_factor: settings.second_factor.is_some(),
        },
        pushed: Pushed {
            routes: settings.split_tunnel.then_some(destinations),
            dns_servers: settings
                .dns_servers
                .iter()
                .filter_map(|server| match server {
                    IpAddr::V4(server) => Some(*server),
                    IpAddr::V6(_) => None,
                })
                .collect(),
            banner: settings.banner.clone(),
        },
        session: Session {
            longest: Duration::HOUR * settings.session_timeout_hours,
            ends_client: settings.disconnect_on_session_timeout,
        },
        crl: endpoint.crl.clone(),
        subnets,
        forwarding,
        authorized: Ipv4Net::aggregate(&rules),
    })
}

/// What to do to an endpoint that runs as `running` so that it runs as `wanted`, in that order.
pub(super) fn changes(running: &WantedEndpoint, wanted: &WantedEndpoint) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(running.subnets.difference(&wanted.subnets).cloned().map(Change::Detach));
    changes.extend(wanted.subnets.difference(&running.subnets).cloned().map(Change::Attach));
    // An interface that is new has no ways, whatever it replaces.
    if running.subnets != wanted.subnets || running.forwarding != wanted.forwarding {
        changes.push(Change::Forward(wanted.forwarding.clone()));
    }
    let rules_differ = running.authorized != wanted.authorized;
    if rules_differ {
        changes.push(Change::Authorize(wanted.authorized.clone()));
    }
    let crl_differs = running.crl != wanted.crl;
    if let Some(crl) = wanted.crl.clone().filter(|_| crl_differs) {
        changes.push(Change::ReplaceCrl(crl));
    }
    let pushed_differs = running.pushed != wanted.pushed;
    if pushed_differs {
        changes.push(Change::Push(wanted.pushed.clone()));
    }
    // Another banner is for new connections alone.
    let way_differs = running.pushed.without_banner() != wanted.pushed.without_banner();
    if running.server != wanted.server {
        changes.push(Change::RestartServer);
    } else if crl_differs || rules_differ || way_differs {
        // https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-modify.html
        changes.push(Change::ResetConnections);
    }
    changes
}

impl Pushed {
    fn without_banner(&self) -> (&Option<BTreeSet<Ipv4Net>>, &[Ipv4Addr]) {
        (&self.routes, &self.dns_servers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::AuthorizeIngress;
    use crate::cloud::fixture::pki::Authority;
    use crate::cloud::fixture::{at, cloud_with_endpoint};

    const SUBNETS: [&str; 2] = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"];

    fn authorize(cloud: &mut Cloud, id: &EndpointId, target: &str) {
        let request =
            AuthorizeIngress { target_network: target.to_owned(), all_groups: true, ..AuthorizeIngress::default() };
        cloud.authorize(id.as_str(), request, &at(0, 4)).unwrap();
    }

    /// What should run of an endpoint with one complete association and a rule.
    fn one(cloud: &Cloud, seconds: i64) -> WantedEndpoint {
        wanted(cloud, at(seconds, 0).now).pop_first().unwrap().1
    }

    fn associated() -> (Cloud, EndpointId) {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.associate(id.as_str(), SUBNETS[0], &at(0, 4)).unwrap();
        authorize(&mut cloud, &id, "10.1.0.0/16");
        (cloud, id)
    }

    #[test]
    fn an_endpoint_runs_once_a_network_is_associated() {
        let (cloud, _) = associated();
        assert!(wanted(&cloud, at(2, 0).now).is_empty());
        let endpoint = one(&cloud, 3);
        assert_eq!(endpoint.subnets, BTreeSet::from([SubnetId::from(SUBNETS[0])]));
        assert_eq!(endpoint.authorized, ["10.1.0.0/16".parse().unwrap()]);
        assert_eq!(endpoint.pushed.routes, Some(BTreeSet::from(["10.1.0.0/16".parse().unwrap()])));
        assert_eq!(endpoint.server.client_authorities, Authority::new().certificate.replace("\r\n", "\n"));
    }

    #[test]
    fn an_endpoint_in_a_subnet_without_a_host_runs_and_leads_nowhere() {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.associate(id.as_str(), "subnet-0a1b2c3d4e5f60005", &at(0, 4)).unwrap();
        let endpoint = one(&cloud, 3);
        assert_eq!((endpoint.subnets, endpoint.forwarding), (BTreeSet::new(), Forwarding::default()));
        cloud.world = cloud.world.clone().peered();
        let endpoint = one(&cloud, 3);
        assert_eq!(endpoint.subnets.len(), 1);
        assert_ne!(endpoint.forwarding, Forwarding::default());
    }

    #[test]
    fn networks_inside_one_another_are_authorized_once() {
        let (mut cloud, id) = associated();
        authorize(&mut cloud, &id, "10.1.2.0/24");
        assert_eq!(one(&cloud, 3).authorized, ["10.1.0.0/16".parse().unwrap()]);
    }

    #[test]
    fn nothing_is_done_when_nothing_differs() {
        let (cloud, _) = associated();
        assert_eq!(changes(&one(&cloud, 3), &one(&cloud, 300)), []);
    }

    #[test]
    fn another_network_is_attached_without_touching_the_server() {
        let (mut cloud, id) = associated();
        cloud.associate(id.as_str(), SUBNETS[1], &at(10, 5)).unwrap();
        let (before, after) = (one(&cloud, 12), one(&cloud, 13));
        let second = || SubnetId::from(SUBNETS[1]);
        let forward = |endpoint: &WantedEndpoint| Change::Forward(endpoint.forwarding.clone());
        assert_eq!(changes(&before, &after), [Change::Attach(second()), forward(&after)]);
        assert_eq!(changes(&after, &before), [Change::Detach(second()), forward(&before)]);
    }

    #[test]
    fn another_rule_resets_the_connections() {
        let (mut cloud, id) = associated();
        let before = one(&cloud, 3);
        authorize(&mut cloud, &id, "192.168.0.0/24");
        let networks = ["10.1.0.0/16", "192.168.0.0/24"].map(|net| net.parse().unwrap()).to_vec();
        assert_eq!(changes(&before, &one(&cloud, 3)), [Change::Authorize(networks), Change::ResetConnections]);
    }

    #[test]
    fn the_first_crl_restarts_the_server_and_each_later_one_resets_the_connections() {
        let (mut cloud, id) = associated();
        let without = one(&cloud, 20);
        let mut import = |seconds| {
            cloud.import_crl(id.as_str(), &Authority::new().crl([3]), &at(seconds, 6)).unwrap();
            let endpoint = one(&cloud, 20);
            (endpoint.crl.clone().unwrap(), endpoint)
        };
        let (first_crl, first) = import(10);
        assert_eq!(changes(&without, &first), [Change::ReplaceCrl(first_crl), Change::RestartServer]);
        // The same list, imported once more.
        let (second_crl, second) = import(11);
        assert_eq!(changes(&first, &second), [Change::ReplaceCrl(second_crl), Change::ResetConnections]);
    }

    #[test]
    fn what_is_pushed_changes_while_the_server_runs_and_resets_unless_it_is_the_banner() {
        let (cloud, _) = associated();
        let running = one(&cloud, 3);
        let pushed = |change: fn(&mut Pushed)| {
            let mut wanted = running.clone();
            change(&mut wanted.pushed);
            let push = Change::Push(wanted.pushed.clone());
            let changes = changes(&running, &wanted);
            assert_eq!(changes.first(), Some(&push));
            changes.into_iter().skip(1).collect::<Vec<_>>()
        };
        assert_eq!(pushed(|pushed| pushed.banner = Some("Welcome".to_owned())), []);
        assert_eq!(pushed(|pushed| pushed.routes = None), [Change::ResetConnections]);
        assert_eq!(pushed(|pushed| pushed.dns_servers = vec![Ipv4Addr::new(10, 1, 0, 2)]), [Change::ResetConnections]);
    }

    #[test]
    fn another_port_or_certificate_restarts_the_server() {
        let (cloud, _) = associated();
        let running = one(&cloud, 3);
        let mut wanted = running.clone();
        wanted.server.port = 1194;
        assert_eq!(changes(&running, &wanted), [Change::RestartServer]);
        let mut wanted = running.clone();
        wanted.server.certificates = "another".to_owned();
        assert_eq!(changes(&running, &wanted), [Change::RestartServer]);
    }

    #[test]
    fn another_session_timeout_touches_nothing_that_runs() {
        let (cloud, _) = associated();
        let running = one(&cloud, 3);
        assert_eq!(running.session.longest, Duration::hours(24));
        let session = Session { longest: Duration::hours(8), ..running.session };
        assert_eq!(changes(&running, &WantedEndpoint { session, ..running.clone() }), []);
    }
}
