//! Recordings on disk, until their tasks have ended: one private folder (mode 0700), files with random names (0600).

use std::path::{Path, PathBuf};

use crate::error::{MediaError, StoreError};
use crate::store::Store;

/// The folder of recordings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MediaStore {
    folder: PathBuf,
}

/// The name of a recording in its folder, as a task's row has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaKey(String);

/// A recording that is being written. Dropped, it is removed.
#[derive(Debug)]
pub struct MediaWriter {}

/// A recording that belongs to no task yet. Dropped, it is removed.
#[derive(Debug)]
pub struct Media {
    path: PathBuf,
}

impl MediaStore {
    /// The folder, made if it is not there; its mode is set to 0700.
    ///
    /// # Errors
    /// It cannot be made or written.
    pub fn open(_folder: &Path) -> Result<Self, MediaError> {
        unimplemented!()
    }

    /// Begins a recording.
    ///
    /// # Errors
    /// The file cannot be made.
    pub async fn create(&self) -> Result<MediaWriter, MediaError> {
        unimplemented!()
    }

    /// Where a recording lies.
    pub fn path(&self, _key: &MediaKey) -> PathBuf {
        let _ = &self.folder;
        unimplemented!()
    }

    /// Removes a recording; that it is gone already is no error.
    ///
    /// # Errors
    /// It cannot be removed.
    pub async fn remove(&self, _key: &MediaKey) -> Result<(), MediaError> {
        unimplemented!()
    }

    /// Removes every file that no task in `store` waits for, but those that are being written or probed now.
    ///
    /// # Errors
    /// The database failed; single files that cannot be removed are logged.
    pub async fn sweep(&self, _store: &Store) -> Result<u64, StoreError> {
        unimplemented!()
    }
}

impl MediaWriter {
    /// Appends `bytes`.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub async fn write(&mut self, _bytes: &[u8]) -> Result<(), MediaError> {
        unimplemented!()
    }

    /// Bytes written so far.
    pub fn size_bytes(&self) -> u64 {
        unimplemented!()
    }

    /// Ends the recording: all of it is on the disk.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub async fn finish(self) -> Result<Media, MediaError> {
        unimplemented!()
    }
}

impl Media {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name, for the row of a task.
    pub fn key(&self) -> MediaKey {
        unimplemented!()
    }

    /// It belongs to a task now, and is not removed.
    pub fn keep(self) {
        unimplemented!()
    }
}
