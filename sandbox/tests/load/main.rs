//! How the sandbox bears load: 1,000 certificates, 50 endpoints, 200 rules on one of them, 30 clients connected at once.
//!
//! Not among the tests that `cargo test` runs by itself: `cargo test -p sandbox --test load -- --nocapture` prints figures.

#![cfg(test)]

#[path = "../it/pki.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod pki;
#[path = "../it/support.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod support;

use std::io::Write as _;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use pki::{Authority, Wish};
use support::{Sandbox, text};

const LONGEST: Duration = Duration::from_millis(50);
const CLIENTS: u64 = 30;

#[tokio::test]
async fn every_describe_call_answers_within_fifty_milliseconds() {
    let sandbox = Sandbox::up_with(&["--quota", "endpoints=60"]);
    sandbox.demand_data_plane();
    let authority = Authority::new();
    let made = sandbox.make_endpoint(&authority, "udp", &[]).await;
    let server = authority.issue(Wish::server());
    let mut arn = String::new();
    for _ in 1..1000 {
        arn = sandbox.import(&authority, &server).await;
    }
    for number in 1..50 {
        let token = format!("endpoint {number}");
        let create = [
            ("Action", "CreateClientVpnEndpoint"),
            ("ClientCidrBlock", "10.88.0.0/16"),
            ("ServerCertificateArn", &arn),
            ("Authentication.1.Type", "certificate-authentication"),
            ("Authentication.1.MutualAuthentication.ClientRootCertificateChainArn", &arn),
            ("ConnectionLogOptions.Enabled", "false"),
            ("ClientToken", &token),
        ];
        assert!(sandbox.ec2(&create).await.0.is_success());
    }
    for number in 1..200 {
        let target = format!("172.16.{number}.0/24");
        let rule = [("TargetNetworkCidr", target.as_str()), ("AuthorizeAllGroups", "true")];
        sandbox.on(&made.endpoint, &[&[("Action", "AuthorizeClientVpnIngress")], &rule[..]].concat()).await;
    }
    while sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnAuthorizationRules")]).await.contains("authorizing")
    {
    }

    let began = Instant::now();
    let held = std::thread::scope(|scope| {
        let connect = |serial| {
            let (sandbox, authority, configuration) = (&sandbox, &authority, &made.configuration);
            scope.spawn(move || sandbox.hold(configuration, &authority.issue(Wish::client("many", 1000 + serial))))
        };
        let connecting: Vec<_> = (0..CLIENTS).map(connect).collect();
        connecting.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    show(&format!("{CLIENTS} clients connected and probed in {:.1} s", began.elapsed().as_secs_f32()));
    assert!(held.iter().all(|held| held.report["private_hosts"][1]["reachable"] == true));
    let active = |xml: &str| xml.matches("<code>active</code>").count();
    while active(&sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnConnections")]).await) < held.len() {}

    let endpoint = ("ClientVpnEndpointId", made.endpoint.as_str());
    for action in ["DescribeClientVpnConnections", "DescribeClientVpnAuthorizationRules", "DescribeClientVpnRoutes"] {
        check(&sandbox, &[("Action", action), endpoint]).await;
    }
    let mut pages = 0;
    let mut token = String::new();
    loop {
        let mut page = vec![("Action", "DescribeClientVpnEndpoints"), ("MaxResults", "5")];
        page.extend((!token.is_empty()).then_some(("NextToken", token.as_str())));
        let answer = check(&sandbox, &page).await;
        pages += 1;
        if !answer.contains("<nextToken>") {
            break;
        }
        token = text(&answer, "nextToken");
    }
    assert_eq!(pages, 10);
    let headers = HeaderMap::from_iter([(
        HeaderName::from_static("x-amz-target"),
        HeaderValue::from_static("CertificateManager.ListCertificates"),
    )]);
    let page = measure(&sandbox, "ListCertificates", "acm", headers.clone(), r#"{"MaxItems": 100}"#).await;
    assert_eq!(page.matches("CertificateArn").count(), 100);
    // All of them at once are half a megabyte, for which an unoptimised program needs longer.
    let status = sandbox.status();
    let began = Instant::now();
    let all = Sandbox::call_at(&status, "acm", headers, "{}".to_owned()).await.unwrap().1;
    assert_eq!(String::from_utf8_lossy(&all).matches("CertificateArn").count(), 1000);
    show(&format!("ListCertificates, all 1,000 at once: {:.1} ms", began.elapsed().as_secs_f32() * 1e3));
    show(&format!("the supervisor has {} MiB of memory", memory(&sandbox) >> 10));
}

async fn check(sandbox: &Sandbox, parameters: &[(&str, &str)]) -> String {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    measure(sandbox, parameters[0].1, "ec2", HeaderMap::new(), &body).await
}

/// Asks ten times, each time over a connection of its own, and holds the slowest answer against the limit.
async fn measure(sandbox: &Sandbox, operation: &str, service: &str, headers: HeaderMap, body: &str) -> String {
    let status = sandbox.status();
    let mut slowest = Duration::ZERO;
    let mut answer = String::new();
    for _ in 0..10 {
        let began = Instant::now();
        let (code, bytes) = Sandbox::call_at(&status, service, headers.clone(), body.to_owned()).await.unwrap();
        slowest = slowest.max(began.elapsed());
        answer = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(code, StatusCode::OK, "{answer}");
    }
    let milliseconds = slowest.as_secs_f32() * 1e3;
    show(&format!("{operation}: the slowest of 10 took {milliseconds:.1} ms ({} bytes)", answer.len()));
    assert!(slowest < LONGEST, "{operation} took {slowest:?}");
    answer
}

/// Of the supervisor, in KiB. Where it has namespaces of its own it is the child of the process that made them.
fn memory(sandbox: &Sandbox) -> u64 {
    let pid = sandbox.status()["pid"].as_i64().unwrap();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let pid = children.split_whitespace().next().map_or(pid, |child| child.parse().unwrap());
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn show(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}
