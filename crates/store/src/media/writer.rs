//! A recording that is being written.

use std::path::Path;

use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::guard::{Guard, Media};
use crate::error::MediaError;

/// Bytes that are written at once: each write is a trip to another thread.
const BUFFER_BYTES: usize = 256 * 1024;

/// A recording that is being written. Dropped, it is removed.
#[derive(Debug)]
pub struct MediaWriter {
    file: BufWriter<File>,
    size_bytes: u64,
    guard: Guard,
}

impl MediaWriter {
    /// Makes the file that `guard` holds on to.
    pub(super) async fn create(guard: Guard) -> Result<Self, MediaError> {
        let mut options = OpenOptions::new();
        // New: neither what is there nor what a symbolic link leads to is ever written.
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file =
            (options.open(guard.path()).await).map_err(|error| MediaError::new("create", error))?;
        Ok(Self {
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            size_bytes: 0,
            guard,
        })
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), MediaError> {
        (self.file.write_all(bytes).await).map_err(|error| MediaError::new("write", error))?;
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Bytes written so far.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Ends the recording: all of it is on the disk, and so is its name.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub async fn finish(mut self) -> Result<Media, MediaError> {
        let failed = |error| MediaError::new("write", error);
        self.file.flush().await.map_err(failed)?;
        self.file.get_ref().sync_all().await.map_err(failed)?;
        sync_folder(self.guard.path()).await.map_err(failed)?;
        Ok(Media::new(self.guard))
    }
}

/// Writes the name of the file at `path` to the disk.
async fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder).await?.sync_all().await,
        _ => Ok(()),
    }
}
