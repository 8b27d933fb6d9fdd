//! The configuration of an OpenVPN server, from what the control plane was told.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ipnet::Ipv4Net;

use super::wanted::{Pushed, ServerSpec};
use crate::cloud::Transport;

/// Files beside the configuration.
pub(super) const CLIENT_AUTHORITIES: &str = "client-authorities.pem";
pub(super) const CERTIFICATES: &str = "server.pem";
pub(super) const PRIVATE_KEY: &str = "server.key";
pub(super) const CRL: &str = "crl.pem";
pub(super) const MANAGEMENT: &str = "management";
/// Where the server writes a client's certificate down while it is checked.
pub(super) const PEERS: &str = "peers";
/// What clients are sent. The server reads it anew for every connection: its name is OpenVPN's, for a client without a
/// file of its own.
pub(super) const CLIENTS: &str = "clients";
pub(super) const EVERY_CLIENT: &str = "DEFAULT";

/// What each piece of the banner begins with, after `echo`.
pub(crate) const BANNER: &str = "sandbox-banner:";

/// `server` takes no larger network; AWS allows /12.
const LARGEST: u8 = 16;
/// A line of a configuration has at most 256 characters.
const BANNER_PIECE: usize = 180;

/// The text of the configuration.
///
/// `ping 1` and `ping-restart 20` are what AWS pushes to clients. That the server side misses a client after the same
/// 20 seconds is UNCONFIRMED.
pub(super) fn text(spec: &ServerSpec) -> String {
    let transport = match spec.transport {
        Transport::Tcp => "tcp-server",
        Transport::Udp => "udp",
    };
    let pool = largest_pool(spec.client_cidr);
    let mut text = format!(
        "dev tun0\n\
         dev-type tun\n\
         proto {transport}\n\
         port {}\n\
         topology subnet\n\
         server {} {}\n\
         ca {CLIENT_AUTHORITIES}\n\
         cert {CERTIFICATES}\n\
         key {PRIVATE_KEY}\n\
         dh none\n\
         tls-version-min 1.2\n\
         data-ciphers AES-256-GCM\n\
         remote-cert-tls client\n\
         verify-client-cert require\n\
         script-security 2\n\
         tls-export-cert {PEERS}\n\
         tls-verify \"/proc/1/exe verify\"\n\
         client-config-dir {CLIENTS}\n\
         duplicate-cn\n\
         reneg-sec 0\n\
         ping 1\n\
         ping-restart 20\n\
         push \"ping 1\"\n\
         push \"ping-restart 20\"\n\
         management {MANAGEMENT} unix\n\
         verb 3\n",
        spec.port,
        pool.network(),
        pool.netmask(),
    );
    if spec.checks_crl {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "crl-verify {CRL}");
    }
    if spec.second_factor {
        text += "auth-user-pass-verify \"/proc/1/exe refuse\" via-file\ntmp-dir .\n";
    }
    text
}

/// The text of the file with what every client is sent.
pub(super) fn pushed_text(pushed: &Pushed) -> String {
    let Pushed { routes, dns_servers, banner } = pushed;
    let mut options = match routes {
        Some(routes) => routes.iter().map(|route| format!("route {} {}", route.network(), route.netmask())).collect(),
        // What the service pushes without split tunnel.
        None => ["redirect-gateway def1 bypass-dhcp", "block-outside-dns", "dhcp-option DOMAIN-ROUTE ."]
            .map(str::to_owned)
            .to_vec(),
    };
    options.extend(dns_servers.iter().map(|server| format!("dhcp-option DNS {server}")));
    options
        .extend(banner.as_deref().map(banner_pieces).unwrap_or_default().iter().map(|piece| format!("echo {piece}")));
    options.iter().fold(String::new(), |text, option| format!("{text}push \"{option}\"\n"))
}

/// How AWS brings the banner to its client is UNCONFIRMED: `echo` is pushed, its content is unknown. Here it goes in
/// numbered pieces of base64, because a pushed option has neither line breaks nor quotation marks.
fn banner_pieces(banner: &str) -> Vec<String> {
    let encoded = STANDARD_NO_PAD.encode(banner);
    let pieces: Vec<_> = encoded.as_bytes().chunks(BANNER_PIECE).collect();
    let count = pieces.len();
    let piece =
        |(place, piece): (usize, &&[u8])| format!("{BANNER}{}/{count}:{}", place + 1, String::from_utf8_lossy(piece));
    pieces.iter().enumerate().map(piece).collect()
}

