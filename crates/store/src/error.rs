//! What can go wrong here.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The task is no longer the worker's: it was deleted, or taken over after the lease ended. Nothing was changed.
    #[error("the lease of task {task} was lost")]
    LeaseLost {
        /// The task.
        task: String,
    },
    /// The database cannot be reached, read or written now; it may be later. The text is for the log.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row holds what nobody wrote, or would break a rule. The text names table, column and row.
    #[error("the database is inconsistent: {0}")]
    Inconsistent(String),
}

/// A task was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// As much waits as may.
    #[error("the queue is full; try again in {} seconds", retry_after.as_secs())]
    QueueFull {
        /// When there is probably room, from how fast tasks were finished lately; at least a second, at most an hour.
        retry_after: Duration,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The database cannot be had for this process alone.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another scriven serves this database: it holds {}", path.display())]
    Taken {
        /// The file that is locked.
        path: PathBuf,
    },
    /// The file beside the database that is locked cannot be made or locked.
    #[error("cannot lock {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The disk is full, or a quota is used up.
    #[error("there is no room left for files")]
    NoSpace,
    /// Something else is wrong with the folder. The text is for the log.
    #[error("cannot {action} a file: {source}")]
    Io {
        /// Such as `create`.
        action: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl MediaError {
    /// What `source` says about room, or else that `action` was not possible.
    pub(crate) fn new(action: &'static str, source: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match source.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::NoSpace,
            _ => Self::Io { action, source },
        }
    }
}

/// Why statements came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database refused one.
    Sql(sqlx::Error),
    /// Their answers allow no more of them.
    Store(StoreError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// Whether the connections may be what is wrong: the file is damaged, was moved, or its log is.
    pub(crate) fn asks_for_new_connections(&self) -> bool {
        const READ_ONLY_BECAUSE_MOVED: i32 = 1032;
        let Self::Sql(error) = self else {
            return false;
        };
        match sqlite_code(error) {
            Some(READ_ONLY_BECAUSE_MOVED) => true,
            Some(code) => matches!(
                code & 0xff,
                CANNOT_OPEN | CORRUPT | IO_ERROR | NOT_A_DATABASE
            ),
            None => matches!(error, sqlx::Error::WorkerCrashed),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error,
            Failure::Sql(error) => error.into(),
        }
    }
}

/// Names of the result codes: <https://www.sqlite.org/rescode.html>.
const IO_ERROR: i32 = 10;
const CORRUPT: i32 = 11;
const CANNOT_OPEN: i32 = 14;
const CONSTRAINT: i32 = 19;
const NOT_A_DATABASE: i32 = 26;

fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Unavailable("no connection became free".to_owned()),
            sqlx::Error::Database(refusal) => match sqlite_code(&error) {
                Some(code) if code & 0xff == CONSTRAINT => {
                    Self::Inconsistent(refusal.message().to_owned())
                }
                code => Self::Unavailable(format!(
                    "{} (code {})",
                    refusal.message(),
                    code.unwrap_or_default()
                )),
            },
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_) => Self::Inconsistent(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
