//! Timings of the main job, for `cargo xtask bench`: figures to be read, not to pass or fail.
#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;
use tests::{
    browser::Browser,
    page,
    rehearsal::{Rehearsal, files},
};

#[tokio::main]
async fn main() -> Result<()> {
    for transport in ["udp", "tcp"] {
        let begin = Instant::now();
        let rehearsal = Rehearsal::provisioned(transport)?;
        row(&format!("provision, sandbox down, {transport}"), &[begin.elapsed().as_secs_f64() * 1000.0]);
        let seconds = repeat(3, || rehearsal.run(&["provision"]).map(drop))?;
        row(&format!("provision again, {transport}"), &seconds);
        if transport == "udp" {
            weight(&rehearsal)?;
        }
        let served = rehearsal.serve()?;
        let browser = Browser::open(&served.url, 1280, 900).await?;
        if transport == "udp" {
            keys(&browser).await?;
        }
        std::fs::copy(page::make_request(&browser, "alice").await?, rehearsal.path().join("alice.csr"))?;
        let signing = repeat(1, || rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"]).map(drop))?;
        row(&format!("sign one request, {transport}"), &signing);
        page::go_on(&browser).await?;
        page::paste(&browser, &rehearsal.path().join("alice.crt")).await?;
        std::fs::copy(page::save_profile(&browser, "alice").await?, rehearsal.path().join("alice.ovpn"))?;
        browser.close().await?;
        connect(&rehearsal, transport)?;
    }
    Ok(())
}

/// What the page weighs, file by file.
fn weight(rehearsal: &Rehearsal) -> Result<()> {
    for (file, content) in files(&rehearsal.site())? {
        println!("{:48} {:>8} bytes", file.file_name().unwrap_or_default().display(), content.len());
    }
    Ok(())
}

/// From the click to the finished request, beside the browser's bare key generation, in turn.
async fn keys(browser: &Browser) -> Result<()> {
    let (mut bare, mut clicks) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        bare.push(milliseconds(&browser.evaluate(BARE).await?)?);
        browser.fill("#username", "alice").await?;
        clicks.push(milliseconds(&browser.evaluate(CLICK).await?)?);
        browser.click("#start-over").await?;
        browser.click("#start-over-confirm").await?;
    }
    row("bare generateKey", &bare);
    row("click to CSR", &clicks);
    Ok(())
}

fn connect(rehearsal: &Rehearsal, transport: &str) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..10 {
        let report: Value = serde_json::from_str(&rehearsal.run(&["sandbox", "connect", "alice.ovpn", "--json"])?)?;
        times.push(milliseconds(&report["milliseconds"])?);
    }
    row(&format!("openvpn connects, {transport}"), &times);
    Ok(())
}

fn repeat(times: u32, mut what: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    (0..times)
        .map(|_| {
            let begin = Instant::now();
            what()?;
            Ok(begin.elapsed().as_secs_f64() * 1000.0)
        })
        .collect()
}

fn row(what: &str, milliseconds: &[f64]) {
    let mut sorted = milliseconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let (min, median, max) = (at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1)));
    println!("{what:32} {:3} runs   min {min:8.1}   median {median:8.1}   max {max:8.1} ms", sorted.len());
}

fn milliseconds(value: &Value) -> Result<f64> {
    value.as_f64().with_context(|| format!("{value} is no number of milliseconds"))
}

const BARE: &str = r#"(async () => {
    const begin = performance.now();
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
    await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    return performance.now() - begin;
})()"#;

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
