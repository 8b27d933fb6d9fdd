//! What the examples for web hosts are worth: the hosts' own programs read them, and send what our own server sends.

use std::{collections::BTreeSet, fs, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::succeeded,
    nginx::Nginx,
    rehearsal::{Served, write},
    site::{Site, head},
    venv,
};

#[test]
fn nginx_sends_what_our_own_server_sends() -> Result<()> {
    let site = Site::sealed(b"\0asm")?;
    for name in ["bundle.json", ".hidden"] {
        write(&site.path("site").join(name), "{}")?;
    }
    let folder = site.path("site");
    let example = fs::read_to_string(site.path("hosting").join("nginx.conf"))?;
    let changed = example.replace("443 ssl", "443").replace("/var/www/latchkey", &folder.display().to_string());
    let plain: String = changed.lines().filter(|line| !line.contains("ssl_")).map(|line| format!("{line}\n")).collect();
    let nginx = Nginx::start(&plain)?;
    let served = Served::folder(&folder)?;
    let ours: u16 = served.url.trim_end_matches('/').rsplit(':').next().context("a port")?.parse()?;

    let mut paths = vec!["/".to_owned(), "/index.html".to_owned(), "/bundle.json".to_owned()];
    paths.extend(["/_headers", "/.hidden", "/absent", "/assets/absent", "/issued/00.pem"].map(str::to_owned));
    for asset in fs::read_dir(folder.join("assets"))? {
        paths.push(format!("/assets/{}", asset?.file_name().display()));
    }
    for path in paths {
        let (ours, theirs) = (wanted(&head(ours, &path)?), wanted(&head(nginx.port, &path)?));
        ensure!(
            ours.len() >= 8 && ours.contains("HTTP/1.1 404") != ours.iter().any(|line| line.starts_with("cache")),
            "{path}: {ours:?}"
        );
        ensure!(
            theirs.contains(HSTS) && theirs.difference(&ours).all(|line| line == HSTS) && ours.is_subset(&theirs),
            "{path}\nour server: {ours:#?}\nnginx: {theirs:#?}"
        );
    }
    Ok(())
}

#[test]
fn the_stock_aws_command_takes_the_policy_for_cloudfront() -> Result<()> {
    let site = Site::sealed(b"\0asm")?;
    let file = site.path("hosting").join("cloudfront.json");
    let check = |file: &str| {
        let mut aws = Command::new(venv::programs(venv::STOCK_CLIENTS)?.join("aws"));
        aws.args(["cloudfront", "create-response-headers-policy", "--generate-cli-skeleton", "output"]);
        aws.args(["--response-headers-policy-config", &format!("file://{file}"), "--region", "us-east-1"]);
        succeeded(aws.output()?, "aws cloudfront create-response-headers-policy")
    };
    check(&file.display().to_string())?;

    let policy: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
    let sent = policy.pointer("/SecurityHeadersConfig/ContentSecurityPolicy/ContentSecurityPolicy");
    let headers = fs::read_to_string(site.path("site").join("_headers"))?;
    ensure!(headers.contains(sent.and_then(Value::as_str).context("a policy")?), "another policy than in `_headers`");
    ensure!(policy.pointer("/SecurityHeadersConfig/FrameOptions/FrameOption") == Some(&"DENY".into()), "{policy}");

    // What it says of a wrong one: otherwise it would have looked at nothing.
    write(&file, fs::read_to_string(&file)?.replace("FrameOption\"", "FrameChoice\""))?;
    ensure!(check(&file.display().to_string()).is_err(), "an unknown field was taken");
    Ok(())
}

/// The status, and the headers that are a host's to be told.
fn wanted(head: &[String]) -> BTreeSet<String> {
    let is_wanted = |line: &&String| {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        NAMES.contains(&name.as_str())
    };
    let status = head.iter().take(1).map(|line| line.chars().take("HTTP/1.1 200".len()).collect());
    let headers = head.iter().filter(is_wanted).filter_map(|line| line.split_once(':'));
    status.chain(headers.map(|(name, value)| format!("{}:{value}", name.to_lowercase()))).collect()
}

const HSTS: &str = "strict-transport-security: max-age=31536000";

const NAMES: &[&str] = &[
    "cache-control",
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
];
