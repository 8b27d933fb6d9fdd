//! The whole way through by the keyboard alone: no click, and no script that moves the focus.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::{
    browser::{Browser, keyboard::Held},
    rehearsal::Rehearsal,
    tab::Tab,
};

pub(crate) async fn a_profile_is_made_without_a_mouse(rehearsal: &Rehearsal) -> Result<()> {
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let browser = Browser::open(&served.url, 1280, 900).await?;
    browser.before_every_page(NOTIFICATIONS).await?;
    browser.reload().await?;
    browser.see("#screen-who").await?;
    every_stop_is_seen(&browser, &["#language", "#username", "#generate"]).await?;
    the_language_is_switched(&browser).await?;

    browser.tab_to("#username").await?;
    browser.type_text("alice!").await?;
    browser.press("Enter").await?;
    browser.read("#message", "cannot be in a user name").await?;
    arrives_at(&browser, "#username").await?;
    browser.press("Backspace").await?;
    browser.tab_to("#generate").await?;
    browser.press(" ").await?;

    arrives_at(&browser, "#screen-request h2").await?;
    every_stop_is_seen(&browser, &["#download-csr", "#copy-csr", "#to-certificate", "#csr", "#start-over"]).await?;
    browser.tab_to("#download-csr").await?;
    browser.press("Enter").await?;
    fs::copy(browser.downloaded("alice.csr").await?, folder.join("alice.csr"))?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    rehearsal.withhold()?;
    the_key_is_kept(&browser).await?;
    browser.tab_to("#to-certificate").await?;
    browser.press(" ").await?;

    arrives_at(&browser, "#screen-certificate h2").await?;
    every_stop_is_seen(&browser, &["#look-up", "#certificate-file", "#certificate-text", "#to-request"]).await?;
    browser.tab_to("#notify").await?;
    browser.press("Enter").await?;
    arrives_at(&browser, "#screen-certificate h2").await.context("after #notify")?;
    browser.tab_to("#use-certificate").await?;
    browser.press("Enter").await?;
    browser.read("#message", "There is no text yet").await?;
    arrives_at(&browser, "#use-certificate").await?;
    browser.press_with(Held::Shift, "Tab").await?;
    arrives_at(&browser, "#certificate-text").await?;
    browser.paste(&fs::read_to_string(folder.join("alice.crt"))?).await?;
    browser.read("#certificate-text", "-----END CERTIFICATE-----").await?;
    browser.press("Tab").await?;
    browser.press("Enter").await?;

    arrives_at(&browser, "#screen-profile h2").await?;
    every_stop_is_seen(&browser, &["#download-profile", "#reminder", "#start-over"]).await?;
    for last in ["#keep-key", "#wipe"] {
        browser.tab_to("#download-profile").await?;
        browser.press("Enter").await?;
        let profile = fs::read_to_string(browser.downloaded("alice.ovpn").await?)?;
        ensure!(profile.contains("-----BEGIN PRIVATE KEY-----"), "a profile without its key");
        browser.see(last).await?;
        browser.tab_to(last).await?;
        browser.press("Enter").await?;
        let next = if last == "#wipe" { "#screen-done h2" } else { "#screen-profile h2" };
        arrives_at(&browser, next).await.with_context(|| format!("after {last}"))?;
    }
    every_stop_is_seen(&browser, &["#start-again", "#reminder"]).await?;
    browser.tab_to("#start-again").await?;
    browser.press("Enter").await?;
    arrives_at(&browser, "#screen-who h2").await?;
    browser.close().await?;
    Ok(())
}

/// Goes through all stops of the screen, from its beginning to its end and back again.
async fn every_stop_is_seen(browser: &Browser, wanted: &[&str]) -> Result<()> {
    browser.stops(Held::Nothing).await?;
    let there = browser.stops(Held::Nothing).await?;
    let mut back = browser.stops(Held::Shift).await?;
    back.reverse();
    ensure!(there == back, "Tab stops at {there:#?}, Shift+Tab at {back:#?}");
    let mut rest = there.iter();
    for stop in wanted {
        ensure!(rest.any(|it| it == stop), "{stop} is missing or in another place: {there:#?}");
    }
    Ok(())
}

async fn the_language_is_switched(browser: &Browser) -> Result<()> {
    browser.tab_to("#language").await?;
    browser.press("ArrowDown").await?;
    browser.read("#screen-who h2", "您是谁").await?;
    arrives_at(browser, "#language").await?;
    browser.press("ArrowUp").await?;
    browser.read("#screen-who h2", "Who are you").await
}

/// Opens the dialog that would remove the key, and leaves it by Escape and by the button that has the focus.
async fn the_key_is_kept(browser: &Browser) -> Result<()> {
    for leave in ["Escape", "Enter"] {
        browser.tab_to("#start-over").await?;
        browser.press("Enter").await?;
        arrives_at(browser, "#start-over-cancel").await?;
        browser.press("Tab").await?;
        arrives_at(browser, "#start-over-confirm").await?;
        browser.press_with(Held::Shift, "Tab").await?;
        arrives_at(browser, "#start-over-cancel").await?;
        browser.press(leave).await?;
        arrives_at(browser, "#start-over").await?;
    }
    browser.see("#screen-request").await
}

/// Waits until the element has the focus, and a frame by which one sees that.
async fn arrives_at(browser: &Browser, selector: &str) -> Result<()> {
    browser.see(&format!("{selector}:focus-visible")).await?;
    let focus = browser.focus().await?.context("nothing has the focus")?;
    ensure!(focus.is_framed && focus.is_in_view, "the focus cannot be seen: {focus:?}");
    Ok(())
}

/// A headless browser has no notifications, and so no button for them.
const NOTIFICATIONS: &str = r"window.Notification = class {
    static permission = 'default';
    static async requestPermission() { this.permission = 'granted' }
};";
