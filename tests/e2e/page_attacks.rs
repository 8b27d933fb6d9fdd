//! Hostile bundles: refused with a sentence.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::{
    browser::Browser,
    rehearsal::{Rehearsal, Served, copy, write},
    tab::Tab,
};

#[tokio::test]
async fn a_bundle_that_would_harm_is_refused_before_a_key_is_made() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let site = Site::of(&rehearsal, |_| ())?;
    let browser = Browser::open(&site.served.url, 1280, 900).await?;
    browser.see("#screen-who").await?;
    for (line, code) in HARMFUL {
        site.change(|bundle| {
            let configuration = bundle["client_configuration"].as_str().unwrap_or_default().to_owned();
            bundle["client_configuration"] = json!(format!("{configuration}\n{line}\n"));
        })?;
        browser.reload().await?;
        browser.see("#screen-stopped").await.with_context(|| (*line).to_owned())?;
        browser.read("#message", code).await.with_context(|| (*line).to_owned())?;
    }
    for (name, value) in [
        ("domain", json!("vpn.example.com\"><script>canary=1</script>")),
        ("domain", json!("..")),
        ("version", json!("1")),
        ("deployment", json!({ "toString": MARKUP })),
        ("ca_certificate", json!(MARKUP)),
        ("client_configuration", json!("client\nremote\n")),
    ] {
        site.change(|bundle| bundle[name] = value)?;
        browser.reload().await?;
        browser.see("#screen-stopped").await.with_context(|| name.to_owned())?;
        ensure!(browser.text("#message").await?.trim().len() > 20, "{name} is refused without a word");
    }
    nothing_ran(browser, &site.served.url).await
}

/// A copy of the page, with a bundle of somebody who means harm.
struct Site {
    folder: tempfile::TempDir,
    bundle: Value,
    served: Served,
}

impl Site {
    fn of(rehearsal: &Rehearsal, change: impl FnOnce(&mut Value)) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        copy(&rehearsal.site(), folder.path())?;
        let bundle = serde_json::from_slice(&fs::read(folder.path().join(BUNDLE))?)?;
        let served = Served::folder(folder.path())?;
        let site = Self { folder, bundle, served };
        site.change(change)?;
        Ok(site)
    }

    /// Changes the bundle as it was in the beginning.
    fn change(&self, change: impl FnOnce(&mut Value)) -> Result<()> {
        let mut bundle = self.bundle.clone();
        change(&mut bundle);
        write(&self.folder.path().join(BUNDLE), bundle.to_string())
    }
}

/// No script of the attacker's ran or was kept from running by the policy alone, and nothing was asked of anybody.
async fn nothing_ran(browser: Browser, url: &str) -> Result<()> {
    ensure!(browser.evaluate("typeof canary").await? == "undefined", "a script ran");
    let foreign = "document.querySelectorAll('main img, main script, iframe, a[href], [onerror], [style]').length";
    ensure!(browser.evaluate(foreign).await? == 0, "markup came into the page");
    let record = browser.close().await?;
    ensure!(record.console.is_empty(), "{:?}", record.console);
    for request in &record.requests {
        ensure!(request.url.starts_with(url) && request.method == "GET", "{request:?}");
    }
    Ok(())
}

const BUNDLE: &str = "bundle.json";
const MARKUP: &str = "<img src=x onerror=canary=1>";

/// What stands in the message is the refusal's code. That every such directive is refused, the rules' own tests say.
const HARMFUL: &[(&str, &str)] = &[
    ("up /bin/sh", "ovpn-runs-programs"),
    ("\"up\"/bin/sh", "ovpn-runs-programs"),
    ("setenv opt up /bin/sh", "ovpn-runs-programs"),
    ("plugin x.so", "ovpn-runs-programs"),
    ("log /etc/passwd", "ovpn-uses-files"),
    ("auth-user-pass /etc/shadow", "ovpn-uses-files"),
    ("<ca>", "ovpn-unterminated-block"),
    ("<key>\nx\n</key>", "ovpn-has-identity"),
    ("# \u{0}", "ovpn-unreadable"),
];
