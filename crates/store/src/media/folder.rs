//! The folder itself: made, and for this user alone.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::{LockError, MediaError};

/// Makes `folder` if it is not there, and lets nobody else look into it.
pub(super) fn make_private(folder: &Path) -> Result<(), MediaError> {
    let unusable = |error| MediaError::new("make the folder of", error);
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(unusable)?;
    }
    match private_builder().create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => made.map_err(unusable)?,
    }
    check_and_close(folder).map_err(unusable)
}

/// Locks `folder` itself for as long as the file that comes back is open; nothing where folders cannot be opened.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, LockError> {
    if cfg!(not(unix)) {
        return Ok(None);
    }
    let path = || folder.to_owned();
    let unusable = |source| LockError::Io {
        path: path(),
        source,
    };
    let file = File::open(folder).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(LockError::FolderTaken { path: path() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// Refuses a folder that somebody else may have put there: where all may write, such as `/tmp`, its files would be
/// theirs to read or exchange, and ours to sweep.
fn check_and_close(folder: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(folder)?;
    if !metadata.is_dir() {
        let text = format!("{} is no folder, or a symbolic link", folder.display());
        return Err(io::Error::new(ErrorKind::NotADirectory, text));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            let text = format!("{} belongs to another user", folder.display());
            return Err(io::Error::new(ErrorKind::PermissionDenied, text));
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn private_builder() -> DirBuilder {
    #[cfg_attr(
        not(unix),
        expect(unused_mut, reason = "the mode is set where there is one")
    )]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}
