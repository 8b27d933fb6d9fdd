//! The encrypted backup of a key: opened by OpenSSL, and restored in another browser.

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
async fn a_key_is_finished_in_another_browser() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served, sentences) = (rehearsal.path(), rehearsal.serve()?, Sentences::read()?);
    let first = Browser::open(&served.url, 1280, 900).await?;
    fs::copy(page::make_request(&first, "alice").await?, folder.join("alice.csr"))?;
    first.evaluate(page::UNFOLD).await?;
    first.fill("#backup-passphrase", "too short").await?;
    first.click("#back-up button").await?;
    sentences.refused(&first, "passphrase-short", &[]).await?;
    first.fill("#backup-passphrase", PASSPHRASE).await?;
    for again in ["", "four words and a dozin"] {
        first.fill("#backup-passphrase-again", again).await?;
        first.click("#back-up button").await?;
        sentences.refused(&first, "passphrase-differs", &[]).await?;
    }
    first.fill("#backup-passphrase-again", PASSPHRASE).await?;
    first.click("#back-up button").await?;
    fs::copy(first.downloaded("alice-key.pem").await?, folder.join("alice-key.pem"))?;
    for field in ["#backup-passphrase", "#backup-passphrase-again"] {
        ensure!(first.text(field).await?.is_empty(), "the passphrase is still in {field}");
    }
    let fingerprint = first.text("#csr-fingerprint").await?;
    first.close().await?;

    write(&folder.join("passphrase"), PASSPHRASE)?;
    let opened = ["pkcs8", "-in", "alice-key.pem", "-passin", "file:passphrase", "-out", "opened.key"];
    openssl::run(folder, &opened)?;
    openssl::run(folder, &["pkey", "-in", "opened.key", "-pubout", "-out", "opened.pub"])?;
    let otherwise = ["pkcs8", "-topk8", "-scrypt", "-in", "opened.key", "-passout", "file:passphrase", "-out"];
    openssl::run(folder, &[otherwise.as_slice(), &["scrypt.pem"]].concat())?;
    let requested = openssl::run(folder, &["req", "-in", "alice.csr", "-noout", "-pubkey"])?;
    ensure!(requested == fs::read_to_string(folder.join("opened.pub"))?, "the backup is of another key");
    fs::remove_file(folder.join("opened.key"))?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;

    let second = Browser::open(&served.url, 1280, 900).await?;
    second.see("#screen-who").await?;
    second.evaluate(page::UNFOLD).await?;
    for (file, passphrase, code) in [
        ("alice.csr", PASSPHRASE, "not-a-backup"),
        ("scrypt.pem", PASSPHRASE, "backup-encryption"),
        ("alice-key.pem", "not the right one", "wrong-passphrase"),
    ] {
        second.choose("#restore-file", &folder.join(file)).await?;
        second.fill("#restore-passphrase", passphrase).await?;
        second.click("#restore button").await?;
        sentences.refused(&second, code, &[]).await?;
        second.see("#screen-who").await?;
    }
    second.choose("#restore-file", &folder.join("alice-key.pem")).await?;
    second.fill("#restore-passphrase", PASSPHRASE).await?;
    second.click("#restore button").await?;
    second.see("#csr-fingerprint").await?;
    ensure!(second.text("#csr-fingerprint").await? == fingerprint, "the request is another");
    second.click("#to-certificate").await?;
    let profile = page::save_profile(&second, "alice").await.context("the certificate is found by itself")?;
    ensure!(fs::read_to_string(profile)?.contains("-----BEGIN PRIVATE KEY-----"));
    second.close().await?;
    Ok(())
}

#[tokio::test]
async fn an_invited_request_is_restored_with_its_invite() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let fragment = rehearsal.invite("bob")?;
    let url = format!("{}#{fragment}", served.url);
    let first = Browser::open(&url, 1280, 900).await?;
    first.click("#generate").await?;
    first.see("#invited-request").await?;
    let fingerprint = first.text("#csr-fingerprint").await?;
    first.evaluate(page::UNFOLD).await?;
    page::back_up(&first, PASSPHRASE).await?;
    fs::copy(first.downloaded("bob-key.pem").await?, folder.join("bob-key.pem"))?;
    first.close().await?;

    let second = Browser::open(&url, 1280, 900).await?;
    second.see("#invited").await?;
    second.evaluate(page::UNFOLD).await?;
    // Dropped on the field itself, it is the field's.
    let is_left = "(event => (document.querySelector('#restore-file').dispatchEvent(event), !event.defaultPrevented))\
                   (new DragEvent('drop', { dataTransfer: new DataTransfer(), bubbles: true, cancelable: true }))";
    ensure!(second.evaluate(is_left).await? == true, "the page takes what is dropped on a field for files");
    second.choose("#restore-file", &folder.join("bob-key.pem")).await?;
    second.fill("#restore-passphrase", PASSPHRASE).await?;
    second.click("#restore button").await?;
    second.see("#invited-request").await?;
    ensure!(second.text("#csr-fingerprint").await? == fingerprint, "the request is another");
    ensure!(second.evaluate("location.hash").await? == "", "the secret is still in the address");
    second.close().await?;
    Ok(())
}

const PASSPHRASE: &str = "four words and a dozen";
