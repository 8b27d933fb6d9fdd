use expect_test::{Expect, expect};

use super::*;

#[test]
fn the_default_file_is_a_valid_configuration() {
    let config = Config::parse(Path::new("/srv/latchkey.toml"), include_str!("../../../latchkey.toml")).unwrap();
    assert_eq!(config.deployment.target, Target::Sandbox);
    assert_eq!(config.network.subnet_ids.len(), 2);
    assert_eq!(config.ledger, LedgerLocation::Folder("/srv/.latchkey/demo/ledger".into()));
    assert_eq!(config.page.dir, Path::new("/srv/.latchkey/demo/site"));
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let config = Config::parse(Path::new("latchkey.toml"), MINIMAL).unwrap();
    assert!(config.network.split_tunnel);
    assert_eq!(config.network.transport, Transport::Udp);
    assert_eq!(config.network.port, Port::HTTPS);
    assert_eq!(config.endpoint.session_timeout, SessionHours::DAY);
    assert!(config.endpoint.disconnect_on_session_timeout);
    assert_eq!(config.pki, Pki { ca_days: 3650, server_days: 825, client_days: 397 });
    assert_eq!(config.page.languages, ["en"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    check(
        &MINIMAL.replace("client_cidr", "client_cdir"),
        expect!["`latchkey.toml` line 10: `network.client_cdir`: there is no such key; did you mean `client_cidr`?"],
    );
}

#[test]
fn a_client_range_that_aws_would_refuse_is_refused() {
    check(
        &MINIMAL.replace("10.88.0.0/16", "10.0.0.0/8"),
        expect![
            "`latchkey.toml` line 10: `network.client_cidr` is `10.0.0.0/8`: AWS takes a block between /12 (the largest) and /22 (the smallest)"
        ],
    );
    check(
        &MINIMAL.replace("10.88.0.0/16", "10.88.0.0/23"),
        expect![
            "`latchkey.toml` line 10: `network.client_cidr` is `10.88.0.0/23`: AWS takes a block between /12 (the largest) and /22 (the smallest)"
        ],
    );
    check(
        &MINIMAL.replace("10.88.0.0/16", "10.88.1.0/16"),
        expect![
            "`latchkey.toml` line 10: `network.client_cidr` is `10.88.1.0/16`: the address is not the first of its block, `10.88.0.0/16` is"
        ],
    );
}

#[test]
fn every_problem_is_reported_at_once() {
    let text = MINIMAL.replace("\"demo\"", "\"sandbox\"").replace("eu-central-1", "cn-north-1").replace(
        "\"subnet-0a1b2c3d4e5f60001\"",
        "\"subnet-0a1b2c3d4e5f60001\", \"subnet-0a1b2c3d4e5f60001\", \"subnet-1\"",
    ) + "[endpoint]\nsession_timeout_hours = 9\n[pki]\nserver_days = 9999\n";
    check(
        &text,
        expect![[r#"
            `latchkey.toml` line 2: `deployment.name` is `sandbox`: the name `sandbox` is taken: the local sandbox keeps its state in the folder of that name
            `latchkey.toml` line 4: `deployment.region` is `cn-north-1`: AWS Client VPN is not offered in the China regions; choose one outside, such as `ap-east-1` (using it from mainland China over the border needs a licensed line)
            `latchkey.toml` line 9: `network.subnet_ids` is `subnet-0a1b2c3d4e5f60001`: it stands in the list twice
            `latchkey.toml` line 9: `network.subnet_ids` is `subnet-1`: an id is `subnet-` and 17 hexadecimal digits
            `latchkey.toml` line 16: `endpoint.session_timeout_hours` is `9`: 8, 10, 12 or 24 is allowed
            `latchkey.toml` line 18: `pki.server_days` is `9999`: a whole number from 1 to 7300 is needed"#]],
    );
}

#[test]
fn limits_of_aws_are_known() {
    check(
        &MINIMAL.replace(
            "[ledger]",
            "port = 8443\ntransport = \"sctp\"\ndns_servers = [\"10.1.0.2\", \"10.1.0.3\", \"10.1.0.4\"]\n[ledger]",
        ),
        expect![[r#"
            `latchkey.toml` line 11: `network.port` is `8443`: 443 or 1194 is allowed
            `latchkey.toml` line 12: `network.transport` is `sctp`: `udp` or `tcp` is allowed
            `latchkey.toml` line 13: `network.dns_servers` is `10.1.0.4`: at most 2 are allowed"#]],
    );
    let banner = format!("{MINIMAL}[endpoint]\nbanner = \"{}\"\n", "ä".repeat(1401));
    check(
        &banner,
        expect![
            "`latchkey.toml` line 16: `endpoint.banner` is `äääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää…`: at most 1400 characters are allowed, this has 1401"
        ],
    );
    assert!(Config::parse(Path::new("latchkey.toml"), &banner.replacen('ä', "", 1)).is_ok());
}

#[test]
fn a_deployment_without_a_subnet_is_refused() {
    check(
        &MINIMAL.replace("\"subnet-0a1b2c3d4e5f60001\"", ""),
        expect!["`latchkey.toml` line 9: `network.subnet_ids` is `[]`: a list of at least 1 is needed: `[…]`"],
    );
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&Config::parse(Path::new("latchkey.toml"), text).unwrap_err().to_string());
}

const MINIMAL: &str = r#"[deployment]
name = "demo"
target = "aws"
region = "eu-central-1"
domain = "vpn.example.com"

[network]
vpc_id = "vpc-0a1b2c3d4e5f60718"
subnet_ids = ["subnet-0a1b2c3d4e5f60001"]
client_cidr = "10.88.0.0/16"
[ledger]
url = "file:.latchkey/demo/ledger"
[page]
dir = ".latchkey/demo/site"
"#;
