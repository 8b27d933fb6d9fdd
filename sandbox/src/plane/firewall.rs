//! Authorization rules and source NAT of an endpoint, as input for `nft`.
//!
//! Clients reach what the set `authorized` holds, through an ENI or, where the route table leads there, through the tunnel
//! again, and nothing else. A packet of theirs is looked up anew each time: with the usual `ct state established accept` an
//! open connection would outlive its rule. What one client answers another is looked up by the one that answers.

use ipnet::Ipv4Net;

/// The table of a new endpoint: nothing is authorized.
///
/// nft 1.0.6 wants a line break after a `reject` with a reason.
pub(super) const TABLE: &str = "\
table inet cvpn {
    set authorized {
        type ipv4_addr
        flags interval
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        iifname != \"tun0\" ct state established,related accept
        iifname \"tun0\" oifname \"eni*\" ip daddr @authorized accept
        iifname \"tun0\" oifname \"tun0\" ip daddr @authorized accept
        iifname \"tun0\" oifname \"tun0\" ct direction reply ip saddr @authorized accept
        iifname \"tun0\" reject with icmpx type admin-prohibited
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname \"eni*\" masquerade
    }
}
";

/// The table of a router: a packet to nowhere is answered at once. Without a route the kernel would answer one a second,
/// and whoever tries an impossible way would wait.
pub(super) const NOWHERE: &str = "\
table inet nowhere {
    chain forward {
        type filter hook forward priority filter; policy accept;
        oifname \"nowhere\" reject with icmpx no-route
    }
}
";

/// Replaces what is authorized, in one transaction. No network may lie inside another.
pub(super) fn authorize(networks: &[Ipv4Net]) -> String {
    let flush = "flush set inet cvpn authorized\n";
    if networks.is_empty() {
        return flush.to_owned();
    }
    let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
    format!("{flush}add element inet cvpn authorized {{ {} }}\n", networks.join(", "))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn rules_replace_one_another() {
        expect![[r"
            flush set inet cvpn authorized
            add element inet cvpn authorized { 10.1.0.0/16, 192.168.0.0/24 }
        "]]
        .assert_eq(&authorize(&["10.1.0.0/16", "192.168.0.0/24"].map(|net| net.parse().unwrap())));
        assert_eq!(authorize(&[]), "flush set inet cvpn authorized\n");
    }
}
