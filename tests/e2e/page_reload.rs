//! A reload at every step, and a second tab: what was there is there again.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::{browser::Browser, page, rehearsal::Rehearsal, tab::Tab};

pub(crate) async fn every_step_is_there_again(rehearsal: &Rehearsal) -> Result<()> {
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let mut browser = Browser::open(&served.url, 1280, 900).await?;
    browser.see("#screen-who").await?;
    browser.open_tab(&served.url).await?;
    browser.switch_tab().await?;
    is_there_again(&mut browser, "who", &[]).await?;

    fs::copy(page::make_request(&browser, "alice").await?, folder.join("alice.csr"))?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    rehearsal.withhold()?;
    let request = ["#csr-words", "#csr-fingerprint", "#csr", "#download-csr"];
    is_there_again(&mut browser, "request", &request).await?;

    page::go_on(&browser).await?;
    is_there_again(&mut browser, "certificate", &[]).await?;
    browser.click("#to-request").await?;
    browser.see("#screen-request").await?;
    is_there_again(&mut browser, "certificate", &[]).await?;

    page::paste(&browser, &folder.join("alice.crt")).await?;
    browser.see("#download-profile").await?;
    is_there_again(&mut browser, "profile", &["#download-profile", "#screen-profile > p"]).await?;
    let first = identity(&browser).await?;
    browser.click("#keep-key").await?;
    is_there_again(&mut browser, "profile", &["#download-profile"]).await?;
    ensure!(identity(&browser).await? == first, "after a reload the profile has another key or certificate");

    browser.click("#another").await?;
    page::make_request(&browser, "bob").await?;
    is_there_again(&mut browser, "choose", &[]).await?;
    is_there_again(&mut browser, "choose", &["#waiting"]).await?;
    page::choose(&browser, "bob").await?;
    browser.see("#screen-request").await?;
    browser.click("#another").await?;
    browser.click("#to-all").await?;
    for language in ["zh-Hans", "en"] {
        page::speak(&browser, language).await?;
        for user in ["alice", "bob"] {
            ensure!(browser.text("#waiting").await?.contains(user), "{user}'s request is missing from the list");
        }
    }
    page::choose(&browser, "bob").await?;
    page::go_on(&browser).await?;
    is_there_again(&mut browser, "choose", &["#waiting"]).await?;
    page::choose(&browser, "bob").await?;
    browser.see("#screen-certificate").await?;

    browser.reload().await?;
    page::choose(&browser, "alice").await?;
    browser.see("#screen-profile").await?;
    page::save_profile(&browser, "alice").await?;
    browser.click("#wipe").await?;
    browser.see("#screen-done").await?;
    is_there_again(&mut browser, "certificate", &[]).await?;
    browser.close().await?;
    Ok(())
}

pub(crate) async fn what_was_removed_in_one_tab_does_not_come_back_by_another(rehearsal: &Rehearsal) -> Result<()> {
    let served = rehearsal.serve()?;
    let mut browser = Browser::open(&served.url, 1280, 900).await?;
    page::make_request(&browser, "alice").await?;
    browser.open_tab(&served.url).await?;
    browser.see("#screen-request").await?;
    browser.click("#start-over").await?;
    browser.click("#start-over-confirm").await?;
    browser.see("#screen-who").await?;
    browser.switch_tab().await?;
    page::go_on(&browser).await?;
    browser.reload().await?;
    browser.see("#screen-who").await.context("the key that was removed is there again")?;
    browser.close().await?;
    Ok(())
}

/// The screen comes with the same texts after a reload, and so it does in the other tab when that is reloaded.
async fn is_there_again(browser: &mut Browser, screen: &str, texts: &[&str]) -> Result<()> {
    let mut shown = Vec::new();
    for text in texts {
        shown.push(browser.text(text).await?);
    }
    for place in ["this", "the other"] {
        browser.reload().await?;
        let step = || format!("`{screen}` after a reload of {place} tab");
        browser.see(&format!("#screen-{screen}")).await.with_context(step)?;
        for (text, shown) in texts.iter().zip(&shown) {
            browser.read(text, shown).await.with_context(step)?;
        }
        browser.switch_tab().await?;
    }
    Ok(())
}

/// Certificate and key of the profile that the page saves; all else in it is random or the deployment's.
async fn identity(browser: &Browser) -> Result<String> {
    let file = page::save_profile(browser, "alice").await?;
    let profile = fs::read_to_string(&file)?;
    fs::remove_file(file)?;
    let (_, identity) = profile.split_once("<cert>").context("a certificate in the profile")?;
    Ok(identity.to_owned())
}
