//! The pages of two deployments in one browser, of one domain: below one address, where they share the browser's database,
//! and at two.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::{
    browser::Browser,
    page,
    rehearsal::{Rehearsal, Served, copy, write},
    tab::Tab,
};

pub(crate) async fn two_deployments_do_not_get_into_each_others_way(rehearsal: &Rehearsal) -> Result<()> {
    let folder = rehearsal.path();
    let config = fs::read_to_string(folder.join("latchkey.toml"))?;
    write(&folder.join(OTHER), config.replace("\"demo\"", "\"other\"").replace(".latchkey/demo/", ".latchkey/other/"))?;
    rehearsal.run(&["provision", "--config", OTHER])?;
    let root = tempfile::tempdir()?;
    let others_site = folder.join(".latchkey/other/site");
    copy(&rehearsal.site(), root.path())?;
    copy(&others_site, &root.path().join("other"))?;
    let served = Served::folder(root.path())?;
    let (demo, other) = (served.url.clone(), format!("{}other/", served.url));

    let browser = Browser::open(&demo, 1280, 900).await?;
    browser.read(".deployment", "demo").await?;
    fs::copy(page::make_request(&browser, "alice").await?, folder.join("demo.csr"))?;
    fs::remove_file(browser.downloaded("alice.csr").await?)?;
    let words = browser.text("#csr-words").await?;

    browser.go(&other).await?;
    browser.read(".deployment", "other").await?;
    browser.see("#screen-who").await.context("a request to another deployment is shown")?;
    fs::copy(page::make_request(&browser, "alice").await?, folder.join("other.csr"))?;
    let words_of_other = browser.text("#csr-words").await?;
    ensure!(words != words_of_other, "two deployments got one key");
    for (url, words) in [(&demo, &words), (&other, &words_of_other)] {
        browser.go(url).await?;
        browser.see("#screen-request").await.with_context(|| format!("one request is on its way at {url}"))?;
        browser.read("#csr-words", words).await?;
    }

    rehearsal.run(&["sign", "demo.csr", "--out", "demo.crt", "--yes"])?;
    rehearsal.run(&["sign", "other.csr", "--out", "other.crt", "--yes", "--config", OTHER])?;
    for (url, its, foreign) in [(&demo, "demo", "other"), (&other, "other", "demo")] {
        browser.go(url).await?;
        page::go_on(&browser).await?;
        page::paste(&browser, &folder.join(format!("{foreign}.crt"))).await?;
        browser.read("#message", "This certificate is for another VPN. It was issued by").await?;
        browser.read("#message", foreign).await?;
        page::paste(&browser, &folder.join(format!("{its}.crt"))).await?;
        browser.see("#download-profile").await.with_context(|| its.to_owned())?;
    }

    // The key of one goes, that of the other stays.
    let profile = page::save_profile(&browser, "alice").await?;
    let profile = fs::read_to_string(profile)?;
    let its_ca = profile.split_once("</ca>").and_then(|(before, _)| Some(before.split_once("<ca>")?.1.trim()));
    ensure!(
        its_ca == Some(page::ca(&others_site)?.trim()),
        "the CA in {} bytes of profile is {its_ca:?}",
        profile.len()
    );
    browser.click("#wipe").await?;
    browser.see("#screen-done").await?;
    browser.reload().await?;
    browser.see("#screen-who").await?;
    browser.go(&demo).await?;
    browser.see("#download-profile").await?;

    // At another port it is another page, with a database of its own.
    let elsewhere = Served::folder(&rehearsal.site())?;
    browser.go(&elsewhere.url).await?;
    browser.see("#screen-who").await?;
    page::make_request(&browser, "bob").await?;
    browser.go(&demo).await?;
    browser.see("#download-profile").await?;
    browser.close().await?;
    Ok(())
}

const OTHER: &str = "other.toml";
