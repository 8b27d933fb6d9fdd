//! Certificates that the page refuses, each with its own message.

use anyhow::{Result, ensure};
use tests::{
    browser::Browser,
    openssl::{self, RSA_2048},
    page,
    rehearsal::Rehearsal,
    tab::Tab,
};

#[tokio::test]
async fn a_wrong_certificate_is_refused_for_its_own_reason() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let browser = Browser::open(&served.url, 1280, 900).await?;
    let csr = page::make_request(&browser, "alice").await?;
    std::fs::copy(&csr, folder.join("alice.csr"))?;

    openssl::request(folder, "other-key", RSA_2048, "/CN=alice.vpn.example.com", &[])?;
    openssl::request(folder, "bob", RSA_2048, "/CN=bob.vpn.example.com", &[])?;
    for name in ["alice", "other-key", "bob"] {
        rehearsal.run(&["sign", &format!("{name}.csr"), "--out", &format!("{name}.crt"), "--yes"])?;
    }
    rehearsal.withhold()?;
    foreign_ca(folder)?;

    page::go_on(&browser).await?;
    let mut said = Vec::new();
    for name in ["other-key", "bob", "foreign", "same-name"] {
        page::paste(&browser, &folder.join(format!("{name}.crt"))).await?;
        browser.see("#message").await?;
        said.push(browser.text("#message").await?);
    }
    page::paste(&browser, &folder.join("alice.csr")).await?;
    browser.see("#message").await?;
    said.push(browser.text("#message").await?);
    for years in [-1, 20] {
        let moved = years * 365 * 24 * 3600 * 1000_i64;
        browser.evaluate(&format!("(now => (Date.now = () => now + {moved}, true))(new Date().getTime())")).await?;
        page::paste(&browser, &folder.join("alice.crt")).await?;
        browser.see("#message").await?;
        said.push(browser.text("#message").await?);
    }
    let mut distinct = said.clone();
    distinct.sort();
    distinct.dedup();
    ensure!(distinct.len() == said.len(), "two refusals say the same: {said:#?}");
    ensure!(said.iter().all(|text| text.trim().len() > 20), "a refusal says nothing: {said:#?}");
    for (text, word) in said.iter().zip([
        "another key",
        "bob.vpn.example.com",
        "Another CA",
        "did not sign",
        "your request",
        "not valid before",
        "was valid until",
    ]) {
        ensure!(text.contains(word), "{text:?} does not speak of `{word}`");
    }

    browser.evaluate("(delete Date.now, Date.now = () => new Date().getTime(), true)").await?;
    page::paste(&browser, &folder.join("alice.crt")).await?;
    browser.see("#download-profile").await?;
    browser.close().await?;
    Ok(())
}

/// `foreign.crt`: alice's key and name, certified by another CA; `same-name.crt`: by another CA that calls itself as ours.
fn foreign_ca(folder: &std::path::Path) -> Result<()> {
    let issuer = openssl::run(folder, &["x509", "-in", "alice.crt", "-noout", "-issuer", "-nameopt", "multiline"])?;
    let ours = issuer.lines().find_map(|line| line.trim().strip_prefix("commonName")).unwrap_or_default();
    let ours = format!("/CN={}", ours.trim_start_matches([' ', '=']));
    for (name, subject) in [("foreign", "/CN=Another CA"), ("same-name", ours.as_str())] {
        let ca_key = format!("{name}-ca.key");
        let ca = format!("{name}-ca.crt");
        openssl::run(
            folder,
            &["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", &ca_key, "-out", &ca, "-subj", subject],
        )?;
        let out = format!("{name}.crt");
        let sign = ["x509", "-req", "-in", "alice.csr", "-CA", &ca, "-CAkey", &ca_key, "-out", &out, "-days", "30"];
        let extensions = folder.join("client.ext");
        tests::rehearsal::write(&extensions, "extendedKeyUsage=clientAuth\n")?;
        openssl::run(folder, &[&sign[..], &["-extfile", "client.ext"]].concat())?;
    }
    Ok(())
}
