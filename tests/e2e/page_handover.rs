//! The ways of a request to the admin and of a certificate to the page.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::{
    browser::Browser,
    openssl, page,
    rehearsal::{Rehearsal, write},
    sentence::Sentences,
    tab::{Tab, wait},
};

#[tokio::test]
async fn a_request_is_passed_on_and_its_certificate_arrives_by_itself() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served, sentences) = (rehearsal.path(), rehearsal.serve()?, Sentences::read()?);
    let browser = Browser::open(&served.url, 1280, 900).await?;
    browser.see("#screen-who").await?;
    browser.evaluate(OUTSIDE_WORLD).await?;
    browser.evaluate(page::FOLLOWED_LETTERS).await?;
    fs::copy(page::make_request(&browser, "alice").await?, folder.join("alice.csr"))?;
    let csr = fs::read_to_string(folder.join("alice.csr"))?;
    let words = browser.text("#csr-words").await?;

    browser.click("#copy-csr").await?;
    sentences.refused(&browser, "copied", &[]).await?;
    ensure!(browser.evaluate("outside.copied").await? == csr.as_str());
    browser.evaluate(LOCKED_CLIPBOARD).await?;
    browser.click("#copy-csr").await?;
    sentences.refused(&browser, "not-copied", &[("code", "NotAllowedError")]).await?;

    browser.click("#share-csr").await?;
    let shared = browser.evaluate("outside.shared.text()").await?;
    ensure!(shared == csr.as_str(), "{shared}");
    ensure!(browser.evaluate("outside.shared.name").await? == "alice.csr.txt");

    browser.click("#mail-csr").await?;
    let letter = browser.evaluate("new URL(outside.followed).searchParams.get('body')").await?;
    let letter = letter.as_str().context("a letter")?.replace("\r\n", "\n");
    ensure!(letter.contains(&csr) && letter.contains(&words), "{letter}");
    let address = browser.evaluate("outside.followed.split('?')[0]").await?;
    ensure!(address == "mailto:vpn-admins@example.com", "{address}");

    // What lies there and is no good for the request is no reason to call anybody.
    let ca = page::ca(&rehearsal.site())?;
    let hex: String = browser.text("#csr-fingerprint").await?.split(':').map(str::to_lowercase).collect();
    let published = rehearsal.site().join("issued").join(format!("{hex}.pem"));
    fs::create_dir_all(rehearsal.site().join("issued"))?;
    write(&published, ca)?;
    page::go_on(&browser).await?;
    // The browser asks, and nobody has answered yet: the page goes on.
    browser.click("#notify").await?;
    let looks =
        format!("performance.getEntriesByType('resource').filter(it => it.name.endsWith('{hex}.pem')).length >= 2");
    wait(&browser, &looks, "a second look").await?;
    ensure!(browser.text("#message").await?.is_empty(), "{}", browser.text("#message").await?);
    ensure!(browser.evaluate("outside.told === undefined").await? == true, "a certificate that is none is announced");
    browser.click("#look-up").await?;
    sentences.refused(&browser, "ca-instead", &[]).await?;
    browser.evaluate("(Notification.permission = 'granted', true)").await?;
    fs::remove_file(published)?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    browser.see("#download-profile").await.context("found by itself")?;
    ensure!(browser.evaluate("outside.told").await? == "Your VPN certificate is here.");
    let profile = page::save_profile(&browser, "alice").await?;
    fs::copy(&profile, folder.join("alice.ovpn"))?;

    // A year later: a new key for the same name.
    browser.click("#wipe").await?;
    browser.click("#start-again").await?;
    browser.see("#generate").await?;
    browser.choose("#renew-file", &folder.join("alice.csr")).await?;
    sentences.refused(&browser, "not-a-profile", &[]).await?;
    browser.choose("#renew-file", &folder.join("alice.ovpn")).await?;
    sentences.refused(&browser, "renewal", &[("found", "alice.vpn.example.com")]).await?;
    ensure!(browser.text("#username").await? == "alice");
    browser.click("#generate").await?;
    browser.see("#csr-words").await?;
    ensure!(browser.text("#csr-words").await? != words, "the renewed profile has the old key");
    browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_taken_in_every_form() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served, sentences) = (rehearsal.path(), rehearsal.serve()?, Sentences::read()?);
    let browser = Browser::open(&served.url, 1280, 900).await?;
    fs::copy(page::make_request(&browser, "alice").await?, folder.join("alice.csr"))?;
    rehearsal.run(&["sign", "alice.csr", "--out", "alice.crt", "--yes"])?;
    rehearsal.withhold()?;
    openssl::run(folder, &["x509", "-in", "alice.crt", "-outform", "DER", "-out", "alice.der"])?;
    openssl::run(folder, &["crl2pkcs7", "-nocrl", "-certfile", "alice.crt", "-out", "alice.p7b"])?;
    let quoted: String =
        fs::read_to_string(folder.join("alice.crt"))?.lines().map(|line| format!("> {line} \r\n")).collect();
    write(&folder.join("quoted.txt"), format!("Dear Alice,\r\n\r\n{quoted}"))?;
    let one_line = fs::read_to_string(folder.join("alice.crt"))?.replace('\n', " ");
    write(&folder.join("one-line.txt"), one_line)?;
    let mut sent = String::new();
    for form in ["alice.der", "alice.p7b", "quoted.txt", "one-line.txt"] {
        back_to_certificate(&browser).await?;
        browser.choose("#certificate-file", &folder.join(form)).await?;
        browser.see("#download-profile").await.with_context(|| form.to_owned())?;
        let profile = page::save_profile(&browser, "alice").await?;
        let text = fs::read_to_string(&profile)?;
        fs::remove_file(profile)?;
        let (_, certificate) = text.split_once("<cert>").context("a profile")?;
        let certificate = certificate.split_once("</cert>").context("a profile")?.0.to_owned();
        ensure!(sent.is_empty() || sent == certificate, "{form} made another profile");
        sent = certificate;
    }

    back_to_certificate(&browser).await?;
    page::drop_file(&browser, fs::read(folder.join("alice.der"))?).await?;
    browser.see("#download-profile").await.context("dropped")?;

    let link = openssl::base64_url(folder, "alice.crt")?;
    back_to_certificate(&browser).await?;
    browser.evaluate(&format!("(location.hash = 'certificate={link}', true)")).await?;
    browser.see("#download-profile").await.context("by a link")?;

    back_to_certificate(&browser).await?;
    openssl::run(folder, &["genpkey", "-algorithm", "RSA", "-out", "some.key"])?;
    write(&folder.join("whole.ovpn"), "client\n<ca>\nx\n</ca>\n")?;
    let refusals = [("some.key", "key-instead"), ("whole.ovpn", "profile-instead"), ("alice.csr", "csr-instead")];
    for (file, code) in refusals {
        page::drop_file(&browser, fs::read(folder.join(file))?).await?;
        sentences.refused(&browser, code, &[]).await?;
    }
    browser.close().await?;
    Ok(())
}

