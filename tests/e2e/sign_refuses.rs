//! What `sign` takes from a request, and what it refuses.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use tests::{
    openssl::{self, RSA_1024, RSA_2048},
    rehearsal::{Rehearsal, write},
};

#[test]
fn a_request_for_a_ca_becomes_an_ordinary_client_certificate() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let more = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
    let san = ["-addext", "subjectAltName=DNS:vpn.example.com", "-addext", "extendedKeyUsage=serverAuth"];
    let subject = "/CN=mallory.vpn.example.com";
    openssl::request(rehearsal.path(), "mallory", RSA_2048, subject, &[more, san].concat())?;
    rehearsal.run(&["sign", "mallory.csr", "--out", "mallory.crt", "--yes"])?;
    let text = openssl::run(rehearsal.path(), &["x509", "-in", "mallory.crt", "-noout", "-text"])?;
    ensure!(text.contains("TLS Web Client Authentication"), "not for clients:\n{text}");
    for wanted in
        ["CA:TRUE", "Certificate Sign", "CRL Sign", "TLS Web Server Authentication", "Subject Alternative Name"]
    {
        ensure!(!text.contains(wanted), "the request got its {wanted}:\n{text}");
    }
    let twice = rehearsal.run(&["sign", "mallory.csr", "--out", "again.crt", "--yes"])?;
    ensure!(
        std::fs::read(rehearsal.path().join("mallory.crt"))? == std::fs::read(rehearsal.path().join("again.crt"))?,
        "signing the same request again made a second certificate:\n{twice}"
    );
    Ok(())
}

#[test]
fn a_bad_request_is_refused_with_exit_code_3_and_nothing_is_written() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let folder = rehearsal.path();
    let alice = "/CN=alice.vpn.example.com";
    openssl::request(folder, "small", RSA_1024, alice, &[])?;
    openssl::request(folder, "ec", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], alice, &[])?;
    openssl::request(folder, "other-domain", RSA_2048, "/CN=alice.vpn.example.org", &[])?;
    openssl::request(folder, "upper-case", RSA_2048, "/CN=Alice.vpn.example.com", &[])?;
    openssl::request(folder, "server-name", RSA_2048, "/CN=vpn.example.com", &[])?;
    openssl::request(folder, "no-name", RSA_2048, "/O=Example", &[])?;
    openssl::request(folder, "good", RSA_2048, alice, &[])?;
    let good = std::fs::read_to_string(folder.join("good.csr"))?;
    write(&folder.join("garbled.csr"), good.replacen("MII", "MIX", 1))?;
    write(&folder.join("forged.csr"), forged(folder)?)?;
    write(&folder.join("two.csr"), format!("{good}{good}"))?;
    write(&folder.join("huge.csr"), format!("{good}{}", " ".repeat(20_000)))?;
    write(&folder.join("empty.csr"), "")?;

    let cases = [
        ("small", "1024"),
        ("ec", "RSA"),
        ("other-domain", "vpn.example.com"),
        ("upper-case", "`A`"),
        ("server-name", "vpn.example.com"),
        ("no-name", "common name"),
        ("garbled", "request"),
        ("forged", "signature"),
        ("two", "follows"),
        ("huge", "16384"),
        ("empty", "not a certificate signing request"),
    ];
    let before = names(&rehearsal)?;
    for (name, reason) in cases {
        let output = rehearsal.try_run(&["sign", &format!("{name}.csr"), "--yes"])?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(3), "`{name}` ended with {}:\n{said}", output.status);
        ensure!(said.contains(reason), "`{name}` was not refused for `{reason}` but:\n{said}");
        ensure!(names(&rehearsal)? == before, "refusing `{name}` left something behind");
    }
    Ok(())
}

/// A request whose name was changed after it was signed.
fn forged(folder: &std::path::Path) -> Result<String> {
    openssl::run(folder, &["req", "-in", "good.csr", "-outform", "DER", "-out", "good.der"])?;
    let mut der = std::fs::read(folder.join("good.der"))?;
    let at = der.windows(5).position(|window| window == b"alice").unwrap_or_default();
    der.splice(at..at + 5, *b"carol");
    write(&folder.join("forged.der"), der)?;
    openssl::run(folder, &["req", "-inform", "DER", "-in", "forged.der", "-outform", "PEM"])
}

/// Every file below the folder but the sandbox's log, in which reading calls appear.
fn names(rehearsal: &Rehearsal) -> Result<Vec<PathBuf>> {
    let mut names: Vec<_> = rehearsal.files()?.into_iter().map(|(file, _)| file).collect();
    names.sort();
    Ok(names)
}
