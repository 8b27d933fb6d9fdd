//! A profile from the page in NetworkManager: what its importer makes of it, and that its service connects from that.
//!
//! NetworkManager itself is not run: it would take over the machine's network. So nothing sets up the addresses and routes that
//! the service asks for at the end, and nothing is sent through the tunnel.

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    browser::Browser,
    network_manager::{self, Connection},
    page,
    rehearsal::{Rehearsal, write},
};

use crate::client;

#[tokio::test]
async fn networkmanager_connects_with_what_it_imports() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let profile = profile_from_the_page(&rehearsal).await?;
    let own = tempfile::tempdir()?;
    let text = fs::read_to_string(&profile)?;
    nothing_that_matters_is_dropped(&network_manager::import(own.path(), &profile)?, &text)?;
    let over_tcp = own.path().join("alice.ovpn");
    let text = text.replace("\nproto udp\n", "\nproto tcp\n");
    write(&over_tcp, &text)?;
    nothing_that_matters_is_dropped(&network_manager::import(own.path(), &over_tcp)?, &text)?;

    let openvpn = rehearsal.path().join(".latchkey/sandbox/openvpn");
    let connection = Connection::start(own.path(), &profile, &openvpn)?;
    the_vpn_is_a_route_beside_others(&connection.asked)?;
    client::until("a connection", || client::is_connected(&rehearsal, "alice"))?;
    connection.end()
}

async fn profile_from_the_page(rehearsal: &Rehearsal) -> Result<PathBuf> {
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let browser = Browser::open(&served.url, 1280, 900).await?;
    page::get_certified(&browser, rehearsal, "alice").await?;
    let profile = folder.join("alice.ovpn");
    fs::copy(page::save_profile(&browser, "alice").await?, &profile)?;
    browser.close().await?;
    Ok(profile)
}

/// What the service asks NetworkManager to set up: the private network's route, and nothing that would keep NetworkManager from
/// leading all other traffic into the tunnel, too, where the user does not say otherwise.
fn the_vpn_is_a_route_beside_others(asked: &Value) -> Result<()> {
    let asked = &asked["Ip4Config"];
    let address = |value: &Value| Some(Ipv4Addr::from(u32::try_from(value.as_u64()?).ok()?.to_ne_bytes()));
    let routes = asked["routes"].as_array().context("routes")?;
    let routes: Vec<_> = routes.iter().filter_map(|route| Some((address(&route[0])?, route[1].as_u64()?))).collect();
    ensure!(routes == [(Ipv4Addr::new(10, 1, 0, 0), 16)], "{asked:#}");
    ensure!(asked["never-default"].is_null() && asked["tundev"] == "tun0", "{asked:#}");
    Ok(())
}

/// Every directive of the profile is a setting of the connection, or is known to be left out; and no setting comes from elsewhere.
fn nothing_that_matters_is_dropped(imported: &Value, profile: &str) -> Result<()> {
    ensure!(imported["connection"]["id"] == "alice", "{imported:#}");
    ensure!(imported["vpn"]["service-type"] == "org.freedesktop.NetworkManager.openvpn", "{imported:#}");
    // Not in the file: that only the VPN's own addresses go through it the page tells users to choose.
    ensure!(imported["ipv4"]["never-default"].is_null(), "{imported:#}");
    let mut settings: BTreeMap<&str, &str> = imported["vpn"]["data"]
        .as_object()
        .context("settings")?
        .iter()
        .filter_map(|(k, v)| Some((k.as_str(), v.as_str()?)))
        .collect();

    for block in ["ca", "cert", "key"] {
        let file = settings.remove(block).with_context(|| format!("no `{block}`"))?;
        let (_, rest) = profile.split_once(&format!("<{block}>\n")).context("a block")?;
        let (pem, _) = rest.split_once(&format!("</{block}>")).context("a block's end")?;
        ensure!(fs::read_to_string(Path::new(file))?.trim() == pem.trim(), "`{file}` is not the profile's `{block}`");
    }
    let mut dropped = Vec::new();
    for words in directives(profile) {
        let (setting, value) = match words.as_slice() {
            ["remote", host, port] => ("remote", format!("{host}:{port}")),
            ["verify-x509-name", value, kind] => ("verify-x509-name", format!("{kind}:{value}")),
            ["proto", "tcp"] => ("proto-tcp", "yes".to_owned()),
            ["remote-random-hostname"] => ("remote-random-hostname", "yes".to_owned()),
            ["reneg-sec", seconds] => ("reneg-seconds", (*seconds).to_owned()),
            [name @ ("cipher" | "dev" | "remote-cert-tls"), value] => (*name, (*value).to_owned()),
            other => {
                dropped.push(other.join(" "));
                continue;
            }
        };
        ensure!(settings.remove(setting) == Some(value.as_str()), "`{}` is not in {imported:#}", words.join(" "));
    }
    ensure!(settings == BTreeMap::from([("connection-type", "tls")]), "what nobody asked for: {settings:?}");
    ensure!(dropped.iter().all(|line| DROPPED.contains(&line.as_str())), "the importer drops {dropped:?}");
    Ok(())
}

/// The words of every directive.
fn directives(profile: &str) -> Vec<Vec<&str>> {
    let mut is_block = false;
    let lines = profile.lines().filter(|line| {
        let is_tag = line.starts_with('<');
        is_block = if is_tag { !line.starts_with("</") } else { is_block };
        !is_tag && !is_block && !line.is_empty()
    });
    lines.map(|line| line.split_whitespace().collect()).collect()
}

/// What the importer leaves out: the service tells openvpn `client` and `nobind` anyway, UDP is what it takes where nothing is said,
/// and openvpn tries for ever. How much is written to the log is NetworkManager's own affair.
const DROPPED: &[&str] = &["client", "proto udp", "resolv-retry infinite", "nobind", "verb 3"];
