//! Browsers and hosts that do not give the page what it needs: it says what is the matter, in every language.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tests::{
    browser::{Browser, INSECURE_HOST},
    page,
    rehearsal::{Rehearsal, write},
    sentence::Sentences,
    tab::Tab,
};

use crate::hostile::Site;

#[tokio::test]
async fn what_the_page_needs_and_does_not_have_is_said() -> Result<()> {
    let (rehearsal, sentences) = (Rehearsal::provisioned("udp")?, Sentences::read()?);
    a_browser_keeps_nothing(&rehearsal, &sentences).await?;
    a_page_cannot_work(&rehearsal, &sentences).await
}

async fn a_browser_keeps_nothing(rehearsal: &Rehearsal, sentences: &Sentences) -> Result<()> {
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let mut browser = Browser::open(&served.url, 1280, 900).await?;

    // The data of the site are cleared while the page is open, and with them the key.
    page::make_request(&browser, "alice").await?;
    browser.clear_site_data(served.url.trim_end_matches('/')).await?;
    browser.click("#to-certificate").await?;
    sentences.refused(&browser, "storage-refused", &[]).await?;
    browser.reload().await?;
    browser.see("#screen-who").await?;
    browser.evaluate(page::UNFOLD).await?;
    browser.see(GONE).await?;
    sentences.says(&browser, GONE, "gone-text", &[]).await?;

    // A private window keeps the key as long as it is open, and the page says so.
    browser.private_window(&served.url).await?;
    page::make_request(&browser, "bob").await?;
    browser.evaluate(page::UNFOLD).await?;
    browser.see(PRIVATE).await?;
    sentences.says(&browser, PRIVATE, "backup-private", &[]).await?;
    browser.reload().await?;
    browser.see("#csr-fingerprint").await?;
    browser.private_window(&served.url).await?;
    browser.see("#screen-who").await?;

    // Nothing can be kept: a profile is made all the same, if the page stays open, which it says until then.
    for refusal in NO_STORAGE {
        browser.private_window("about:blank").await?;
        browser.before_every_page(refusal).await?;
        browser.go(&served.url).await?;
        fs::rename(page::make_request(&browser, "carol").await?, folder.join("carol.csr"))?;
        sentences.refused(&browser, "not-kept", &[]).await.with_context(|| (*refusal).to_owned())?;
    }
    rehearsal.run(&["sign", "carol.csr", "--out", "carol.crt", "--yes"])?;
    page::go_on(&browser).await?;
    page::save_profile(&browser, "carol").await.context("found by itself")?;
    browser.close().await?;
    Ok(())
}

