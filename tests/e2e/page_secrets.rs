//! Every way through the page, and every place by which a key or a passphrase could leave it or stay behind.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, ensure};
use tests::{
    browser::{Browser, HandedOver},
    page,
    rehearsal::{Rehearsal, Served},
    tab::Tab,
};

use crate::evidence::{Evidence, marks};

#[tokio::test]
async fn no_secret_leaves_the_page_or_stays_behind() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let first = request_passed_on_and_backed_up(&served, folder).await?;
    let second = restored_and_finished(&rehearsal, &served).await?;
    let first = finished_and_started_over(first).await?;
    let alone = in_one_file(&rehearsal).await?;
    let keys = keys_are_brought(&served, folder).await?;

    let of_alice = marks(folder, "alice.ovpn")?.and_of(BACKUP).and_of(PROFILE);
    let of_bob = marks(folder, "bob.ovpn")?;
    for (visit, marks, downloads, handed_over) in [
        (
            &first,
            &of_alice,
            ["alice-key.pem", "alice.csr", "alice.ovpn"].as_slice(),
            ["clipboard", "letter", "share"].as_slice(),
        ),
        (&second, &of_alice, &["alice-vpn-expires.ics", "alice.ovpn"], &["notification"]),
        (&alone, &of_bob, &["bob.csr", "bob.ovpn"], &[]),
        (&keys, &of_alice, &["carol.csr"], &[]),
    ] {
        let Visit { evidence, url } = visit;
        evidence.nothing_left_the_page(url)?;
        evidence.the_key_is_nowhere_else(&rehearsal, marks).with_context(|| url.clone())?;
        ensure!(evidence.downloads().iter().eq(downloads), "not what was asked for: {:?}", evidence.downloads());
        // What an address said is taken out of it when it has done its service.
        let is_own = |it: &&HandedOver| it.to == "title" || it.to == "address" && !it.content.contains('#');
        let outside: BTreeSet<_> =
            evidence.record.handed_over.iter().filter(|it| !is_own(it)).map(|it| it.to.as_str()).collect();
        ensure!(outside.iter().eq(handed_over), "not what was asked for: {outside:?}");
        let started = &evidence.record.started;
        ensure!(started.iter().all(|it| it.starts_with("page about:blank")), "something was started: {started:?}");
        nothing_is_kept(evidence)?;
    }
    Ok(())
}

/// A visit that came to its end, and the page's address.
struct Visit {
    evidence: Evidence,
    url: String,
}

/// The key is made, its request goes every way there is, and the key is saved for another browser.
async fn request_passed_on_and_backed_up(served: &Served, folder: &Path) -> Result<(Browser, String)> {
    let browser = Browser::open_watched(&served.url).await?;
    fs::copy(page::make_request(&browser, "alice").await?, folder.join("alice.csr"))?;
    for way in ["#copy-csr", "#share-csr", "#mail-csr"] {
        browser.click(way).await?;
    }
    browser.evaluate(page::UNFOLD).await?;
    page::back_up(&browser, BACKUP).await?;
    fs::copy(browser.downloaded("alice-key.pem").await?, folder.join("alice-key.pem"))?;
    page::go_on(&browser).await?;
    browser.click("#look-up").await?;
    browser.read("#message", "not here yet").await?;
    only_wrapped_keys_are_kept(&browser).await?;
    Ok((browser, served.url.clone()))
}

/// In another browser the key is restored, its certificate found, the profile saved with and without a passphrase, and the
/// key removed.
async fn restored_and_finished(rehearsal: &Rehearsal, served: &Served) -> Result<Visit> {
    let folder = rehearsal.path();
    let browser = Browser::open_watched(&served.url).await?;
    browser.see("#screen-who").await?;
    browser.evaluate(page::UNFOLD).await?;
    browser.choose("#restore-file", &folder.join("alice-key.pem")).await?;
    browser.fill("#restore-passphrase", BACKUP).await?;
    browser.click("#restore button").await?;
    page::go_on(&browser).await?;
    browser.click("#notify").await?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    // Out of the way of the other one, which has the same name.
    fs::rename(page::save_profile(&browser, "alice").await?, folder.join("alice.ovpn"))?;
    browser.evaluate(page::UNFOLD).await?;
    page::protect(&browser, PROFILE).await?;
    let protected = fs::read_to_string(browser.downloaded("alice.ovpn").await?)?;
    ensure!(protected.contains("BEGIN ENCRYPTED PRIVATE KEY"), "the key is in the clear");
    only_wrapped_keys_are_kept(&browser).await?;
    browser.click("#wipe").await?;
    browser.see("#screen-done").await?;
    browser.click("#reminder").await?;
    browser.downloaded("alice-vpn-expires.ics").await?;
    Ok(Visit { evidence: Evidence::collect(browser).await?, url: served.url.clone() })
}

/// Back in the first browser the certificate is found, too; and then the person starts over.
async fn finished_and_started_over((browser, url): (Browser, String)) -> Result<Visit> {
    browser.reload().await?;
    page::save_profile(&browser, "alice").await?;
    browser.click("#start-over").await?;
    browser.click("#start-over-confirm").await?;
    browser.see("#screen-who").await?;
    Ok(Visit { evidence: Evidence::collect(browser).await?, url })
}

