//! The control plane from outside: the binary's commands, and its wire formats.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::pki::{Authority, Wish, another_key};
use crate::support::{Sandbox, text};

#[test]
fn up_is_idempotent_and_down_leaves_no_secret() {
    let sandbox = Sandbox::up();
    let status = sandbox.status();
    assert_eq!(status["running"], true);
    assert_eq!(status["dns_name"], Value::Null);

    let again = sandbox.command(&["up"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("already up"));
    assert_eq!(sandbox.status()["pid"], status["pid"]);

    let env = String::from_utf8(sandbox.command(&["env"]).stdout).unwrap();
    let url = status["endpoint_url"].as_str().unwrap();
    assert!(env.contains(&format!("AWS_ENDPOINT_URL={url}\nAWS_REGION=eu-central-1\n")), "{env}");

    assert!(sandbox.command(&["down"]).status.success());
    assert_eq!(sandbox.status()["running"], false);
    assert_eq!(sandbox.command(&["env"]).status.code(), Some(2));
    let secret = status["secret_access_key"].as_str().unwrap();
    for entry in std::fs::read_dir(sandbox.folder().join("state")).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&content).contains(secret));
    }
}

#[test]
fn a_profile_without_a_key_is_refused_before_anything_runs() {
    let sandbox = Sandbox::up();
    let output = sandbox.command(&["connect", "/nonexistent.ovpn"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read the profile `/nonexistent.ovpn`"));
}

#[tokio::test]
async fn an_endpoint_is_made_and_described_over_the_wire() {
    let sandbox = Sandbox::up();
    let made = sandbox.make_endpoint(&Authority::new(), "tcp", &[]).await;

    let described = sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnTargetNetworks")]).await;
    assert_eq!(described.matches("<code>associated</code>").count(), 2, "{described}");
    let filter = [("Filter.1.Name", "transport-protocol"), ("Filter.1.Value.1", "tcp")];
    let (_, listed) = sandbox.ec2(&[&[("Action", "DescribeClientVpnEndpoints")], &filter[..]].concat()).await;
    assert_eq!(text(&listed, "clientVpnEndpointId"), made.endpoint);
    assert_eq!(text(&listed, "dnsName"), format!("*.{}", sandbox.status()["dns_name"].as_str().unwrap()));
    assert_eq!(text(&listed, "bannerText"), "Welcome <friends>");
    assert!(made.configuration.starts_with("client\ndev tun\nproto tcp\nremote cvpn-endpoint-"));
    let exported = sandbox.on(&made.endpoint, &[("Action", "ExportClientVpnClientCertificateRevocationList")]).await;
    assert_eq!(text(&exported, "certificateRevocationList"), Authority::new().crl([]));
}

#[tokio::test]
async fn what_is_unknown_is_refused_by_name() {
    let sandbox = Sandbox::up();
    let (status, answer) = sandbox.ec2(&[("Action", "RunInstances")]).await;
    assert_eq!((status, text(&answer, "Code").as_str()), (StatusCode::BAD_REQUEST, "InvalidAction"));
    assert!(text(&answer, "Message").contains("RunInstances"));

    let (_, answer) = sandbox.ec2(&[("Action", "DescribeVpcs"), ("Surprise", "1")]).await;
    assert_eq!(text(&answer, "Code"), "UnknownParameter");

    let (status, answer) = sandbox.acm("RequestCertificate", json!({})).await;
    assert_eq!((status, &answer["__type"]), (StatusCode::BAD_REQUEST, &json!("UnknownOperationException")));
}

#[tokio::test]
async fn what_the_rules_refuse_comes_with_the_code_of_the_service() {
    let sandbox = Sandbox::up();
    let authority = Authority::new();
    let mut identity = authority.issue_with_ec_key(Wish::server());
    let arn = sandbox.import(&authority, &identity).await;
    let create = [
        ("Action", "CreateClientVpnEndpoint"),
        ("ClientCidrBlock", "10.88.0.0/16"),
        ("ServerCertificateArn", &arn),
        ("Authentication.1.Type", "certificate-authentication"),
        ("Authentication.1.MutualAuthentication.ClientRootCertificateChainArn", &arn),
        ("ConnectionLogOptions.Enabled", "false"),
    ];
    let (_, answer) = sandbox.ec2(&create).await;
    assert_eq!(text(&answer, "Code"), "InvalidParameterValue");
    assert!(text(&answer, "Message").contains("EC_prime256v1"), "{answer}");

    let made = sandbox.make_endpoint(&authority, "udp", &[]).await;
    let associate = [
        ("Action", "AssociateClientVpnTargetNetwork"),
        ("ClientVpnEndpointId", &made.endpoint),
        ("SubnetId", "subnet-0a1b2c3d4e5f60001"),
    ];
    let (_, answer) = sandbox.ec2(&associate).await;
    assert_eq!(text(&answer, "Code"), "InvalidClientVpnDuplicateAssociationException");

    identity.private_key = another_key();
    let members = json!({
        "Certificate": STANDARD.encode(&identity.certificate),
        "PrivateKey": STANDARD.encode(&identity.private_key),
    });
    let (_, answer) = sandbox.acm("ImportCertificate", members).await;
    assert_eq!(answer["__type"], "ValidationException");
}

#[tokio::test]
async fn a_repeated_request_with_a_token_makes_one_thing() {
    let sandbox = Sandbox::up();
    let made = sandbox.make_endpoint(&Authority::new(), "udp", &[]).await;
    let authorize = |target: &'static str| {
        let call = [("Action", "AuthorizeClientVpnIngress"), ("ClientToken", "t"), ("AuthorizeAllGroups", "true")];
        [&call[..], &[("ClientVpnEndpointId", made.endpoint.as_str()), ("TargetNetworkCidr", target)]].concat()
    };
    assert_eq!(sandbox.ec2(&authorize("10.2.0.0/16")).await.0, StatusCode::OK);
    assert_eq!(sandbox.ec2(&authorize("10.2.0.0/16")).await.0, StatusCode::OK);
    let rules = sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnAuthorizationRules")]).await;
    assert_eq!(rules.matches("<destinationCidr>10.2.0.0/16<").count(), 1, "{rules}");
    let (_, answer) = sandbox.ec2(&authorize("10.3.0.0/16")).await;
    assert_eq!(text(&answer, "Code"), "IdempotentParameterMismatch");
}

#[tokio::test]
async fn the_log_has_every_call_and_no_private_key() {
    let sandbox = Sandbox::up();
    let authority = Authority::new();
    let identity = authority.issue(Wish::server());
    let arn = sandbox.import(&authority, &identity).await;
    sandbox.acm("ListTagsForCertificate", json!({ "CertificateArn": arn })).await;
    // Also not where it does not belong.
    sandbox.ec2(&[("Action", "DescribeVpcs"), ("PrivateKey", &identity.private_key)]).await;

    let log = String::from_utf8(sandbox.command(&["log"]).stdout).unwrap();
    let calls: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |call: &Value| (call["operation"].clone(), call["changes"].clone(), call["error"].clone());
    assert_eq!(
        calls.iter().map(told).collect::<Vec<_>>(),
        [
            (json!("ImportCertificate"), json!(true), Value::Null),
            (json!("ListTagsForCertificate"), json!(false), Value::Null),
            (json!("DescribeVpcs"), json!(false), json!("UnknownParameter")),
        ]
    );
    let middle_of_key = identity.private_key.lines().nth(5).unwrap();
    assert!(!log.contains(middle_of_key) && !log.contains("BEGIN PRIVATE"));
}
