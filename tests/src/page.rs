//! What a person does on the page, step by step.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{rehearsal::Rehearsal, tab::Tab};

/// Gives a user name, lets the key be made and saves the request.
///
/// # Errors
/// The page does not come as far; the error says what it shows.
pub async fn make_request(browser: &impl Tab, username: &str) -> Result<PathBuf> {
    browser.fill("#username", username).await?;
    browser.click("#generate").await?;
    browser.see("#csr-fingerprint").await?;
    browser.read("#csr", "-----END CERTIFICATE REQUEST-----").await?;
    browser.click("#download-csr").await?;
    browser.downloaded(&format!("{username}.csr")).await
}

/// Chooses a language.
///
/// # Errors
/// The page has no list of languages.
pub async fn speak(browser: &impl Tab, tag: &str) -> Result<()> {
    let choose = format!("it => (it.value = '{tag}', it.dispatchEvent(new Event('change')))");
    browser.evaluate(&format!("({choose})(document.querySelector('#language'))")).await?;
    Ok(())
}

/// Goes on with the request of `username`, one of several.
///
/// # Errors
/// As [`make_request`].
pub async fn choose(browser: &impl Tab, username: &str) -> Result<()> {
    browser.see("#waiting button").await?;
    let its = format!("it => it.textContent.includes('{username}.')");
    browser.evaluate(&format!("([...document.querySelectorAll('#waiting button')].find({its}).click(), true)")).await?;
    Ok(())
}

/// Goes on from the request to where the certificate is wanted.
///
/// # Errors
/// As [`make_request`].
pub async fn go_on(browser: &impl Tab) -> Result<()> {
    browser.click("#to-certificate").await?;
    browser.see("#use-certificate").await
}

/// Pastes a certificate.
///
/// # Errors
/// As [`make_request`].
pub async fn paste(browser: &impl Tab, certificate: &Path) -> Result<()> {
    paste_into(browser, "#certificate-text", &std::fs::read_to_string(certificate)?).await?;
    browser.click("#use-certificate").await
}

/// Makes a request, has it signed and pastes the certificate. What was published is taken away before: the page would find it
/// by itself, and then the button goes away under the click.
///
/// # Errors
/// As [`make_request`], or it is not signed.
pub async fn get_certified(browser: &impl Tab, rehearsal: &Rehearsal, username: &str) -> Result<()> {
    let [csr, crt] = ["csr", "crt"].map(|extension| format!("{username}.{extension}"));
    std::fs::copy(make_request(browser, username).await?, rehearsal.path().join(&csr))?;
    rehearsal.run(&["sign", &csr, "--out", &crt, "--yes"])?;
    rehearsal.withhold()?;
    go_on(browser).await?;
    paste(browser, &rehearsal.path().join(crt)).await
}

/// Replaces what a field holds, as the clipboard does it: all at once.
///
/// # Errors
/// There is no such field.
pub async fn paste_into(browser: &impl Tab, selector: &str, text: &str) -> Result<()> {
    let text = serde_json::to_string(text)?;
    browser.evaluate(&format!("(document.querySelector({selector:?}).value = {text}, true)")).await?;
    Ok(())
}

/// Drops a file with this content on the page.
///
/// # Errors
/// The browser's.
pub async fn drop_file(browser: &impl Tab, content: impl AsRef<[u8]>) -> Result<()> {
    let bytes = format!("{:?}", content.as_ref());
    let event = "new DragEvent('drop', { dataTransfer: held, bubbles: true, cancelable: true })";
    browser
        .evaluate(&format!(
            "(held => (held.items.add(new File([new Uint8Array({bytes})], 'dropped')), \
             document.querySelector('main').dispatchEvent({event}), true))(new DataTransfer())"
        ))
        .await?;
    Ok(())
}

/// Saves the key, encrypted by a passphrase.
///
/// # Errors
/// As [`make_request`].
pub async fn back_up(browser: &impl Tab, passphrase: &str) -> Result<()> {
    browser.fill("#backup-passphrase", passphrase).await?;
    browser.fill("#backup-passphrase-again", passphrase).await?;
    browser.click("#back-up button").await
}

/// Saves the finished profile, its key encrypted by a passphrase.
///
/// # Errors
/// As [`make_request`].
pub async fn protect(browser: &impl Tab, passphrase: &str) -> Result<()> {
    browser.fill("#profile-passphrase", passphrase).await?;
    browser.fill("#profile-passphrase-again", passphrase).await?;
    browser.click("#protect button").await
}

/// Saves the finished profile.
///
/// # Errors
/// As [`make_request`].
pub async fn save_profile(browser: &impl Tab, username: &str) -> Result<PathBuf> {
    browser.click("#download-profile").await?;
    browser.downloaded(&format!("{username}.ovpn")).await
}

/// The CA's certificate, as the page at `site` knows it.
///
/// # Errors
/// There is no bundle, or none with a CA.
pub fn ca(site: &Path) -> Result<String> {
    let bundle: serde_json::Value = serde_json::from_slice(&std::fs::read(site.join("bundle.json"))?)?;
    Ok(bundle["ca_certificate"].as_str().context("a CA")?.to_owned())
}

/// Unfolds everything that the page has folded.
pub const UNFOLD: &str = "(document.querySelectorAll('details').forEach(it => it.open = true), true)";

/// Keeps in `outside.followed` where the page sends the mail program, instead of starting one.
pub const FOLLOWED_LETTERS: &str = r"(() => {
    window.outside ??= {};
    const click = HTMLAnchorElement.prototype.click;
    HTMLAnchorElement.prototype.click = function () {
        if (this.protocol === 'mailto:') outside.followed = this.href; else click.call(this);
    };
    return true;
})()";
