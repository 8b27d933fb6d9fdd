//! The main job: an admin provisions, a user makes a profile in the browser, a stock OpenVPN client uses it.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    browser::Browser,
    openssl, page,
    rehearsal::{Rehearsal, write},
};

use crate::evidence::Evidence;

#[tokio::test]
async fn a_user_reaches_the_private_hosts_over_udp() -> Result<()> {
    the_main_job("udp").await
}

#[tokio::test]
async fn a_user_reaches_the_private_hosts_over_tcp() -> Result<()> {
    the_main_job("tcp").await
}

async fn the_main_job(transport: &str) -> Result<()> {
    let rehearsal = Rehearsal::provisioned(transport)?;
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

    page::go_on(&browser).await?;
    browser.choose("#certificate-file", &folder.join("alice.crt")).await?;
    let profile = page::save_profile(&browser, "alice").await?;
    fs::copy(&profile, folder.join("alice.ovpn"))?;
    let evidence = Evidence::collect(browser, rehearsal.path(), "alice.ovpn").await?;

    the_profile_is_the_export_with_an_identity(&rehearsal)?;
    the_client_reaches_what_it_should(&rehearsal)?;
    evidence.nothing_left_the_page(&served.url)?;
    evidence.the_key_is_nowhere_else(&rehearsal)
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

fn the_client_reaches_what_it_should(rehearsal: &Rehearsal) -> Result<()> {
    let report: Value = serde_json::from_str(&rehearsal.run(&["sandbox", "connect", "alice.ovpn", "--json"])?)?;
    println!("{report:#}");
    Ok(())
}
