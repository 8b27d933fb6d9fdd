//! Timings of the main job, for `cargo xtask bench`: figures to be read, not to pass or fail.
#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::time::Instant;

use anyhow::Result;
use serde_json::Value;
use tests::{
    browser::Browser,
    figures::{milliseconds, row},
    page,
    rehearsal::Rehearsal,
};

#[tokio::main]
async fn main() -> Result<()> {
    for transport in ["udp", "tcp"] {
        let begin = Instant::now();
        let rehearsal = Rehearsal::provisioned(transport)?;
        println!(
            "{}",
            row(&format!("provision, sandbox down, {transport}"), &[begin.elapsed().as_secs_f64() * 1000.0])
        );
        let seconds = repeat(3, || rehearsal.run(&["provision"]).map(drop))?;
        println!("{}", row(&format!("provision again, {transport}"), &seconds));
        let served = rehearsal.serve()?;
        let browser = Browser::open(&served.url, 1280, 900).await?;
        std::fs::copy(page::make_request(&browser, "alice").await?, rehearsal.path().join("alice.csr"))?;
        let signing = repeat(1, || rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"]).map(drop))?;
        println!("{}", row(&format!("sign one request, {transport}"), &signing));
        page::go_on(&browser).await?;
        page::paste(&browser, &rehearsal.path().join("alice.crt")).await?;
        std::fs::copy(page::save_profile(&browser, "alice").await?, rehearsal.path().join("alice.ovpn"))?;
        browser.close().await?;
        connect(&rehearsal, transport)?;
    }
    Ok(())
}

fn connect(rehearsal: &Rehearsal, transport: &str) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..10 {
        let report: Value = serde_json::from_str(&rehearsal.run(&["sandbox", "connect", "alice.ovpn", "--json"])?)?;
        times.push(milliseconds(&report["milliseconds"])?);
    }
    println!("{}", row(&format!("openvpn connects, {transport}"), &times));
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
