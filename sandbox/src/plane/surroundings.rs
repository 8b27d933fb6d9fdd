//! What the supervisor's own mount namespace has that the machine has not: a file system in memory for keys and sockets,
//! and the laptop's name server. With the supervisor all of it is gone.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::mount::{MountFlags, mount, mount_bind};

use crate::world::INTERNET_HOST;

/// Mounts everything, and makes `run` the working directory. See [`super::RUN`].
pub(super) fn prepare(run: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(run)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("sandbox", run, "tmpfs", flags, c"mode=0700")?;
    std::env::set_current_dir(run)?;
    replace(Path::new("/etc/resolv.conf"), &format!("nameserver {INTERNET_HOST}\n"))?;
    replace(Path::new("/etc/nsswitch.conf"), "hosts: files dns\n")
}

/// Shows another content in place of a file.
fn replace(file: &Path, content: &str) -> io::Result<()> {
    let Some(name) = file.file_name().filter(|_| file.exists()) else {
        return Err(io::Error::other(format!("`{}` is missing", file.display())));
    };
    OpenOptions::new().write(true).create_new(true).mode(0o644).open(name)?.write_all(content.as_bytes())?;
    mount_bind(name, file)?;
    Ok(())
}