/// The banner, from the pieces that a client was sent, in any order. `None` while one is missing.
pub(crate) fn banner(echoed: &[String]) -> Option<String> {
    let mut count = None;
    let mut pieces = std::collections::BTreeMap::new();
    for piece in echoed.iter().filter_map(|text| text.strip_prefix(BANNER)) {
        let (place, encoded) = piece.split_once(':')?;
        let (place, of): (usize, usize) =
            place.split_once('/').and_then(|(place, of)| Some((place.parse().ok()?, of.parse().ok()?)))?;
        count = Some(of);
        pieces.insert(place, encoded);
    }
    let complete = count? == pieces.len();
    let encoded: String = pieces.into_values().collect();
    String::from_utf8(STANDARD_NO_PAD.decode(encoded).ok()?).ok().filter(|_| complete)
}

fn largest_pool(cidr: Ipv4Net) -> Ipv4Net {
    if cidr.prefix_len() >= LARGEST {
        return cidr;
    }
    Ipv4Net::new(cidr.network(), LARGEST).unwrap_or(cidr)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::cloud::fixture::{at, cloud_with_endpoint};
    use crate::plane::wanted::{WantedEndpoint, wanted};

    fn spec() -> ServerSpec {
        endpoint().server
    }

    fn endpoint() -> WantedEndpoint {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.associate(id.as_str(), "subnet-0a1b2c3d4e5f60001", &at(0, 4)).unwrap();
        wanted(&cloud, at(3, 0).now).pop_first().unwrap().1
    }

    #[test]
    fn a_server_has_what_the_control_plane_was_told() {
        let spec = ServerSpec { checks_crl: true, ..spec() };
        expect![[r#"
            dev tun0
            dev-type tun
            proto udp
            port 443
            topology subnet
            server 10.88.0.0 255.255.0.0
            ca client-authorities.pem
            cert server.pem
            key server.key
            dh none
            tls-version-min 1.2
            data-ciphers AES-256-GCM
            remote-cert-tls client
            verify-client-cert require
            script-security 2
            tls-export-cert peers
            tls-verify "/proc/1/exe verify"
            client-config-dir clients
            duplicate-cn
            reneg-sec 0
            ping 1
            ping-restart 20
            push "ping 1"
            push "ping-restart 20"
            management management unix
            verb 3
            crl-verify crl.pem
        "#]]
        .assert_eq(&text(&spec));
    }

    #[test]
    fn a_server_with_a_second_factor_refuses_whatever_it_is_told() {
        let text = text(&ServerSpec { second_factor: true, ..spec() });
        assert!(text.ends_with("auth-user-pass-verify \"/proc/1/exe refuse\" via-file\ntmp-dir .\n"), "{text}");
    }

    #[test]
    fn a_client_is_sent_routes_and_banner() {
        let pushed = Pushed { banner: Some("Welcome".to_owned()), ..endpoint().pushed };
        expect![[r#"
            push "route 10.1.0.0 255.255.0.0"
            push "echo sandbox-banner:1/1:V2VsY29tZQ"
        "#]]
        .assert_eq(&pushed_text(&pushed));
    }

    #[test]
    fn without_split_tunnel_everything_goes_through() {
        let pushed = Pushed { routes: None, dns_servers: vec!["10.1.0.2".parse().unwrap()], banner: None };
        expect![[r#"
            push "redirect-gateway def1 bypass-dhcp"
            push "block-outside-dns"
            push "dhcp-option DOMAIN-ROUTE ."
            push "dhcp-option DNS 10.1.0.2"
        "#]]
        .assert_eq(&pushed_text(&pushed));
    }

    #[test]
    fn a_client_cidr_that_is_too_large_for_a_server_is_cut() {
        let client_cidr = "10.80.0.0/12".parse().unwrap();
        let text = text(&ServerSpec { transport: Transport::Tcp, client_cidr, ..spec() });
        for line in ["proto tcp-server", "server 10.80.0.0 255.255.0.0"] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
        }
    }

    #[test]
    fn a_banner_survives_its_way_in_pieces_and_in_any_order() {
        let text = "欢迎 \"quoted\"\nsecond line ".repeat(60);
        let mut pieces = banner_pieces(&text);
        assert!(pieces.len() > 10 && pieces.iter().all(|piece| piece.len() < 240));
        pieces.reverse();
        pieces.push("something else".to_owned());
        assert_eq!(banner(&pieces).as_deref(), Some(text.as_str()));
        pieces.remove(0);
        assert_eq!(banner(&pieces), None);
        assert_eq!(banner(&[]), None);
    }
}
