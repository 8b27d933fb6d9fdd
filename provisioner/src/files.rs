//! Files that others read: replaced as a whole or not at all, and left alone when nothing changed.

use std::{io::Write, path::Path};

use anyhow::{Context, Result};

/// Whether a file had to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// It was new or different.
    Yes,
    /// It had this content already.
    No,
}

/// Makes `path` have `content`: through a temporary file beside it and a rename, so that a reader sees the old or the
/// new content and a killed process leaves no half.
pub(crate) fn replace(path: &Path, content: &str) -> Result<Written> {
    if matches!(std::fs::read(path), Ok(found) if found == content.as_bytes()) {
        return Ok(Written::No);
    }
    write(path, content).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(Written::Yes)
}

/// Removes `path` where it exists.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

fn write(path: &Path, content: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = readable_by_all(tempfile::Builder::new().prefix(".latchkey-")).tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Nothing that goes through here is secret, and a web server under another user must be able to read it.
#[cfg(unix)]
fn readable_by_all<'a, 'b>(builder: &'a mut tempfile::Builder<'b, 'b>) -> &'a mut tempfile::Builder<'b, 'b> {
    use std::os::unix::fs::PermissionsExt;
    // The umask still applies.
    builder.permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all<'a, 'b>(builder: &'a mut tempfile::Builder<'b, 'b>) -> &'a mut tempfile::Builder<'b, 'b> {
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_only_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site/bundle.json");
        assert_eq!(replace(&path, "a").unwrap(), Written::Yes);
        assert_eq!(replace(&path, "a").unwrap(), Written::No);
        assert_eq!(replace(&path, "b").unwrap(), Written::Yes);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "b");
        assert_eq!(std::fs::read_dir(folder.path().join("site")).unwrap().count(), 1);
    }
}
