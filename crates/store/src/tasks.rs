//! Tasks as clients see them: shown, listed, deleted.

use domain::clock::Timestamp;
use domain::request::JobRequest;
use domain::task::{
    CallbackStatus, FailureText, StageProgress, TaskId, TaskState, TaskStatus, TaskType,
};
use domain::words::StoredWord;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::{Failure, StoreError};
use crate::media::MediaKey;
use crate::store::{Event, Reader, Store};

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
    pub task_type: StoredWord<TaskType>,
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
    pub status: StoredWord<TaskStatus>,
    /// What it does.
    pub task_type: StoredWord<TaskType>,
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

impl Store {
    /// The task that is called `id`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find_task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        let row = self.read(async |reader| find_row(reader, id).await).await?;
        row.as_ref().map(Task::try_from).transpose()
    }

    /// All tasks, in the order in which they were accepted. Rows that another program wrote and that stand for no task
    /// are left out, and named in the log.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_tasks(&self) -> Result<Vec<TaskSummary>, StoreError> {
        let rows = self.read(list_rows).await?;
        Ok(rows.iter().filter_map(readable).collect())
    }

    /// Deletes the task that is called `id`, whatever its state, with its callback. A worker that is at it loses its
    /// lease, and is told by [`Event::Deleted`]. False if there is no such task.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_task(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(|connection| Box::pin(delete_row(connection, id)))
            .await
    }
}

/// The task of a row, if it is one.
fn readable(row: &SqliteRow) -> Option<TaskSummary> {
    let task = TaskSummary::try_from(row);
    task.inspect_err(|error| tracing::warn!(%error, "a task is left out of the list"))
        .ok()
}

async fn find_row(mut reader: Reader, id: &str) -> Result<Option<SqliteRow>, Failure> {
    // `cast`, because a JSON column that holds a number would come as one.
    let row = sqlx::query(
        "select id, uuid, status, task_type,
            case when status not in ('queued', 'processing', 'failed') then cast(result as text) end as result,
            notes, cast(task_params as text) as task_params,
            language, file_name, url, error, duration, audio_duration, start_time, end_time, created_at, updated_at,
            attempt, due_at, worker, lease_ends_at, progress_stage, progress_percentage,
            callback_url, callback_status, callback_attempts, callback_error, request_id
        from tasks
        where uuid = ?",
    )
    .bind(id)
    .fetch_optional(&mut *reader)
    .await?;
    Ok(row)
}

async fn list_rows(mut reader: Reader) -> Result<Vec<SqliteRow>, Failure> {
    // No results and no requests: a thousand of them are large.
    let rows = sqlx::query(
        "select id, uuid, status, task_type, file_name, url, audio_duration, language, error, duration, start_time,
            end_time, progress_stage, progress_percentage
        from tasks
        order by id",
    )
    .fetch_all(&mut *reader)
    .await?;
    Ok(rows)
}

async fn delete_row(
    connection: &mut SqliteConnection,
    id: String,
) -> Result<(bool, Vec<Event>), Failure> {
    // The message to its callback and the log of deliveries go with it: they reference it.
    let deleted = sqlx::query("delete from tasks where uuid = ?")
        .bind(&id)
        .execute(connection)
        .await?;
    if deleted.rows_affected() == 0 {
        return Ok((false, Vec::new()));
    }
    Ok((true, vec![Event::Deleted(TaskId::new(id))]))
}
