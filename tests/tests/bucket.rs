//! The ledger in a bucket, held against an S3 that nobody here has written: the same commands, the same objects.

use std::process::Output;

use anyhow::{Context, Result, ensure};
use tests::{
    control_plane::{ControlPlane, succeeded},
    moto::Moto,
    openssl::{self, RSA_2048},
    rehearsal::write,
};

#[tokio::test]
async fn a_deployment_lives_and_ends_with_its_ledger_in_a_bucket() -> Result<()> {
    let place = Place::up()?;
    let doctor = place.run(&["doctor"]).await?;
    ensure!(String::from_utf8_lossy(&doctor.stdout).contains("`s3://vpn-ledger/demo` has no CA yet"), "{doctor:?}");
    place.succeed(&["provision", "--yes"]).await?;
    for user in ["alice", "bob"] {
        place.request(user)?;
        place.succeed(&["sign", &format!("{user}.csr"), "--yes"]).await?;
    }
    let receipt = place.succeed(&["revoke", "alice", "--yes"]).await?;
    ensure!(receipt.contains("number 2, 2 entries"), "{receipt}");
    let alice = openssl::serial(place.control_plane.path(), "alice.crt")?;
    ensure!(place.control_plane.locked_out().await?.contains(&alice), "alice is not on the CRL");

    let again = place.run(&["sign", "alice.csr", "--out", "again.crt", "--yes"]).await?;
    ensure!(again.status.code() == Some(3), "her key was signed again: {}", again.status);
    let users = place.succeed(&["users"]).await?;
    ensure!(users.lines().any(|line| line.starts_with("bob") && line.contains("valid")), "{users}");
    ensure!(place.succeed(&["plan", "--check"]).await.is_ok(), "something is left to do");
    ensure!(!place.control_plane.path().join(".latchkey/demo/ledger").exists(), "a folder was made for the ledger");

    place.succeed(&["destroy", "--yes", "--with-ca"]).await?;
    let users = place.succeed(&["users"]).await?;
    ensure!(users.starts_with("Nobody"), "the ledger is still there: {users}");
    Ok(())
}

#[tokio::test]
async fn what_keeps_a_bucket_from_being_used_is_said() -> Result<()> {
    let place = Place::up()?;
    place.request("alice")?;
    place.control_plane.configure("s3://vpn-ledger/demo", "s3://no-such-bucket/demo")?;
    place.fails(&["sign", "alice.csr", "--yes"], &[], (4, "no-such-bucket")).await?;
    // Never the real service from a rehearsal, whatever credentials there are.
    place.fails(&["sign", "alice.csr", "--yes"], &[("AWS_ENDPOINT_URL_S3", "")], (2, "is not on this machine")).await?;
    let elsewhere = ("AWS_ENDPOINT_URL_S3", "https://s3.eu-central-1.amazonaws.com");
    place.fails(&["sign", "alice.csr", "--yes"], &[elsewhere], (2, "is not on this machine")).await
}

/// A deployment whose ledger is in a bucket.
struct Place {
    control_plane: ControlPlane,
    moto: Moto,
}

impl Place {
    fn up() -> Result<Self> {
        let moto = Moto::up()?;
        moto.make_bucket("vpn-ledger")?;
        let control_plane = ControlPlane::up("0.1")?;
        control_plane.configure("file:.latchkey/demo/ledger", "s3://vpn-ledger/demo")?;
        Ok(Self { control_plane, moto })
    }

    fn request(&self, user: &str) -> Result<()> {
        let subject = format!("/CN={user}.vpn.example.com");
        openssl::request(self.control_plane.path(), user, RSA_2048, &subject, &[])
    }

    fn latchkey(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = self.control_plane.latchkey(&format!("http://{}", self.control_plane.address()), arguments);
        command.env("AWS_ENDPOINT_URL_S3", self.moto.url());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Result<Output> {
        self.latchkey(arguments).output().await.context("latchkey")
    }

    async fn succeed(&self, arguments: &[&str]) -> Result<String> {
        succeeded(self.run(arguments).await?, &arguments.join(" "))
    }

    async fn fails(&self, arguments: &[&str], environment: &[(&str, &str)], (code, saying): (i32, &str)) -> Result<()> {
        let output = self.latchkey(arguments).envs(environment.iter().copied()).output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(code) && said.contains(saying), "{}: {said}", output.status);
        Ok(())
    }
}

#[tokio::test]
async fn a_page_is_published_with_its_types_and_new_certificates_follow() -> Result<()> {
    let place = Place::up()?;
    place.moto.make_bucket("vpn-page")?;
    place.control_plane.configure("[page]", "[page]\npublish = \"s3://vpn-page/demo\"")?;
    place.succeed(&["provision", "--yes"]).await?;
    let site = place.control_plane.path().join(".latchkey/demo/site");
    place.fails(&["publish"], &[], (2, "`index.html` is missing")).await?;
    std::fs::create_dir_all(site.join("assets"))?;
    write(&site.join("index.html"), "<!doctype html>")?;
    write(&site.join("assets/page-1.wasm"), "wasm")?;
    let published = place.succeed(&["publish"]).await?;
    ensure!(published.contains("3 files; 0 certificates"), "{published}");
    for (path, content_type, caching) in [
        ("index.html", "text/html; charset=utf-8", "no-cache"),
        ("bundle.json", "application/json", "no-cache"),
        ("assets/page-1.wasm", "application/wasm", "public, max-age=31536000, immutable"),
    ] {
        let answer = place.moto.get(&format!("/vpn-page/demo/{path}"))?.to_lowercase();
        let has = |name: &str, value: &str| answer.contains(&format!("\r\n{name}: {value}\r\n"));
        ensure!(has("content-type", content_type) && has("cache-control", caching), "{path}: {answer}");
    }

    place.request("alice")?;
    place.succeed(&["sign", "alice.csr", "--yes"]).await?;
    let again = place.succeed(&["publish"]).await?;
    ensure!(again.contains("3 files; 1 certificates"), "`sign` has published it: {again}");

    // Whatever it is called.
    write(&site.join("assets/page-2.js"), "-----BEGIN PRIVATE KEY-----")?;
    let refused = place.run(&["publish"]).await?;
    ensure!(refused.status.code() == Some(3), "{refused:?}");
    let answer = place.moto.get("/vpn-page/demo/assets/page-2.js")?;
    ensure!(answer.starts_with("HTTP/1.1 404"), "a private key was published: {answer}");
    Ok(())
}
