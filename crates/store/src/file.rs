//! The file of the database as it lies on the disk: whether it is still the one that was opened, and may be used.
//!
//! The database engine itself goes on with a file that was removed, replaced or made unreadable, and would answer from what nobody
//! sees any more. A look costs a few microseconds and stands before each operation.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// What the first bytes of a database are.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What an operation does with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It reads.
    Read,
    /// It writes.
    Write,
}

/// Why the file cannot be used as it was opened. The texts are for the log.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It is not there any more, or another; connections to it are worth nothing.
    Lost(String),
    /// It is the same, but not allowed now.
    Denied(String),
}

/// An eye on the file of a database that is open.
///
/// It holds the file open, and must be dropped after all connections: closing any descriptor of a file releases the
/// locks that the process has on it.
#[derive(Debug)]
pub(crate) struct FileWatch {
    path: PathBuf,
    file: File,
    identity: Identity,
    log_path: PathBuf,
    log: Option<Identity>,
}

impl FileWatch {
    /// Begins to watch the file at `path`, which must be there.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        let file = File::open(&path)?;
        let mut log_path = path.clone().into_os_string();
        log_path.push("-wal");
        Ok(Self {
            identity: identity(&file.metadata()?),
            log_path: log_path.into(),
            log: None,
            path,
            file,
        })
    }

    /// The log beside the file belongs to it: the database is open now.
    pub(crate) fn adopt_log(&mut self) {
        self.log = self.present_log();
    }

    /// Whether the file may be used for `access`.
    pub(crate) fn look(&self, access: Access) -> Result<(), Trouble> {
        let metadata = fs::metadata(&self.path)
            .map_err(|error| Trouble::Lost(format!("its file cannot be found: {error}")))?;
        if identity(&metadata) != self.identity {
            return Err(Trouble::Lost("its file was replaced".to_owned()));
        }
        if !self.begins_as_a_database() {
            return Err(Trouble::Lost("its file was overwritten".to_owned()));
        }
        if self.log != self.present_log() {
            return Err(Trouble::Lost("the log beside its file is gone".to_owned()));
        }
        allowed(&self.path, access)
            .map_err(|error| Trouble::Denied(format!("its file may not be used: {error}")))
    }

    fn present_log(&self) -> Option<Identity> {
        let metadata = fs::metadata(&self.log_path).ok()?;
        Some(identity(&metadata))
    }

    fn begins_as_a_database(&self) -> bool {
        let mut bytes = [0; MAGIC.len()];
        read_at_start(&self.file, &mut bytes).is_ok() && &bytes == MAGIC
    }
}

/// Makes the file of a database that only this user may read; one that is there stays as it is.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Which file it is, whatever it is called.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

/// Elsewhere a file that is open cannot be removed or replaced.
#[cfg(not(unix))]
fn identity(_metadata: &Metadata) -> Identity {
    Identity {
        device: 0,
        inode: 0,
    }
}

#[cfg(unix)]
fn allowed(path: &Path, access: Access) -> io::Result<()> {
    let wanted = match access {
        Access::Read => rustix::fs::Access::READ_OK,
        Access::Write => rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK,
    };
    Ok(rustix::fs::access(path, wanted)?)
}

#[cfg(not(unix))]
fn allowed(_path: &Path, _access: Access) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn read_at_start(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, 0)
}

#[cfg(not(unix))]
fn read_at_start(mut file: &File, bytes: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek};
    file.rewind()?;
    file.read_exact(bytes)
}
