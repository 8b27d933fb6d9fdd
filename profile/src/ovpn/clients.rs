//! What every client that the page helps with does with each line that a profile can have.
//!
//! The profile is AWS's export with an identity behind it, so its lines are AWS's; this says that none of them is refused by
//! anybody, and which are read without effect. Where it is from:
//!
//! - AWS VPN Client: the directives that AWS lists, and refuses others than
//!   (<https://docs.aws.amazon.com/vpn/latest/clientvpn-user/connect-aws-client-vpn-connect.html>).
//! - OpenVPN Connect: the source of its core, OpenVPN 3 (`openvpn/client/cliopt.hpp`), which refuses what it does not know.
//! - Tunnelblick: its source (`ConfigurationConverter.m`, `defines.h`): all that openvpn takes but its own options for logs, and it
//!   gives `--verb` itself.
//! - NetworkManager: its importer, which passes over what it does not know; `tests/e2e/page_networkmanager.rs` asks it.
//! - openvpn: the manual of 2.6; it refuses what it does not know.

use std::fmt::Write;

use super::{
    Document,
    tests::{CERTIFICATE, KEY},
};
use Does::{Passes, Refuses, Takes};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    Takes,
    /// Reads it without effect.
    Passes,
    /// Does not import the profile, or does not connect with it.
    Refuses,
}

const CLIENTS: [&str; 5] = ["AWS VPN Client", "OpenVPN Connect", "Tunnelblick", "NetworkManager", "openvpn"];

#[rustfmt::skip]
const TABLE: &[(&str, [Does; 5])] = &[
    ("client",                 [Takes, Takes,   Takes,   Passes, Takes]),
    ("dev",                    [Takes, Takes,   Takes,   Takes,  Takes]),
    ("proto",                  [Takes, Takes,   Takes,   Takes,  Takes]),
    ("remote",                 [Takes, Takes,   Takes,   Takes,  Takes]),
    ("remote-random-hostname", [Takes, Takes,   Takes,   Takes,  Takes]),
    ("resolv-retry",           [Takes, Passes,  Takes,   Passes, Takes]),
    ("nobind",                 [Takes, Passes,  Takes,   Passes, Takes]),
    ("remote-cert-tls",        [Takes, Takes,   Takes,   Takes,  Takes]),
    ("cipher",                 [Takes, Takes,   Takes,   Takes,  Takes]),
    ("verb",                   [Takes, Passes,  Passes,  Passes, Takes]),
    ("reneg-sec",              [Takes, Takes,   Takes,   Takes,  Takes]),
    ("verify-x509-name",       [Takes, Takes,   Takes,   Takes,  Takes]),
    ("ca",                     [Takes, Takes,   Takes,   Takes,  Takes]),
    ("cert",                   [Takes, Takes,   Takes,   Takes,  Takes]),
    ("key",                    [Takes, Takes,   Takes,   Takes,  Takes]),
    // Where the endpoint asks for a second factor.
    ("auth-user-pass",         [Takes, Takes,   Takes,   Takes,  Takes]),
    ("auth-federate",          [Takes, Refuses, Refuses, Passes, Refuses]),
    ("auth-retry",             [Takes, Passes,  Takes,   Passes, Takes]),
    ("auth-nocache",           [Takes, Takes,   Takes,   Passes, Takes]),
];

/// The lines of AWS's list.
const AWS_VPN_CLIENT: &str = "auth-federate auth-nocache auth-retry auth-user-pass block-outside-dns ca cert cipher client \
    connect-retry connect-retry-max cryptoapicert dev dev-type dhcp-option ifconfig-ipv6 inactive keepalive key mssfix nobind \
    persist-key persist-tun ping ping-exit ping-restart proto pull pull-filter remote remote-cert-tls remote-random-hostname \
    reneg-sec resolv-retry route route-ipv6 server-poll-timeout static-challenge tun-mtu verb verify-x509-name";

/// A real export. The sandbox's is the same text, as its own test says.
const EXPORT: &str = "client\ndev tun\nproto udp\n\
    remote cvpn-endpoint-063385602a3155e6d.prod.clientvpn.us-west-2.amazonaws.com 1194\nremote-random-hostname\n\
    resolv-retry infinite\nnobind\nremote-cert-tls server\ncipher AES-256-GCM\nverb 3\n<ca>\n\
    -----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n\n</ca>\n\n\nreneg-sec 0\n\nverify-x509-name server name\n";

/// Lines for a second factor stand before the last ones.
fn profile(second_factor: &str) -> Document {
    let export = EXPORT.replace("</ca>\n\n", &format!("</ca>\n{second_factor}\n"));
    // As where `remote-random-hostname` is missing, too: what is put into the name of the server is no line of its own.
    let export = Document::parse(&export).unwrap().with_random_label("random").unwrap();
    Document::parse(&export.with_identity(CERTIFICATE, KEY).unwrap()).unwrap()
}

/// A line for each client that does so with some of the profile's lines.
fn who(does: Does, profile: &Document) -> String {
    let mut said = String::new();
    for (at, client) in CLIENTS.iter().enumerate() {
        let row =
            |name: &str| TABLE.iter().find(|(row, _)| *row == name).unwrap_or_else(|| panic!("no row for `{name}`"));
        let lines: Vec<&str> = profile.names().filter(|name| row(name).1[at] == does).collect();
        if !lines.is_empty() {
            writeln!(said, "{client}: {}", lines.join(", ")).unwrap();
        }
    }
    said
}

#[test]
fn every_client_accepts_every_line_of_a_profile() {
    let profile = profile("");
    assert_eq!(who(Refuses, &profile), "");
    assert_eq!(
        who(Passes, &profile),
        "OpenVPN Connect: resolv-retry, nobind, verb\n\
         Tunnelblick: verb\n\
         NetworkManager: client, resolv-retry, nobind, verb\n"
    );
}

#[test]
fn every_client_can_ask_for_the_password_of_a_directory() {
    assert_eq!(who(Refuses, &profile("auth-user-pass\n")), "");
}

/// As AWS says itself: federated authentication needs the client that AWS provides.
#[test]
fn only_the_client_of_aws_can_have_the_user_sign_in_elsewhere() {
    let profile = profile("auth-user-pass\nauth-federate\nauth-retry interact\nauth-nocache\n");
    assert_eq!(
        who(Refuses, &profile),
        "OpenVPN Connect: auth-federate\nTunnelblick: auth-federate\nopenvpn: auth-federate\n"
    );
}

#[test]
fn the_table_says_of_the_client_of_aws_what_aws_says() {
    for (line, does) in TABLE {
        let is_listed = AWS_VPN_CLIENT.split_whitespace().any(|listed| listed == *line);
        assert_eq!(does[0], if is_listed { Takes } else { Refuses }, "{line}");
    }
}
