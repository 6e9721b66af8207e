//! Where the database is, and how much of it is used.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Which database (contract 5.3): `sqlite:///records.db`, `sqlite:////abs/path.db`, `sqlite://` or `sqlite:///:memory:`;
/// a driver after the scheme (`sqlite+aiosqlite`) is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An SQLite file.
    SqliteFile(PathBuf),
    /// An SQLite database that lives as long as the process, shared by all its connections.
    SqliteMemory,
}

/// The text is no URL of a database that can be used. The message never holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableUrl(pub String);

impl FromStr for DatabaseUrl {
    type Err = UnusableUrl;

    fn from_str(_text: &str) -> Result<Self, Self::Err> {
        unimplemented!()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unimplemented!()
    }
}

/// How the database is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which it is.
    pub url: DatabaseUrl,
    /// Connections kept for reading; there is one more for writing.
    pub n_readers: u32,
    /// How long a caller waits for a connection, or for another process to release the file.
    pub acquire_timeout: Duration,
    /// Whether statements are logged, without their values.
    pub echo: bool,
}

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueLimits {
    /// Tasks that wait; at least 1.
    pub n_tasks: u32,
    /// Audio in them, in seconds.
    pub audio_seconds: f64,
}
