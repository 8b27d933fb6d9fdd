//! A sandbox's life: faults that were asked for, state that is kept, an end at any moment, and what a plain user gets.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::pki::{Authority, Wish};
use crate::support::{Sandbox, text};

fn log(sandbox: &Sandbox) -> Vec<Value> {
    let log = String::from_utf8(sandbox.command(&["log"]).stdout).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn calls_fail_as_they_were_asked_to() {
    let faults = r#"[{"operation": "DescribeVpcs", "call": 1, "fault": "throttle"},
                     {"operation": "DescribeVpcs", "call": 2, "fault": "unavailable"},
                     {"operation": "DescribeVpcs", "call": 3, "fault": "delay", "milliseconds": 300},
                     {"operation": "ListCertificates", "call": 1, "fault": "throttle"},
                     {"operation": "ListCertificates", "call": 2, "fault": "error"}]"#;
    let sandbox = Sandbox::up_with(&["--faults", faults]);
    let vpcs = [("Action", "DescribeVpcs")];
    let (status, answer) = sandbox.ec2(&vpcs).await;
    assert_eq!((status, text(&answer, "Code").as_str()), (StatusCode::SERVICE_UNAVAILABLE, "RequestLimitExceeded"));
    let (status, answer) = sandbox.ec2(&vpcs).await;
    assert_eq!((status, text(&answer, "Code").as_str()), (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"));
    let asked = Instant::now();
    assert_eq!(sandbox.ec2(&vpcs).await.0, StatusCode::OK);
    assert!(asked.elapsed() >= Duration::from_millis(300));
    assert_eq!(sandbox.ec2(&vpcs).await.0, StatusCode::OK);

    let (status, answer) = sandbox.acm("ListCertificates", json!({})).await;
    assert_eq!((status, &answer["__type"]), (StatusCode::BAD_REQUEST, &json!("ThrottlingException")));
    let (status, answer) = sandbox.acm("ListCertificates", json!({})).await;
    assert_eq!((status, &answer["__type"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("InternalFailure")));

    let faults: Vec<_> = log(&sandbox).iter().map(|call| call["fault"].clone()).collect();
    let expected =
        [json!("throttle"), json!("unavailable"), json!("delay"), Value::Null, json!("throttle"), json!("error")];
    assert_eq!(faults, expected);
}

#[tokio::test]
async fn an_answer_can_be_lost_before_and_after_the_call_took_effect() {
    let sandbox = Sandbox::up();
    let made = sandbox.make_endpoint(&Authority::new(), "udp", &[]).await;
    let authorize = |target: &'static str| {
        let call = [("Action", "AuthorizeClientVpnIngress"), ("AuthorizeAllGroups", "true")];
        [&call[..], &[("ClientVpnEndpointId", made.endpoint.as_str()), ("TargetNetworkCidr", target)]].concat()
    };
    for (fault, target, takes_effect) in [("drop-before", "10.2.0.0/16", false), ("drop-after", "10.3.0.0/16", true)] {
        let rule = json!([{"operation": "Authorize*", "call": 1, "fault": fault}]).to_string();
        assert!(sandbox.command(&["faults", "set", &rule]).status.success());
        assert_eq!(sandbox.try_ec2(&authorize(target)).await, None, "{fault}");
        assert!(sandbox.command(&["faults", "clear"]).status.success());
        let rules = sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnAuthorizationRules")]).await;
        assert_eq!(rules.contains(target), takes_effect, "{fault}: {rules}");
        let log = log(&sandbox);
        let call = log.iter().rfind(|call| call["operation"] == "AuthorizeClientVpnIngress").unwrap();
        assert_eq!((&call["fault"], &call["status"]), (&json!(fault), &Value::Null));
    }
}

#[tokio::test]
async fn chaos_is_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let sandbox = Sandbox::up_with(&["--chaos", "11"]);
        for _ in 0..40 {
            sandbox.try_ec2(&[("Action", "DescribeSubnets")]).await;
        }
        let told = |call: &Value| (call["fault"].clone(), call["delay_ms"].clone());
        runs.push(log(&sandbox).iter().map(told).collect::<Vec<_>>());
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].iter().any(|(fault, _)| !fault.is_null()), "{:?}", runs[0]);
}

