//! An invite's link on the page, and several requests in one browser.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::{browser::Browser, openssl, page, rehearsal::Rehearsal, sentence::Sentences, tab::Tab};

#[tokio::test]
async fn an_invited_user_is_signed_unasked() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served) = (rehearsal.path(), rehearsal.serve()?);
    let fragment = rehearsal.invite("alice")?;
    let browser = Browser::open(&format!("{}#{fragment}", served.url), 1280, 900).await?;

    browser.see("#invited").await?;
    browser.reload().await?;
    browser.see("#invited").await?;
    ensure!(browser.text("#username").await? == "alice");
    ensure!(browser.evaluate("document.querySelector('#username').readOnly").await? == true, "the name can be changed");
    browser.click("#generate").await?;
    browser.click("#download-csr").await?;
    fs::copy(browser.downloaded("alice.csr").await?, folder.join("alice.csr"))?;
    browser.see("#invited-request").await?;
    ensure!(browser.evaluate("location.hash").await? == "", "the secret is still in the address");
    let words = browser.text("#csr-words").await?;
    ensure!(words.split(' ').count() == 6, "six words: {words}");

    // Without `--yes` nobody is asked either: there is no terminal.
    let signed = rehearsal.try_run(&["sign", "alice.csr", "--out", "alice.crt"])?;
    let told = String::from_utf8_lossy(&signed.stderr).into_owned() + &String::from_utf8_lossy(&signed.stdout);
    ensure!(signed.status.success(), "{told}");
    openssl::run(folder, &["x509", "-in", "alice.crt", "-noout", "-checkend", "0"])?;

    // A request beside it, without an invite, of which the admin is shown the words.
    browser.click("#another").await?;
    ensure!(browser.evaluate("document.querySelector('#username').readOnly").await? == false, "the name is locked");
    fs::copy(page::make_request(&browser, "bob").await?, folder.join("bob.csr"))?;
    browser.see("#uninvited-request").await?;
    let words_of_bob = browser.text("#csr-words").await?;
    ensure!(words_of_bob != words);
    let signed = rehearsal.try_run(&["sign", "bob.csr", "--out", "bob.crt", "--yes"])?;
    let told = String::from_utf8_lossy(&signed.stderr).into_owned() + &String::from_utf8_lossy(&signed.stdout);
    ensure!(told.contains(&words_of_bob), "the admin sees other words than {words_of_bob}: {told}");

    rehearsal.withhold()?;
    // Both are there after a reload, and each goes its way.
    browser.reload().await?;
    browser.see("#screen-choose").await?;
    for (user, other) in [("alice", "bob"), ("bob", "alice")] {
        browser.reload().await?;
        page::choose(&browser, user).await?;
        page::go_on(&browser).await?;
        page::paste(&browser, &folder.join(format!("{other}.crt"))).await?;
        browser.read("#message", other).await?;
        page::paste(&browser, &folder.join(format!("{user}.crt"))).await?;
        page::save_profile(&browser, user).await?;
    }
    browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_link_that_is_no_good_is_refused_and_inert() -> Result<()> {
    let (rehearsal, sentences) = (Rehearsal::provisioned("udp")?, Sentences::read()?);
    let served = rehearsal.serve()?;
    let fragment = rehearsal.invite("alice")?;
    let cut = fragment.get(..fragment.len() / 2).context("half")?;
    let elsewhere = fragment.replacen(".demo.", ".other-vpn.", 1);
    let newer = fragment.replacen("=1.", "=2.", 1);
    let script = "invite=1.demo.%3Cimg%20src=x%20onerror=alert(1)%3E";
    let deployments = [("found", "other-vpn"), ("expected", "demo")];
    for (fragment, refusal) in [
        (cut, Some(("invite-malformed", [].as_slice()))),
        (elsewhere.as_str(), Some(("invite-other-deployment", &deployments))),
        (newer.as_str(), Some(("invite-version", &[]))),
        (script, Some(("invite-malformed", &[]))),
        ("<script>alert(1)</script>", None),
    ] {
        let browser = Browser::open(&format!("{}#{fragment}", served.url), 1280, 900).await?;
        browser.see("#screen-who").await?;
        match refusal {
            Some((code, values)) => {
                sentences.refused(&browser, code, values).await.with_context(|| fragment.to_owned())?;
            }
            None => ensure!(browser.text("#message").await?.is_empty(), "{fragment}"),
        }
        ensure!(browser.evaluate("document.querySelector('#username').readOnly").await? == false);
        ensure!(browser.evaluate("document.querySelectorAll('main img, main script').length").await? == 0);
        let record = browser.close().await?;
        ensure!(record.console.is_empty(), "{fragment}: {:?}", record.console);
    }
    Ok(())
}
