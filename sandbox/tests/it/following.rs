//! The data plane follows the control plane while clients are connected: two at a time, over UDP and over TCP.

use serde_json::{Value, json};

use crate::pki::{Authority, Wish};
use crate::support::{Made, Sandbox, client, text};

/// A sandbox with an endpoint whose rule is in force.
async fn sandbox(transport: &str) -> (Sandbox, Authority, Made) {
    let sandbox = Sandbox::up();
    sandbox.demand_data_plane();
    let authority = Authority::new();
    let made = sandbox.make_endpoint(&authority, transport, &[]).await;
    sandbox.rules_in_force(&made).await;
    (sandbox, authority, made)
}

fn reached(report: &Value) -> Vec<bool> {
    let hosts = report["private_hosts"].as_array().unwrap().iter();
    hosts.map(|host| host["reachable"].as_bool().unwrap()).collect()
}

/// Status, common name and id of every connection, oldest first.
async fn connections(sandbox: &Sandbox, made: &Made) -> Vec<(String, String, String)> {
    let xml = sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnConnections")]).await;
    let items = xml.split("<connectionId>").skip(1).map(|item| format!("<connectionId>{item}"));
    items.map(|item| (text(&item, "code"), text(&item, "commonName"), text(&item, "connectionId"))).collect()
}

fn number(xml: &str, element: &str) -> u64 {
    text(xml, element).parse().unwrap()
}

