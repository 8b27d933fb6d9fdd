//! Programs of others that tests need: each set is installed once, below the target directory, from the list beside its tests.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    control_plane::succeeded,
    rehearsal::{binary, repository, write},
};

/// The folder in which `install` has put what `SET/LIST` says. It is given that list and the folder, when the list has changed.
pub(crate) fn once(set: &str, list: &str, install: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<PathBuf> {
    let folder = binary("..").join("tmp").join(set);
    let list = repository().join("tests").join(set).join(list);
    let (wanted, made_from) = (fs::read_to_string(&list)?, folder.join("made-from.txt"));
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.with_extension("lock"))?;
    lock.lock()?;
    if !fs::read_to_string(&made_from).is_ok_and(|found| found == wanted) {
        install(&list, &folder)?;
        write(&made_from, wanted)?;
    }
    Ok(folder)
}

/// Unpacks Debian's packages in `list`, one a line, in `folder`: those that would do something by themselves if they were
/// installed.
pub(crate) fn unpack(list: &Path, folder: &Path) -> Result<()> {
    let packages = fs::read_to_string(list)?;
    let mut download = Command::new("apt-get");
    download.args(["-qq", "download"]).args(packages.lines()).current_dir(folder);
    succeeded(download.output().context("`apt-get` is missing, which brings packages")?, "apt-get download")?;
    for package in fs::read_dir(folder)? {
        let package = package?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            succeeded(Command::new("dpkg").arg("-x").arg(&package).arg(folder).output()?, "dpkg -x")?;
            fs::remove_file(package)?;
        }
    }
    Ok(())
}
