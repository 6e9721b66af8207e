//! One server a database: a file beside it is locked.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::LockError;
use crate::settings::DatabaseUrl;

/// Locks the database at `url` for as long as the file that comes back is open. The database itself is not locked, so
/// that other programs may read it.
pub(crate) fn lock(url: &DatabaseUrl) -> Result<Option<File>, LockError> {
    let DatabaseUrl::SqliteFile(database) = url else {
        return Ok(None);
    };
    let path = lock_path(database);
    let unusable = |source| LockError::Io {
        path: path.clone(),
        source,
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(LockError::Taken { path }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// One for all names of the database.
fn lock_path(database: &Path) -> PathBuf {
    let folder = database
        .parent()
        .and_then(|folder| folder.canonicalize().ok());
    let in_folder = || Some(folder?.join(database.file_name()?));
    let real = database.canonicalize().ok().or_else(in_folder);
    let mut path = OsString::from(real.unwrap_or_else(|| database.to_owned()));
    path.push(".lock");
    path.into()
}