/// Makes the page forget the certificate, as if it had just been reloaded while waiting.
async fn back_to_certificate(browser: &Browser) -> Result<()> {
    browser.evaluate(FORGET_CERTIFICATES).await?;
    browser.reload().await?;
    browser.see("#screen-request:not([hidden]), #screen-certificate:not([hidden])").await?;
    if browser.evaluate("document.querySelector('#to-certificate')?.checkVisibility() === true").await? == true {
        browser.click("#to-certificate").await?;
    }
    browser.see("#use-certificate").await
}

/// What the page hands over to the browser, recorded: there is no clipboard, no mail program and no other app here.
const OUTSIDE_WORLD: &str = r"(() => {
    window.outside = {};
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: async text => { outside.copied = text } } });
    navigator.canShare = ({ files }) => files.length === 1;
    navigator.share = ({ files }) => { outside.shared = files[0]; return new Promise(() => {}) };
    window.Notification = class {
        static permission = 'default';
        static requestPermission() { return new Promise(() => {}) }
        constructor(text) { outside.told = text }
    };
    Object.defineProperty(document, 'hidden', { value: true });
    return true;
})()";

const LOCKED_CLIPBOARD: &str =
    "(navigator.clipboard.writeText = async () => { throw new DOMException('', 'NotAllowedError') }, true)";

const FORGET_CERTIFICATES: &str = r"(async () => {
    const done = request => new Promise((ok, no) => {
        request.onsuccess = () => ok(request.result);
        request.onerror = () => no(request.error);
    });
    const database = await done(indexedDB.open('latchkey'));
    const records = database.transaction('pending', 'readwrite').objectStore('pending');
    for (const key of await done(records.getAllKeys())) {
        const record = await done(records.get(key));
        delete record.certificate;
        await done(records.put(record, key));
    }
    database.close();
    return true;
})()";
