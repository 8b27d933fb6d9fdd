//! What the data plane needs of the machine, and what installs it.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How the supervisor gets namespaces of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privilege {
    /// By being root.
    Root,
    /// Through a user namespace.
    UserNamespace,
}

/// Programs, and the Debian package that has each.
const PROGRAMS: [(&str, &str); 6] = [
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("sleep", "coreutils"),
    ("ip", "iproute2"),
    ("nft", "nftables"),
    ("openvpn", "openvpn"),
];

/// How namespaces can be had, or what is missing, in a sentence.
pub(super) fn check() -> Result<Privilege, String> {
    let missing: Vec<_> = PROGRAMS.iter().filter(|(name, _)| program(name).is_none()).collect();
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|(name, _)| format!("`{name}`")).collect();
        let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
        packages.dedup();
        let (names, packages) = (names.join(", "), packages.join(" "));
        return Err(format!("{names} not found; `apt-get install {packages}` installs it"));
    }
    let tun = Path::new("/dev/net/tun");
    if !tun.exists() {
        return Err("`/dev/net/tun` is missing; `modprobe tun` makes it".to_owned());
    }
    if OpenOptions::new().read(true).write(true).open(tun).is_err() {
        return Err("`/dev/net/tun` may not be opened; run as root".to_owned());
    }
    if rustix::process::geteuid().is_root() {
        return Ok(Privilege::Root);
    }
    if user_namespaces_work() {
        return Ok(Privilege::UserNamespace);
    }
    Err("namespaces cannot be made; run as root".to_owned())
}

/// `PATH` and the directories for administrators, which a plain user's `PATH` often lacks.
pub(super) fn search_path() -> std::ffi::OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin");
    path
}

fn program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path()).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn user_namespaces_work() -> bool {
    Command::new("unshare")
        .args(["-Urmn", "true"])
        .env("PATH", search_path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
