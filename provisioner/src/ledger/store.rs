//! The store below the ledger: create, read, list; never update. Nothing is deleted but everything, at the end.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, future::join_all, stream};
use object_store::{
    ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, local::LocalFileSystem, path::Path as Key,
    prefix::PrefixStore,
};

use super::LedgerError;

/// A folder, a bucket or, in tests, memory.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    folder: Option<PathBuf>,
}

impl Store {
    /// The store in `folder`, which is made with the first object, readable by its owner alone.
    ///
    /// The folder's mode is what keeps others out: it holds for every file from its first byte on, also for the
    /// parts of a write that was interrupted. The CA key gets mode 0600 besides, for the day it is copied elsewhere.
    ///
    /// # Errors
    /// [`LedgerError::Folder`] where the path cannot be made absolute.
    pub fn folder(folder: &Path) -> Result<Self, LedgerError> {
        let failed = |source| LedgerError::Folder { path: folder.display().to_string(), source };
        let folder = std::path::absolute(folder).map_err(failed)?;
        let prefix = Key::from_absolute_path(&folder).map_err(io::Error::other).map_err(failed)?;
        let objects = PrefixStore::new(LocalFileSystem::new().with_fsync(true), prefix);
        Ok(Self { objects: Arc::new(objects), folder: Some(folder) })
    }

    /// The store in whatever keeps `objects`. Who may read it is that one's affair.
    pub fn of(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects, folder: None }
    }

    /// A store that is gone when dropped.
    pub fn memory() -> Self {
        Self::of(Arc::new(object_store::memory::InMemory::new()))
    }

    /// Creates an object that must not exist.
    ///
    /// A create whose answer was lost is tried again by the store, which then finds its own write: where the object
    /// exists with exactly this content, that is what happened. Contents therefore carry a nonce or a signature.
    pub(super) async fn create(&self, path: &str, content: &[u8]) -> Result<(), LedgerError> {
        if let Some(folder) = &self.folder {
            private_folder(folder)
                .map_err(|source| LedgerError::Folder { path: folder.display().to_string(), source })?;
        }
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let put = self.objects.put_opts(&Key::from(path), PutPayload::from(content.to_vec()), options).await;
        let Err(source) = put else {
            return Ok(());
        };
        if !is_already_exists(&source) {
            return Err(self.failed("create", path, source));
        }
        match self.read(path).await? {
            Some(found) if found == content => Ok(()),
            _ => Err(LedgerError::Taken { path: path.to_owned() }),
        }
    }

    /// Creates an object that nobody but its owner may read, where the store has owners.
    pub(super) async fn create_private(&self, path: &str, content: &[u8]) -> Result<(), LedgerError> {
        self.create(path, content).await?;
        let Some(file) = self.folder.as_ref().map(|folder| folder.join(path)) else {
            return Ok(());
        };
        owner_only(&file, 0o600).map_err(|source| LedgerError::Folder { path: file.display().to_string(), source })
    }

    /// An object's content, `None` where it does not exist.
    pub(super) async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let failed = |source| self.failed("read", path, source);
        match self.objects.get(&Key::from(path)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(failed)?.to_vec())),
            Err(source) if is_not_found(&source) => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    /// As [`Store::read`], for text.
    pub(super) async fn read_text(&self, path: &str) -> Result<Option<String>, LedgerError> {
        let damaged = |_| LedgerError::Damaged { path: path.to_owned() };
        self.read(path).await?.map(|bytes| String::from_utf8(bytes).map_err(damaged)).transpose()
    }

    /// What `read` makes of each of these objects, in any order. It gets the path and the text.
    ///
    /// Many at the same time: from a folder on several threads, which read as well, because an object has hardly more than a
    /// thousand bytes and handing each from task to task would take longer than reading it.
    pub(super) async fn read_all<T: Send + 'static>(
        &self,
        paths: Vec<String>,
        read: fn(&str, &str) -> Option<T>,
    ) -> Result<Vec<T>, LedgerError> {
        let Some(folder) = &self.folder else {
            let each = stream::iter(paths).map(async |path| {
                let text = self.read_text(&path).await?;
                text.and_then(|text| read(&path, &text)).ok_or(LedgerError::Damaged { path })
            });
            return each.buffer_unordered(AT_ONCE).try_collect().await;
        };
        let share = paths.len().div_ceil(THREADS).max(1);
        let threads = paths.chunks(share).map(|paths| {
            let (folder, paths) = (folder.clone(), paths.to_vec());
            tokio::task::spawn_blocking(move || {
                paths.into_iter().map(|path| read_file(&folder, path, read)).collect::<Result<Vec<_>, _>>()
            })
        });
        let mut all = Vec::with_capacity(paths.len());
        for done in join_all(threads).await {
            all.extend(done.map_err(|_| LedgerError::Damaged { path: folder.display().to_string() })??);
        }
        Ok(all)
    }

    /// The paths of the objects below `prefix`, sorted.
    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<String>, LedgerError> {
        let listed: Vec<_> = self
            .objects
            .list(Some(&Key::from(prefix)))
            .try_collect()
            .await
            .map_err(|source| self.failed("list", prefix, source))?;
        let mut paths: Vec<String> = listed.into_iter().map(|object| object.location.to_string()).collect();
        paths.sort();
        Ok(paths)
    }

    fn failed(&self, action: &'static str, path: &str, source: object_store::Error) -> LedgerError {
        let (path, source) = (path.to_owned(), Box::new(source));
        match self.folder {
            Some(_) => LedgerError::Store { action, path, source },
            None => LedgerError::Bucket { action, path, source },
        }
    }

    /// Deletes every object.
    pub(super) async fn erase(&self) -> Result<(), LedgerError> {
        for path in self.list("").await? {
            let deleted = self.objects.delete(&Key::from(path.as_str())).await;
            if let Err(source) = deleted.or_else(|error| if is_not_found(&error) { Ok(()) } else { Err(error) }) {
                return Err(self.failed("delete", &path, source));
            }
        }
        Ok(())
    }
}

fn read_file<T>(folder: &Path, path: String, read: fn(&str, &str) -> Option<T>) -> Result<T, LedgerError> {
    match std::fs::read_to_string(folder.join(&path)) {
        Ok(text) => read(&path, &text).ok_or(LedgerError::Damaged { path }),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(LedgerError::Damaged { path }),
        Err(error) => {
            let source = object_store::Error::Generic { store: "LocalFileSystem", source: error.into() };
            Err(LedgerError::Store { action: "read", path, source: Box::new(source) })
        }
    }
}

/// Objects of a bucket that are read at the same time.
const AT_ONCE: usize = 32;
/// Threads that read files at the same time.
const THREADS: usize = 8;

fn is_already_exists(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::AlreadyExists { .. })
}

/// Whether the object is not there, in a store that is.
fn is_not_found(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { source, .. } if !source.to_string().contains("NoSuchBucket"))
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // Made with its mode, so that it is never open; `recursive` makes an existing folder no error.
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
    owner_only(folder, 0o700)
}

#[cfg(unix)]
fn owner_only(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> io::Result<()> {
    // A folder below the user's own inherits its access list.
    std::fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn owner_only(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}
