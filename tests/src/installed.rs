//! Programs of others that tests need: each set is installed once, below the target directory, from the list beside its tests.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::rehearsal::{binary, repository, write};

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
