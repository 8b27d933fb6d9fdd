//! The documented procedure, done by hand with easy-rsa and the `aws` command, and `latchkey provision`: two fresh
//! accounts, and the same endpoint in both.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tests::{
    control_plane::{ControlPlane, succeeded},
    inventory::Inventory,
    proxy::Proxy,
    rehearsal::repository,
    venv,
};

#[tokio::test]
async fn the_documented_procedure_and_provision_make_the_same_endpoint() -> Result<()> {
    let by_hand = ControlPlane::up("0")?;
    let profile = measured("by hand", &by_hand, |url| {
        let mut command = tokio::process::Command::new(repository().join("tests/manual/procedure.sh"));
        command.arg("alice").current_dir(by_hand.path()).env_clear().envs(by_hand.variables().iter().cloned());
        command.env("AWS_ENDPOINT_URL", url).env("AWS_CONFIG_FILE", "/dev/null").env("AWS_PAGER", "");
        command.env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null").env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("HOME", by_hand.path()).env("PATH", path(&venv::programs(venv::STOCK_CLIENTS)?)?);
        Ok(command)
    })
    .await
    .and_then(|()| Ok(fs::read_to_string(by_hand.path().join("alice.ovpn"))?))?;

    let provisioned = ControlPlane::up("0")?;
    measured("provision", &provisioned, |url| Ok(provisioned.latchkey(url, &["provision", "--yes"]))).await?;

    let (ours, theirs) = (provisioned.account().await?, by_hand.account().await?);
    let (found, wanted) = (comparable(&ours.inventory().await?), comparable(&theirs.inventory().await?));
    ensure!(found == wanted, "the endpoint is another one:\n{}", found.difference(&wanted));

    let (ours, theirs) = (ours.configurations().await?, theirs.configurations().await?);
    let ([ours], [theirs]) = (ours.as_slice(), theirs.as_slice()) else {
        anyhow::bail!("{} endpoints here, {} there", ours.len(), theirs.len());
    };
    ensure!(without_identity(ours)? == without_identity(theirs)?, "the client configuration is another one");
    let kept = fs::read_to_string(provisioned.path().join(".latchkey/demo/client-configuration.ovpn"))?;
    ensure!(kept.trim_end() == ours.trim_end(), "the client configuration that was written is not the exported one");
    ensure!(
        profile.starts_with(theirs.trim_end()),
        "the edited profile does not begin with the exported configuration"
    );
    Ok(())
}

/// Runs a command through the proxy, and prints what it took: figures to be read, nothing is held against them.
#[expect(clippy::print_stderr, reason = "a figure for whoever runs the test with --nocapture")]
async fn measured(
    what: &str,
    place: &ControlPlane,
    command: impl FnOnce(&str) -> Result<tokio::process::Command>,
) -> Result<()> {
    let proxy = Proxy::start(place.address(), Duration::ZERO, None).await?;
    let mut command = command(&proxy.url())?;
    let begin = Instant::now();
    succeeded(command.output().await.context("run it")?, what)?;
    eprintln!("{what:12} {:3} calls {:5.1} s", proxy.calls().len(), begin.elapsed().as_secs_f64());
    Ok(())
}

/// Without what must differ: tags, and the names in certificates.
fn comparable(inventory: &Inventory) -> Inventory {
    let lines = inventory.0.iter().filter(|line| !line.starts_with("endpoint's tags"));
    let mut lines: Vec<_> = lines
        .map(|line| match line.strip_prefix("certificate of ").and_then(|line| line.rsplit_once(", ")) {
            Some((_, used)) => format!("certificate, {used}"),
            None => line.clone(),
        })
        .collect();
    lines.sort();
    Inventory(lines)
}

/// A client configuration without the endpoint's id and the CA.
fn without_identity(configuration: &str) -> Result<String> {
    let (before, rest) = configuration.split_once("<ca>").context("no <ca>")?;
    let (_, after) = rest.split_once("</ca>").context("no </ca>")?;
    let (start, rest) = before.split_once("cvpn-endpoint-").context("no endpoint id")?;
    let end = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    Ok(format!("{start}ID{end}<ca></ca>{after}"))
}

/// The venv's programs before the system's.
fn path(bin: &Path) -> Result<std::ffi::OsString> {
    let system = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(bin.to_owned()).chain(std::env::split_paths(&system)))?)
}
