//! A CA whose key is in KMS: moto's, which nobody here has written, beside the sandbox. OpenSSL judges.
//!
//! moto hashes a digest again, and takes messages that are longer than AWS takes. So a CRL of more than some eighty entries
//! cannot be had from it; that way is tested with a service that does as AWS documents, in the library.

use std::process::Output;

use anyhow::{Result, ensure};
use tests::{
    control_plane::{ControlPlane, succeeded},
    moto::Moto,
    openssl,
    rehearsal::{files, write},
};

#[tokio::test]
async fn what_kms_signs_holds_and_no_key_is_in_the_ledger() -> Result<()> {
    let moto = Moto::up()?;
    let place = with_key(&moto, &moto.key("RSA_2048", "SIGN_VERIFY")?)?;
    let doctor = succeeded(run(&place, &moto, &["doctor"]).await?, "doctor")?;
    ensure!(doctor.contains("the key in KMS can be that of a CA"), "{doctor}");
    succeeded(run(&place, &moto, &["provision", "--yes"]).await?, "provision")?;
    for user in ["alice", "bob"] {
        openssl::request(place.path(), user, openssl::RSA_2048, &format!("/CN={user}.vpn.example.com"), &[])?;
        succeeded(run(&place, &moto, &["sign", &format!("{user}.csr"), "--yes"]).await?, "sign")?;
    }
    succeeded(run(&place, &moto, &["revoke", "alice", "--yes"]).await?, "revoke")?;
    succeeded(run(&place, &moto, &["rotate", "--yes"]).await?, "rotate")?;
    succeeded(run(&place, &moto, &["plan", "--check"]).await?, "plan --check")?;
    let doctor = succeeded(run(&place, &moto, &["doctor"]).await?, "doctor")?;
    ensure!(doctor.contains("the key in KMS is that of the CA"), "{doctor}");

    let ledger = place.path().join(".latchkey/demo/ledger");
    ensure!(!ledger.join("ca/ca.key").exists(), "there is a key in the ledger");
    for (file, content) in &files(place.path())? {
        let is_user = file.extension().is_some_and(|it| it == "key");
        let text = String::from_utf8_lossy(content);
        ensure!(is_user || !text.contains("PRIVATE KEY-----"), "{} has a private key", file.display());
    }
    let ca = ledger.join("ca/ca.crt").display().to_string();
    let verified = |more: &[&str]| openssl::run(place.path(), &[&["verify", "-CAfile", &ca], more].concat());
    let crl = ledger.join("crl/2.pem").display().to_string();
    verified(&[&ca])?;
    verified(&["-purpose", "sslclient", "-crl_check", "-CRLfile", &crl, "bob.crt"])?;
    let alice = verified(&["-crl_check", "-CRLfile", &crl, "alice.crt"]).unwrap_err().to_string();
    ensure!(alice.contains("certificate revoked"), "{alice}");
    openssl::run(place.path(), &["crl", "-in", &crl, "-CAfile", &ca, "-noout", "-verify"])?;
    let locked_out = place.locked_out().await?;
    ensure!(locked_out.contains(&openssl::serial(place.path(), "alice.crt")?), "{locked_out:?}");
    Ok(())
}

#[tokio::test]
async fn a_key_of_no_use_is_refused_before_anything_is_made() -> Result<()> {
    let moto = Moto::up()?;
    for (spec, usage, words) in [
        ("RSA_4096", "SIGN_VERIFY", "the RSA key has 4096 bits, it must have 2048"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "the key is not an RSA key"),
        ("RSA_2048", "ENCRYPT_DECRYPT", "RSA_2048 for SIGN_VERIFY"),
    ] {
        let place = with_key(&moto, &moto.key(spec, usage)?)?;
        said(&run(&place, &moto, &["provision", "--yes"]).await?, 2, words)?;
        said(&run(&place, &moto, &["doctor"]).await?, 4, "")?;
        ensure!(!place.path().join(".latchkey/demo/ledger/ca").exists(), "{spec}: there is a CA");
        ensure!(place.account().await?.inventory().await?.0.is_empty(), "{spec}: something was made at AWS");
    }
    let absent = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    said(&run(&with_key(&moto, absent)?, &moto, &["provision", "--yes"]).await?, 4, "NotFoundException")?;
    let nowhere = with_key(&moto, absent)?;
    let url = format!("http://{}", nowhere.address());
    said(&nowhere.run(&url, &["provision", "--yes"]).await?, 2, "AWS_ENDPOINT_URL_KMS does not point to this machine")
}

