//! What the parser takes and what it says about the rest.

mod written;

use expect_test::{Expect, expect};

use super::*;

#[test]
fn the_default_file_is_a_valid_configuration() {
    let config = Config::parse(Path::new("/srv/latchkey.toml"), include_str!("../../../../latchkey.toml")).unwrap();
    assert_eq!(config.deployment.target, Target::Sandbox);
    assert_eq!(config.network.subnet_ids.len(), 2);
    assert_eq!(config.ledger, Location::Folder("/srv/.latchkey/demo/ledger".into()));
    assert_eq!(config.page.dir, Path::new("/srv/.latchkey/demo/site"));
}

#[test]
fn everything_can_be_said() {
    let text = r#"
[deployment]
name = "demo"
target = "aws"
region = "eu-central-1"
domain = "vpn.example.com"
tags = { team = "networks", "cost centre" = "4711" }

[network]
vpc_id = "vpc-0a1b2c3d4e5f60718"
subnet_ids = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002", "subnet-0a1b2c3d4e5f60003"]
client_cidr = "10.88.0.0/16"
authorize = [
    "10.1.0.0/16",
    { network = "10.1.0.0/16", group = "S-1-5-21-1-2-3-4" },
    { network = "fd00:1::/64", description = "the other one" },
]
split_tunnel = false
dns_servers = ["10.1.0.2", "fd00:1::2"]
traffic_address_type = "dual-stack"
endpoint_address_type = "ipv6"

[[network.routes]]
destination = "0.0.0.0/0"
subnet_id = "subnet-0a1b2c3d4e5f60001"
description = "the internet"

[[network.routes]]
destination = "10.88.0.0/16"
subnet_id = "local"

[endpoint]
connection_log_group = "/latchkey/connections"
connection_log_stream = "demo"
route_enforcement = true

[second_factor]
saml_provider_arn = "arn:aws:iam::123456789012:saml-provider/login"

[ledger]
url = "file:.latchkey/demo/ledger"

[page]
dir = ".latchkey/demo/site"
"#;
    let Config { deployment, network, endpoint, second_factor, .. } = parsed(text);
    let tags: Vec<_> = deployment.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(tags, ["cost centre=4711", "team=networks"]);
    let rules = network.authorize.iter().map(|rule| format!("{rule:?}\n"));
    let routes = network.routes.iter().map(|route| format!("{route:?}\n"));
    expect![[r#"
        AuthorizationRule { network: 10.1.0.0/16, group: None, description: "" }
        AuthorizationRule { network: 10.1.0.0/16, group: Some(GroupId("S-1-5-21-1-2-3-4")), description: "" }
        AuthorizationRule { network: fd00:1::/64, group: None, description: "the other one" }
        Route { destination: 0.0.0.0/0, target: Subnet(SubnetId("subnet-0a1b2c3d4e5f60001")), description: "the internet" }
        Route { destination: 10.88.0.0/16, target: Local, description: "" }
    "#]]
    .assert_eq(&rules.chain(routes).collect::<String>());
    assert_eq!(network.dns_servers.len(), 2);
    assert_eq!(network.traffic_address_type, AddressType::DualStack);
    assert_eq!(network.endpoint_address_type, AddressType::Ipv6);
    let log = ConnectionLog { group: "/latchkey/connections".to_owned(), stream: Some("demo".to_owned()) };
    assert_eq!(endpoint.connection_log, Some(log));
    assert!(endpoint.route_enforcement);
    assert!(matches!(second_factor, Some(SecondFactor::Saml { self_service: None, .. })));
}

#[test]
fn ipv6_alone_has_no_client_cidr() {
    let text = MINIMAL.replace("client_cidr = \"10.88.0.0/16\"", "traffic_address_type = \"ipv6\"");
    assert_eq!(parsed(&text).network.client_cidr, None);
}

#[test]
fn every_problem_is_reported_at_once() {
    check(
        r#"
[deployment]
name = "sandbox"
targt = "aws"
region = "cn-north-1"
tags = { "aws:x" = "1", Name = "2", "latchkey:role" = "3", ok = 4, "semi;colon" = "5" }

[netwrok]
vpc_id = "vpc-1"
subnet_ids = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60001", "subnet-1", 7]
client_cidr = "10.88.0.0/23"
authorize = ["10.1.0.1/16", { description = "no network" }, { network = "10.1.0.0/16", group = "g" }, "fd00::/64"]
routes = [{ destination = "0.0.0.0/0", subnet_id = "subnet-0a1b2c3d4e5f60001" }]
split_tunnel = "yes"
transport = "sctp"
port = 8443
dns_servers = ["10.1.0.2", "10.1.0.3", "10.1.0.4"]
banner = "hello"

[endpoint]
session_timeout_hours = 9
connection_log_stream = "a:b"

[second_factor]
directory_id = "d-1"
saml_provider_arn = "arn:aws:iam::1:saml-provider/x"

[pki]
ca_key = "kms"
ca_days = 100
server_days = 101

[page]
colour = "blue"
languages = ["en", "deutsch"]
"#,
        expect![[r#"
            `latchkey.toml` line 1: `ledger`: the section is missing; it needs `url`
            `latchkey.toml` line 2: `deployment.domain`: the key is missing: Name of the server certificate; users are USERNAME.DOMAIN. It need not resolve.
            `latchkey.toml` line 3: `deployment.name` is `sandbox`: the name `sandbox` is taken: the local sandbox keeps its state in the folder of that name
            `latchkey.toml` line 4: `deployment.targt`: there is no such key; did you mean `target`?
            `latchkey.toml` line 5: `deployment.region` is `cn-north-1`: AWS Client VPN is not offered in the China regions; choose one outside, such as `ap-east-1` (using it from mainland China over the border needs a licensed line)
            `latchkey.toml` line 6: `deployment.tags.aws:x` is `1`: tags that begin with `aws:` are AWS's own
            `latchkey.toml` line 6: `deployment.tags.Name` is `2`: Latchkey sets `Name` itself, from the deployment's name
            `latchkey.toml` line 6: `deployment.tags.latchkey:role` is `3`: tags that begin with `latchkey:` are Latchkey's own: by them it finds what belongs to it
            `latchkey.toml` line 6: `deployment.tags.ok` is `4`: text in quotes is needed
            `latchkey.toml` line 6: `deployment.tags.semi;colon` is `5`: the name of a tag is made of letters, digits, spaces and `_ . : / = + - @`
            `latchkey.toml` line 8: `netwrok`: there is no such key; did you mean `network`?
            `latchkey.toml` line 9: `network.vpc_id` is `vpc-1`: an id is `vpc-` and 17 hexadecimal digits
            `latchkey.toml` line 10: `network.subnet_ids` is `subnet-0a1b2c3d4e5f60001`: it stands in the list twice
            `latchkey.toml` line 10: `network.subnet_ids` is `subnet-1`: an id is `subnet-` and 17 hexadecimal digits
            `latchkey.toml` line 10: `network.subnet_ids` is `7`: text in quotes is needed
            `latchkey.toml` line 11: `network.client_cidr` is `10.88.0.0/23`: AWS takes a block between /12 (the largest) and /22 (the smallest)
            `latchkey.toml` line 12: `network.authorize` is `10.1.0.1/16`: the address is not the first of its block, `10.1.0.0/16` is
            `latchkey.toml` line 12: `network.authorize.network`: the key is missing: The network that may be reached.
            `latchkey.toml` line 12: `network.authorize` is `fd00::/64`: IPv6 needs `network.traffic_address_type` to be `dual-stack` or `ipv6`
            `latchkey.toml` line 13: `network.routes.destination` is `0.0.0.0/0`: this sends everything through the tunnel: that is `split_tunnel = false`, and AWS advises against such a route where the tunnel is split
            `latchkey.toml` line 14: `network.split_tunnel` is `yes`: `true` or `false` is needed, without quotes
            `latchkey.toml` line 15: `network.transport` is `sctp`: `udp` or `tcp` is allowed
            `latchkey.toml` line 16: `network.port` is `8443`: 443 or 1194 is allowed
            `latchkey.toml` line 17: `network.dns_servers` is `10.1.0.4`: at most 2 are allowed
            `latchkey.toml` line 18: `network.banner`: there is no such key here, it belongs into the section `[endpoint]`
            `latchkey.toml` line 21: `endpoint.session_timeout_hours` is `9`: 8, 10, 12 or 24 is allowed
            `latchkey.toml` line 22: `endpoint.connection_log_stream` is `a:b`: a name of 1 to 512 characters is needed, of any but `:` and `*`
            `latchkey.toml` line 24: `second_factor`: `directory_id` and `saml_provider_arn` exclude each other: AWS takes one of them
            `latchkey.toml` line 25: `second_factor.directory_id` is `d-1`: an id is `d-` and 10 hexadecimal digits
            `latchkey.toml` line 26: `second_factor.saml_provider_arn` is `arn:aws:iam::1:saml-provider/x`: a provider is named like `arn:aws:iam::123456789012:saml-provider/NAME`
            `latchkey.toml` line 29: `pki.ca_key` is `kms`: either `file`, or the ARN of a KMS key, `arn:aws:kms:REGION:ACCOUNT:key/ID`
            `latchkey.toml` line 31: `pki.server_days` is `101`: at most 100 are allowed: a certificate must not outlive the CA that signs it
            `latchkey.toml` line 33: `page.dir`: the key is missing: Folder of the built page, relative to this file.
            `latchkey.toml` line 34: `page.colour`: there is no such key; there are `dir`, `languages`, `contact`, `url`, `publish`
            `latchkey.toml` line 35: `page.languages` is `deutsch`: a language is named by its two or three letters, such as `en` or `zh`"#]],
    );
}

#[test]
fn what_is_no_toml_is_reported_with_the_rest() {
    let text = with("network", "port = 8443").replace("name = \"demo\"", "name = demo")
        + "contact = \"me\n[pki]\nca_days = 0\n";
    check(
        &text,
        expect![[r#"
        `latchkey.toml` line 2: this is not TOML: string values must be quoted, expected literal string
        `latchkey.toml` line 8: `network.port` is `8443`: 443 or 1194 is allowed
        `latchkey.toml` line 16: this is not TOML: invalid basic string, expected `"`
        `latchkey.toml` line 18: `pki.ca_days` is `0`: a whole number from 1 to 7300 is needed"#]],
    );
    check(
        "[deployment\nname = \"demo\"\n",
        expect![[r#"
        `latchkey.toml` line 1: this is not TOML: unclosed table, expected `]`
        `latchkey.toml` line 2: `name`: there is no such key here, it belongs into the section `[deployment]`"#]],
    );
}

#[test]
fn a_client_range_that_aws_would_refuse_is_refused() {
    check_all(
        &[
            &MINIMAL.replace("10.88.0.0/16", "10.0.0.0/8"),
            &MINIMAL.replace("10.88.0.0/16", "10.88.1.0/16"),
            &MINIMAL.replace("client_cidr = \"10.88.0.0/16\"", ""),
            &with("network", "traffic_address_type = \"ipv6\""),
        ],
        expect![[r#"
            `latchkey.toml` line 10: `network.client_cidr` is `10.0.0.0/8`: AWS takes a block between /12 (the largest) and /22 (the smallest)

            `latchkey.toml` line 10: `network.client_cidr` is `10.88.1.0/16`: the address is not the first of its block, `10.88.0.0/16` is

            `latchkey.toml` line 7: `network.client_cidr`: the key is missing: clients need addresses, such as `10.88.0.0/16`

            `latchkey.toml` line 11: `network.client_cidr` is `10.88.0.0/16`: it must be left out where the tunnel carries IPv6 alone: AWS chooses the clients' addresses"#]],
    );
}

#[test]
fn routes_are_held_against_the_rest() {
    let routes = r#"routes = [
    { destination = "10.88.4.0/24", subnet_id = "subnet-0a1b2c3d4e5f60001" },
    { destination = "10.0.0.0/8", subnet_id = "subnet-0a1b2c3d4e5f60001" },
    { destination = "192.168.0.0/24", subnet_id = "subnet-0a1b2c3d4e5f60009" },
    { destination = "192.168.0.0/24", subnet_id = "local" },
    { destination = "192.168.1.0/24", subnet_id = "subnet-0a1b2c3d4e5f60001" },
    { destination = "192.168.1.0/24", subnet_id = "subnet-0a1b2c3d4e5f60001", description = "again" },
    { destination = "0.0.0.0/0", subnet_id = "subnet-0a1b2c3d4e5f60001" },
    { destination = "fd00::/64", subnet_id = "subnet-0a1b2c3d4e5f60001" },
]"#;
    check(
        &with("network", routes),
        expect![[r#"
        `latchkey.toml` line 9: `network.routes.destination` is `10.88.4.0/24`: it overlaps the clients' own addresses, `network.client_cidr` = `10.88.0.0/16`
        `latchkey.toml` line 10: `network.routes.destination` is `10.0.0.0/8`: it overlaps the clients' own addresses, `network.client_cidr` = `10.88.0.0/16`
        `latchkey.toml` line 11: `network.routes.subnet_id` is `subnet-0a1b2c3d4e5f60009`: a route goes through one of `network.subnet_ids`, or is `local`
        `latchkey.toml` line 12: `network.routes.destination` is `192.168.0.0/24`: a `local` route leads to the other clients: its destination is `network.client_cidr`
        `latchkey.toml` line 14: `network.routes` is `{ destination = \"192.168.1.0/24\", subnet_id = \"subnet-0a1b2c3d4e5f60001\", descr…`: it stands in the list twice
        `latchkey.toml` line 15: `network.routes.destination` is `0.0.0.0/0`: this sends everything through the tunnel: that is `split_tunnel = false`, and AWS advises against such a route where the tunnel is split
        `latchkey.toml` line 16: `network.routes.destination` is `fd00::/64`: IPv6 needs `network.traffic_address_type` to be `dual-stack` or `ipv6`"#]],
    );
}

#[test]
fn as_many_as_aws_takes_and_no_more() {
    let rules = |n: usize| {
        let items: Vec<String> = (0..n).map(|i| format!("\"10.2.{i}.0/24\"")).collect();
        with("network", &format!("authorize = [{}]", items.join(",")))
    };
    let routes = |n: usize| {
        let items: Vec<String> = (0..n)
            .map(|i| format!("{{ destination = \"10.2.{i}.0/24\", subnet_id = \"subnet-0a1b2c3d4e5f60001\" }}"))
            .collect();
        with("network", &format!("routes = [{}]", items.join(",")))
    };
    let tags = |n: usize| {
        let items: Vec<String> = (0..n).map(|i| format!("t{i} = \"\"")).collect();
        with("deployment", &format!("tags = {{ {} }}", items.join(",")))
    };
    let banner = |n: usize| with("endpoint", &format!("banner = \"{}\"", "ä".repeat(n)));
    for allowed in [rules(200), routes(100), tags(40), banner(1400)] {
        parsed(&allowed);
    }
    check_all(
        &[&rules(201), &routes(101), &tags(41), &banner(1401)],
        expect![[r#"
        `latchkey.toml` line 8: `network.authorize` is `10.2.200.0/24`: at most 200 are allowed

        `latchkey.toml` line 8: `network.routes` is `{ destination = \"10.2.100.0/24\", subnet_id = \"subnet-0a1b2c3d4e5f60001\" }`: AWS takes at most 100 routes for a subnet

        `latchkey.toml` line 2: `deployment.tags` is `{ t0 = \"\",t1 = \"\",t2 = \"\",t3 = \"\",t4 = \"\",t5 = \"\",t6 = \"\",t7 = \"\",t8 = \"\",t9 = …`: at most 40 tags are allowed, these are 41

        `latchkey.toml` line 16: `endpoint.banner` is `äääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää…`: at most 1400 characters are allowed, this has 1401"#]],
    );
}

#[test]
fn groups_and_second_factors_go_together() {
    let group = "authorize = [{ network = \"10.1.0.0/16\", group = \"networks\" }]";
    let factor = |line: &str| with("network", group) + "[second_factor]\n" + line;
    parsed(&factor("directory_id = \"d-0123456789\""));
    check_all(
        &[
            &with("network", group),
            &factor(""),
            &factor("directory_id = \"d-1\"\nsaml_provider_arn = \"arn:aws:iam::1:saml-provider/x\""),
            &factor("directory_id = \"d-0123456789\"\nself_service_saml_provider_arn = \"x\""),
        ],
        expect![[r#"
            `latchkey.toml` line 8: `network.authorize.group` is `networks`: a certificate has no groups: leave it out, or add a `[second_factor]`

            `latchkey.toml` line 16: `second_factor`: one of `directory_id` and `saml_provider_arn` is needed

            `latchkey.toml` line 16: `second_factor`: `directory_id` and `saml_provider_arn` exclude each other: AWS takes one of them
            `latchkey.toml` line 17: `second_factor.directory_id` is `d-1`: an id is `d-` and 10 hexadecimal digits
            `latchkey.toml` line 18: `second_factor.saml_provider_arn` is `arn:aws:iam::1:saml-provider/x`: a provider is named like `arn:aws:iam::123456789012:saml-provider/NAME`

            `latchkey.toml` line 18: `second_factor.self_service_saml_provider_arn` is `x`: a provider is named like `arn:aws:iam::123456789012:saml-provider/NAME`
            `latchkey.toml` line 18: `second_factor.self_service_saml_provider_arn`: it is only for use beside `saml_provider_arn`"#]],
    );
}

#[test]
fn every_key_that_is_described_is_read() {
    for section in description::FILE {
        for key in section.kind.keys().unwrap() {
            let text = with(section.name, &format!("{} = 1979-05-27", key.name));
            let ConfigError { problems, .. } = Config::parse(Path::new("latchkey.toml"), &text).unwrap_err();
            let path = format!("{}.{}", section.name, key.name);
            assert!(problems.iter().any(|problem| problem.key == path), "nobody reads `{path}`");
        }
    }
}

fn parsed(text: &str) -> Config {
    Config::parse(Path::new("latchkey.toml"), text).unwrap_or_else(|error| panic!("{error}"))
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&problems(text));
}

fn check_all(texts: &[&str], expected: Expect) {
    let problems: Vec<String> = texts.iter().map(|text| problems(text)).collect();
    expected.assert_eq(&problems.join("\n\n"));
}

fn problems(text: &str) -> String {
    Config::parse(Path::new("latchkey.toml"), text).unwrap_err().to_string()
}

/// [`MINIMAL`] with a line in a section, in place of the one that sets the same key.
fn with(section: &str, line: &str) -> String {
    let key = line.split(" = ").next().unwrap_or_default();
    let head = format!("[{section}]\n");
    let (before, after) = MINIMAL.split_once(&head).unwrap_or((MINIMAL, ""));
    let (keys, rest) =
        after.split_once("\n[").map_or((after, String::new()), |(keys, rest)| (keys, format!("\n[{rest}")));
    let kept: Vec<&str> = keys.lines().filter(|line| !line.starts_with(&format!("{key} = "))).collect();
    format!("{before}{head}{line}\n{}{rest}", kept.join("\n"))
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

/// Section, setting, and whether it is allowed: what a JSON schema can tell too.
const SETTINGS: &[(&str, &str, bool)] = &[
    ("deployment", "name = \"a\"", true),
    ("deployment", "name = \"a-1\"", true),
    ("deployment", "name = \"-a\"", false),
    ("deployment", "name = \"a-\"", false),
    ("deployment", "name = \"A\"", false),
    ("deployment", "name = \"\"", false),
    ("deployment", "name = \"sandbox\"", false),
    ("deployment", "name = \"sandbox2\"", true),
    ("deployment", "name = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", false),
    ("deployment", "name = 1", false),
    ("deployment", "target = \"AWS\"", false),
    ("deployment", "region = \"us-gov-west-1\"", true),
    ("deployment", "region = \"eu-central\"", false),
    ("deployment", "region = \"cn-north-1\"", false),
    ("deployment", "domain = \"vpn\"", false),
    ("deployment", "domain = \"VPN.example.com\"", false),
    ("deployment", "tags = { a = \"b\", \"ü b\" = \"c/d\" }", true),
    ("deployment", "tags = { \"aws:a\" = \"b\" }", false),
    ("deployment", "tags = { \"Latchkey:a\" = \"b\" }", false),
    ("deployment", "tags = { Name = \"b\" }", false),
    ("deployment", "tags = { Names = \"b\" }", true),
    ("deployment", "tags = { \"\" = \"b\" }", false),
    ("deployment", "tags = { a = \"b;c\" }", false),
    ("deployment", "tags = { a = 1 }", false),
    ("deployment", "colour = 1", false),
    ("network", "vpc_id = \"vpc-12345678\"", true),
    ("network", "vpc_id = \"vpc-123456789\"", false),
    ("network", "vpc_id = \"vpc-1234567G\"", false),
    ("network", "subnet_ids = []", false),
    ("network", "subnet_ids = [\"subnet-12345678\", \"subnet-12345678\"]", false),
    ("network", "subnet_ids = \"subnet-12345678\"", false),
    ("network", "client_cidr = \"10.88.0.0\"", false),
    ("network", "traffic_address_type = \"ipv6\"", false),
    ("network", "traffic_address_type = \"dual-stack\"", true),
    ("network", "traffic_address_type = \"both\"", false),
    ("network", "endpoint_address_type = \"ipv6\"", true),
    ("network", "authorize = [\"10.1.0.0/16\", { network = \"10.2.0.0/16\", description = \"b\" }]", true),
    ("network", "authorize = [\"10.1.0.0/16\", \"10.1.0.0/16\"]", false),
    ("network", "authorize = [{ description = \"b\" }]", false),
    ("network", "authorize = [{ network = \"10.2.0.0/16\", who = \"b\" }]", false),
    ("network", "authorize = [7]", false),
    ("network", "routes = [{ destination = \"10.2.0.0/16\", subnet_id = \"subnet-0a1b2c3d4e5f60001\" }]", true),
    ("network", "routes = [{ destination = \"10.88.0.0/16\", subnet_id = \"local\" }]", true),
    ("network", "routes = [{ destination = \"10.2.0.0/16\", subnet_id = \"nat\" }]", false),
    ("network", "routes = [{ subnet_id = \"subnet-0a1b2c3d4e5f60001\" }]", false),
    ("network", "routes = [\"10.2.0.0/16\"]", false),
    ("network", "split_tunnel = \"true\"", false),
    ("network", "transport = \"tcp\"", true),
    ("network", "transport = \"sctp\"", false),
    ("network", "port = 1194", true),
    ("network", "port = 8443", false),
    ("network", "port = \"443\"", false),
    ("network", "dns_servers = [\"10.1.0.2\", \"10.1.0.3\"]", true),
    ("network", "dns_servers = [\"10.1.0.2\", \"10.1.0.3\", \"10.1.0.4\"]", false),
    ("network", "dns_servers = [\"ns.example.com\"]", false),
    ("network", "security_group_ids = [\"sg-1\"]", false),
    ("network", "security_group_ids = [\"sg-12345678\"]", true),
    ("endpoint", "description = 1", false),
    ("endpoint", "session_timeout_hours = 12", true),
    ("endpoint", "session_timeout_hours = 9", false),
    ("endpoint", "disconnect_on_session_timeout = false", true),
    ("endpoint", "route_enforcement = true", true),
    ("endpoint", "route_enforcement = 1", false),
    ("endpoint", "connection_log_group = \"/a/b\"", true),
    ("endpoint", "connection_log_group = \"a b\"", false),
    ("endpoint", "connection_log_group = \"\"", false),
    ("second_factor", "directory_id = \"d-0123456789\"", true),
    ("second_factor", "directory_id = \"d-012345678\"", false),
    ("second_factor", "saml_provider_arn = \"arn:aws:iam::123456789012:saml-provider/login\"", true),
    ("second_factor", "saml_provider_arn = \"arn:aws-us-gov:iam::123456789012:saml-provider/login\"", true),
    ("second_factor", "saml_provider_arn = \"arn:aws:iam::12345678901:saml-provider/login\"", false),
    ("second_factor", "self_service_saml_provider_arn = \"arn:aws:iam::123456789012:saml-provider/login\"", false),
    ("second_factor", "", false),
    ("pki", "ca_key = \"kms\"", false),
    ("pki", "ca_key = \"file\"", true),
    ("pki", "ca_key = \"arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab\"", true),
    ("pki", "ca_key = \"arn:aws:kms:eu-central-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab\"", true),
    ("pki", "ca_key = \"arn:aws:kms:eu-central-1:123456789012:alias/ca\"", false),
    ("pki", "ca_key = \"arn:aws:kms:eu-central-1:1234:key/1234abcd\"", false),
    ("pki", "ca_days = 0", false),
    ("pki", "ca_days = 7301", false),
    ("pki", "client_days = 1", true),
    ("ledger", "url = \"file:x\"", true),
    ("ledger", "url = \"file:\"", false),
    ("ledger", "url = \"file://x\"", false),
    ("ledger", "url = \"s3://bucket\"", true),
    ("ledger", "url = \"s3://bucket/vpn/demo\"", true),
    ("ledger", "url = \"s3://Bucket\"", false),
    ("ledger", "url = \"s3:bucket\"", false),
    ("page", "dir = \"\"", false),
    ("page", "languages = [\"zh\", \"en\"]", true),
    ("page", "languages = [\"de\"]", true),
    ("page", "languages = [\"DE\"]", false),
    ("page", "languages = [\"d\"]", false),
    ("page", "contact = \"\"", true),
    ("colours", "red = 1", false),
];
