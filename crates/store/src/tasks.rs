//! Tasks as clients see them: accepted, shown, listed, deleted.

use domain::clock::Timestamp;
use domain::request::JobRequest;
use domain::task::{
    CallbackStatus, FailureText, StageProgress, TaskId, TaskState, TaskStatus, TaskType,
};

use crate::error::{InsertError, StoreError};
use crate::media::MediaKey;
use crate::settings::QueueLimits;
use crate::store::Store;

/// A task to accept.
#[derive(Debug)]
pub struct NewTask {
    /// Its name, fresh.
    pub id: TaskId,
    /// What it is asked to do.
    pub request: JobRequest,
    /// The name of the recording.
    pub file_name: Option<String>,
    /// Where the recording came from.
    pub url: Option<String>,
    /// Who is told when it has ended.
    pub callback_url: Option<String>,
    /// The length of the recording, in seconds.
    pub audio_duration: Option<f64>,
    /// The recording.
    pub media: Option<MediaKey>,
    /// The id of the request that made it, for the logs.
    pub request_id: Option<String>,
}

/// A task as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its name.
    pub id: TaskId,
    /// What it does.
    pub task_type: TaskType,
    /// How far it is.
    pub state: TaskState,
    /// Its parameters, a JSON text.
    pub task_params: Option<String>,
    /// The language, a code.
    pub language: Option<String>,
    /// The name of the recording.
    pub file_name: Option<String>,
    /// Where the recording came from.
    pub url: Option<String>,
    /// Who is told when it has ended, and how far that is.
    pub callback: Option<Callback>,
    /// Seconds that the last attempt took.
    pub duration: Option<f64>,
    /// The length of the recording, in seconds.
    pub audio_duration: Option<f64>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// The id of the request that made it, for the logs.
    pub request_id: Option<String>,
}

/// The message to a task's callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Where it goes.
    pub url: String,
    /// How far it is. Pending also while the task has not ended.
    pub status: CallbackStatus,
    /// Attempts made.
    pub attempts: u32,
    /// What went wrong with the last of them.
    pub error: Option<String>,
}

/// A task in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSummary {
    /// Its name.
    pub id: TaskId,
    /// How far it is.
    pub status: TaskStatus,
    /// What it does.
    pub task_type: TaskType,
    /// The name of the recording.
    pub file_name: Option<String>,
    /// Where the recording came from.
    pub url: Option<String>,
    /// The length of the recording, in seconds.
    pub audio_duration: Option<f64>,
    /// The language, a code.
    pub language: Option<String>,
    /// What went wrong.
    pub error: Option<FailureText>,
    /// Seconds that the last attempt took.
    pub duration: Option<f64>,
    /// When the last attempt began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// How far the work is, while it is going on.
    pub progress: Option<StageProgress>,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct QueueFigures {
    /// Tasks that wait.
    pub n_queued: u32,
    /// Tasks that workers are at.
    pub n_processing: u32,
    /// Audio that waits, in seconds.
    pub queued_audio_seconds: f64,
    /// Seconds of audio done in a second of work, from the last tasks; `None` before the first has ended.
    pub speed: Option<f64>,
}

impl Store {
    /// Accepts a task: after this it survives any crash.
    ///
    /// # Errors
    /// The queue is full, or the database failed; then nothing is stored.
    pub async fn insert_task(
        &self,
        _task: NewTask,
        _limits: QueueLimits,
    ) -> Result<(), InsertError> {
        unimplemented!()
    }

    /// The task that is called `id`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find_task(&self, _id: &str) -> Result<Option<Task>, StoreError> {
        unimplemented!()
    }

    /// All tasks, in the order in which they were accepted.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_tasks(&self) -> Result<Vec<TaskSummary>, StoreError> {
        unimplemented!()
    }

    /// Deletes the task that is called `id`, whatever its state, with its callback. A worker that is at it loses its
    /// lease, and is told by [`Event::Deleted`](crate::Event::Deleted). False if there is no such task.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_task(&self, _id: &str) -> Result<bool, StoreError> {
        unimplemented!()
    }

    /// How much there is to do.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queue_figures(&self) -> Result<QueueFigures, StoreError> {
        unimplemented!()
    }
}
