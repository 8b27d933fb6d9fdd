//! The main job: an admin provisions, a user makes a profile in the browser, a stock OpenVPN client uses it.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    browser::Browser,
    openssl, page,
    rehearsal::{Rehearsal, write},
    tab::Tab,
};

use crate::evidence::{Evidence, marks};

/// Strikes calls that change something too; another seed strikes others.
const CHAOS_SEED: &str = "12";

#[tokio::test]
async fn a_user_reaches_the_private_hosts_over_udp() -> Result<()> {
    let rehearsal = Rehearsal::new("udp")?;
    rehearsal.run(&["provision"])?;
    the_main_job(&rehearsal, "udp").await
}

#[tokio::test]
async fn a_user_reaches_the_private_hosts_over_tcp() -> Result<()> {
    the_main_job(&Rehearsal::provisioned("tcp")?, "tcp").await
}

/// Calls to the control plane are throttled, fail, are late, or lose their answers: the outcome is the same.
#[tokio::test]
async fn a_user_reaches_the_private_hosts_although_calls_fail() -> Result<()> {
    let rehearsal = Rehearsal::new("udp")?;
    rehearsal.run(&["sandbox", "up", "--chaos", CHAOS_SEED])?;
    rehearsal.run(&["provision"])?;
    rehearsal.run(&["plan", "--check"])?;
    let calls = rehearsal.calls()?;
    let struck = calls.iter().filter(|call| !call["fault"].is_null()).count();
    ensure!(struck > 0, "with the seed {CHAOS_SEED} no call was struck: choose another");
    // Several endpoints would have failed `plan`. An import has no token by which AWS knows a repetition, so each one that
    // took effect is a certificate; a lost answer has no status.
    let imported = calls.iter().filter(|call| call["operation"] == "ImportCertificate");
    let times = imported.filter(|call| call["status"] == 200 || call["fault"] == "drop-after").count();
    ensure!(times == 2, "with the seed {CHAOS_SEED}, {times} certificates were imported instead of 2");
    the_main_job(&rehearsal, "udp").await
}

async fn the_main_job(rehearsal: &Rehearsal, transport: &str) -> Result<()> {
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let browser = Browser::open(&served.url, 1280, 900).await?;

    let csr = page::make_request(&browser, "alice").await?;
    let shown = browser.text("#csr-fingerprint").await?;
    fs::copy(&csr, folder.join("alice.csr"))?;
    openssl::run(folder, &["req", "-in", "alice.csr", "-noout", "-verify"])?;
    openssl::run(folder, &["req", "-in", "alice.csr", "-outform", "DER", "-out", "alice.der"])?;
    let digest = openssl::run(folder, &["dgst", "-sha256", "-c", "alice.der"])?.to_uppercase();
    ensure!(digest.contains(&shown.trim().to_uppercase()), "the page shows {shown}, OpenSSL computes {digest}");

    browser.reload().await?;
    browser.read("#csr", "-----END CERTIFICATE REQUEST-----").await.context("the pending key survives a reload")?;

    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    let ca = fs::read_to_string(folder.join("alice.crt"))?;
    let (_, ca) = ca.split_once("-----END CERTIFICATE-----\n").context("a chain")?;
    write(&folder.join("ca.crt"), ca)?;
    openssl::run(folder, &["verify", "-purpose", "sslclient", "-CAfile", "ca.crt", "alice.crt"])?;

    rehearsal.withhold()?;
    page::go_on(&browser).await?;
    browser.choose("#certificate-file", &folder.join("alice.crt")).await?;
    let profile = page::save_profile(&browser, "alice").await?;
    fs::copy(&profile, folder.join("alice.ovpn"))?;
    let evidence = Evidence::collect(browser).await?;

    the_profile_is_the_export_with_an_identity(rehearsal)?;
    the_client_reaches_what_it_should(rehearsal, transport)?;
    evidence.nothing_left_the_page(&served.url)?;
    evidence.the_key_is_nowhere_else(rehearsal, &marks(folder, "alice.ovpn")?)
}

fn the_profile_is_the_export_with_an_identity(rehearsal: &Rehearsal) -> Result<()> {
    let exported = fs::read_to_string(rehearsal.path().join(".latchkey/demo/client-configuration.ovpn"))?;
    let profile = fs::read_to_string(rehearsal.path().join("alice.ovpn"))?;
    let added =
        profile.strip_prefix(&exported).context("the exported configuration stands in the profile unchanged")?;
    let added = added.trim_start_matches('\n');
    ensure!(added.starts_with("<cert>\n-----BEGIN CERTIFICATE-----\n"), "no <cert> after the export");
    ensure!(added.contains("</cert>\n<key>\n-----BEGIN PRIVATE KEY-----\n"), "no <key> after <cert>");
    ensure!(added.ends_with("-----END PRIVATE KEY-----\n</key>\n"), "something after <key>");
    Ok(())
}

fn the_client_reaches_what_it_should(rehearsal: &Rehearsal, transport: &str) -> Result<()> {
    let report: Value = serde_json::from_str(&rehearsal.run(&["sandbox", "connect", "alice.ovpn", "--json"])?)?;
    let status: Value = serde_json::from_str(&rehearsal.run(&["sandbox", "status", "--json"])?)?;
    let is = |condition: bool, what: &str| ensure_reported(condition, what, &report);
    is(report["connected"] == true, "connected")?;
    is(report["transport"] == transport, "over the configured transport")?;

    let dns_name = status["dns_name"].as_str().context("the endpoint's name")?.trim_start_matches("*.");
    let resolved = report["resolved_name"].as_str().context("the resolved name")?;
    let label = resolved.strip_suffix(dns_name).and_then(|rest| rest.strip_suffix('.')).unwrap_or_default();
    is(label.len() == 12 && label.bytes().all(|b| b.is_ascii_hexdigit()), "resolved through a random label")?;

    let private = report["private_hosts"].as_array().context("the private hosts")?;
    let subnets: BTreeSet<_> = private.iter().filter_map(|host| host["place"].as_str()).collect();
    is(subnets.len() == 2, "a host in each of the two private subnets")?;
    for host in private {
        is(host["reachable_before"] == false, "private hosts out of reach before")?;
        is(host["reachable"] == true && host["ping"] == true, "private hosts reached")?;
        is(host["interface"] == report["tunnel_interface"], "private hosts reached through the tunnel")?;
        is(host["bytes_through_tunnel"].as_u64().is_some_and(|bytes| bytes > 0), "bytes through the tunnel")?;
    }
    let internet = &report["internet_host"];
    is(internet["reachable"] == true, "the internet reached")?;
    is(internet["interface"] != report["tunnel_interface"], "the internet reached outside the tunnel")?;
    is(internet["bytes_through_tunnel"] == 0, "no byte of it through the tunnel")?;
    is(report["private_host_reaches_internet"] == false, "private hosts kept from the internet")?;
    is(report["banner"].as_str().is_some_and(|banner| banner.contains("Welcome")), "the login banner")
}

fn ensure_reported(condition: bool, what: &str, report: &Value) -> Result<()> {
    ensure!(condition, "the report does not say: {what}\n{report:#}");
    Ok(())
}