async fn in_one_file(rehearsal: &Rehearsal) -> Result<Visit> {
    let folder = rehearsal.path();
    let built = rehearsal.run(&["web", "--single-file"])?;
    let url = format!("file://{}", built.trim());
    let browser = Browser::open_watched(&url).await?;
    fs::copy(page::make_request(&browser, "bob").await?, folder.join("bob.csr"))?;
    rehearsal.run(&["sign", "bob.csr", "--out", "bob.crt", "--yes"])?;
    page::go_on(&browser).await?;
    page::paste(&browser, &folder.join("bob.crt")).await?;
    fs::copy(page::save_profile(&browser, "bob").await?, folder.join("bob.ovpn"))?;
    browser.click("#wipe").await?;
    browser.see("#screen-done").await?;
    Ok(Visit { evidence: Evidence::collect(browser).await?, url })
}

/// What people bring that has a key in it: their old profile, and a profile and a key where a certificate is wanted.
async fn keys_are_brought(served: &Served, folder: &Path) -> Result<Visit> {
    let browser = Browser::open_watched(&served.url).await?;
    let profile = fs::read_to_string(folder.join("alice.ovpn"))?;
    let (_, key) = profile.split_once("<key>").context("a key")?;
    let (key, _) = key.split_once("</key>").context("the key's end")?;
    browser.see("#screen-who").await?;
    browser.evaluate(page::UNFOLD).await?;
    browser.choose("#renew-file", &folder.join("alice.ovpn")).await?;
    browser.read("#message", "This is the profile of").await?;
    browser.choose("#restore-file", &folder.join("alice.ovpn")).await?;
    browser.click("#restore button").await?;
    browser.read("#message", "This is not an encrypted key").await?;
    page::make_request(&browser, "carol").await?;
    page::go_on(&browser).await?;
    for (text, refusal) in [(profile.as_str(), "This is a whole profile"), (key, "This is a private key")] {
        page::drop_file(&browser, text).await?;
        browser.read("#message", refusal).await?;
        page::paste_into(&browser, "#certificate-text", text).await?;
        browser.click("#use-certificate").await?;
        browser.read("#message", refusal).await?;
    }
    browser.click("#start-over").await?;
    browser.click("#start-over-confirm").await?;
    browser.see("#screen-who").await?;
    Ok(Visit { evidence: Evidence::collect(browser).await?, url: served.url.clone() })
}

/// While a request is on its way, its key is there, and no script can read it.
async fn only_wrapped_keys_are_kept(browser: &Browser) -> Result<()> {
    let kept = browser.evaluate(KEPT_KEYS).await?;
    ensure!(kept == serde_json::json!([["secret", false, "InvalidAccessError"]]), "the kept keys are {kept}");
    Ok(())
}

/// With the key, everything of it is gone: records, what was shown, what was typed but for the user name.
fn nothing_is_kept(evidence: &Evidence) -> Result<()> {
    let stores = evidence.place("databases").as_array().context("the databases")?;
    for store in stores {
        ensure!(store["values"].as_array().is_some_and(Vec::is_empty), "records stay behind: {store}");
    }
    ensure!(evidence.readable_keys().is_empty());
    let fields = evidence.place("fields").as_array().context("the fields")?;
    let is_no_secret =
        |value: &&serde_json::Value| ["", "alice", "bob", "carol"].contains(&value.as_str().unwrap_or("?"));
    ensure!(fields.iter().all(|value| is_no_secret(&value)), "what was typed stays behind: {fields:?}");
    let document = evidence.place("document").as_str().context("the document")?;
    ensure!(!document.contains("BEGIN CERTIFICATE REQUEST"), "the request stays behind");
    for place in ["session storage", "cookies", "window name", "caches", "files", "workers"] {
        let kept = evidence.place(place);
        let is_empty = match kept {
            serde_json::Value::Null => true,
            serde_json::Value::String(text) => text.is_empty(),
            serde_json::Value::Array(items) => items.is_empty(),
            serde_json::Value::Object(fields) => fields.is_empty(),
            serde_json::Value::Bool(_) | serde_json::Value::Number(_) => false,
        };
        ensure!(is_empty, "the page keeps something in its {place}: {kept}");
    }
    Ok(())
}

const BACKUP: &str = "four words and a dozen more";
const PROFILE: &str = "another four words for the file";

/// Type and readability of every key that is kept, and what a script is told that tries to export it.
const KEPT_KEYS: &str = r"(async () => {
    const done = request => new Promise((ok, no) => {
        request.onsuccess = () => ok(request.result);
        request.onerror = () => no(request.error);
    });
    const database = await done(indexedDB.open('latchkey'));
    const records = await done(database.transaction('pending').objectStore('pending').getAll());
    database.close();
    const keys = records.flatMap(record => Object.values(record)).filter(field => field instanceof CryptoKey);
    return Promise.all(keys.map(async key => [key.type, key.extractable,
        await crypto.subtle.exportKey(key.type === 'secret' ? 'raw' : 'pkcs8', key).then(() => 'read', error => error.name)]));
})()";