async fn a_page_cannot_work(rehearsal: &Rehearsal, sentences: &Sentences) -> Result<()> {
    let site = Site::of(rehearsal)?;
    let url = site.served.url.as_str();
    let browser = Browser::open(url, 1280, 900).await?;
    browser.see("#screen-who").await?;

    site.change(|bundle| {
        bundle["version"] = json!(2);
        bundle["client_configuration"] = json!(null);
    })?;
    stops(&browser, sentences, "bundle-version", &[]).await?;
    write(&site.bundle(), "{")?;
    stops(&browser, sentences, "bundle-malformed", &[]).await?;
    fs::remove_file(site.bundle())?;
    stops(&browser, sentences, "bundle-missing", &[]).await?;
    site.change(|bundle| bundle["client_configuration"] = json!("client\n"))?;
    stops(&browser, sentences, "client-configuration", &[("code", "ovpn-no-remote")]).await?;
    // The longest name that a certificate can have has 64 characters.
    let domain = format!("{}.example.com", "a".repeat(48));
    site.change(|bundle| bundle["domain"] = json!(domain))?;
    browser.reload().await?;
    browser.fill("#username", "alice").await?;
    browser.click("#generate").await?;
    let found = format!("alice.{domain}");
    sentences.refused(&browser, "common-name-too-long", &[("found", &found)]).await?;
    for (offered, title, options) in [
        (json!(["zh"]), "您是谁", "zh-Hans"),
        (json!(["fr"]), "Who are you", "en zh-Hans"),
        (json!([]), "Who are you", "en zh-Hans"),
    ] {
        site.change(|bundle| bundle["languages"] = offered.clone())?;
        browser.reload().await?;
        browser.see("#screen-who").await?;
        browser.read("#screen-who h2", title).await.with_context(|| offered.to_string())?;
        let listed = browser.evaluate("[...document.querySelector('#language')].map(it => it.value).join(' ')").await?;
        ensure!(listed == options, "of {offered} the page offers {listed}");
    }
    site.change(|_| ())?;
    browser.reload().await?;
    a_browser_fails(&browser, sentences).await?;
    browser.before_every_page(NO_ANSWER).await?;
    stops(&browser, sentences, "offline", &[("code", "TypeError")]).await?;
    browser.close().await?;

    let browser = Browser::open(&url.replace("127.0.0.1", INSECURE_HOST), 1280, 900).await?;
    browser.see("#screen-stopped").await?;
    sentences.refused(&browser, "insecure-origin", &[]).await?;
    browser.close().await?;

    for file in ["index.html", "_headers"] {
        let file = site.path().join(file);
        write(&file, fs::read_to_string(&file)?.replace("'wasm-unsafe-eval'", ""))?;
    }
    let browser = Browser::open(url, 1280, 900).await?;
    browser.see("#screen-loading").await?;
    let is_seen = "getComputedStyle(document.querySelector('.late')).visibility === 'visible'";
    ensure!(browser.evaluate(is_seen).await? == false, "the page is late before it has begun");
    // Ten seconds later.
    browser.evaluate("(document.getAnimations().forEach(it => it.finish()), true)").await?;
    ensure!(browser.evaluate(is_seen).await? == true, "the page waits for ever and says nothing");
    says_in_every_language(&browser, ".late", &sentences.of("late")?).await?;
    browser.without_scripts().await?;
    browser.reload().await?;
    browser.see("noscript p").await?;
    says_in_every_language(&browser, "noscript", &sentences.of("noscript")?).await?;
    browser.close().await?;
    Ok(())
}

/// The browser throws where it never should.
async fn a_browser_fails(browser: &Browser, sentences: &Sentences) -> Result<()> {
    browser.evaluate(NO_KEYS).await?;
    browser.fill("#username", "alice").await?;
    browser.click("#generate").await?;
    sentences.refused(browser, "crypto-refused", &[("code", "OperationError")]).await?;
    browser.reload().await?;
    page::make_request(browser, "alice").await?;
    browser.evaluate("(URL.createObjectURL = () => { throw new TypeError() }, true)").await?;
    browser.click("#download-csr").await?;
    sentences.refused(browser, "unexpected", &[("code", "TypeError")]).await
}

/// After a reload the page is stopped for this reason.
async fn stops(browser: &Browser, sentences: &Sentences, code: &str, values: &[(&str, &str)]) -> Result<()> {
    browser.reload().await?;
    browser.see("#screen-stopped").await.with_context(|| code.to_owned())?;
    sentences.refused(browser, code, values).await
}

/// Where no program runs that could switch, all languages stand one below the other.
async fn says_in_every_language(browser: &Browser, selector: &str, texts: &[String]) -> Result<()> {
    let said = browser.text(selector).await?;
    let missing: Vec<_> = texts.iter().filter(|text| !said.contains(text.as_str())).collect();
    ensure!(missing.is_empty(), "{selector} says {said:?} and not {missing:?}");
    Ok(())
}

/// The page was loaded, and then the connection was lost.
const NO_ANSWER: &str = "(own => window.fetch = async (...given) => {
    if (given[0] === 'bundle.json') throw new TypeError();
    return own(...given);
})(fetch)";

const NO_KEYS: &str =
    "(crypto.subtle.generateKey = async () => { throw new DOMException('', 'OperationError') }, true)";

const GONE: &str = "[data-text=gone-text]";
const PRIVATE: &str = "[data-text=backup-private]";

/// What browsers do that are told to keep nothing.
const NO_STORAGE: &[&str] = &[
    "Object.defineProperty(window, 'indexedDB', { value: undefined })",
    "indexedDB.open = () => { throw new DOMException('', 'SecurityError') }",
    "IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError') }",
    "for (const name of ['indexedDB', 'localStorage'])
        Object.defineProperty(window, name, { get: () => { throw new DOMException('', 'SecurityError') } })",
];
