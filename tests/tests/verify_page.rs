//! What is said of a page that is not, or not quite, what the source builds.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use tests::{
    nginx::Nginx,
    openssl,
    rehearsal::{Served, write},
    site::Site,
};

#[test]
fn a_folder_is_compared_file_by_file() -> Result<()> {
    let site = Site::sealed(b"\0asm")?;
    let folder = site.path("site");
    write(&folder.join("bundle.json"), "{}")?;
    fs::create_dir(folder.join("issued"))?;
    write(&folder.join("issued/00.pem"), "certificate")?;
    let whole = verify(&site, &folder.display().to_string(), 0)?;
    ensure!(whole.lines().count() == 5 && whole.lines().all(|line| line.starts_with("same ")), "{whole}");

    let [module, style] = [asset(&folder, "wasm")?, asset(&folder, "css")?];
    change(&folder.join(&module))?;
    fs::remove_file(folder.join(&style))?;
    write(&folder.join("assets/more.js"), "")?;
    let said = verify(&site, &folder.display().to_string(), 5)?;
    for line in [&format!("differs     {module}"), &format!("missing     {style}"), "unexpected  assets/more.js"] {
        ensure!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
    ensure!(said.lines().filter(|line| line.starts_with("same ")).count() == 3, "{said}");
    Ok(())
}

#[test]
fn a_host_is_asked_for_every_file_and_its_headers() -> Result<()> {
    let site = Site::sealed(b"\0asm")?;
    let folder = site.path("site");
    let served = Served::folder(&folder)?;
    let whole = verify(&site, &served.url, 0)?;
    ensure!(whole.lines().count() == 4 && whole.lines().all(|line| line.starts_with("same ")), "{whole}");

    let without_policy: Vec<_> = fs::read_to_string(folder.join("_headers"))?
        .lines()
        .filter(|line| !line.contains("X-Frame-Options"))
        .map(str::to_owned)
        .collect();
    write(&folder.join("_headers"), without_policy.join("\n"))?;
    let index = fs::read_to_string(folder.join("index.html"))?;
    write(&folder.join("index.html"), index.replace("</body>", "<img src=\"./assets/more.svg\"></body>"))?;
    let module = asset(&folder, "wasm")?;
    fs::remove_file(folder.join(&module))?;
    let said = verify(&site, &served.url, 5)?;
    for line in [
        "differs     index.html",
        "unexpected  assets/more.svg",
        &format!("missing     {module}"),
        "not sent    X-Frame-Options: DENY (3 files)",
    ] {
        ensure!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
    Ok(())
}

#[test]
fn a_page_over_tls_is_verified_and_one_that_sends_people_elsewhere_is_not() -> Result<()> {
    let site = Site::sealed(b"\0asm")?;
    let folder = site.path("site");
    let at = site.path("");
    openssl::run(
        &at,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-days",
            "2",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "tls.key",
            "-out",
            "tls.pem",
        ],
    )?;
    let example = fs::read_to_string(site.path("hosting").join("nginx.conf"))?
        .replace("/var/www/latchkey", &folder.display().to_string())
        .replace("/etc/ssl/vpn.example.com", &at.join("tls").display().to_string());
    let nginx = Nginx::start(&example)?;
    let url = format!("https://localhost:{}", nginx.port);
    let trusted = at.join("tls.pem");
    let trust = [("SSL_CERT_FILE", trusted.as_path())];
    let output = site.try_run(&["verify", &url], &trust)?;
    ensure!(output.status.success(), "{output:?}");

    let stranger = site.try_run(&["verify", &url], &[])?;
    ensure!(stranger.status.code() == Some(2), "a certificate that nobody trusts: {stranger:?}");

    let elsewhere = example.replace("location ~", "location = / { return 302 https://example.com/; }\n    location ~");
    let nginx = Nginx::start(&elsewhere)?;
    let output = site.try_run(&["verify", &format!("https://localhost:{}", nginx.port)], &trust)?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(
        output.status.code() == Some(5) && said.contains("redirected  index.html to https://example.com/"),
        "{said}"
    );
    Ok(())
}

/// What `web-tool verify` says, which is to end with `code`.
fn verify(site: &Site, page: &str, code: i32) -> Result<String> {
    let output = site.try_run(&["verify", page], &[])?;
    ensure!(output.status.code() == Some(code), "{output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

fn asset(folder: &Path, extension: &str) -> Result<String> {
    for file in fs::read_dir(folder.join("assets"))? {
        let file = file?.path();
        if file.extension().is_some_and(|found| found == extension) {
            return Ok(format!("assets/{}", file.file_name().context("a name")?.display()));
        }
    }
    anyhow::bail!("no .{extension}")
}

/// One byte of it.
fn change(file: &Path) -> Result<()> {
    let mut content = fs::read(file)?;
    *content.last_mut().context("a file with content")? ^= 1;
    write(file, content)
}
