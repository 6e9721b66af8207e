//! Where a recording comes from, and how it is opened.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::progress::Monitor;
use tempfile::NamedTempFile;

use super::pump::{Event, Pump};
use super::{AudioError, Settings};

/// A recording to decode, and which of its audio tracks.
#[derive(Debug)]
pub struct Source {
    origin: Origin,
    /// See [`Source::with_track`].
    pub(super) track: Option<NonZeroU16>,
}

enum Origin {
    File(PathBuf),
    Reader(Box<dyn Read + Send>),
}

impl Source {
    /// A file. A named pipe or a device is read to its end first, as [`Source::reader`] is.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::of(Origin::File(path.into()))
    }

    /// A stream. It is copied to a private temporary file, because most formats need seeking.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::of(Origin::Reader(Box::new(reader)))
    }

    /// The standard input of this process.
    pub fn stdin() -> Self {
        Self::reader(io::stdin())
    }

    /// The audio track to decode, counted from 1 among the audio tracks. `None` takes the one that is flagged as the
    /// default, else the first that can be decoded.
    #[must_use]
    pub fn with_track(self, track: Option<NonZeroU16>) -> Self {
        Self { track, ..self }
    }

    fn of(origin: Origin) -> Self {
        Self {
            origin,
            track: None,
        }
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Reader(_) => f.write_str("Reader"),
        }
    }
}

/// An opened recording: a regular file with something in it.
#[derive(Debug)]
pub(super) struct Input {
    path: PathBuf,
    file: File,
    /// Bytes in all, at least one.
    pub(super) n_bytes: u64,
    /// Removed from the disk when the input is dropped.
    _copy: Option<NamedTempFile>,
}

impl Input {
    pub(super) fn open(
        source: Source,
        settings: &Settings,
        monitor: &dyn Monitor,
    ) -> Result<Self, AudioError> {
        match source.origin {
            Origin::Reader(reader) => Self::from_copy(copy(reader, settings, monitor)?),
            Origin::File(path) => {
                let kind = fs::metadata(&path).map_err(|error| refused(&path, error))?;
                if kind.is_dir() {
                    return Err(AudioError::Directory { path });
                }
                let file = File::open(&path).map_err(|error| refused(&path, error))?;
                if kind.is_file() {
                    Self::from_file(path, file, None)
                } else {
                    Self::from_copy(copy(Box::new(file), settings, monitor)?)
                }
            }
        }
    }

    /// Where the bytes lie on disk.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A handle of the file, at its beginning. All handles share one position: use one at a time.
    pub(super) fn reopen(&self) -> Result<File, AudioError> {
        let mut file = self
            .file
            .try_clone()
            .map_err(AudioError::io("opening the recording"))?;
        file.seek(SeekFrom::Start(0))
            .map_err(AudioError::io("reading the recording"))?;
        Ok(file)
    }

    fn from_copy(copy: NamedTempFile) -> Result<Self, AudioError> {
        let file = copy
            .reopen()
            .map_err(AudioError::io("opening the temporary copy"))?;
        Self::from_file(copy.path().to_owned(), file, Some(copy))
    }

    fn from_file(
        path: PathBuf,
        file: File,
        copy: Option<NamedTempFile>,
    ) -> Result<Self, AudioError> {
        let reading = AudioError::io("reading the recording");
        let n_bytes = file.metadata().map_err(&reading)?.len();
        if n_bytes == 0 {
            return Err(AudioError::Empty);
        }
        Ok(Self {
            path,
            file,
            n_bytes,
            _copy: copy,
        })
    }
}

fn refused(path: &Path, source: io::Error) -> AudioError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => AudioError::NotFound { path },
        _ => AudioError::Unreadable { path, source },
    }
}

/// Reads `reader` to its end into a temporary file that only this user may read.
fn copy(
    reader: Box<dyn Read + Send>,
    settings: &Settings,
    monitor: &dyn Monitor,
) -> Result<NamedTempFile, AudioError> {
    let writing = AudioError::io("writing the temporary copy of the piped recording");
    let mut file = NamedTempFile::with_prefix("scriven-").map_err(&writing)?;
    let pump = Pump::start(reader).map_err(AudioError::io("starting a reader"))?;
    let limit_bytes = settings.max_piped_bytes;
    let mut n_bytes = 0_u64;
    loop {
        if monitor.is_cancelled() {
            return Err(AudioError::Cancelled);
        }
        match pump.next(Duration::from_millis(50)) {
            Event::Block(block) => {
                n_bytes += block.len() as u64;
                if n_bytes > limit_bytes {
                    return Err(AudioError::TooManyBytes { limit_bytes });
                }
                file.write_all(&block).map_err(&writing)?;
            }
            Event::Quiet => {}
            Event::Failed(source) => {
                return Err(AudioError::Io {
                    action: "reading the piped recording",
                    source,
                });
            }
            Event::End => break,
        }
    }
    file.flush().map_err(&writing)?;
    Ok(file)
}
