//! Every state of the page, in every language, narrow and wide, dark and light. The pictures stay under
//! `target/page-screens` for people to look at, and beside them what a screen reader is given, to be read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use tests::{
    axe,
    browser::Browser,
    page,
    rehearsal::{Rehearsal, repository, write},
    tab::Tab,
};

#[tokio::test]
async fn every_state_fits_in_every_language() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    for (language, tag) in [("en-GB,de", "en"), ("de,zh-CN,en", "zh-Hans")] {
        let browser = Browser::open(&served.url, 1280, 900).await?;
        browser.prefer_language(language).await?;
        browser.reload().await?;
        browser.see("#screen-who").await?;
        what_axe_should_find_is_found(&browser).await?;
        let album = Album::new(&browser, tag)?;
        album.picture("1-who").await?;
        browser.fill("#username", "alice!").await?;
        browser.click("#generate").await?;
        browser.see("#message").await?;
        album.picture("2-who-refused").await?;
        let username = format!("user-{}", tag.to_ascii_lowercase());
        let request = page::make_request(&browser, &username).await?;
        fs::copy(request, folder.join("a.csr"))?;
        album.picture("3-request").await?;
        browser.click("#start-over").await?;
        browser.see("#start-over-dialog").await?;
        album.picture("4-start-over").await?;
        browser.click("#start-over-cancel").await?;
        page::go_on(&browser).await?;
        album.picture("5-certificate").await?;
        browser.click("#look-up").await?;
        browser.see("#message").await?;
        album.picture("6-not-yet").await?;
        rehearsal.run(&["sign", "a.csr", "--out", &format!("{username}.crt"), "--yes"])?;
        rehearsal.withhold()?;
        page::paste(&browser, &folder.join("a.csr")).await?;
        browser.see("#message").await?;
        album.picture("7-certificate-refused").await?;
        browser.click("#another").await?;
        page::make_request(&browser, "bob").await?;
        browser.reload().await?;
        browser.see("#screen-choose").await?;
        album.picture("8-choose").await?;
        let first =
            "[...document.querySelectorAll('#waiting button')].find(it => it.textContent.includes('user-')).click()";
        browser.evaluate(&format!("({first}, true)")).await?;
        browser.see("#use-certificate").await?;
        page::paste(&browser, &folder.join(format!("{username}.crt"))).await?;
        page::save_profile(&browser, &username).await?;
        browser.see("#wipe").await?;
        let first = browser.text("#clients-here > details[open]").await?;
        ensure!(first.contains("NetworkManager") && first.contains(&username), "the help begins with {first}");
        browser.see("#clients-here ~ .clients [data-systems=windows\\ macos]").await?;
        album.picture("9-profile").await?;
        browser.click("#wipe").await?;
        browser.see("#screen-done").await?;
        browser.click("#reminder").await?;
        let reminder = fs::read_to_string(browser.downloaded(&format!("{username}-vpn-expires.ics")).await?)?;
        let is_one = reminder.starts_with("BEGIN:VCALENDAR\r\n") && reminder.ends_with("END:VCALENDAR\r\n");
        ensure!(is_one && reminder.contains(&username), "{reminder}");
        album.picture("10-done").await?;
        browser.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_language_that_was_chosen_stays() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let served = rehearsal.serve()?;
    let browser = Browser::open(&served.url, 1280, 900).await?;
    browser.see("#screen-who").await?;
    browser.fill("#username", "alice!").await?;
    browser.click("#generate").await?;
    browser.read("#message", "cannot be in a user name").await?;
    page::speak(&browser, "zh-Hans").await?;
    browser.read("#message", "用户名中不能有“!”").await?;
    browser.read("title", "您的 VPN 配置文件").await?;
    ensure!(browser.text("#username").await? == "alice!", "what was typed is gone");
    page::make_request(&browser, "alice").await?;
    browser.reload().await?;
    browser.read("#screen-request h2", "发送申请").await?;
    browser.read("#screen-request", "保存 alice.csr").await?;
    page::speak(&browser, "en").await?;
    browser.read("#screen-request", "Save alice.csr").await?;
    browser.reload().await?;
    browser.read("#screen-request h2", "Send the request").await?;
    browser.close().await?;
    Ok(())
}

