//! The section `[network]`: the rules that tie its keys together.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv4Net};

use crate::config::{
    AddressType, AuthorizationRule, Network, Port, Route, RouteTarget, SubnetId, Transport,
    reader::{TWICE, Table, Value},
};

pub(super) fn network(section: &Table<'_>, second_factor: bool) -> Option<Network> {
    let vpc_id = section.parse("vpc_id");
    let subnet_ids = section.list("subnet_ids");
    let traffic = address_type(section, "traffic_address_type");
    let split_tunnel = section.flag("split_tunnel", true);
    let client_cidr = client_cidr(section, traffic);
    let around = Around { traffic, client_cidr, split_tunnel, subnets: &subnet_ids };
    let authorize = authorize(section, traffic, second_factor);
    let routes = routes(section, &around);
    let dns_servers = dns_servers(section, traffic);
    let transport = match section.text("transport").as_str() {
        "tcp" => Transport::Tcp,
        _ => Transport::Udp,
    };
    let port = section.get("port").and_then(|port| Port::try_from(port.number()?).ok()).unwrap_or(Port::HTTPS);
    let security_group_ids = section.list("security_group_ids");
    let endpoint_address_type = address_type(section, "endpoint_address_type");
    Some(Network {
        vpc_id: vpc_id?,
        client_cidr,
        authorize,
        routes,
        split_tunnel,
        transport,
        port,
        dns_servers,
        security_group_ids,
        endpoint_address_type,
        traffic_address_type: traffic,
        subnet_ids,
    })
}

fn address_type(section: &Table<'_>, key: &'static str) -> AddressType {
    match section.text(key).as_str() {
        "ipv6" => AddressType::Ipv6,
        "dual-stack" => AddressType::DualStack,
        _ => AddressType::Ipv4,
    }
}

/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is-best-practices.html>
fn client_cidr(section: &Table<'_>, traffic: AddressType) -> Option<Ipv4Net> {
    let Some(value) = section.get("client_cidr") else {
        if traffic.has_ipv4() && !section.has("client_cidr") {
            section.note("client_cidr", "the key is missing: clients need addresses, such as `10.88.0.0/16`");
        }
        return None;
    };
    if !traffic.has_ipv4() {
        value.refuse("it must be left out where the tunnel carries IPv6 alone: AWS chooses the clients' addresses");
        return None;
    }
    match cidr(&value, AddressType::Ipv4)? {
        IpNet::V4(cidr) if CLIENT_PREFIXES.contains(&cidr.prefix_len()) => Some(cidr),
        IpNet::V4(_) | IpNet::V6(_) => {
            value.refuse("AWS takes a block between /12 (the largest) and /22 (the smallest)");
            None
        }
    }
}

fn authorize(section: &Table<'_>, traffic: AddressType, second_factor: bool) -> Vec<AuthorizationRule> {
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    for item in section.items("authorize") {
        let table = item.table();
        let network = match &table {
            None => cidr(&item, traffic),
            Some(table) => table.get("network").and_then(|network| cidr(&network, traffic)),
        };
        let group = table.as_ref().and_then(|table| table.get("group"));
        if let Some(group) = group.as_ref().filter(|_| !second_factor) {
            group.refuse("a certificate has no groups: leave it out, or add a `[second_factor]`");
        }
        let group = group.and_then(|group| group.parse());
        let description = table.map(|table| table.text("description")).unwrap_or_default();
        if let Some(network) = network {
            if !seen.insert((network, group.clone())) {
                item.refuse(TWICE);
            }
            rules.push(AuthorizationRule { network, group, description });
        }
    }
    rules
}

/// What routes are held against.
struct Around<'n> {
    traffic: AddressType,
    client_cidr: Option<Ipv4Net>,
    split_tunnel: bool,
    subnets: &'n [SubnetId],
}

