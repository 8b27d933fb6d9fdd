//! `adopt`: a PKI that easy-rsa itself has made is taken over, and OpenSSL judges what becomes of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use anyhow::{Context, Result, ensure};
use tests::{
    control_plane::{ControlPlane, succeeded},
    easy_rsa::EasyRsa,
    openssl,
    rehearsal::{files, write},
};

#[tokio::test]
async fn users_of_easy_rsa_keep_their_certificates_and_revoked_ones_stay_out() -> Result<()> {
    let place = ControlPlane::up("0")?;
    // With a passphrase, as easy-rsa does it unless told otherwise.
    let easy_rsa =
        EasyRsa::new(place.path(), &[("EASYRSA_PASSIN", "pass:of old"), ("EASYRSA_PASSOUT", "pass:of old")])?;
    easy_rsa.run(&["--req-cn=VPN CA", "build-ca"])?;
    let plain = easy_rsa.with(&[("EASYRSA_PASSIN", "pass:of old")]);
    plain.issue(&["alice.vpn.example.com", "bob.vpn.example.com", "carol"])?;
    plain.run(&["--subject-alt-name=DNS:vpn.example.com", "build-server-full", "vpn.example.com", "nopass"])?;
    let bob = plain.serial("bob.vpn.example.com")?;
    plain.run(&["revoke", "bob.vpn.example.com", "keyCompromise"])?;
    plain.run(&["gen-crl"])?;
    let before = files(&plain.pki())?;

    said(&adopt(&place, "wrong").await?, 2, "the passphrase does not open the CA key")?;
    ensure!(!ledger(&place).exists(), "something is in the ledger");
    let output = adopt(&place, "of old").await?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(told.contains("3 of clients, 1 of servers; 3 valid") && told.contains("other names   1"), "{told}");
    let receipt = succeeded(output, "adopt")?;
    ensure!(receipt.contains("4 recorded") && receipt.contains("CRL           number 1"), "{receipt}");
    ensure!(files(&plain.pki())? == before, "the old PKI has changed");

    let kept = files(&ledger(&place))?;
    let again = succeeded(adopt(&place, "not asked for").await?, "adopt again")?;
    ensure!(
        again.contains("nothing was done") && files(&ledger(&place))? == kept,
        "a second run does something: {again}"
    );

    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    place.sign("dave").await?;
    let configuration = fs::read_to_string(place.path().join(".latchkey/demo/client-configuration.ovpn"))?;
    let (_, chain) = configuration.split_once("<ca>").context("<ca>")?;
    write(&place.path().join("chain.pem"), chain.split_once("</ca>").context("</ca>")?.0)?;
    write(&place.path().join("crl.pem"), place.account().await?.crls().await?.concat())?;
    let verify = |file: &Path| {
        let file = file.display().to_string();
        let options = ["verify", "-purpose", "sslclient", "-CAfile", "chain.pem", "-crl_check", "-CRLfile", "crl.pem"];
        openssl::run(place.path(), &[options.as_slice(), &[&file]].concat())
    };
    for old in ["alice.vpn.example.com", "carol"] {
        verify(&plain.pki().join(format!("issued/{old}.crt")))?;
    }
    verify(&place.path().join("dave.crt"))?;
    let revoked = verify(&plain.pki().join(format!("revoked/certs_by_serial/{bob}.crt"))).unwrap_err().to_string();
    ensure!(revoked.contains("certificate revoked"), "{revoked}");
    let crl = openssl::run(place.path(), &["crl", "-in", "crl.pem", "-CAfile", "chain.pem", "-noout", "-text"])?;
    ensure!(crl.contains("Key Compromise") && crl.contains("CRL Number: \n                2"), "{crl}");

    // Its keys lie in a folder: the server's does not become somebody's.
    let key = plain.pki().join("private/vpn.example.com.key").display().to_string();
    let request = ["req", "-new", "-key", &key, "-subj", "/CN=mallory.vpn.example.com", "-out", "mallory.csr"];
    openssl::run(place.path(), &request)?;
    let refused = run(&place, &["sign", "mallory.csr", "--yes"]).await?;
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(refused.status.code() == Some(3) && said.contains("certified for `vpn.example.com` already"), "{said}");

    // The old PKI goes on for a while.
    plain.issue(&["erin"])?;
    let erin = plain.serial("erin")?;
    let receipt = succeeded(adopt(&place, "of old").await?, "adopt what is new")?;
    ensure!(receipt.contains("certificates  1 recorded") && receipt.contains("revocations   0 recorded"), "{receipt}");
    plain.run(&["revoke", "erin"])?;
    let receipt = succeeded(adopt(&place, "of old").await?, "adopt what is revoked since")?;
    ensure!(receipt.contains("revocations   1 recorded") && receipt.contains("number 3"), "{receipt}");
    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    ensure!(place.locked_out().await?.contains(&erin), "erin is let in");
    succeeded(run(&place, &["plan", "--check"]).await?, "plan --check")?;

    succeeded(run(&place, &["revoke", "alice", "--yes"]).await?, "revoke alice")?;
    succeeded(run(&place, &["revoke", "carol", "--yes"]).await?, "revoke carol, of another name")?;
    let locked_out = place.locked_out().await?;
    for user in ["alice.vpn.example.com", "carol"] {
        ensure!(locked_out.contains(&plain.serial(user)?), "{user} is not locked out: {locked_out:?}");
    }
    Ok(())
}

