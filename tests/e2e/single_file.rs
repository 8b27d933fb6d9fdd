//! The page as one file, opened from the disk.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::{browser::Browser, page, rehearsal::Rehearsal, tab::Tab};

#[tokio::test]
async fn a_page_in_one_file_makes_a_profile_and_asks_nobody() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let folder = rehearsal.path();
    let built = rehearsal.run(&["web", "--single-file"])?;
    let alone = tempfile::tempdir()?;
    let file = alone.path().join("vpn.html");
    fs::copy(built.trim(), &file).with_context(|| built.clone())?;
    let url = format!("file://{}", file.display());
    let browser = Browser::open(&url, 1280, 900).await?;

    fs::copy(page::make_request(&browser, "alice").await?, folder.join("alice.csr"))?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    browser.reload().await?;
    browser.see("#csr-fingerprint").await.context("the key survives a reload")?;
    page::go_on(&browser).await?;
    let is_offered = browser.evaluate("document.querySelector('#look-up').checkVisibility()").await?;
    ensure!(is_offered == false, "there is nothing beside this page to look at");
    page::paste(&browser, &folder.join("alice.crt")).await?;
    let profile = fs::read_to_string(page::save_profile(&browser, "alice").await?)?;
    let exported = fs::read_to_string(folder.join(".latchkey/demo/client-configuration.ovpn"))?;
    ensure!(profile.starts_with(&exported) && profile.contains("-----BEGIN PRIVATE KEY-----"), "{profile}");

    let record = browser.close().await?;
    let others: Vec<_> = record.requests.iter().filter(|request| request.url != url).collect();
    ensure!(others.is_empty() && record.lookups.is_empty(), "{others:?} {:?}", record.lookups);
    ensure!(record.console.is_empty(), "{:?}", record.console);
    Ok(())
}
