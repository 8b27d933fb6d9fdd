//! What strangers write into names, links, certificates and files: refused with a sentence, shown as the text that it is,
//! and never more than that.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, ensure};
use tests::{
    browser::Browser,
    openssl::{self, RSA_2048},
    page,
    rehearsal::{Rehearsal, Served, write},
    sentence::Sentences,
    tab::Tab,
};

use crate::hostile::{MARKUP, nothing_came_in, nothing_ran};

#[tokio::test]
async fn what_strangers_write_is_inert() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (served, sentences) = (rehearsal.serve()?, Sentences::read()?);
    openssl::run(rehearsal.path(), &[&["genpkey", "-quiet", "-out", "mallory.key"], RSA_2048].concat())?;
    names_and_links(&served, &sentences).await.context("names and links")?;
    certificates(&rehearsal, &served, &sentences).await.context("certificates")?;
    files(rehearsal.path(), &served, &sentences).await.context("files")
}

async fn names_and_links(served: &Served, sentences: &Sentences) -> Result<()> {
    let browser = Browser::open_watched(&served.url).await?;
    browser.see("#screen-who").await?;
    for (typed, code, found) in NAMES {
        page::paste_into(&browser, "#username", typed).await?;
        browser.click("#generate").await?;
        sentences.refused(&browser, code, &[("found", found)]).await.with_context(|| format!("{typed:?}"))?;
        nothing_came_in(&browser).await.with_context(|| format!("{typed:?}"))?;
    }
    page::paste_into(&browser, "#username", &"a".repeat(1_000_000)).await?;
    browser.click("#generate").await?;
    sentences.refused(&browser, "username-too-long", &[]).await?;

    let long = format!("invite=1.demo.{}", "a".repeat(200_000));
    let long_certificate = format!("certificate={}", "A".repeat(200_000));
    for (fragment, code) in FRAGMENTS
        .iter()
        .copied()
        .chain([(long.as_str(), Some("invite-malformed")), (long_certificate.as_str(), Some("no-request-here"))])
    {
        let about = || fragment.chars().take(80).collect::<String>();
        // An address that differs in its fragment alone would not be loaded again at once.
        browser.go("about:blank").await?;
        browser.go(&format!("{}#{fragment}", served.url)).await.with_context(about)?;
        browser.see("#screen-who").await.with_context(about)?;
        match code {
            Some(code) => sentences.refused(&browser, code, &[]).await.with_context(about)?,
            None => ensure!(browser.text("#message").await?.is_empty(), "{}", about()),
        }
        ensure!(browser.evaluate("document.querySelector('#username').readOnly").await? == false, "{}", about());
        nothing_came_in(&browser).await.with_context(about)?;
    }
    nothing_ran(browser, &served.url).await
}

async fn certificates(rehearsal: &Rehearsal, served: &Served, sentences: &Sentences) -> Result<()> {
    let folder = rehearsal.path();
    let browser = Browser::open_watched(&served.url).await?;
    fs::copy(page::make_request(&browser, "alice").await?, folder.join("alice.csr"))?;
    let own = "/CN=alice.vpn.example.com";
    for (name, shown) in COMMON_NAMES {
        let subject = format!("/CN={name}");
        let certificate = certificate(folder, &subject, &subject)?;
        page::drop_file(&browser, &certificate).await?;
        let values = [("found", *shown), ("expected", "alice.vpn.example.com")];
        sentences.refused(&browser, "another-name", &values).await.with_context(|| format!("{name:?}"))?;
        nothing_came_in(&browser).await.with_context(|| format!("{name:?}"))?;

        let certificate = self::certificate(folder, &subject, own)?;
        page::drop_file(&browser, &certificate).await?;
        sentences.refused(&browser, "another-ca", &[("found", shown)]).await.with_context(|| format!("by {name:?}"))?;
        nothing_came_in(&browser).await.with_context(|| format!("by {name:?}"))?;
    }
    // One with two names is nobody's, whichever of them is the user's.
    page::drop_file(&browser, certificate(folder, own, &format!("{own}/CN=mallory.vpn.example.com"))?).await?;
    sentences.refused(&browser, "another-name", &[("found", "")]).await?;

    // What lies where the certificate should be.
    let csr = ["req", "-in", "alice.csr", "-outform", "DER", "-out", "alice.der"];
    openssl::run(folder, &csr)?;
    let digest = openssl::run(folder, &["dgst", "-sha256", "-r", "alice.der"])?;
    let issued = rehearsal.site().join("issued");
    fs::create_dir_all(&issued)?;
    let issued = issued.join(format!("{}.pem", digest.split(' ').next().unwrap_or_default()));
    page::go_on(&browser).await?;
    let page = format!("<!doctype html><title>x</title>{MARKUP}<script>pwned=1</script>\n# [x](javascript:pwned=1)\n");
    for (content, code) in [
        (page.into_bytes(), "not-issued-yet"),
        (certificate(folder, own, &format!("/CN={MARKUP}"))?, "another-name"),
        (vec![0xff; 200_000], "not-issued-yet"),
    ] {
        write(&issued, content)?;
        browser.click("#look-up").await?;
        sentences.refused(&browser, code, &[]).await?;
        nothing_came_in(&browser).await?;
    }
    nothing_ran(browser, &served.url).await
}

