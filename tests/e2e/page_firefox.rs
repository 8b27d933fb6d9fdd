//! The whole way through the page in Firefox, in every language: the other engine's WebCrypto, IndexedDB, downloads and CSP.
//! The pictures stay beside Chromium's.
//!
//! What Firefox cannot show here: every byte that it sends, of which it keeps no log; on Linux it has no `navigator.share`.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::{
    axe,
    firefox::{Firefox, Visit},
    leak::Marks,
    openssl::{self, RSA_2048},
    page,
    rehearsal::{Rehearsal, Served},
    tab::Tab,
};

use crate::{
    evidence::{self, EVERYTHING_KEPT},
    page_looks::pictures,
};

#[tokio::test]
async fn firefox_goes_the_whole_way_in_every_language() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let served = rehearsal.serve()?;
    for visitor in VISITORS {
        visitor.goes_the_whole_way(&rehearsal, &served).await.context(visitor.tag)?;
    }
    Ok(())
}

/// Somebody who is invited.
struct Visitor {
    user: &'static str,
    /// As browsers prefer languages, and the page's that follows.
    languages: &'static str,
    tag: &'static str,
    /// What the page says of a certificate for another key, of the request instead of a certificate, and of a certificate that
    /// has expired.
    refusals: [&'static str; 3],
}

const VISITORS: &[Visitor] = &[
    Visitor {
        user: "alice",
        languages: "en-GB, en",
        tag: "en",
        refusals: ["another key", "your request", "was valid until"],
    },
    Visitor {
        user: "wei.zhang",
        languages: "zh-CN, zh, en",
        tag: "zh-Hans",
        refusals: ["属于另一把密钥", "这是您的申请", "的有效期已于"],
    },
];

impl Visitor {
    async fn goes_the_whole_way(&self, rehearsal: &Rehearsal, served: &Served) -> Result<()> {
        let (folder, user) = (rehearsal.path(), self.user);
        let [csr, crt, ovpn] = ["csr", "crt", "ovpn"].map(|extension| format!("{user}.{extension}"));
        let fragment = rehearsal.invite(user)?;
        let firefox = Firefox::open(&format!("{}#{fragment}", served.url), self.languages).await?;

        firefox.see("#invited").await?;
        self.picture(&firefox, "1-invited").await?;
        firefox.click("#generate").await?;
        firefox.click("#download-csr").await?;
        fs::copy(firefox.downloaded(&csr).await?, folder.join(&csr))?;
        self.picture(&firefox, "2-request").await?;
        firefox.reload().await?;
        firefox.read("#csr", "-----END CERTIFICATE REQUEST-----").await.context("the key survives a reload")?;

        // The invite is enough: nobody is asked.
        rehearsal.run(&["sign", &csr, "--out", &crt])?;
        rehearsal.withhold()?;
        self.is_refused(&firefox, rehearsal).await?;
        firefox.choose("#certificate-file", &folder.join(&crt)).await?;
        firefox.see("#download-profile").await?;
        firefox.reload().await?;
        fs::copy(page::save_profile(&firefox, user).await?, folder.join(&ovpn))?;
        firefox.see("#wipe").await?;
        self.picture(&firefox, "4-profile").await?;

        let storage = firefox.evaluate(EVERYTHING_KEPT).await?;
        ensure!(storage["databases"].is_array(), "the storage could not be read: {storage}");
        let marks = evidence::marks(folder, &ovpn)?;
        ensure!(!marks.are_in(storage.to_string().as_bytes()), "the key is in the page's storage");
        firefox.click("#wipe").await?;
        firefox.see("#screen-done").await?;
        self.picture(&firefox, "5-done").await?;
        nothing_left_the_page(&firefox.close().await?, &served.url, &marks)?;

        rehearsal.run(&["sandbox", "connect", &ovpn]).context("the profile that Firefox saved")?;
        Ok(())
    }

    /// Certificates that are none for this request, each with its own reason.
    async fn is_refused(&self, firefox: &Firefox, rehearsal: &Rehearsal) -> Result<()> {
        let (folder, user) = (rehearsal.path(), self.user);
        let of_another_key = format!("another-{user}");
        openssl::request(folder, &of_another_key, RSA_2048, &format!("/CN={user}.vpn.example.com"), &[])?;
        let certificate = format!("{of_another_key}.crt");
        rehearsal.run(&["sign", &format!("{of_another_key}.csr"), "--out", &certificate, "--yes"])?;
        rehearsal.withhold()?;

        let [another_key, request, expired] = self.refusals;
        page::go_on(firefox).await?;
        page::paste(firefox, &folder.join(certificate)).await?;
        firefox.read("#message", another_key).await?;
        self.picture(firefox, "3-certificate-refused").await?;
        page::paste(firefox, &folder.join(format!("{user}.csr"))).await?;
        firefox.read("#message", request).await?;
        firefox.evaluate("(now => (Date.now = () => now + 20 * 365 * 24 * 3600 * 1000, true))(Date.now())").await?;
        page::paste(firefox, &folder.join(format!("{user}.crt"))).await?;
        firefox.read("#message", expired).await?;
        firefox.evaluate("(Date.now = () => new Date().getTime(), true)").await?;
        Ok(())
    }

    /// Takes the state's picture, and judges it as Chromium's are.
    async fn picture(&self, firefox: &Firefox, state: &str) -> Result<()> {
        firefox.screenshot(&pictures(&format!("firefox-{}", self.tag))?.join(format!("{state}.png"))).await?;
        axe::finds_nothing(firefox).await.with_context(|| state.to_owned())?;
        let spoken = firefox.evaluate("document.documentElement.lang").await?;
        ensure!(spoken == self.tag, "{state}: the page is in {spoken}");
        Ok(())
    }
}

/// Every request was a GET to the page's own origin, the console stayed empty, and the key is in none of the files that pages fill.
fn nothing_left_the_page(visit: &Visit, url: &str, marks: &Marks) -> Result<()> {
    let Visit { requests, console, storage } = visit;
    ensure!(requests.len() >= 5, "the record is not one: {requests:?}");
    // An address that is its own content is asked of nobody: so Firefox has the font of its own list marks.
    for (method, to) in requests.iter().filter(|(_, to)| !to.starts_with("data:")) {
        ensure!(method == "GET" && to.starts_with(url), "a request left the page's origin: {method} {to}");
    }
    ensure!(console.is_empty(), "the console is not empty: {console:#?}");
    let has_database = storage.iter().any(|(file, _)| file.extension().is_some_and(|extension| extension == "sqlite"));
    ensure!(has_database, "IndexedDB has left no file");
    for (file, content) in storage {
        ensure!(!marks.are_in(content), "the key is in `{}`", file.display());
    }
    Ok(())
}