fn routes(section: &Table<'_>, around: &Around<'_>) -> Vec<Route> {
    let mut seen = BTreeSet::new();
    let mut through = BTreeMap::<_, usize>::new();
    let mut routes = Vec::new();
    for item in section.items("routes") {
        let Some(table) = item.table() else { continue };
        let destination = table.get("destination").and_then(|value| Some((cidr(&value, around.traffic)?, value)));
        let target = table.get("subnet_id").and_then(|value| target(&value, around));
        let description = table.text("description");
        let (Some((destination, value)), Some(target)) = (destination, target) else { continue };
        if let Some(why) = refused_destination(destination, &target, around) {
            value.refuse(why);
        }
        if !seen.insert((destination, target.clone())) {
            item.refuse(TWICE);
        }
        let count = through.entry(target.clone()).or_default();
        *count += 1;
        if *count > MAX_ROUTES {
            item.refuse(format!("AWS takes at most {MAX_ROUTES} routes for a subnet"));
        }
        routes.push(Route { destination, target, description });
    }
    routes
}

fn target(value: &Value<'_>, around: &Around<'_>) -> Option<RouteTarget> {
    if value.text() == "local" {
        return Some(RouteTarget::Local);
    }
    let subnet = value.parse()?;
    // Where none could be read, that has been said already.
    if !around.subnets.is_empty() && !around.subnets.contains(&subnet) {
        value.refuse("a route goes through one of `network.subnet_ids`, or is `local`");
    }
    Some(RouteTarget::Subnet(subnet))
}

/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-routes.html>
fn refused_destination(destination: IpNet, target: &RouteTarget, around: &Around<'_>) -> Option<String> {
    let clients = around.client_cidr.map(IpNet::V4);
    if *target == RouteTarget::Local {
        let is_theirs = clients.is_none_or(|clients| clients == destination) && around.traffic.has_ipv4();
        return (!is_theirs).then(|| {
            "a `local` route leads to the other clients: its destination is `network.client_cidr`".to_owned()
        });
    }
    if destination.prefix_len() == 0 {
        return around.split_tunnel.then(|| {
            "this sends everything through the tunnel: that is `split_tunnel = false`, and AWS advises against such a \
             route where the tunnel is split"
                .to_owned()
        });
    }
    let clients = clients.filter(|clients| clients.contains(&destination) || destination.contains(clients))?;
    Some(format!("it overlaps the clients' own addresses, `network.client_cidr` = `{clients}`"))
}

fn dns_servers(section: &Table<'_>, traffic: AddressType) -> Vec<std::net::IpAddr> {
    let servers = section.list("dns_servers");
    if !traffic.has_ipv6() && servers.iter().any(std::net::IpAddr::is_ipv6) {
        section.note("dns_servers", NEEDS_IPV6);
    }
    servers
}

/// A network written as one, no bit set behind the prefix, that the tunnel carries.
fn cidr(value: &Value<'_>, traffic: AddressType) -> Option<IpNet> {
    let network = value.parse_with(|text| {
        let network: IpNet = text.parse().map_err(|_| "a network is written as `10.88.0.0/16`".to_owned())?;
        if network.addr() == network.network() {
            Ok(network)
        } else {
            Err(format!("the address is not the first of its block, `{}` is", network.trunc()))
        }
    })?;
    match network {
        IpNet::V6(_) if !traffic.has_ipv6() => {
            value.refuse(NEEDS_IPV6);
            None
        }
        IpNet::V4(_) if !traffic.has_ipv4() => {
            value.refuse("an IPv6 network is needed: the tunnel carries IPv6 alone");
            None
        }
        IpNet::V4(_) | IpNet::V6(_) => Some(network),
    }
}

const NEEDS_IPV6: &str = "IPv6 needs `network.traffic_address_type` to be `dual-stack` or `ipv6`";
const CLIENT_PREFIXES: std::ops::RangeInclusive<u8> = 12..=22;
/// For one subnet, by default (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>).
const MAX_ROUTES: usize = 100;
