//! How long people wait for the page, for `cargo xtask bench page`, beside what a browser can do at best and beside
//! node-forge, a library that makes keys and requests in JavaScript. Its file is the argument.
#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use anyhow::{Context, Result};
use tests::{
    browser::Browser,
    figures::{milliseconds, row},
    rehearsal::Rehearsal,
    tab::Tab,
};

#[tokio::main]
async fn main() -> Result<()> {
    let forge = std::env::args().nth(1).context("the file of node-forge is wanted")?;
    let forge = std::fs::read_to_string(&forge).with_context(|| forge.clone())?;
    let rehearsal = Rehearsal::provisioned("udp")?;
    let served = rehearsal.serve()?;
    let mut paints = Vec::new();
    for _ in 0..RUNS {
        // A browser of its own each time: nothing is in its cache.
        let browser = Browser::open("about:blank", 1280, 900).await?;
        browser.before_every_page(USABLE).await?;
        browser.go(&served.url).await?;
        paints.push(milliseconds(&browser.evaluate("usable").await?)?);
        browser.close().await?;
    }
    println!("{}", row("first usable paint, empty cache", &paints));

    let page = Browser::open(&served.url, 1280, 900).await?;
    // A document of the same origin without a program, where the browser's cryptography is to be had.
    let blank = Browser::open(&format!("{}bundle.json", served.url), 1280, 900).await?;
    blank.evaluate(&format!("{forge}\n;true")).await?;
    let (mut clicks, mut bare, mut native, mut pure) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // In turn, so that what else the machine does strikes all alike.
    for _ in 0..RUNS {
        page.fill("#username", "alice").await?;
        clicks.push(milliseconds(&page.evaluate(CLICK).await?)?);
        page.click("#start-over").await?;
        page.click("#start-over-confirm").await?;
        bare.push(milliseconds(&blank.evaluate(BARE).await?)?);
        native.push(milliseconds(&blank.evaluate(&FORGE.replace("KEYS", FORGE_NATIVE)).await?)?);
        pure.push(milliseconds(&blank.evaluate(&FORGE.replace("KEYS", FORGE_PURE)).await?)?);
    }
    println!("{}", row("click to CSR", &clicks));
    println!("{}", row("bare WebCrypto: generate, export, sign", &bare));
    println!("{}", row("node-forge, the browser's key generation", &native));
    println!("{}", row("node-forge, all of it in JavaScript", &pure));
    page.close().await?;
    blank.close().await?;
    Ok(())
}

const RUNS: usize = 20;

/// When the field for the name can be used and has been painted.
const USABLE: &str = r#"globalThis.usable = new Promise(done => {
    const observer = new MutationObserver(() => {
        if (document.querySelector('#username')?.checkVisibility()) {
            observer.disconnect();
            requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
        }
    });
    observer.observe(document, { subtree: true, childList: true, attributes: true });
})"#;

const BARE: &str = r#"(async () => {
    const begin = performance.now();
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
    const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    await crypto.subtle.exportKey('spki', pair.publicKey);
    await crypto.subtle.exportKey('pkcs8', pair.privateKey);
    await crypto.subtle.sign(algorithm.name, pair.privateKey, new Uint8Array(400));
    return performance.now() - begin;
})()"#;

const FORGE: &str = r#"(async () => {
    const begin = performance.now();
    const pair = KEYS;
    const request = forge.pki.createCertificationRequest();
    request.publicKey = pair.publicKey;
    request.setSubject([{ name: 'commonName', value: 'alice.vpn.example.com' }]);
    request.sign(pair.privateKey, forge.md.sha256.create());
    forge.pki.certificationRequestToPem(request);
    return performance.now() - begin;
})()"#;

const FORGE_NATIVE: &str = "await new Promise((done, failed) => \
    forge.pki.rsa.generateKeyPair({ bits: 2048 }, (error, pair) => error ? failed(error) : done(pair)))";
const FORGE_PURE: &str = "forge.pki.rsa.generateKeyPair({ bits: 2048 })";

const CLICK: &str = r#"new Promise(done => {
    const csr = document.querySelector('#csr');
    const isThere = () => csr.checkVisibility() && (csr.value ?? csr.textContent).includes('-----END');
    const observer = new MutationObserver(() => {
        if (isThere()) {
            observer.disconnect();
            done(performance.now() - begin);
        }
    });
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    const begin = performance.now();
    document.querySelector('#generate').click();
})"#;
