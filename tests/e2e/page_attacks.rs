//! Hostile bundles: refused with a sentence, or shown as the text that they are.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tests::{
    browser::Browser,
    page,
    rehearsal::{Rehearsal, write},
    tab::Tab,
};

use crate::hostile::{MARKUP, Site, nothing_came_in, nothing_ran};

#[tokio::test]
async fn a_bundle_can_do_no_harm() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let site = Site::of(&rehearsal)?;
    what_would_harm_is_refused_before_a_key_is_made(&site).await?;
    names_are_shown_as_text_and_lead_nowhere(&site).await?;
    any_size_and_form_is_answered(&site).await
}

async fn what_would_harm_is_refused_before_a_key_is_made(site: &Site) -> Result<()> {
    let browser = Browser::open_watched(&site.served.url).await?;
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
        ("domain", json!(format!("vpn.example.com\">{MARKUP}"))),
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

/// Whatever a bundle calls its deployment and its admin, no letter goes to anybody else, and no name is more than a name.
async fn names_are_shown_as_text_and_lead_nowhere(site: &Site) -> Result<()> {
    site.change(|_| ())?;
    let browser = Browser::open_watched(&site.served.url).await?;
    let long = "W".repeat(5_000);
    for (name, shown) in NAMES.iter().copied().chain([(long.as_str(), long.as_str())]) {
        site.change(|bundle| bundle["deployment"] = json!(name))?;
        browser.reload().await?;
        browser.see("#screen-who").await.with_context(|| name.to_owned())?;
        ensure!(browser.text("header .deployment").await? == shown, "{name:?} is shown otherwise");
        nothing_came_in(&browser).await.with_context(|| name.to_owned())?;
    }
    site.change(|_| ())?;
    browser.reload().await?;
    page::make_request(&browser, "alice").await?;
    for (at, contact) in CONTACTS.iter().enumerate() {
        site.change(|bundle| bundle["contact"] = json!(contact))?;
        browser.reload().await?;
        browser.click("#mail-csr").await?;
        let letter = browser.hands_over("letter", at).await?;
        goes_to(&letter, contact).with_context(|| letter.clone())?;
        nothing_came_in(&browser).await.with_context(|| (*contact).to_owned())?;
    }
    nothing_ran(browser, &site.served.url).await
}

/// Hosts can send anything, of any size: the page goes on, or says what is the matter, and does not hang.
async fn any_size_and_form_is_answered(site: &Site) -> Result<()> {
    site.change(|_| ())?;
    let browser = Browser::open_watched(&site.served.url).await?;
    let deep = format!("{{\"version\":{}1{}}}", "[".repeat(200_000), "]".repeat(200_000));
    for (name, bundle) in [
        ("nothing", String::new()),
        ("a page", format!("<!doctype html>{MARKUP}")),
        ("a list", "[]".to_owned()),
        ("null", "null".to_owned()),
        ("another kind of object", "{\"__proto__\":{\"version\":1}}".to_owned()),
        ("deep", deep),
        ("huge", format!("{{\"version\":1,\"domain\":\"{}\"}}", "a".repeat(5_000_000))),
    ] {
        write(&site.bundle(), bundle)?;
        browser.reload().await?;
        browser.see("#screen-stopped").await.with_context(|| name.to_owned())?;
        browser.read("#message", "bundle.json").await.with_context(|| name.to_owned())?;
    }
    site.change(|bundle| {
        let configuration = bundle["client_configuration"].as_str().unwrap_or_default();
        bundle["client_configuration"] = json!(format!("{configuration}\n{}", "# nothing\n".repeat(200_000)));
        bundle["constructor"] = json!({ "prototype": MARKUP });
        bundle["more"] = json!("x".repeat(5_000_000));
    })?;
    browser.reload().await?;
    browser.see("#screen-who").await.context("huge, and good")?;
    nothing_ran(browser, &site.served.url).await
}

/// That this is a letter to `contact` and to nobody else, with a subject, a body and no other field (RFC 6068).
fn goes_to(letter: &str, contact: &str) -> Result<()> {
    let (address, fields) =
        letter.strip_prefix("mailto:").and_then(|rest| rest.split_once('?')).context("no letter")?;
    let decoded = form_urlencoded::parse(format!("to={address}").as_bytes()).next().map(|(_, to)| to.into_owned());
    ensure!(decoded.as_deref() == Some(contact), "it goes to {decoded:?}");
    ensure!(address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@%-_.!~*'()".contains(&byte)), "{address}");
    let fields: Vec<_> = form_urlencoded::parse(fields.as_bytes()).map(|(name, _)| name.into_owned()).collect();
    ensure!(fields == ["subject", "body"], "it has {fields:?}");
    Ok(())
}

const CONTACTS: &[&str] = &[
    "vpn@example.com?bcc=mallory@example.org",
    "vpn@example.com&bcc=mallory@example.org&body=x",
    "vpn@example.com%0ABcc:mallory@example.org",
    "vpn@example.com\r\nBcc: mallory@example.org",
    "vpn@example.com,mallory@example.org",
    "vpn@example.com#fragment",
    "\u{202e}gro.elpmaxe@yrollam",
    MARKUP,
    "javascript:pwned=1",
];

/// As they stand in the bundle, and as they are shown.
const NAMES: &[(&str, &str)] = &[
    (MARKUP, MARKUP),
    ("</p><script>pwned=1</script>", "</p><script>pwned=1</script>"),
    ("{{constructor.constructor('pwned=1')()}}", "{{constructor.constructor('pwned=1')()}}"),
    ("&lt;b&gt; **bold** [link](javascript:pwned=1)", "&lt;b&gt; **bold** [link](javascript:pwned=1)"),
    ("demo\u{202e}omed", "demo\u{fffd}omed"),
    ("de\u{200b}mo\u{2066}", "de\u{fffd}mo\u{fffd}"),
    ("__proto__", "__proto__"),
    ("../../demo", "../../demo"),
];

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
