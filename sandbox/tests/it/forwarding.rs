//! An endpoint forwards by its route table, and what a rule authorizes: both are needed, one is not enough.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::pki::Authority;
use crate::support::{Held, Made, Sandbox, client, text, until};

const SUBNETS: [&str; 2] = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"];
const CLIENTS: &str = "10.88.0.0/16";

/// A sandbox with an endpoint, and how to change its rules and routes.
struct Rehearsal {
    sandbox: Sandbox,
    authority: Authority,
    made: Made,
}

impl Rehearsal {
    async fn new(transport: &str, options: &[&str]) -> Self {
        let sandbox = Sandbox::up_with(options);
        sandbox.demand_data_plane();
        let authority = Authority::new();
        let made = sandbox.make_endpoint(&authority, transport, &[]).await;
        sandbox.rules_in_force(&made).await;
        Self { sandbox, authority, made }
    }

    async fn on(&self, action: &str, members: &[(&str, &str)]) -> String {
        self.sandbox.on(&self.made.endpoint, &[&[("Action", action)], members].concat()).await
    }

    async fn authorize(&self, target: &str) {
        self.on("AuthorizeClientVpnIngress", &[("TargetNetworkCidr", target), ("AuthorizeAllGroups", "true")]).await;
        self.sandbox.rules_in_force(&self.made).await;
    }

    async fn revoke(&self, target: &str) {
        self.on("RevokeClientVpnIngress", &[("TargetNetworkCidr", target), ("RevokeAllGroups", "true")]).await;
    }

    async fn add_route(&self, destination: &str, target: &str) {
        self.on("CreateClientVpnRoute", &[("DestinationCidrBlock", destination), ("TargetVpcSubnetId", target)]).await;
        until("the route is there", async || !self.on("DescribeClientVpnRoutes", &[]).await.contains("creating")).await;
    }

    async fn delete_route(&self, destination: &str, target: &str) {
        self.on("DeleteClientVpnRoute", &[("DestinationCidrBlock", destination), ("TargetVpcSubnetId", target)]).await;
    }

    fn hold(&self, name: &'static str) -> Held {
        self.sandbox.hold(&self.made.configuration, &client(&self.authority, name))
    }

    fn connect_and_reach(&self, name: &'static str, addresses: &[String]) -> (Option<i32>, Value) {
        self.sandbox.connect_and_reach(&self.made.configuration, &client(&self.authority, name), addresses)
    }

    /// The report of a client that also tries the addresses of those that are connected.
    async fn connect(&self) -> Value {
        let connections = self.on("DescribeClientVpnConnections", &[]).await;
        let items = connections.split("<connectionId>").skip(1);
        // Over UDP the service takes a while to miss one that has left.
        let active = items.filter(|item| item.contains("<code>active<") && !item.contains("carol"));
        let addresses: Vec<_> = active.map(|item| text(item, "clientIp")).collect();
        let (code, report) = self.connect_and_reach("carol", &addresses);
        assert_eq!(code, Some(0), "{report}");
        report
    }

    /// Whether a third client reaches alice and bob. They answer its page and its echo requests, or neither.
    async fn clients_reach_each_other(&self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            let report = self.connect().await;
            let others = report["others"].as_array().unwrap();
            let reached: Vec<_> = others.iter().flat_map(|host| [&host["reachable"], &host["ping"]]).collect();
            // While a connection is listed that was just reset, there are more or fewer.
            if reached.len() == 4 && reached.iter().all(|one| one == &reached[0]) {
                return reached[0] == true;
            }
            assert!(Instant::now() < deadline, "{others:?}");
        }
    }
}

async fn check_clients_reach_each_other(transport: &str) {
    let rehearsal = Rehearsal::new(transport, &[]).await;
    let held = ["alice", "bob"].map(|name| rehearsal.hold(name));
    let reset = || {
        for client in &held {
            client.wait_for("lost", |_| true);
            client.wait_for("connected", |_| true);
        }
    };
    assert!(!rehearsal.clients_reach_each_other().await, "with neither rule nor route");
    rehearsal.authorize(CLIENTS).await;
    reset();
    assert!(!rehearsal.clients_reach_each_other().await, "with a rule alone");
    rehearsal.add_route(CLIENTS, "local").await;
    reset();
    assert!(rehearsal.clients_reach_each_other().await, "with both");
    rehearsal.revoke(CLIENTS).await;
    reset();
    assert!(!rehearsal.clients_reach_each_other().await, "with a route alone");
}

