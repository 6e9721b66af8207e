//! Files that crashes left behind.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

use sqlx::Row as _;

use super::{MediaKey, MediaStore};
use crate::error::{Failure, StoreError};
use crate::store::{Reader, Store};

impl MediaStore {
    /// Removes every file that no task in `store` waits for, but those that are being written or probed now.
    ///
    /// # Errors
    /// The database failed; single files that cannot be removed are logged.
    pub async fn sweep(&self, store: &Store) -> Result<u64, StoreError> {
        // In this order: a file that is listed and in nobody's hands any more has its row by then, or never gets one.
        let files = self.list_files().await;
        let in_progress = self.in_progress.snapshot();
        let owned = store.list_media().await?;
        let mut n_removed = 0;
        for key in files {
            if in_progress.contains(key.as_str()) || owned.contains(key.as_str()) {
                continue;
            }
            match self.remove(&key).await {
                Ok(()) => n_removed += 1,
                Err(error) => tracing::warn!(%error, "a recording was not swept"),
            }
        }
        Ok(n_removed)
    }

    /// The files of this program in the folder; what else is there is not touched.
    async fn list_files(&self) -> Vec<MediaKey> {
        let folder = self.folder.clone();
        let listed = tokio::task::spawn_blocking(move || list_keys(&folder)).await;
        match listed.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(keys) => keys,
            Err(error) => {
                tracing::warn!(%error, "the folder of recordings cannot be read");
                Vec::new()
            }
        }
    }
}

fn list_keys(folder: &PathBuf) -> io::Result<Vec<MediaKey>> {
    let mut keys = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        keys.extend(
            entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok()),
        );
    }
    Ok(keys)
}

impl Store {
    /// The recordings that tasks wait for or work on.
    async fn list_media(&self) -> Result<HashSet<String>, StoreError> {
        self.read(list_media_rows).await
    }
}

async fn list_media_rows(mut reader: Reader) -> Result<HashSet<String>, Failure> {
    // `union all`, so that each half has its index.
    let rows = sqlx::query(
        "select media from tasks where status = 'queued' and media is not null
        union all
        select media from tasks where status = 'processing' and media is not null",
    )
    .fetch_all(&mut *reader)
    .await?;
    Ok(rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?)
}
