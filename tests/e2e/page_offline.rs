//! Once the page is there, the network can go.

use std::fs;

use anyhow::{Result, ensure};
use tests::{browser::Browser, openssl, page, rehearsal::Rehearsal, tab::Tab};

pub(crate) async fn a_profile_is_made_after_the_server_has_gone(rehearsal: &Rehearsal) -> Result<()> {
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let url = served.url.clone();
    let browser = Browser::open(&url, 1280, 900).await?;
    browser.see("#screen-who").await?;
    drop(served);
    let is_reached = format!("fetch('{url}', {{ cache: 'no-store' }}).then(() => true, () => false)");
    ensure!(browser.evaluate(&is_reached).await? == false, "the server still answers");

    fs::copy(page::make_request(&browser, "alice").await?, folder.join("alice.csr"))?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    page::go_on(&browser).await?;
    browser.click("#look-up").await?;
    browser.read("#message", "could not reach its own address").await?;
    page::paste(&browser, &folder.join("alice.crt")).await?;
    let profile = fs::read_to_string(page::save_profile(&browser, "alice").await?)?;
    let certificate = openssl::run(folder, &["x509", "-in", "alice.crt"])?;
    ensure!(profile.contains(certificate.trim()), "a profile without its certificate");
    ensure!(profile.contains("-----BEGIN PRIVATE KEY-----"), "a profile without its key");
    browser.click("#wipe").await?;
    browser.see("#screen-done").await?;
    browser.click("#start-again").await?;
    page::make_request(&browser, "bob").await?;
    browser.close().await?;
    Ok(())
}