#[tokio::test]
async fn state_is_kept_when_asked_and_forgotten_otherwise() {
    let sandbox = Sandbox::up_with(&["--keep"]);
    let authority = Authority::new();
    let made = sandbox.make_endpoint(&authority, "udp", &[]).await;
    let endpoints = [("Action", "DescribeClientVpnEndpoints")];
    let before = sandbox.ec2(&endpoints).await.1;
    let journal = sandbox.folder().join("state/kept.jsonl");
    assert!(sandbox.command(&["advance", "86400"]).status.success());
    let calls = log(&sandbox).len();
    let last_day = || log(&sandbox).last().unwrap()["time"].as_str().unwrap().split_once('T').unwrap().0.to_owned();
    let today = last_day();

    assert!(sandbox.command(&["down"]).status.success());
    assert_eq!(std::fs::metadata(&journal).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(sandbox.command(&["up", "--keep", "--association-seconds", "0"]).status.success());
    let without_request_id = |xml: &str| xml.split_once("</requestId>").unwrap().1.to_owned();
    assert_eq!(without_request_id(&sandbox.ec2(&endpoints).await.1), without_request_id(&before));
    assert_eq!(log(&sandbox).len(), calls + 1);
    assert!(last_day() > today);
    let crl = sandbox.on(&made.endpoint, &[("Action", "ExportClientVpnClientCertificateRevocationList")]).await;
    assert_eq!(text(&crl, "certificateRevocationList"), authority.crl([]));
    sandbox.demand_data_plane();
    let identity = authority.issue(Wish::client("alice", 7));
    assert_eq!(sandbox.connect(&made.configuration, &identity).0, Some(0));

    assert!(sandbox.command(&["down"]).status.success());
    assert!(sandbox.command(&["up"]).status.success());
    assert!(!sandbox.ec2(&endpoints).await.1.contains(&made.endpoint));
    assert!(!journal.exists());
    assert_eq!(log(&sandbox).len(), 1);
}

#[tokio::test]
async fn the_control_plane_runs_alone_on_a_port_of_choice() {
    let sandbox = Sandbox::up_with(&["--control-plane-only"]);
    assert_eq!(sandbox.status()["data_plane"], "unavailable: it was left out by `--control-plane-only`");
    let made = sandbox.make_endpoint(&Authority::new(), "udp", &[]).await;
    let networks = sandbox.on(&made.endpoint, &[("Action", "DescribeClientVpnTargetNetworks")]).await;
    assert_eq!(networks.matches("<code>associated<").count(), 2);
    let supervisor = sandbox.status()["pid"].to_string();
    let children = std::fs::read_to_string(format!("/proc/{supervisor}/task/{supervisor}/children")).unwrap();
    assert_eq!(children, "");

    // That port is taken; then it is not.
    let url = sandbox.status()["endpoint_url"].as_str().unwrap().to_owned();
    let (_, port) = url.rsplit_once(':').unwrap();
    let other = Sandbox::not_up();
    let up = ["up", "--control-plane-only", "--port", port];
    let refused = other.command(&up);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("cannot listen on port {port} of 127.0.0.1")) && said.contains("--port"), "{said}");
    assert!(sandbox.command(&["down"]).status.success());
    assert!(other.command(&up).status.success());
    assert_eq!(other.status()["endpoint_url"], url.as_str());
}

#[tokio::test]
async fn a_sandbox_whose_directory_is_removed_ends_by_itself() {
    let sandbox = Sandbox::up();
    let supervisor = sandbox.status()["pid"].as_i64().unwrap();
    std::fs::remove_dir_all(sandbox.folder().join("state")).unwrap();
    wait_until(|| !Path::new("/proc").join(supervisor.to_string()).join("exe").exists());
}

