//! What a screen reader is given of the states that last for a moment only or in which the page cannot work; those on the way
//! through are in `page_looks`. The texts stay beside the pictures, for people to read.

use anyhow::{Context, Result, ensure};
use tests::{browser::Browser, rehearsal::Rehearsal, tab::Tab};

use crate::page_looks::Album;

pub(crate) async fn what_is_read_aloud_has_a_structure(rehearsal: &Rehearsal) -> Result<()> {
    let served = rehearsal.serve()?;
    let browser = Browser::open(&served.url, 1280, 900).await?;
    let album = Album::new(&browser, "en")?;
    browser.see("#screen-who").await?;
    what_the_rules_should_find_is_found(&browser).await?;

    browser.evaluate("(crypto.subtle.generateKey = () => new Promise(() => {}), true)").await?;
    browser.fill("#username", "alice").await?;
    browser.click("#generate").await?;
    browser.see("#screen-key").await?;
    album.reading("2-key").await?;

    let fragment = rehearsal.invite("alice")?;
    browser.go("about:blank").await?;
    browser.go(&format!("{}#{fragment}", served.url)).await?;
    browser.see("#invited").await?;
    album.reading("1-invited").await?;

    browser.before_every_page(&answers("new Promise(() => {})")).await?;
    browser.reload().await?;
    browser.see("#screen-loading").await?;
    album.reading("0-loading").await?;
    browser.before_every_page(&answers("Promise.resolve(new Response('', { status: 404 }))")).await?;
    browser.reload().await?;
    browser.see("#screen-stopped").await?;
    album.reading("0-stopped").await?;
    browser.close().await?;
    Ok(())
}

/// Has the page's question for its bundle answered like this.
fn answers(answer: &str) -> String {
    format!(
        "globalThis.asked ??= fetch; \
         globalThis.fetch = (what, how) => `${{what?.url ?? what}}`.includes('bundle.json') ? {answer} : asked(what, how);"
    )
}

async fn what_the_rules_should_find_is_found(browser: &Browser) -> Result<()> {
    for (harm, said) in [
        ("document.querySelector('#screen-who h2').ariaLevel = 4", "is of level 4"),
        ("document.querySelector('#screen-who h2').ariaLevel = 1", "a second heading"),
        ("document.querySelector('main').role = 'group'", "0 times `main`"),
        ("document.querySelector('#message').remove()", "0 times `alert`"),
        ("document.querySelector('#generate').textContent = ''", "a button has no name"),
        ("document.title = ''", "no title"),
    ] {
        browser.tree().await?.check().with_context(|| format!("before {harm}"))?;
        browser.evaluate(&format!("({harm}, true)")).await?;
        let found = browser.tree().await?.check();
        ensure!(found.as_ref().is_err_and(|error| error.to_string().contains(said)), "{harm}: {found:?}");
        browser.reload().await?;
        browser.see("#screen-who").await?;
    }
    Ok(())
}
