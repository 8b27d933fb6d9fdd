//! How many packets each client has sent and received: OpenVPN counts bytes only, so the endpoint's kernel counts packets
//! at the tunnel, by the client's address in it.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;

use serde::Deserialize;

use super::namespace::Namespace;

/// The table of a new endpoint, as input for `nft`. A packet counts also when the firewall turns it back: the client has
/// sent it.
pub(super) const TABLE: &str = "\
table inet traffic {
    set ingress {
        type ipv4_addr
        size 65535
        flags dynamic
        counter
    }
    set egress {
        type ipv4_addr
        size 65535
        flags dynamic
        counter
    }
    chain from_clients {
        type filter hook prerouting priority raw;
        iifname \"tun0\" add @ingress { ip saddr }
    }
    chain to_clients {
        type filter hook postrouting priority srcnat + 100;
        oifname \"tun0\" add @egress { ip daddr }
    }
}
";

/// Packets of one client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Packets {
    /// From it.
    pub(super) ingress: u64,
    /// To it.
    pub(super) egress: u64,
}

/// By the client's address.
pub(super) type Counts = BTreeMap<Ipv4Addr, Packets>;

/// What was counted so far.
pub(super) async fn read(endpoint: &Namespace) -> io::Result<Counts> {
    let listed = endpoint.run("nft", &["--json", "list", "table", "inet", "traffic"], "").await?;
    Ok(counts(&serde_json::from_slice(&listed)?))
}

/// Forgets clients that have gone: others will have their addresses.
pub(super) async fn forget(endpoint: &Namespace, clients: &[Ipv4Addr]) -> io::Result<()> {
    let changes = forgetting(clients);
    if changes.is_empty() {
        return Ok(());
    }
    endpoint.run("nft", &["-f", "-"], &changes).await.map(drop)
}

/// Forgets all clients.
pub(super) async fn forget_all(endpoint: &Namespace) -> io::Result<()> {
    let flush = "flush set inet traffic ingress\nflush set inet traffic egress\n";
    endpoint.run("nft", &["-f", "-"], flush).await.map(drop)
}

/// What is not there cannot be deleted, and may be added twice.
fn forgetting(clients: &[Ipv4Addr]) -> String {
    let lines = clients.iter().flat_map(|client| {
        ["ingress", "egress"].into_iter().flat_map(move |set| {
            ["add", "delete"].map(|verb| format!("{verb} element inet traffic {set} {{ {client} }}\n"))
        })
    });
    lines.collect()
}

/// What `nft --json` lists: objects of one member each, of which the sets are of interest.
#[derive(Debug, Deserialize)]
struct Listed {
    nftables: Vec<Object>,
}

#[derive(Debug, Deserialize)]
struct Object {
    set: Option<Set>,
}

#[derive(Debug, Deserialize)]
struct Set {
    name: String,
    #[serde(default)]
    elem: Vec<Element>,
}

#[derive(Debug, Deserialize)]
struct Element {
    elem: Counted,
}

#[derive(Debug, Deserialize)]
struct Counted {
    val: Ipv4Addr,
    counter: Counter,
}

#[derive(Debug, Deserialize)]
struct Counter {
    packets: u64,
}

fn counts(listed: &Listed) -> Counts {
    let mut counts = Counts::new();
    for set in listed.nftables.iter().filter_map(|object| object.set.as_ref()) {
        for Element { elem: Counted { val, counter } } in &set.elem {
            let of_client = counts.entry(*val).or_default();
            match set.name.as_str() {
                "ingress" => of_client.ingress = counter.packets,
                _ => of_client.egress = counter.packets,
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn both_directions_are_read_by_client() {
        let text = r#"{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "traffic"}},
            {"set": {"name": "ingress", "elem": [
                {"elem": {"val": "10.88.0.2", "counter": {"packets": 8, "bytes": 672}}},
                {"elem": {"val": "10.88.0.3", "counter": {"packets": 2, "bytes": 168}}}]}},
            {"set": {"name": "egress", "elem": [{"elem": {"val": "10.88.0.2", "counter": {"packets": 7, "bytes": 1}}}]}},
            {"chain": {"name": "from_clients"}}]}"#;
        let two = Ipv4Addr::new(10, 88, 0, 2);
        let three = Ipv4Addr::new(10, 88, 0, 3);
        let expected =
            Counts::from([(two, Packets { ingress: 8, egress: 7 }), (three, Packets { ingress: 2, egress: 0 })]);
        assert_eq!(counts(&serde_json::from_str(text).unwrap()), expected);
        let empty = r#"{"nftables": [{"set": {"name": "ingress"}}, {"set": {"name": "egress"}}]}"#;
        assert_eq!(counts(&serde_json::from_str(empty).unwrap()), Counts::new());
    }

    #[test]
    fn a_client_that_never_sent_anything_can_be_forgotten() {
        expect![[r"
            add element inet traffic ingress { 10.88.0.2 }
            delete element inet traffic ingress { 10.88.0.2 }
            add element inet traffic egress { 10.88.0.2 }
            delete element inet traffic egress { 10.88.0.2 }
        "]]
        .assert_eq(&forgetting(&[Ipv4Addr::new(10, 88, 0, 2)]));
    }
}
