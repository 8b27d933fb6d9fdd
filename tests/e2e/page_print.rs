//! The request on paper: what is read out to the admin, and nothing that is pressed.

use anyhow::{Result, ensure};
use tests::{browser::Browser, page, rehearsal::Rehearsal, tab::Tab};

use crate::page_looks::Album;

pub(crate) async fn a_printed_request_says_whose_it_is(rehearsal: &Rehearsal) -> Result<()> {
    let served = rehearsal.serve()?;
    let browser = Browser::open(&served.url, 1280, 900).await?;
    page::make_request(&browser, "alice").await?;
    for (tag, contact) in [("en", "Send that file to vpn-admins@example.com"), ("zh-Hans", "vpn-admins@example.com")] {
        page::speak(&browser, tag).await?;
        let (words, fingerprint) = (browser.text("#csr-words").await?, browser.text("#csr-fingerprint").await?);
        let title = browser.text("h1").await?;
        Album::new(&browser, tag)?.paper("3-request").await?;
        let paper = browser.evaluate("document.body.innerText").await?;
        let paper = paper.as_str().unwrap_or_default();
        for wanted in [title.as_str(), "demo", "alice.vpn.example.com", &words, &fingerprint, contact] {
            ensure!(paper.contains(wanted), "`{wanted}` is not on the paper:\n{paper}");
        }
        let pressed = browser.evaluate(TO_BE_PRESSED).await?;
        ensure!(pressed.as_array().is_some_and(Vec::is_empty), "on the paper are {pressed}");
        browser.look(1280, false).await?;
        browser.see("#download-csr").await?;
    }
    browser.close().await?;
    Ok(())
}

const TO_BE_PRESSED: &str = "[...document.querySelectorAll('#steps, footer, button, input, textarea, select, summary, a')]\
                             .filter(it => it.checkVisibility()).map(it => it.outerHTML)";
