//! A profile whose key is encrypted by a passphrase: opened by OpenSSL, and by a stock OpenVPN that is given the passphrase.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::{
    browser::Browser,
    openssl, page,
    rehearsal::{Rehearsal, write},
    sentence::Sentences,
    tab::Tab,
};

#[tokio::test]
async fn a_protected_profile_connects_with_its_passphrase() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served, sentences) = (rehearsal.path(), rehearsal.serve()?, Sentences::read()?);
    let browser = Browser::open(&served.url, 1280, 900).await?;
    page::get_certified(&browser, &rehearsal, "alice").await?;
    browser.see("#download-profile").await?;
    browser.evaluate(page::UNFOLD).await?;
    browser.fill("#profile-passphrase", "too short").await?;
    browser.click("#protect button").await?;
    sentences.refused(&browser, "passphrase-short", &[]).await?;
    browser.fill("#profile-passphrase", PASSPHRASE).await?;
    browser.click("#protect button").await?;
    sentences.refused(&browser, "passphrase-differs", &[]).await?;
    page::protect(&browser, PASSPHRASE).await?;
    let profile = fs::read_to_string(browser.downloaded("alice.ovpn").await?)?;
    for field in ["#profile-passphrase", "#profile-passphrase-again"] {
        ensure!(browser.text(field).await?.is_empty(), "the passphrase is still in {field}");
    }
    ensure!(!profile.contains("BEGIN PRIVATE KEY"), "the key is in the clear");

    browser.click("#keep-key").await?;
    sentences.refused(&browser, "key-kept", &[]).await?;
    browser.reload().await?;
    page::save_profile(&browser, "alice").await.context("the key that was kept")?;
    browser.see("#wipe").await?;
    // A double click is one.
    browser.evaluate("(wipe => (wipe.click(), wipe.click(), true))(document.querySelector('#wipe'))").await?;
    browser.see("#screen-done").await?;
    ensure!(
        browser.text("#message").await?.is_empty(),
        "the second click is answered: {}",
        browser.text("#message").await?
    );
    browser.close().await?;

    write(&folder.join("passphrase"), PASSPHRASE)?;
    write(&folder.join("wrong"), "another passphrase")?;
    let (_, key) = profile.split_once("<key>").context("a key")?;
    let (key, _) = key.split_once("</key>").context("the key's end")?;
    write(&folder.join("alice.key"), key)?;
    for command in ["pkey", "rsa"] {
        let public = openssl::run(folder, &[command, "-in", "alice.key", "-passin", "file:passphrase", "-pubout"])?;
        let requested = openssl::run(folder, &["req", "-in", "alice.csr", "-noout", "-pubkey"])?;
        ensure!(public == requested, "by `openssl {command}` it is another key");
    }

    // As on the command line: `openvpn --config alice.ovpn --askpass FILE`.
    write(&folder.join("asked.ovpn"), format!("askpass passphrase\n{profile}"))?;
    rehearsal.run(&["sandbox", "connect", "asked.ovpn"])?;
    write(&folder.join("refused.ovpn"), format!("askpass wrong\n{profile}"))?;
    ensure!(rehearsal.run(&["sandbox", "connect", "refused.ovpn"]).is_err(), "any passphrase opens it");
    Ok(())
}

const PASSPHRASE: &str = "four words and a dozen";
