//! What can go wrong here.

use std::io;
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
    /// A row holds what nobody wrote. The text names table, column and row.
    #[error("the database is inconsistent: {0}")]
    Inconsistent(String),
}

/// A task was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// As much waits as may.
    #[error("the queue is full; try again in {} seconds", retry_after.as_secs())]
    QueueFull {
        /// When there is probably room, from how fast tasks were finished lately; at least a second.
        retry_after: Duration,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