async fn files(folder: &Path, served: &Served, sentences: &Sentences) -> Result<()> {
    let browser = Browser::open_watched(&served.url).await?;
    browser.see("#screen-who").await?;

    // Old profiles and backups, of people who never were.
    for (name, shown) in COMMON_NAMES {
        let subject = format!("/CN={name}");
        let pem = String::from_utf8(certificate(folder, &subject, &subject)?)?;
        page::drop_file(&browser, format!("client\n<cert>\n{pem}</cert>\n")).await?;
        sentences.refused(&browser, "other-profile", &[("found", shown)]).await.with_context(|| format!("{name:?}"))?;
        nothing_came_in(&browser).await?;
    }
    let encrypt = ["pkcs8", "-topk8", "-v2prf", "hmacWithSHA256", "-in", "mallory.key", "-passout", "pass:x"];
    let backup = openssl::run(folder, &encrypt)?;
    write(&folder.join("backup.pem"), format!("VPN key of {MARKUP}\n{backup}"))?;
    browser.evaluate(page::UNFOLD).await?;
    browser.choose("#restore-file", &folder.join("backup.pem")).await?;
    browser.click("#restore button").await?;
    sentences.refused(&browser, "other-profile", &[("found", MARKUP)]).await?;

    // 50 MB, wherever a file is taken.
    let huge = folder.join("huge.pem");
    fs::File::create(&huge)?.set_len(50 << 20)?;
    for field in ["#renew-file", "#restore-file"] {
        browser.choose(field, &huge).await?;
        if field == "#restore-file" {
            browser.click("#restore button").await?;
        }
        sentences.refused(&browser, "file-too-large", &[]).await.context(field)?;
    }
    page::make_request(&browser, "alice").await?;
    browser.evaluate(&drop_named(&["huge.pem"], "new Uint8Array(50 << 20)")).await?;
    sentences.refused(&browser, "file-too-large", &[]).await?;
    page::go_on(&browser).await?;
    browser.choose("#certificate-file", &huge).await?;
    sentences.refused(&browser, "file-too-large", &[]).await?;
    // Pasted, it is text: half a megabyte of it, and then none, since browsers take their time to show so much.
    for (text, code) in
        [("-----BEGIN CERTIFICATE-----\n".repeat(20_000), "not-a-certificate"), (String::new(), "nothing-given")]
    {
        page::paste_into(&browser, "#certificate-text", &text).await?;
        browser.click("#use-certificate").await?;
        sentences.refused(&browser, code, &[]).await?;
    }

    // A name of a file is never looked at, and several files are as good as the first.
    for names in FILE_NAMES {
        browser.evaluate(&drop_named(names, "'<svg onload=pwned=1>'")).await?;
        sentences.refused(&browser, "not-a-certificate", &[]).await.with_context(|| format!("{names:?}"))?;
        nothing_came_in(&browser).await?;
        browser.evaluate("(document.querySelector('#message').textContent = '', true)").await?;
    }
    let label = "ABCDEFGH".repeat(4_000);
    page::drop_file(&browser, format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")).await?;
    sentences.refused(&browser, "other-pem", &[("found", &label)]).await?;
    nothing_came_in(&browser).await?;
    nothing_ran(browser, &served.url).await
}

/// A certificate in PEM form for `subject`, issued by `issuer`, with `mallory.key` for both. Its other names are hostile, too.
fn certificate(folder: &Path, issuer: &str, subject: &str) -> Result<Vec<u8>> {
    let make = |out: &str, subject: &str, more: &[&str]| {
        let request = ["req", "-x509", "-utf8", "-multivalue-rdn", "-key", "mallory.key", "-days", "30", "-out", out];
        openssl::run(folder, &[&request, ["-subj", subject].as_slice(), more].concat())
    };
    make("issuer.crt", issuer, &[])?;
    let mut extensions = String::from("[req]\ndistinguished_name = dn\n[dn]\n[user]\nbasicConstraints = CA:FALSE\n");
    write!(
        extensions,
        "extendedKeyUsage = clientAuth\nsubjectAltName = @other\n[other]\nURI = javascript:pwned=1\nDNS = {MARKUP}\n"
    )?;
    write(&folder.join("user.cnf"), extensions)?;
    let by_issuer = ["-CA", "issuer.crt", "-CAkey", "mallory.key", "-config", "user.cnf", "-extensions", "user"];
    make("user.crt", subject, &by_issuer)?;
    Ok(fs::read(folder.join("user.crt"))?)
}

/// Drops files of these names, with a content that is a JavaScript expression.
fn drop_named(names: &[&str], content: &str) -> String {
    let mut script = String::from("(held => {");
    for name in names {
        let _ = write!(script, "held.items.add(new File([{content}], {name:?}));");
    }
    script + "document.querySelector('main').dispatchEvent(
        new DragEvent('drop', { dataTransfer: held, bubbles: true, cancelable: true })); return true; })(new DataTransfer())"
}

