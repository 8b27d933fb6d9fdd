//! Certificates that the page refuses, each with its own sentence, in every language.
//!
//! What else the page refuses, and where that is tried:
//!
//! | refused | by |
//! | --- | --- |
//! | a certificate of another key, for another name, of another CA, forged, expired, not yet valid | here |
//! | a server's certificate, the CA's, the request, a whole profile, a private key, anything else in PEM form | here |
//! | what is no certificate, or none at all | here |
//! | PKCS#7, DER, a quoted mail, one line: taken | `page_handover` |
//! | files that are too large, names and labels of strangers | `page_inert` |
//! | storage that is refused, cleared, or a private window's | `page_surroundings` |
//! | no WebCrypto, no WebAssembly, no scripts, a browser that throws | `page_surroundings` |
//! | a bundle that is missing, damaged or of a newer version, a host that does not answer | `page_surroundings` |
//! | a bundle that means harm | `page_attacks` |
//! | an invite that is damaged, of a newer version, or to another deployment | `page_invites` |
//! | a backup that is none, or opened by a wrong passphrase; a short passphrase | `page_backup` |
//! | a clipboard that the page may not use | `page_handover` |
//! | an old profile that is none, or of another deployment | `page_handover`, `page_inert` |

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tests::{
    browser::Browser,
    openssl::{self, RSA_2048},
    page,
    rehearsal::{Rehearsal, write},
    sentence::Sentences,
    tab::Tab,
};

#[tokio::test]
async fn a_wrong_certificate_is_refused_for_its_own_reason() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let (folder, served, sentences) = (rehearsal.path(), rehearsal.serve()?, Sentences::read()?);
    let browser = Browser::open(&served.url, 1280, 900).await?;
    let csr = page::make_request(&browser, "alice").await?;
    std::fs::copy(&csr, folder.join("alice.csr"))?;
    let words = browser.text("#csr-words").await?;

    openssl::request(folder, "other-key", RSA_2048, "/CN=alice.vpn.example.com", &[])?;
    openssl::request(folder, "bob", RSA_2048, "/CN=bob.vpn.example.com", &[])?;
    let mut told = String::new();
    for name in ["alice", "bob", "other-key"] {
        let signed = rehearsal.try_run(&["sign", &format!("{name}.csr"), "--out", &format!("{name}.crt"), "--yes"])?;
        told = String::from_utf8_lossy(&signed.stderr).into_owned() + &String::from_utf8_lossy(&signed.stdout);
        ensure!(signed.status.success(), "{told}");
    }
    rehearsal.withhold()?;
    strangers(folder)?;

    page::go_on(&browser).await?;
    let names = [("found", "bob.vpn.example.com"), ("expected", "alice.vpn.example.com")];
    let words = [("expected", words.as_str())];
    let refusals = [
        ("other-key.crt", "another-key", words.as_slice()),
        ("bob.crt", "another-name", &names),
        ("foreign.crt", "another-ca", &[("found", "Another CA")]),
        ("same-name.crt", "forged", &[]),
        ("server.crt", "not-for-clients", &[]),
        ("foreign-ca.crt", "ca-instead", &[]),
        ("alice.csr", "csr-instead", &[]),
        ("whole.ovpn", "profile-instead", &[]),
        ("bob.key", "key-instead", &[]),
        ("public.pem", "other-pem", &[("found", "PUBLIC KEY")]),
        ("half.crt", "not-a-certificate", &[]),
    ];
    for (file, code, values) in refusals {
        page::paste(&browser, &folder.join(file)).await?;
        sentences.refused(&browser, code, values).await.with_context(|| file.to_owned())?;
        if code == "another-key" {
            let said = browser.text("#message").await?;
            let of_that_key = said.split(['“', '”']).nth(1).context("words in quotation marks")?.to_owned();
            ensure!(told.contains(&of_that_key), "the admin was told otherwise than {said:?}: {told}");
        }
    }
    page::paste_into(&browser, "#certificate-text", " \n").await?;
    browser.click("#use-certificate").await?;
    sentences.refused(&browser, "nothing-given", &[]).await?;
    browser.click("#look-up").await?;
    sentences.refused(&browser, "not-issued-yet", &[]).await?;

    for (years, code) in [(-1, "not-yet-valid"), (20, "expired")] {
        let moved = years * 365 * 24 * 3600 * 1000_i64;
        browser.evaluate(&format!("(now => (Date.now = () => now + {moved}, true))(new Date().getTime())")).await?;
        page::paste(&browser, &folder.join("alice.crt")).await?;
        sentences.refused(&browser, code, &[]).await?;
        // What the clock says, as it is written in English.
        let year = browser.evaluate("new Date(Date.now()).getFullYear()").await?.to_string();
        let said = browser.text("#message").await?;
        ensure!(said.contains(&year), "{said:?} does not say that the clock says {year}");
    }

    browser.evaluate("(delete Date.now, Date.now = () => new Date().getTime(), true)").await?;
    page::paste(&browser, &folder.join("alice.crt")).await?;
    browser.see("#download-profile").await?;
    browser.close().await?;
    Ok(())
}

/// Files that are not what is waited for: `foreign.crt` has alice's key and name, certified by another CA, `same-name.crt` by
/// another CA that calls itself as ours; `server.crt` is a server's.
fn strangers(folder: &Path) -> Result<()> {
    let issuer = openssl::run(folder, &["x509", "-in", "alice.crt", "-noout", "-issuer", "-nameopt", "multiline"])?;
    let ours = issuer.lines().find_map(|line| line.trim().strip_prefix("commonName")).unwrap_or_default();
    let ours = format!("/CN={}", ours.trim_start_matches([' ', '=']));
    for (name, subject, usage) in [
        ("foreign", "/CN=Another CA", "clientAuth"),
        ("same-name", ours.as_str(), "clientAuth"),
        ("server", ours.as_str(), "serverAuth"),
    ] {
        let ca_key = format!("{name}-ca.key");
        let ca = format!("{name}-ca.crt");
        openssl::run(
            folder,
            &["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", &ca_key, "-out", &ca, "-subj", subject],
        )?;
        let out = format!("{name}.crt");
        let sign = ["x509", "-req", "-in", "alice.csr", "-CA", &ca, "-CAkey", &ca_key, "-out", &out, "-days", "30"];
        write(&folder.join("user.ext"), format!("extendedKeyUsage={usage}\n"))?;
        openssl::run(folder, &[&sign[..], &["-extfile", "user.ext"]].concat())?;
    }
    write(&folder.join("whole.ovpn"), "client\n<ca>\nx\n</ca>\n")?;
    openssl::run(folder, &["pkey", "-in", "bob.key", "-pubout", "-out", "public.pem"])?;
    let certificate = std::fs::read_to_string(folder.join("alice.crt"))?;
    write(&folder.join("half.crt"), certificate.get(..600).context("the first half")?)
}
