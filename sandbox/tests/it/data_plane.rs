//! The data plane from outside: real servers and a real client. Needs root, OpenVPN, nftables and iproute2.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use crate::pki::{Authority, Identity, Wish};
use crate::support::{Sandbox, until};

const REVOKED: u64 = 66;

fn client(authority: &Authority, serial: u64) -> Identity {
    authority.issue(Wish::client("alice.vpn.example.com", serial))
}

async fn check_connects_over(transport: &str) {
    let sandbox = Sandbox::up();
    sandbox.demand_data_plane();
    let authority = Authority::new();
    let made = sandbox.make_endpoint(&authority, transport, &[REVOKED]).await;
    // Without the rule nothing behind the endpoint can be reached.
    sandbox.rules_in_force(&made).await;

    let (code, report) = sandbox.connect(&made.configuration, &client(&authority, 7));
    assert_eq!(
        (code, &report["connected"], &report["transport"]),
        (Some(0), &json!(true), &json!(transport)),
        "{report}"
    );
    let (label, name) = report["resolved_name"].as_str().unwrap().split_once('.').unwrap();
    assert_eq!((label.len(), name), (12, sandbox.status()["dns_name"].as_str().unwrap()));
    assert_eq!(report["banner"], "Welcome <friends>");
    for (host, seen_as) in report["private_hosts"].as_array().unwrap().iter().zip(["10.1.1.250", "10.1.2.250"]) {
        assert_eq!(host["reachable_before"], false);
        assert_eq!((&host["reachable"], &host["ping"]), (&json!(true), &json!(true)), "{report}");
        assert_eq!((&host["interface"], &host["seen_as"]), (&json!("tun0"), &json!(seen_as)));
        assert!(host["bytes_through_tunnel"].as_u64().unwrap() > 0);
    }
    let internet = &report["internet_host"];
    assert_eq!((&internet["reachable"], &internet["interface"]), (&json!(true), &json!("eth0")));
    assert_eq!((&internet["seen_as"], &internet["bytes_through_tunnel"]), (&json!("198.51.100.2"), &json!(0)));
    assert_eq!(report["private_host_reaches_internet"], false);

    let (code, report) = sandbox.connect(&made.configuration, &client(&authority, REVOKED));
    assert_eq!((code, &report["reason"]), (Some(4), &json!("the certificate is revoked")));
    let (code, report) = sandbox.connect(&made.configuration, &client(&Authority::namesake(), 7));
    let reason = report["reason"].as_str().unwrap();
    assert!(code == Some(4) && reason.starts_with("the certificate was issued by another CA"), "{reason}");
}

#[tokio::test]
async fn a_profile_connects_over_udp() {
    check_connects_over("udp").await;
}

#[tokio::test]
async fn a_profile_connects_over_tcp() {
    check_connects_over("tcp").await;
}

#[tokio::test]
async fn nobody_gets_past_a_second_factor() {
    let sandbox = Sandbox::up();
    sandbox.demand_data_plane();
    let authority = Authority::new();
    let directory = [
        ("Authentication.2.Type", "directory-service-authentication"),
        ("Authentication.2.ActiveDirectory.DirectoryId", "d-0123456789"),
    ];
    let made = sandbox.make_endpoint_with(&authority, "udp", &[], &directory).await;
    let note = format!("{} lets nobody in: its second factor cannot be checked", made.endpoint);
    assert_eq!(sandbox.status()["notes"], json!([note]));
    let alice = client(&authority, 7);
    let refused = |configuration: &str, expected: &str| {
        let (code, report) = sandbox.connect(configuration, &alice);
        let reason = report["reason"].as_str().unwrap();
        assert!(code == Some(4) && reason.contains(expected), "{report}");
    };
    refused(&made.configuration, "the profile asks for a name and a password");
    refused(&made.configuration.replace("auth-user-pass\n", ""), "the profile has none");
    let mut answers = File::create_new(sandbox.folder().join("answers.txt")).unwrap();
    answers.write_all(b"alice\nsecret\n").unwrap();
    let answering = made.configuration.replace("auth-user-pass\n", "auth-user-pass answers.txt\n");
    refused(&answering, "a second factor, which the sandbox cannot check");
    // The certificate counts as before.
    let (_, report) = sandbox.connect(&answering, &client(&Authority::namesake(), 7));
    assert!(report["reason"].as_str().unwrap().starts_with("the certificate was issued by another CA"), "{report}");

    let provider = "arn:aws:iam::123456789012:saml-provider/office";
    let federated = [
        ("Authentication.2.Type", "federated-authentication"),
        ("Authentication.2.FederatedAuthentication.SAMLProviderArn", provider),
    ];
    let made = sandbox.make_endpoint_with(&authority, "tcp", &[], &federated).await;
    refused(&made.configuration, "the profile is for single sign-on");
}

#[tokio::test]
async fn nothing_survives_a_killed_supervisor() {
    let sandbox = Sandbox::up();
    sandbox.demand_data_plane();
    sandbox.make_endpoint(&Authority::new(), "udp", &[]).await;
    until("the data plane runs", async || sandbox.status()["data_plane"] == "running").await;
    let supervisor = sandbox.status()["pid"].as_i64().unwrap();
    let family = descendants(supervisor);
    // The holders of laptop, internet, two subnets and the endpoint, and the server.
    assert!(family.len() > 6, "{family:?}");

    let killed = std::process::Command::new("kill").args(["-9", &supervisor.to_string()]).status();
    assert!(killed.unwrap().success());
    until("the whole family is gone", async || !family.iter().any(|pid| runs(*pid))).await;

    assert_eq!(sandbox.status()["running"], false);
    assert!(std::fs::read_dir(sandbox.folder().join("state/run")).unwrap().next().is_none());
    assert!(sandbox.command(&["up"]).status.success());
    assert_ne!(sandbox.status()["pid"], json!(supervisor));
}

/// Every process below one, whichever of its threads has started it.
fn descendants(pid: i64) -> Vec<i64> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    let children: String =
        threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok()).collect();
    let children = children.split_whitespace().map(|pid| pid.parse::<i64>().unwrap());
    children.flat_map(|child| [vec![child], descendants(child)].concat()).collect()
}

fn runs(pid: i64) -> bool {
    let state = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