/// What is typed, the refusal, and the character that it names.
const NAMES: &[(&str, &str, &str)] = &[
    ("", "username-empty", ""),
    (MARKUP, "username-character", "<"),
    ("alice\"><script>pwned=1</script>", "username-character", "\""),
    ("alice\u{202e}ecila", "username-character", "\u{fffd}"),
    ("al\u{200b}ice", "username-character", "\u{fffd}"),
    ("\u{2066}alice", "username-character", "\u{fffd}"),
    ("al\u{e0041}ice", "username-character", "\u{fffd}"),
    ("\u{430}lice", "username-character", "\u{430}"),
    ("alice\r\nBcc: mallory", "username-character", ":"),
    ("alice&bcc=mallory", "username-character", "&"),
    ("../../etc/passwd", "username-character", "/"),
    ("alice\\..\\bob", "username-character", "\\"),
    ("alice%2f", "username-character", "%"),
    ("alice\u{0}", "username-character", "\u{fffd}"),
    ("__proto__", "username-separator", ""),
    ("..", "username-separator", ""),
];

/// What stands behind `#`, and the refusal, where there is anything to refuse.
const FRAGMENTS: &[(&str, Option<&str>)] = &[
    ("<script>pwned=1</script>", None),
    ("__proto__=1&constructor=2", None),
    ("javascript:pwned=1", None),
    ("%", None),
    ("invite=__proto__", Some("invite-malformed")),
    (
        "invite=1.demo.0123456789abcdef.0123456789abcdef0123456789abcdef.%3Cimg%20id=planted%3E",
        Some("invite-malformed"),
    ),
    ("invite=1.demo.0123456789abcdef.0123456789abcdef0123456789abcdef.<img id=planted>", Some("invite-malformed")),
    ("invite=1.demo.0123456789abcdef.0123456789abcdef0123456789abcdef._proto_", Some("invite-malformed")),
    ("invite=1.%3Cb%3Edemo.0123456789abcdef.0123456789abcdef0123456789abcdef.alice", Some("invite-malformed")),
    ("invite=99999999999999999999.demo", Some("invite-malformed")),
    ("certificate=", Some("no-request-here")),
    ("certificate=%", Some("no-request-here")),
    ("certificate=%E0%A4%A", Some("no-request-here")),
    ("certificate=%3Cimg%20src=x%20id=planted%20onerror=pwned=1%3E", Some("no-request-here")),
    ("certificate=__proto__", Some("no-request-here")),
];

/// Names in certificates, and as they are shown.
const COMMON_NAMES: &[(&str, &str)] = &[
    (MARKUP, MARKUP),
    ("<script>pwned=1<\\/script>", "<script>pwned=1</script>"),
    ("alice.vpn.example.com\u{202e}moc.elpmaxe", "alice.vpn.example.com\u{fffd}moc.elpmaxe"),
    ("al\u{200b}ice.vpn.example.com", "al\u{fffd}ice.vpn.example.com"),
    ("alice.vpn.example.com\r\n", "alice.vpn.example.com\u{fffd}\n"),
    ("alice.vpn.ex\u{430}mple.com", "alice.vpn.ex\u{430}mple.com"),
];

/// Dropped together.
const FILE_NAMES: &[&[&str]] = &[
    &["../../../etc/passwd"],
    &["C:\\windows\\alice.crt"],
    &["<img src=x id=planted onerror=pwned=1>.crt"],
    &["alice.crt\u{202e}exe.", "bob.crt"],
    &["__proto__", "constructor"],
];