async fn wait_for_connections(sandbox: &Sandbox, made: &Made, fit: impl Fn(&[(String, String, String)]) -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(40);
    loop {
        let found = connections(sandbox, made).await;
        if fit(&found) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{found:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn check_a_revoked_rule_cuts_open_flows(transport: &str) {
    let (sandbox, authority, made) = sandbox(transport).await;
    let rule = |action, target, all| [("Action", action), ("TargetNetworkCidr", target), (all, "true")];
    sandbox.on(&made.endpoint, &rule("AuthorizeClientVpnIngress", "10.1.1.0/24", "AuthorizeAllGroups")).await;
    sandbox.rules_in_force(&made).await;
    let clients = ["alice", "bob"].map(|name| sandbox.hold(&made.configuration, &client(&authority, name)));
    for held in &clients {
        assert_eq!(reached(&held.report), [true, true]);
    }

    sandbox.on(&made.endpoint, &rule("RevokeClientVpnIngress", "10.1.0.0/16", "RevokeAllGroups")).await;
    for held in &clients {
        held.wait_for("flow", |told| told["host"] == "10.1.2.10" && told["alive"] == false);
    }
    let carol = sandbox.hold(&made.configuration, &client(&authority, "carol"));
    assert_eq!(reached(&carol.report), [true, false]);

    sandbox.on(&made.endpoint, &rule("AuthorizeClientVpnIngress", "10.1.2.0/24", "AuthorizeAllGroups")).await;
    for held in &clients {
        held.wait_for("flow", |told| told["host"] == "10.1.2.10" && told["alive"] == true);
    }
}

#[tokio::test]
async fn a_revoked_rule_cuts_open_flows_over_udp() {
    check_a_revoked_rule_cuts_open_flows("udp").await;
}

#[tokio::test]
async fn a_revoked_rule_cuts_open_flows_over_tcp() {
    check_a_revoked_rule_cuts_open_flows("tcp").await;
}

async fn check_full_tunnel_name_servers_and_banner(transport: &str) {
    let (sandbox, authority, made) = sandbox(transport).await;
    let alice = sandbox.hold(&made.configuration, &client(&authority, "alice"));
    assert_eq!(alice.report["internet_host"]["interface"], "eth0");
    let modify =
        |members: &[(&'static str, &'static str)]| [&[("Action", "ModifyClientVpnEndpoint")], members].concat();

    let banner = [("ClientLoginBannerOptions.Enabled", "true"), ("ClientLoginBannerOptions.BannerText", "Later")];
    sandbox.on(&made.endpoint, &modify(&banner)).await;
    let bob = sandbox.hold(&made.configuration, &client(&authority, "bob"));
    assert_eq!(bob.report["banner"], "Later");
    // A banner is for new connections; nobody was disturbed.
    assert_eq!(alice.so_far(), Vec::<Value>::new());

    let everything =
        [("SplitTunnel", "false"), ("DnsServers.Enabled", "true"), ("DnsServers.CustomDnsServers.1", "10.1.0.2")];
    sandbox.on(&made.endpoint, &modify(&everything)).await;
    for held in [&alice, &bob] {
        held.wait_for("lost", |_| true);
        held.wait_for("connected", |_| true);
    }
    let (_, report) = sandbox.connect(&made.configuration, &client(&authority, "carol"));
    let pushed = report["pushed"].as_array().unwrap();
    assert!(pushed.contains(&json!("redirect-gateway def1 bypass-dhcp")), "{pushed:?}");
    assert!(pushed.contains(&json!("dhcp-option DNS 10.1.0.2")), "{pushed:?}");
    // Nothing leads from the VPC to the internet, so what goes through the tunnel does not arrive.
    let internet = &report["internet_host"];
    assert_eq!((&internet["interface"], &internet["reachable"]), (&json!("tun0"), &json!(false)));
    assert_eq!(reached(&report), [true, true]);
}

#[tokio::test]
async fn without_split_tunnel_everything_goes_through_and_name_servers_and_banner_are_pushed_over_udp() {
    check_full_tunnel_name_servers_and_banner("udp").await;
}

#[tokio::test]
async fn without_split_tunnel_everything_goes_through_and_name_servers_and_banner_are_pushed_over_tcp() {
    check_full_tunnel_name_servers_and_banner("tcp").await;
}

async fn check_routes_come_and_go(transport: &str) {
    let (sandbox, authority, made) = sandbox(transport).await;
    let route = [("DestinationCidrBlock", "192.168.7.0/24"), ("TargetVpcSubnetId", "subnet-0a1b2c3d4e5f60001")];
    let has_route =
        |report: &Value| report["pushed"].as_array().unwrap().contains(&json!("route 192.168.7.0 255.255.255.0"));
    let alice = sandbox.hold(&made.configuration, &client(&authority, "alice"));
    assert!(!has_route(&alice.report));
    sandbox.on(&made.endpoint, &[&[("Action", "CreateClientVpnRoute")], &route[..]].concat()).await;
    alice.wait_for("lost", |_| true);
    alice.wait_for("connected", |_| true);
    assert!(has_route(&sandbox.hold(&made.configuration, &client(&authority, "bob")).report));
    sandbox.on(&made.endpoint, &[&[("Action", "DeleteClientVpnRoute")], &route[..]].concat()).await;
    alice.wait_for("lost", |_| true);
    assert!(!has_route(&sandbox.hold(&made.configuration, &client(&authority, "bob")).report));
}

#[tokio::test]
async fn routes_are_pushed_as_they_come_and_go_over_udp() {
    check_routes_come_and_go("udp").await;
}

#[tokio::test]
async fn routes_are_pushed_as_they_come_and_go_over_tcp() {
    check_routes_come_and_go("tcp").await;
}

async fn check_a_terminated_connection_ends(transport: &str) {
    let (sandbox, authority, made) = sandbox(transport).await;
    let alice = sandbox.hold(&made.configuration, &client(&authority, "alice"));
    let bob = sandbox.hold(&made.configuration, &client(&authority, "bob"));
    wait_for_connections(&sandbox, &made, |found| found.len() == 2).await;
    let xml = sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnConnections")]).await;
    assert!(text(&xml, "clientIp").starts_with("10.88.0.") && text(&xml, "ingressBytes") != "0", "{xml}");
    // Both ask private hosts several times a second. No packet is smaller than its header of 20 bytes.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let later = sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnConnections")]).await;
        let grown = |element: &str| number(&later, element) > number(&xml, element) + 5;
        if grown("ingressPackets") && grown("egressPackets") {
            assert!(number(&later, "ingressPackets") * 20 < number(&later, "ingressBytes"), "{later}");
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{later}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }

    let found = connections(&sandbox, &made).await;
    let (_, _, id) = found.iter().find(|(_, name, _)| name == "alice").unwrap();
    let terminate = [("Action", "TerminateClientVpnConnections"), ("ConnectionId", id.as_str())];
    sandbox.on(&made.endpoint, &terminate).await;
    alice.wait_for("ended", |_| true);
    let states = |found: &[(String, String, String)]| {
        let mut states: Vec<_> = found.iter().map(|(code, name, _)| format!("{name} {code}")).collect();
        states.sort();
        states
    };
    wait_for_connections(&sandbox, &made, |found| states(found) == ["alice terminated", "bob active"]).await;
    assert!(!bob.so_far().iter().any(|told| told["event"] != "flow"));

    sandbox.command(&["advance", "3590"]);
    assert_eq!(connections(&sandbox, &made).await.len(), 2);
    sandbox.command(&["advance", "60"]);
    wait_for_connections(&sandbox, &made, |found| states(found) == ["bob active"]).await;
}

#[tokio::test]
async fn a_terminated_connection_ends_and_is_listed_for_an_hour_over_udp() {
    check_a_terminated_connection_ends("udp").await;
}

#[tokio::test]
async fn a_terminated_connection_ends_and_is_listed_for_an_hour_over_tcp() {
    check_a_terminated_connection_ends("tcp").await;
}

async fn check_a_session_ends_with_its_time(transport: &str) {
    let (sandbox, authority, made) = sandbox(transport).await;
    let shorter = [("SessionTimeoutHours", "8"), ("DisconnectOnSessionTimeout", "false")];
    sandbox.on(&made.endpoint, &[&[("Action", "ModifyClientVpnEndpoint")], &shorter[..]].concat()).await;
    let alice = sandbox.hold(&made.configuration, &client(&authority, "alice"));
    wait_for_connections(&sandbox, &made, |found| found.len() == 1).await;
    sandbox.command(&["advance", "14400"]);
    let bob = sandbox.hold(&made.configuration, &client(&authority, "bob"));
    wait_for_connections(&sandbox, &made, |found| found.iter().any(|(_, name, _)| name == "bob")).await;
    sandbox.command(&["advance", "14400"]);
    alice.wait_for("lost", |_| true);
    alice.wait_for("connected", |_| true);
    // Eight hours after each one's own beginning.
    assert!(!bob.so_far().iter().any(|told| told["event"] == "lost"));
}

#[tokio::test]
async fn a_session_ends_with_its_time_over_udp() {
    check_a_session_ends_with_its_time("udp").await;
}

#[tokio::test]
async fn a_session_ends_with_its_time_over_tcp() {
    check_a_session_ends_with_its_time("tcp").await;
}

async fn check_a_new_revocation_list(transport: &str) {
    let (sandbox, authority, made) = sandbox(transport).await;
    let mallory = authority.issue(Wish::client("mallory", 66));
    let alice = sandbox.hold(&made.configuration, &client(&authority, "alice"));
    let held = sandbox.hold(&made.configuration, &mallory);
    let crl = authority.crl([66]);
    let import = [("Action", "ImportClientVpnClientCertificateRevocationList"), ("CertificateRevocationList", &crl)];
    sandbox.on(&made.endpoint, &import).await;
    alice.wait_for("lost", |_| true);
    held.wait_for("lost", |_| true);
    alice.wait_for("connected", |_| true);
    assert_eq!(sandbox.connect(&made.configuration, &mallory).1["reason"], "the certificate is revoked");
    assert!(!held.so_far().iter().any(|told| told["event"] == "connected"));
}

#[tokio::test]
async fn a_new_revocation_list_resets_connections_and_keeps_the_revoked_out_over_udp() {
    check_a_new_revocation_list("udp").await;
}

#[tokio::test]
async fn a_new_revocation_list_resets_connections_and_keeps_the_revoked_out_over_tcp() {
    check_a_new_revocation_list("tcp").await;
}

async fn check_an_unsupported_key_is_refused(transport: &str) {
    let (sandbox, authority, made) = sandbox(transport).await;
    let (code, report) = sandbox.connect(&made.configuration, &authority.issue_with_ec_key(Wish::client("eve", 9)));
    let reason = report["reason"].as_str().unwrap();
    assert!(code == Some(4) && reason.contains("only RSA with 1024 or 2048 bits"), "{report}");
    assert_eq!(sandbox.connect(&made.configuration, &client(&authority, "alice")).0, Some(0));
}

#[tokio::test]
async fn a_key_that_the_service_does_not_support_is_refused_over_udp() {
    check_an_unsupported_key_is_refused("udp").await;
}

#[tokio::test]
async fn a_key_that_the_service_does_not_support_is_refused_over_tcp() {
    check_an_unsupported_key_is_refused("tcp").await;
}

#[tokio::test]
async fn endpoints_run_at_the_same_time_and_one_can_be_moved_and_ended() {
    let (sandbox, authority, udp) = sandbox("udp").await;
    let tcp = sandbox.make_endpoint(&authority, "tcp", &[]).await;
    sandbox.rules_in_force(&tcp).await;
    let alice = sandbox.hold(&udp.configuration, &client(&authority, "alice"));
    let bob = sandbox.hold(&tcp.configuration, &client(&authority, "bob"));
    let seen_as = |report: &Value| report["private_hosts"][0]["seen_as"].clone();
    assert_eq!((seen_as(&alice.report), seen_as(&bob.report)), (json!("10.1.1.250"), json!("10.1.1.249")));

    sandbox.on(&tcp.endpoint, &[("Action", "ModifyClientVpnEndpoint"), ("VpnPort", "1194")]).await;
    bob.wait_for("lost", |_| true);
    let exported = sandbox.on(&tcp.endpoint, &[("Action", "ExportClientVpnClientConfiguration")]).await;
    let configuration = text(&exported, "clientConfiguration");
    assert_eq!(sandbox.connect(&configuration, &client(&authority, "carol")).0, Some(0));

    let networks = sandbox.on(&udp.endpoint, &[("Action", "DescribeClientVpnTargetNetworks")]).await;
    for association in networks.split("<associationId>").skip(1) {
        let (id, _) = association.split_once('<').unwrap();
        sandbox.on(&udp.endpoint, &[("Action", "DisassociateClientVpnTargetNetwork"), ("AssociationId", id)]).await;
    }
    alice.wait_for("lost", |_| true);
    wait_for_connections(&sandbox, &udp, |found| found.iter().all(|(code, _, _)| code == "terminated")).await;
    assert_eq!(sandbox.status()["data_plane"], "running");
}

#[tokio::test]
async fn a_client_that_vanished_is_missed() {
    let (sandbox, authority, made) = sandbox("udp").await;
    let alice = sandbox.hold(&made.configuration, &client(&authority, "alice"));
    let _bob = sandbox.hold(&made.configuration, &client(&authority, "bob"));
    wait_for_connections(&sandbox, &made, |found| found.len() == 2).await;
    // Its client does not say goodbye: the service has no `explicit-exit-notify`.
    drop(alice);
    wait_for_connections(&sandbox, &made, |found| {
        found.iter().all(|(code, name, _)| (code == "terminated") == (name == "alice"))
    })
    .await;
}