#[tokio::test]
async fn killed_at_any_moment_it_signs_nothing_until_it_is_whole() -> Result<()> {
    let place = ControlPlane::up("0")?;
    let easy_rsa = EasyRsa::new(place.path(), &[])?;
    easy_rsa.run(&["--req-cn=VPN CA", "build-ca", "nopass"])?;
    easy_rsa.issue(&["alice.vpn.example.com", "bob.vpn.example.com"])?;
    easy_rsa.run(&["revoke", "bob.vpn.example.com"])?;
    let names = |folder: &Path| -> Result<BTreeSet<PathBuf>> {
        let found = files(folder)?.into_iter().map(|(path, _)| path);
        // Neither what is being written nor that `provision` was tried in between.
        let log = ledger(&place).join("log");
        Ok(found.filter(|path| !path.display().to_string().contains('#') && !path.starts_with(&log)).collect())
    };
    succeeded(adopt(&place, "").await?, "adopt")?;
    let whole = names(&ledger(&place))?;
    openssl::request(place.path(), "dave", openssl::RSA_2048, "/CN=dave.vpn.example.com", &[])?;
    let mut halves = BTreeSet::new();
    // Killed as soon as so many objects are there: how long that takes is the machine's affair.
    for objects in 0..whole.len() {
        fs::remove_dir_all(ledger(&place))
            .or_else(|error| if ledger(&place).exists() { Err(error) } else { Ok(()) })?;
        let mut command = place.latchkey(&url(&place), &["adopt", "easy-rsa/pki", "--yes"]);
        let mut child = command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn()?;
        let there = || if ledger(&place).exists() { names(&ledger(&place)) } else { Ok(BTreeSet::new()) };
        // A folder may be gone or new between two looks.
        while there().map_or(0, |found| found.len()) < objects && child.try_wait()?.is_none() {
            tokio::task::yield_now().await;
        }
        child.kill().await?;
        let found = there()?;
        if found != whole {
            let signed = run(&place, &["sign", "dave.csr", "--yes"]).await?;
            ensure!(signed.status.code() == Some(2), "half a PKI signs: {found:?}");
            if found.iter().any(|path| path.starts_with(ledger(&place).join("issued"))) {
                said(&run(&place, &["provision", "--yes"]).await?, 2, "`adopt` was interrupted")?;
            }
            halves.insert(found);
        }
        succeeded(adopt(&place, "").await?, "adopt, after being killed")?;
        let outcome = names(&ledger(&place))?;
        let differing: Vec<_> = outcome.symmetric_difference(&whole).collect();
        ensure!(differing.is_empty(), "another outcome after {objects} objects: {differing:?}");
    }
    ensure!(halves.len() > 1, "no run was killed in the middle");
    Ok(())
}

#[tokio::test]
async fn what_cannot_work_is_refused_and_nothing_is_written() -> Result<()> {
    let place = ControlPlane::up("0")?;
    let cases: [(&[(&str, &str)], &str); 2] = [
        (&[("EASYRSA_ALGO", "ec"), ("EASYRSA_CURVE", "prime256v1")], "AWS Client VPN takes chains of RSA keys"),
        (&[("EASYRSA_KEY_SIZE", "4096")], "the RSA key has 4096 bits, it must have 2048"),
    ];
    for (variables, words) in cases {
        EasyRsa::new(place.path(), variables)?.run(&["--req-cn=VPN CA", "build-ca", "nopass"])?;
        said(&adopt(&place, "").await?, 2, words)?;
    }
    let easy_rsa = EasyRsa::new(place.path(), &[])?;
    easy_rsa.run(&["--req-cn=VPN CA", "build-ca", "nopass"])?;
    easy_rsa.issue(&["alice.vpn.example.com"])?;
    let pki = easy_rsa.pki();
    let with = async |file: &str, content: Option<&str>, words: &str| -> Result<()> {
        let path = pki.join(file);
        let kept = fs::read_to_string(&path)?;
        match content {
            Some(content) => write(&path, content)?,
            None => fs::remove_file(&path)?,
        }
        let refused = adopt(&place, "").await?;
        write(&path, kept)?;
        said(&refused, 2, words)?;
        ensure!(!ledger(&place).exists(), "{words}: something is in the ledger");
        Ok(())
    };
    with("index.txt", None, "there is no `easy-rsa/pki/index.txt`").await?;
    with("index.txt", Some("V\t2902\n"), "`index.txt` is damaged in line 1").await?;
    with("ca.crt", None, "there is no `easy-rsa/pki/ca.crt`").await?;
    with("private/ca.key", None, "a CA without its key can sign nothing").await?;
    let other = fs::read_to_string(pki.join("private/alice.vpn.example.com.key"))?;
    with("private/ca.key", Some(&other), "the CA key does not belong to the CA certificate").await?;

    succeeded(run(&place, &["provision", "--yes"]).await?, "provision")?;
    said(&adopt(&place, "").await?, 2, "the ledger has another CA already")
}

/// `adopt`, given the passphrase of the old key.
async fn adopt(place: &ControlPlane, passphrase: &str) -> Result<Output> {
    let mut command = place.latchkey(&url(place), &["adopt", "easy-rsa/pki", "--yes"]);
    Ok(command.env("LATCHKEY_ADOPT_PASSPHRASE", passphrase).output().await?)
}

async fn run(place: &ControlPlane, arguments: &[&str]) -> Result<Output> {
    place.run(&url(place), arguments).await
}

fn url(place: &ControlPlane) -> String {
    format!("http://{}", place.address())
}

fn ledger(place: &ControlPlane) -> PathBuf {
    place.path().join(".latchkey/demo/ledger")
}

fn said(output: &Output, code: i32, words: &str) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    let is_so = output.status.code() == Some(code) && said.contains(words);
    ensure!(is_so, "{}: it does not say `{words}`:\n{said}", output.status);
    Ok(())
}
