//! Programs that come with the operating system: found, or installed where that is allowed, or named.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::process;

/// A program and the Debian package that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    program: &'static str,
    debian: &'static str,
}

impl Package {
    /// The program's name.
    pub(crate) fn program(&self) -> &'static str {
        self.program
    }

    /// The Debian packages, with a space between them.
    pub(crate) fn debian(&self) -> &'static str {
        self.debian
    }

    /// Where the program is, or the file, where its whole path is given.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        let path = Path::new(self.program);
        if path.is_absolute() { path.is_file().then(|| path.to_owned()) } else { process::find(self.program) }
    }
}

/// What the sandbox's data plane is made of.
pub(crate) const DATA_PLANE: &[Package] = &[
    Package { program: "ip", debian: "iproute2" },
    Package { program: "nft", debian: "nftables" },
    Package { program: "openvpn", debian: "openvpn" },
    Package { program: "ping", debian: "iputils-ping" },
    Package { program: "unshare", debian: "util-linux" },
];

/// What the tests need besides.
pub(crate) const TESTS: &[Package] = &[
    Package { program: "chromium", debian: "chromium" },
    Package { program: "dbus-daemon", debian: "dbus-daemon" },
    Package { program: "firefox-esr", debian: "firefox-esr" },
    Package { program: "make-cadir", debian: "easy-rsa" },
    Package { program: "npm", debian: "npm" },
    Package { program: "openssl", debian: "openssl" },
    Package { program: "python3", debian: "python3 python3-venv" },
    // No program, but what is read by one: the bindings through which Python uses libraries of the system.
    Package { program: "/usr/lib/python3/dist-packages/gi/__init__.py", debian: "python3-gi" },
    // Without a font that has them, Chinese characters are boxes in the pictures of the page.
    Package { program: "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", debian: "fonts-wqy-microhei" },
];

/// What the acceptance run on AWS judges certificates with.
pub(crate) const ACCEPTANCE: &[Package] = &[Package { program: "openssl", debian: "openssl" }];

/// A C compiler, for the cryptography of the AWS SDK.
pub(crate) const BUILD: &[Package] = &[Package { program: "cc", debian: "gcc libc6-dev" }];

/// `wasm-opt` where npm cannot bring a newer one.
pub(crate) const BINARYEN: &[Package] = &[Package { program: "wasm-opt", debian: "binaryen" }];

/// Makes sure that every one of `packages` is there; what is missing is installed where root or passwordless sudo is at hand.
///
/// # Errors
/// What is missing, and the one command that installs it.
pub(crate) fn ensure(packages: &[Package]) -> Result<()> {
    let missing: Vec<Package> = packages.iter().copied().filter(|package| package.find().is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs = join(missing.iter().map(|package| package.program));
    let debian: Vec<&str> = missing.iter().flat_map(|package| package.debian.split(' ')).collect();
    if process::find("apt-get").is_none() {
        bail!("missing: {programs}; install these programs with your system's package manager and run this again");
    }
    let Some(as_root) = as_root() else {
        bail!("missing: {programs}; install with: sudo apt-get install -y {}", join(debian.into_iter()));
    };
    eprintln!("installing {} (apt-get)", join(debian.iter().copied()));
    process::run(as_root().args(["apt-get", "-qq", "update"]))?;
    process::run(
        as_root()
            .args(["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "install", "-y", "--no-install-recommends"])
            .args(debian),
    )?;
    match packages.iter().find(|package| package.find().is_none()) {
        Some(package) => bail!("`{}` is still missing after installing `{}`", package.program, package.debian),
        None => Ok(()),
    }
}

/// Whether [`ensure`] can install what is missing.
pub(crate) fn can_install() -> bool {
    process::find("apt-get").is_some() && as_root().is_some()
}

/// Starts a command line as root, where that needs no password.
fn as_root() -> Option<impl Fn() -> Command> {
    let is_root = process::read_quietly(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if !is_root && process::read_quietly(Command::new("sudo").args(["-n", "true"])).is_none() {
        return None;
    }
    Some(move || {
        let mut command = Command::new(if is_root { "env" } else { "sudo" });
        command.args(if is_root { [].as_slice() } else { &["-n", "env"] });
        command.arg("DEBIAN_FRONTEND=noninteractive").stdout(std::process::Stdio::null());
        command
    })
}

fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
