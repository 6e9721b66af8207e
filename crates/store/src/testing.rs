//! A store for tests: on a temporary file, with a clock that is moved by hand.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::clock::{ManualClock, Timestamp};
use domain::request::{Device, JobRequest, SpeakerGroup};
use domain::task::{TaskId, TaskType};
use domain::transcript::Transcript;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tempfile::TempDir;

use crate::error::{Failure, StoreError};
use crate::media::{MediaKey, MediaStore};
use crate::settings::{DatabaseUrl, QueueLimits, Settings};
use crate::store::{Reader, Store};
use crate::tasks::NewTask;

/// More than any test lets wait.
pub const NO_LIMITS: QueueLimits = QueueLimits {
    n_tasks: 1_000_000,
    audio_seconds: 1e12,
};

/// A store on a temporary file, which is removed with it.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Its clock, which begins at 2026-11-22 11:00:00.
    pub clock: Arc<ManualClock>,
    folder: TempDir,
}

impl TestStore {
    /// An empty one.
    ///
    /// # Panics
    /// There is no room for temporary files.
    pub fn new() -> Self {
        let start = Timestamp::from_micros(1_795_345_200_000_000);
        let clock = Arc::new(ManualClock::new(start));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(settings(&folder.path().join("records.db")), clock.clone());
        Self {
            store,
            clock,
            folder,
        }
    }

    /// As if the process had been killed and started again: another store on the same file. The old one is not closed.
    pub fn restart(&mut self) {
        self.store = Store::new(settings(&self.database_path()), self.clock.clone());
    }

    /// Where the database lies.
    pub fn database_path(&self) -> PathBuf {
        self.folder.path().join("records.db")
    }

    /// A folder of recordings beside it.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn media(&self) -> MediaStore {
        MediaStore::open(&self.folder.path().join("media")).expect("a folder of recordings")
    }

    /// Accepts `task`, and says its name.
    ///
    /// # Panics
    /// It is not accepted.
    pub async fn insert(&self, task: NewTask) -> TaskId {
        let id = task.id.clone();
        let inserted = self.store.insert_task(task, NO_LIMITS).await;
        inserted.expect("the task is accepted");
        id
    }

    /// The whole queue as text, one line a task, as [`picture`] says.
    ///
    /// # Panics
    /// The database failed.
    pub async fn picture(&self) -> String {
        picture(&self.store).await.expect("the database is there")
    }
}

impl Default for TestStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Settings for a database at `path`.
pub fn settings(path: &Path) -> Settings {
    Settings {
        url: DatabaseUrl::SqliteFile(path.to_owned()),
        n_readers: 4,
        acquire_timeout: Duration::from_secs(5),
        echo: false,
    }
}

/// A task that needs no recording, with a fresh name.
pub fn combination() -> NewTask {
    let request = JobRequest::Combination {
        transcript: Transcript::default(),
        turns: Vec::new(),
    };
    new_task(request, None)
}

/// A task for a recording of ten seconds, with a fresh name.
pub fn diarization(media: Option<MediaKey>) -> NewTask {
    let request = JobRequest::Diarization {
        speakers: SpeakerGroup::default(),
        device: Device::Cpu,
        audio_track: None,
    };
    new_task(request, media)
}

fn new_task(request: JobRequest, media: Option<MediaKey>) -> NewTask {
    let audio_duration = request.needs_media().then_some(10.0);
    NewTask {
        id: TaskId::new(uuid::Uuid::new_v4().to_string()),
        file_name: (request.task_type() != TaskType::Combination).then(|| "call.wav".to_owned()),
        request,
        url: None,
        callback_url: None,
        audio_duration,
        media,
        request_id: None,
    }
}

impl NewTask {
    /// The same, called `id`.
    #[must_use]
    pub fn called(mut self, id: &str) -> Self {
        self.id = TaskId::new(id);
        self
    }

    /// The same, with a callback.
    #[must_use]
    pub fn with_callback(mut self, url: &str) -> Self {
        self.callback_url = Some(url.to_owned());
        self
    }

    /// The same, with another length of its recording.
    #[must_use]
    pub fn lasting(mut self, seconds: f64) -> Self {
        self.audio_duration = Some(seconds);
        self
    }
}

/// The whole queue as text for snapshots, without names and times of day: one line a task with its row number, what
/// it is, how far it is, and how far its callback is. Moments are given as seconds from now.
///
/// # Errors
/// The database failed.
pub async fn picture(store: &Store) -> Result<String, StoreError> {
    let now = store.clock().now();
    let rows = store.read(list_rows).await?;
    Ok(rows.iter().map(|row| line(row, now)).collect())
}

async fn list_rows(mut reader: Reader) -> Result<Vec<SqliteRow>, Failure> {
    let rows = sqlx::query(
        "select tasks.id, task_type, status, attempt, worker, tasks.due_at, lease_ends_at, media is not null as has_media,
            progress_stage, progress_percentage, error, callback_status, callback_attempts, callback_error,
            outbox.due_at as message_due_at, outbox.claimed_until
        from tasks left join outbox on outbox.task = tasks.uuid
        order by tasks.id",
    )
    .fetch_all(&mut *reader)
    .await?;
    Ok(rows)
}

fn line(row: &SqliteRow, now: Timestamp) -> String {
    let text = |column| -> Option<String> { row.get(column) };
    let number = |column| -> i64 { row.get(column) };
    let from_now = |column: &str| -> Option<f64> {
        let micros: Option<i64> = row.get(column);
        Some((micros? - now.as_micros()) as f64 / 1e6)
    };
    let mut line = format!(
        "{} {} {} attempt={}",
        number("id"),
        text("task_type").unwrap_or_default(),
        text("status").unwrap_or_default(),
        number("attempt")
    );
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            // A String takes all.
            let _ = write!(line, " {name}={value}");
        }
    };
    let seconds = |seconds: Option<f64>| seconds.map(|seconds| format!("{seconds:+}s"));
    add("worker", text("worker"));
    add("due", seconds(from_now("due_at")));
    add("lease", seconds(from_now("lease_ends_at")));
    add(
        "media",
        row.get::<bool, _>("has_media").then(|| "yes".to_owned()),
    );
    let percentage: Option<f64> = row.get("progress_percentage");
    let stage = text("progress_stage").zip(percentage);
    add(
        "progress",
        stage.map(|(stage, done)| format!("{stage}:{done}%")),
    );
    add("error", text("error").map(|error| format!("{error:?}")));
    let callback = text("callback_status");
    add(
        "callback",
        callback.map(|status| format!("{status}:{}", number("callback_attempts"))),
    );
    add(
        "callback_error",
        text("callback_error").map(|error| format!("{error:?}")),
    );
    add("message_due", seconds(from_now("message_due_at")));
    add("sending_until", seconds(from_now("claimed_until")));
    line.push('\n');
    line
}
