//! Who holds on to a file that belongs to no task yet.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// The name of a recording in its folder, as a task's row has it.
///
/// The key of a recording that belongs to no task yet holds on to it like [`Media`] does, so that it is still there
/// when the task is stored, even if the one who submits it is gone.
#[derive(Clone)]
pub struct MediaKey {
    name: String,
    guard: Option<Arc<Guard>>,
}

/// The text is no name that a recording can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name of the recording is not one of this program's")]
pub struct NotAMediaKey;

impl MediaKey {
    /// A name that no other recording has.
    pub(super) fn fresh() -> Self {
        Self::plain(Uuid::new_v4().simple().to_string())
    }

    fn plain(name: String) -> Self {
        Self { name, guard: None }
    }

    /// The name: 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// A stored task has the recording now: it is not removed with its guards.
    pub(crate) fn belongs_to_a_task(&self) {
        if let Some(guard) = &self.guard {
            guard.is_kept.store(true, Ordering::SeqCst);
        }
    }
}

impl FromStr for MediaKey {
    type Err = NotAMediaKey;

    fn from_str(text: &str) -> Result<Self, NotAMediaKey> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_name = text.len() == 32 && text.bytes().all(is_digit);
        is_name
            .then(|| Self::plain(text.to_owned()))
            .ok_or(NotAMediaKey)
    }
}

impl PartialEq for MediaKey {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MediaKey {}

impl Hash for MediaKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for MediaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaKey({})", self.name)
    }
}

/// A recording that belongs to no task yet. Dropped with all its keys, it is removed.
#[derive(Debug)]
pub struct Media {
    guard: Arc<Guard>,
}

impl Media {
    pub(super) fn new(guard: Guard) -> Self {
        Self {
            guard: Arc::new(guard),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.guard.path
    }

    /// Its name, for the row of a task.
    pub fn key(&self) -> MediaKey {
        MediaKey {
            name: self.guard.name.clone(),
            guard: Some(Arc::clone(&self.guard)),
        }
    }

    /// It belongs to a task now, and is not removed. [`insert_task`](crate::Store::insert_task) says so itself.
    pub fn keep(self) {
        self.guard.is_kept.store(true, Ordering::SeqCst);
    }
}

/// Names of files that somebody in this process holds on to.
#[derive(Debug, Default)]
pub(super) struct InProgress(Mutex<HashSet<String>>);

impl InProgress {
    /// Takes charge of the file at `path`, which is not there yet.
    pub(super) fn guard(in_progress: &Arc<Self>, path: PathBuf, key: MediaKey) -> Guard {
        in_progress.names().insert(key.name.clone());
        Guard {
            name: key.name,
            path,
            is_kept: AtomicBool::new(false),
            in_progress: Arc::clone(in_progress),
        }
    }

    /// A copy of the names.
    pub(super) fn snapshot(&self) -> HashSet<String> {
        self.names().clone()
    }

    fn names(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds on to one file, and removes it in the end unless it was given to a task.
#[derive(Debug)]
pub(super) struct Guard {
    name: String,
    path: PathBuf,
    is_kept: AtomicBool,
    in_progress: Arc<InProgress>,
}

impl Guard {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.is_kept.load(Ordering::SeqCst)
            && let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, "a recording that nobody needs could not be removed");
        }
        self.in_progress.names().remove(&self.name);
    }
}