#[tokio::test]
async fn clients_reach_each_other_with_a_local_route_and_a_rule_over_udp() {
    check_clients_reach_each_other("udp").await;
}

#[tokio::test]
async fn clients_reach_each_other_with_a_local_route_and_a_rule_over_tcp() {
    check_clients_reach_each_other("tcp").await;
}

#[tokio::test]
async fn a_client_answers_another_also_where_it_may_not_ask() {
    let rehearsal = Rehearsal::new("udp", &[]).await;
    rehearsal.add_route(CLIENTS, "local").await;
    // The first client's address.
    rehearsal.authorize("10.88.0.2/32").await;
    let alice = rehearsal.hold("alice");
    assert_eq!(alice.report["tunnel_address"], "10.88.0.2");
    let alice = ["10.88.0.2".to_owned()];
    let (_, report) = rehearsal.connect_and_reach("bob", &alice);
    assert_eq!((&report["others"][0]["reachable"], &report["others"][0]["ping"]), (&json!(true), &json!(true)));
}

async fn check_routes_lead_beyond_the_vpc(transport: &str) {
    let rehearsal = Rehearsal::new(transport, &["--peering"]).await;
    // Everything goes into the tunnel: what is not reached was not forwarded.
    rehearsal.on("ModifyClientVpnEndpoint", &[("SplitTunnel", "false")]).await;
    let seen_as = async || {
        let report = rehearsal.connect().await;
        let host = &report["private_hosts"][2];
        assert_eq!((&host["address"], &host["interface"]), (&json!("10.2.1.10"), &json!("tun0")));
        host["seen_as"].as_str().map(str::to_owned)
    };
    let [first, second] = SUBNETS;
    rehearsal.authorize("10.2.0.0/16").await;
    assert_eq!(seen_as().await, None, "with a rule alone");
    rehearsal.add_route("10.2.0.0/16", second).await;
    assert_eq!(seen_as().await.as_deref(), Some("10.1.2.250"));
    rehearsal.add_route("10.2.1.0/24", first).await;
    assert_eq!(seen_as().await.as_deref(), Some("10.1.1.250"), "the longest prefix");
    rehearsal.delete_route("10.2.1.0/24", first).await;
    assert_eq!(seen_as().await.as_deref(), Some("10.1.2.250"), "what is left");
    rehearsal.delete_route("10.2.0.0/16", second).await;
    assert_eq!(seen_as().await, None, "a removed route");
    rehearsal.add_route("10.2.0.0/16", first).await;
    rehearsal.revoke("10.2.0.0/16").await;
    assert_eq!(seen_as().await, None, "with a route alone");

    // Nothing leads from the VPC to the internet.
    rehearsal.authorize("0.0.0.0/0").await;
    rehearsal.add_route("0.0.0.0/0", second).await;
    let internet = &rehearsal.connect().await["internet_host"];
    assert_eq!((&internet["interface"], &internet["reachable"]), (&json!("tun0"), &json!(false)));
    assert_eq!(seen_as().await.as_deref(), Some("10.1.1.250"));
}

#[tokio::test]
async fn routes_lead_beyond_the_vpc_over_udp() {
    check_routes_lead_beyond_the_vpc("udp").await;
}

#[tokio::test]
async fn routes_lead_beyond_the_vpc_over_tcp() {
    check_routes_lead_beyond_the_vpc("tcp").await;
}

#[tokio::test]
async fn one_associated_subnet_leads_to_the_whole_vpc() {
    let rehearsal = Rehearsal::new("udp", &[]).await;
    let networks = rehearsal.on("DescribeClientVpnTargetNetworks", &[]).await;
    let second = networks.split("<item>").find(|item| item.contains(SUBNETS[1])).unwrap();
    rehearsal.on("DisassociateClientVpnTargetNetwork", &[("AssociationId", &text(second, "associationId"))]).await;
    let report = rehearsal.connect().await;
    let seen_as: Vec<_> = report["private_hosts"].as_array().unwrap().iter().map(|host| &host["seen_as"]).collect();
    assert_eq!(seen_as, ["10.1.1.250", "10.1.1.250"]);
}