/// The key is for the life of the deployment.
#[tokio::test]
async fn another_key_than_that_of_the_ca_is_refused() -> Result<()> {
    let moto = Moto::up()?;
    let (first, second) = (moto.key("RSA_2048", "SIGN_VERIFY")?, moto.key("RSA_2048", "SIGN_VERIFY")?);
    let place = with_key(&moto, &first)?;
    succeeded(run(&place, &moto, &["provision", "--yes"]).await?, "provision")?;
    place.configure(&first, &second)?;
    said(&run(&place, &moto, &["rotate", "--yes"]).await?, 2, "the CA key does not belong to the CA certificate")?;
    place.configure(&second, "file")?;
    said(&run(&place, &moto, &["rotate", "--yes"]).await?, 2, "`ca/ca.key` is missing from the ledger")
}

/// The CA's key is in KMS already, as after an import of its material: `adopt` needs no other.
#[tokio::test]
async fn a_pki_whose_key_is_in_kms_is_taken_over_without_it() -> Result<()> {
    let moto = Moto::up()?;
    let arn = moto.key("RSA_2048", "SIGN_VERIFY")?;
    let old = with_key(&moto, &arn)?;
    succeeded(run(&old, &moto, &["provision", "--yes"]).await?, "provision")?;
    openssl::request(old.path(), "alice", openssl::RSA_2048, "/CN=alice.vpn.example.com", &[])?;
    succeeded(run(&old, &moto, &["sign", "alice.csr", "--yes"]).await?, "sign")?;

    let place = with_key(&moto, &arn)?;
    let pki = place.path().join("pki");
    std::fs::create_dir_all(pki.join("issued"))?;
    std::fs::copy(old.path().join(".latchkey/demo/ledger/ca/ca.crt"), pki.join("ca.crt"))?;
    std::fs::copy(old.path().join("alice.crt"), pki.join("issued/alice.crt"))?;
    let serial = openssl::serial(old.path(), "alice.crt")?;
    write(&pki.join("index.txt"), format!("R\t350101000000Z\t260101000000Z\t{serial}\tunknown\t/CN=alice\n"))?;
    succeeded(run(&place, &moto, &["adopt", "pki", "--yes"]).await?, "adopt")?;
    let again = succeeded(run(&place, &moto, &["adopt", "pki", "--yes"]).await?, "adopt again")?;
    ensure!(again.contains("nothing was done"), "{again}");
    succeeded(run(&place, &moto, &["provision", "--yes"]).await?, "provision")?;
    ensure!(place.locked_out().await?.contains(&serial), "alice is let in");

    let other = with_key(&moto, &moto.key("RSA_2048", "SIGN_VERIFY")?)?;
    let pki = pki.display().to_string();
    said(&run(&other, &moto, &["adopt", &pki, "--yes"]).await?, 2, "the CA key does not belong to the CA certificate")
}

fn with_key(moto: &Moto, arn: &str) -> Result<ControlPlane> {
    ensure!(moto.url().starts_with("http://127.0.0.1:"), "{}", moto.url());
    let place = ControlPlane::up("0")?;
    place.configure("ca_key = \"file\"", &format!("ca_key = \"{arn}\""))?;
    Ok(place)
}

async fn run(place: &ControlPlane, moto: &Moto, arguments: &[&str]) -> Result<Output> {
    let mut command = place.latchkey(&format!("http://{}", place.address()), arguments);
    command.env("AWS_ENDPOINT_URL_KMS", moto.url()).env_remove("LATCHKEY_CA_PASSPHRASE");
    Ok(command.output().await?)
}

fn said(output: &Output, code: i32, words: &str) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    let is_so = output.status.code() == Some(code) && said.contains(words);
    ensure!(is_so, "{}: it does not say `{words}`:\n{said}", output.status);
    Ok(())
}