/// A field without a name, and a text that can hardly be told from its ground.
async fn what_axe_should_find_is_found(browser: &Browser) -> Result<()> {
    for (harm, rule) in [
        ("document.querySelector('label[for=username]').htmlFor = 'nobody'", "\"label\""),
        ("document.querySelector('#who').style.opacity = 0.3", "\"color-contrast\""),
    ] {
        browser.evaluate(&format!("({harm}, true)")).await?;
        let found = axe::finds_nothing(browser).await;
        ensure!(found.as_ref().is_err_and(|error| error.to_string().contains(rule)), "{harm}: {found:?}");
    }
    browser.reload().await?;
    browser.see("#screen-who").await
}

/// Pictures of the page's states in one language, and what is read aloud of them.
pub(crate) struct Album<'a> {
    browser: &'a Browser,
    folder: PathBuf,
    tag: &'a str,
}

impl<'a> Album<'a> {
    /// One under `target/page-screens/TAG`.
    pub(crate) fn new(browser: &'a Browser, tag: &'a str) -> Result<Self> {
        Ok(Self { browser, folder: pictures(tag)?, tag })
    }

    /// Writes down what is read aloud of the state, and holds it against the rules of structure; then with all that is folded.
    pub(crate) async fn reading(&self, state: &str) -> Result<()> {
        for (suffix, script) in [("", "true"), ("-unfolded", UNFOLD)] {
            self.browser.evaluate(script).await?;
            let tree = self.browser.tree().await?;
            write(&self.folder.join(format!("{state}{suffix}.txt")), tree.to_string())?;
            tree.check().with_context(|| format!("what is read aloud of {state}{suffix}:\n{tree}"))?;
        }
        self.browser.evaluate(FOLD).await?;
        Ok(())
    }

    /// Takes a picture of the state as it comes out of a printer.
    pub(crate) async fn paper(&self, state: &str) -> Result<()> {
        self.browser.look_printed().await?;
        self.browser.screenshot(&self.folder.join(format!("{state}-paper.png"))).await
    }

    /// Takes the state's pictures, and judges what a program can judge of its looks.
    async fn picture(&self, state: &str) -> Result<()> {
        self.look(state, &[(320, false), (320, true), (1280, true), (1280, false), (2560, false)]).await?;
        self.browser.evaluate(UNFOLD).await?;
        if self.browser.evaluate("unfolded.length").await? != 0 {
            self.look(&format!("{state}-unfolded"), &[(320, false), (1280, true)]).await?;
        }
        self.browser.evaluate(FOLD).await?;
        self.reading(state).await?;
        let spoken = self.browser.evaluate("document.documentElement.lang").await?;
        ensure!(spoken == self.tag, "{state}: the page is in {spoken} and not in {}", self.tag);
        let empty = "[...document.querySelectorAll('[data-text]')].filter(it => !it.textContent.trim()).length";
        ensure!(self.browser.evaluate(empty).await? == 0, "{state}: a text is empty");
        Ok(())
    }

    /// The picture of the state at each width in pixels, in the dark or not.
    async fn look(&self, state: &str, looks: &[(u32, bool)]) -> Result<()> {
        for &(width, is_dark) in looks {
            self.browser.look(width, is_dark).await?;
            let scheme = if is_dark { "dark" } else { "light" };
            self.browser.screenshot(&self.folder.join(format!("{state}-{width}-{scheme}.png"))).await?;
            let overflow = self.browser.evaluate("document.documentElement.scrollWidth - innerWidth").await?;
            axe::finds_nothing(self.browser).await.with_context(|| format!("{state}, {width} pixels, {scheme}"))?;
            ensure!(overflow.as_i64().is_some_and(|by| by <= 0), "{state} is {overflow} pixels too wide at {width}");
        }
        Ok(())
    }
}

/// The folder of the pictures called `tag`.
pub(crate) fn pictures(tag: &str) -> Result<PathBuf> {
    let folder = target()?.join("page-screens").join(tag);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn target() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().find(|folder| folder.ends_with("target")).map(Path::to_owned);
    target.or_else(|| Some(repository().join("target"))).context("cargo's target folder")
}

const UNFOLD: &str = r"(() => {
    globalThis.unfolded = [...document.querySelectorAll('details:not([open])')];
    unfolded.forEach(it => it.open = true);
    return true;
})()";
const FOLD: &str = "(unfolded.forEach(it => it.open = false), true)";
