//! What a person does on the page, step by step.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::browser::Browser;

/// Gives a user name, lets the key be made and saves the request.
///
/// # Errors
/// The page does not come as far; the error says what it shows.
pub async fn make_request(browser: &Browser, username: &str) -> Result<PathBuf> {
    browser.fill("#username", username).await?;
    browser.click("#generate").await?;
    browser.see("#csr-fingerprint").await?;
    browser.read("#csr", "-----END CERTIFICATE REQUEST-----").await?;
    browser.click("#download-csr").await?;
    browser.downloaded(&format!("{username}.csr")).await
}

/// Goes on from the request to where the certificate is wanted.
///
/// # Errors
/// As [`make_request`].
pub async fn go_on(browser: &Browser) -> Result<()> {
    browser.click("#to-certificate").await?;
    browser.see("#use-certificate").await
}

/// Pastes a certificate.
///
/// # Errors
/// As [`make_request`].
pub async fn paste(browser: &Browser, certificate: &Path) -> Result<()> {
    let text = serde_json::to_string(&std::fs::read_to_string(certificate)?)?;
    // As the clipboard does it: all at once.
    browser.evaluate(&format!("(document.querySelector('#certificate-text').value = {text}, true)")).await?;
    browser.click("#use-certificate").await
}

/// Saves the finished profile.
///
/// # Errors
/// As [`make_request`].
pub async fn save_profile(browser: &Browser, username: &str) -> Result<PathBuf> {
    browser.click("#download-profile").await?;
    browser.downloaded(&format!("{username}.ovpn")).await
}