/// Killed while it starts, while it makes an endpoint, while a client is connected.
#[test]
fn a_sandbox_that_is_killed_at_any_moment_leaves_nothing_and_comes_up_again() {
    let sandbox = Sandbox::up();
    sandbox.demand_data_plane();
    let authority = Authority::new();
    let identity = authority.issue(Wish::client("alice", 7));
    let interfaces = || {
        let list = std::fs::read_dir("/sys/class/net").unwrap().map(|entry| entry.unwrap().file_name());
        let mut list: Vec<_> = list.collect();
        list.sort();
        list
    };
    let before = interfaces();
    let mut dice = 12_u64;
    for life in 0..6 {
        assert!(sandbox.command(&["up", "--association-seconds", "0"]).status.success());
        let supervisor = sandbox.status()["pid"].as_i64().unwrap();
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(dice >> 33 & 0x1ff);
        let killer = std::thread::spawn(move || {
            std::thread::park_timeout(moment);
            Command::new("kill").args(["-9", &supervisor.to_string()]).status().unwrap()
        });
        if life % 2 == 0 {
            // Whatever of this still works.
            let living = async {
                let made = sandbox.make_endpoint(&authority, "tcp", &[]).await;
                sandbox.connect(&made.configuration, &identity);
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            drop(std::thread::scope(|scope| scope.spawn(move || runtime.block_on(living)).join()));
        }
        killer.join().unwrap();
        wait_until(|| sandbox.status()["running"] == false && processes_of(sandbox.folder()).is_empty());
        assert!(std::fs::read_dir(sandbox.folder().join("state/run")).unwrap().next().is_none());
    }
    assert_eq!(interfaces(), before);
    // And `up` itself.
    for moment in [1, 5, 20, 60, 120] {
        let mut up = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("--state")
            .arg(sandbox.folder().join("state"))
            .arg("up")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::park_timeout(Duration::from_millis(moment));
        drop(up.kill());
        up.wait().unwrap();
        wait_until(|| sandbox.status()["running"] == true || processes_of(sandbox.folder()).is_empty());
        sandbox.command(&["down"]);
        assert_eq!(processes_of(sandbox.folder()), Vec::<String>::new());
    }
    assert!(sandbox.command(&["up"]).status.success());
}

/// With a tun node that everybody may open, in a mount namespace of its own; then without.
#[tokio::test]
async fn a_plain_user_gets_the_data_plane_where_tun_may_be_opened_and_the_control_plane_otherwise() {
    let authority = Authority::new();
    let sandbox = Sandbox::up_as_nobody("mknod tun c 10 200 && chmod 666 tun && mount --bind tun /dev/net/tun && ");
    sandbox.demand_data_plane();
    let made = sandbox.make_endpoint(&authority, "udp", &[]).await;
    let (code, report) = sandbox.connect(&made.configuration, &authority.issue(Wish::client("alice", 7)));
    assert_eq!((code, &report["connected"]), (Some(0), &json!(true)), "{report}");

    let sandbox = Sandbox::up_as_nobody("mknod tun c 10 200 && chmod 600 tun && mount --bind tun /dev/net/tun && ");
    assert_eq!(sandbox.status()["data_plane"], "unavailable: `/dev/net/tun` may not be opened; run as root");
    let made = sandbox.make_endpoint(&authority, "udp", &[]).await;
    assert!(made.configuration.starts_with("client\n"));
    let profile = sandbox.profile(&made.configuration, &authority.issue(Wish::client("alice", 7)));
    let output = sandbox.command(&["connect", profile.to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("the data plane is not there"), "{said}");
}

fn wait_until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < deadline, "not done in time");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// Processes that have something to do with a directory.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let command_line = |path: std::path::PathBuf| std::fs::read(path.join("cmdline")).ok();
    let lines = all.filter_map(command_line).map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(folder) && line.contains("supervise")).collect()
}

#[tokio::test]
async fn a_log_that_is_followed_shows_calls_as_they_come() {
    let sandbox = Sandbox::up();
    sandbox.ec2(&[("Action", "DescribeVpcs")]).await;
    let mut follower = Following(
        Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("--state")
            .arg(sandbox.folder().join("state"))
            .args(["log", "--follow"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let lines = BufReader::new(follower.0.stdout.take().unwrap()).lines();
    let (sender, told) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    let next = || told.recv_timeout(Duration::from_secs(20)).expect("a line of the log");
    assert!(next().contains(r#""DescribeVpcs""#));
    sandbox.ec2(&[("Action", "DescribeSubnets")]).await;
    assert!(next().contains(r#""DescribeSubnets""#));
}

/// A command that would go on, ended with the value: also when the test fails.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
