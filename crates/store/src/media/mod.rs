//! Recordings on disk, until their tasks have ended: one private folder (mode 0700), files with random names (0600).
//!
//! A file belongs to whoever holds a [guard](guard::Guard) of it, then to the task whose row names it. A file without
//! either is removed: at once where the last guard is dropped, and by the [sweep](MediaStore::sweep) after a crash.

mod folder;
mod guard;
mod sweep;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use guard::{Media, MediaKey, NotAMediaKey};
pub use writer::MediaWriter;

use crate::error::{LockError, MediaError};
use guard::InProgress;

/// The folder of recordings. Cheap to clone; only clones know of each other's files in progress.
#[derive(Debug, Clone)]
pub struct MediaStore {
    folder: PathBuf,
    in_progress: Arc<InProgress>,
    lock: Arc<OnceLock<File>>,
}

impl MediaStore {
    /// The folder, made if it is not there; its mode is set to 0700.
    ///
    /// # Errors
    /// It cannot be made or written, is a symbolic link, or belongs to somebody else.
    pub fn open(folder: &Path) -> Result<Self, MediaError> {
        folder::make_private(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            in_progress: Arc::default(),
            lock: Arc::default(),
        })
    }

    /// Makes sure that no other process keeps its recordings in this folder as long as this store lives: each would sweep
    /// those of the other, whose tasks are not in its database.
    ///
    /// # Errors
    /// Another process does, or the folder cannot be locked.
    pub fn lock_exclusively(&self) -> Result<(), LockError> {
        if self.lock.get().is_none()
            && let Some(folder) = folder::lock(&self.folder)?
        {
            // Whoever was faster has locked the same folder.
            let _ = self.lock.set(folder);
        }
        Ok(())
    }

    /// Begins a recording.
    ///
    /// # Errors
    /// The file cannot be made.
    pub async fn create(&self) -> Result<MediaWriter, MediaError> {
        let key = MediaKey::fresh();
        let guard = InProgress::guard(&self.in_progress, self.path(&key), key);
        MediaWriter::create(guard).await
    }

    /// Where a recording lies.
    pub fn path(&self, key: &MediaKey) -> PathBuf {
        self.folder.join(key.as_str())
    }

    /// Removes a recording; that it is gone already is no error.
    ///
    /// # Errors
    /// It cannot be removed.
    pub async fn remove(&self, key: &MediaKey) -> Result<(), MediaError> {
        match tokio::fs::remove_file(self.path(key)).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(MediaError::new("remove", error))
            }
            _ => Ok(()),
        }
    }
}
