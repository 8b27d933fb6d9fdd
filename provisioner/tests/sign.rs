//! `latchkey sign` and `latchkey users` as an admin runs them: exit codes, files, and what a refusal leaves behind.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bench;

use std::{path::Path, process::Command};

use provisioner::pki::key::PrivateKey;

use crate::bench::{Bench, PASSPHRASE, status, text};

#[test]
fn a_request_becomes_a_certificate_with_its_chain() {
    let bench = Bench::new();
    bench.request("alice.csr", "alice.vpn.example.com", &PrivateKey::generate().unwrap());
    let signed = bench.latchkey(&["sign", "alice.csr"]);
    assert_eq!(status(&signed), 0, "{signed:?}");
    assert_eq!(text(&signed.stdout), "alice.crt\n");
    let chain = bench.read("alice.crt");
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
    let verified = Command::new("openssl")
        .args(["verify", "-purpose", "sslclient", "-CAfile", ".latchkey/demo/ledger/ca/ca.crt", "alice.crt"])
        .current_dir(bench.folder.path())
        .output()
        .expect("openssl is installed (package `openssl`)");
    assert_eq!(status(&verified), 0, "{verified:?}");
    assert!(text(&bench.latchkey(&["users"]).stdout).contains("alice  valid"));
}

#[test]
fn the_same_request_gets_the_same_certificate_again_without_the_passphrase() {
    let bench = Bench::new();
    bench.request("alice.csr", "alice.vpn.example.com", &PrivateKey::generate().unwrap());
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    let before = bench.files();
    let again = bench.with_passphrase("", &["sign", "alice.csr", "--out", "again.crt"]);
    assert_eq!(status(&again), 0, "{again:?}");
    assert_eq!(bench.read("again.crt"), bench.read("alice.crt"));
    let mut after = bench.files();
    after.remove(Path::new("again.crt"));
    assert_eq!(after, before);
}

#[test]
fn a_refusal_exits_with_3_and_writes_nothing() {
    let bench = Bench::new();
    let key = PrivateKey::generate().unwrap();
    bench.request("alice.csr", "alice.vpn.example.com", &key);
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    bench.request("same-key.csr", "bob.vpn.example.com", &key);
    bench.request("reserved.csr", "anchor.vpn.example.com", &PrivateKey::generate().unwrap());
    bench.write("cut.csr", bench.read("alice.csr").split_at(300).0);
    bench.write("long.csr", &format!("{}{}", bench.read("alice.csr"), "\n".repeat(20_000)));
    bench.write("certificate.csr", &bench.read(".latchkey/demo/ledger/ca/ca.crt"));
    let before = bench.files();
    for (file, reason) in [
        ("same-key.csr", "the key of this request is certified for `alice.vpn.example.com` already"),
        ("reserved.csr", "`anchor.vpn.example.com` is reserved"),
        ("cut.csr", "not a certificate signing request in PEM form"),
        ("long.csr", "the limit is 16384"),
        ("certificate.csr", "not a certificate signing request but a `CERTIFICATE`"),
    ] {
        let refused = bench.latchkey(&["sign", file, "--yes"]);
        assert_eq!(status(&refused), 3, "{file}: {refused:?}");
        let message = text(&refused.stderr);
        assert!(message.starts_with(&format!("error: `{file}` is not signed: ")), "{message}");
        assert!(message.contains(reason), "{message}");
    }
    assert_eq!(bench.files(), before);
}

#[test]
fn what_the_admin_can_mend_exits_with_2() {
    let bench = Bench::new();
    bench.request("alice.csr", "alice.vpn.example.com", &PrivateKey::generate().unwrap());
    let before = bench.files();
    for (passphrase, arguments, reason) in [
        ("wrong", ["sign", "alice.csr"].as_slice(), "the passphrase does not open the CA key"),
        ("", &["sign", "alice.csr"], "nobody can be asked for its passphrase"),
        (PASSPHRASE, &["sign", "missing.csr"], "cannot read the request `missing.csr`"),
        (PASSPHRASE, &["sign", "alice.csr", "--out", "latchkey.toml"], "`latchkey.toml` exists and is another file"),
        (PASSPHRASE, &["--config", "missing.toml", "users"], "cannot read the configuration `missing.toml`"),
        (PASSPHRASE, &["plan"], "AWS_ENDPOINT_URL does not point to this machine"),
    ] {
        let failed = bench.with_passphrase(passphrase, arguments);
        assert_eq!(status(&failed), 2, "{arguments:?}: {failed:?}");
        assert!(text(&failed.stderr).contains(reason), "{}", text(&failed.stderr));
    }
    assert_eq!(bench.files(), before);
}

#[test]
fn who_must_ask_again_soon_is_listed_alone() {
    let bench = Bench::new();
    bench.request("alice.csr", "alice.vpn.example.com", &PrivateKey::generate().unwrap());
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    let users = |arguments: &[&str]| text(&bench.latchkey(&[&["users"], arguments].concat()).stdout);
    assert_eq!(users(&["--expiring", "100"]), "No valid certificate ends within 100 days.\n");
    assert!(users(&["--expiring", "1000"]).contains("alice  valid"));
    assert_eq!(users(&["--expiring", "100", "--csv"]).lines().count(), 1);
    assert!(
        users(&["--expiring", "1000", "--csv"]).lines().nth(1).unwrap().starts_with("alice,alice.vpn.example.com,")
    );
    assert_eq!(status(&bench.latchkey(&["users", "--csv", "--json"])), 2);
}

#[test]
fn against_the_real_service_nothing_is_signed_unasked() {
    let bench = Bench::new();
    bench.write("latchkey.toml", &bench.read("latchkey.toml").replace("target = \"sandbox\"", "target = \"aws\""));
    bench.request("alice.csr", "alice.vpn.example.com", &PrivateKey::generate().unwrap());
    let before = bench.files();
    let unasked = bench.latchkey(&["sign", "alice.csr"]);
    assert_eq!(status(&unasked), 2, "{unasked:?}");
    assert!(text(&unasked.stderr).contains("hint: give `--yes`"));
    assert_eq!(bench.files(), before);
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr", "--yes"])), 0);
}

#[test]
fn a_certificate_is_published_beside_a_page_that_was_built() {
    let bench = Bench::new();
    bench.request("alice.csr", "alice.vpn.example.com", &PrivateKey::generate().unwrap());
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    assert!(!bench.path(".latchkey/demo/site").exists());
    bench.write(".latchkey/demo/site/index.html", "<!doctype html>");
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    let csr = profile::csr::Csr::from_pem(&bench.read("alice.csr")).unwrap();
    let published = format!(".latchkey/demo/site/issued/{}.pem", csr.fingerprint().hex());
    assert_eq!(bench.read(&published), bench.read("alice.crt"));
}
