//! Tasks in answers. A single task is [written by the store](store::Task::document), since its callback gets the same;
//! what stands here of it is its schema.

use domain::clock::Timestamp;
use domain::progress::Stage;
use domain::task::{CallbackStatus, TaskStatus, TaskType};
use serde::Serialize;
use serde_json::Value;
use store::TaskSummary;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::words::one_of;

/// All tasks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskListResponse)]
pub(crate) struct TaskList {
    /// In the order in which they were accepted.
    pub(crate) tasks: Vec<TaskListItem>,
}

/// A task in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskSummaryResponse)]
pub(crate) struct TaskListItem {
    /// Its name.
    identifier: String,
    /// How far it is.
    #[schema(schema_with = status)]
    status: String,
    /// What it does.
    #[schema(schema_with = task_type)]
    task_type: String,
    /// The name of the recording.
    #[schema(required = true)]
    file_name: Option<String>,
    /// Where the recording came from.
    #[schema(required = true)]
    url: Option<String>,
    /// Its length in seconds.
    #[schema(required = true)]
    audio_duration: Option<f64>,
    /// The language spoken, a code.
    #[schema(required = true)]
    language: Option<String>,
    /// What went wrong, if it failed.
    #[schema(required = true)]
    error: Option<String>,
    /// Seconds that the work took.
    #[schema(required = true)]
    duration: Option<f64>,
    /// When the work began.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    start_time: Option<Timestamp>,
    /// When it ended.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    end_time: Option<Timestamp>,
}

impl From<TaskSummary> for TaskListItem {
    fn from(task: TaskSummary) -> Self {
        Self {
            identifier: task.id.to_string(),
            status: task.status.to_string(),
            task_type: task.task_type.to_string(),
            file_name: task.file_name,
            url: task.url,
            audio_duration: task.audio_duration,
            language: task.language,
            error: task.error.map(|error| error.to_string()),
            duration: task.duration,
            start_time: task.start_time,
            end_time: task.end_time,
        }
    }
}

/// What a receiver of callbacks may answer. Nobody reads it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct TaskEventReceived {
    /// Whether the receiver is content.
    ok: bool,
}

/// A task with its result.
#[derive(Debug, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize), serde(deny_unknown_fields))]
#[schema(as = Result)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct TaskSchema {
    /// How far it is.
    #[schema(schema_with = status)]
    status: String,
    /// What came out, once it is completed: an object, or for a diarization a list.
    #[schema(required = true, schema_with = result)]
    result: Option<Value>,
    /// What is known about it.
    metadata: Metadata,
    /// What went wrong, if it failed.
    #[schema(required = true)]
    error: Option<String>,
    /// Its name.
    identifier: String,
    /// How far the work is, while it is going on.
    #[schema(required = true)]
    progress: Option<Progress>,
    /// What to know about the result, a sentence each: what was lost or chosen on the way, or that no speech was found.
    /// Missing where there is nothing to say.
    #[cfg_attr(test, serde(default))]
    #[schema(required = false)]
    notes: Vec<String>,
}

/// What is known about a task.
#[derive(Debug, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize), serde(deny_unknown_fields))]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Metadata {
    /// What it does.
    #[schema(schema_with = task_type)]
    task_type: String,
    /// The parameters of the request.
    #[schema(required = true, value_type = Option<Object>)]
    task_params: Option<Value>,
    /// The language spoken, a code.
    #[schema(required = true)]
    language: Option<String>,
    /// The name of the recording.
    #[schema(required = true)]
    file_name: Option<String>,
    /// Where the recording came from.
    #[schema(required = true)]
    url: Option<String>,
    /// Who is told when it has ended.
    #[schema(required = true)]
    callback_url: Option<String>,
    /// Seconds that the work took.
    #[schema(required = true)]
    duration: Option<f64>,
    /// The length of the recording in seconds.
    #[schema(required = true)]
    audio_duration: Option<f64>,
    /// When the work began.
    #[schema(required = true, format = DateTime)]
    start_time: Option<String>,
    /// When it ended.
    #[schema(required = true, format = DateTime)]
    end_time: Option<String>,
    /// How far the message to the callback is.
    #[schema(required = true, schema_with = callback_status)]
    callback_status: Option<String>,
    /// How often it was sent.
    callback_attempts: u32,
    /// What went wrong with the last attempt.
    #[schema(required = true)]
    callback_error: Option<String>,
}

/// How far the work on a task is.
#[derive(Debug, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize), serde(deny_unknown_fields))]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Progress {
    /// What is being done.
    #[schema(schema_with = stage)]
    stage: String,
    /// How much of the whole is done, from 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    percentage: f64,
}

fn status() -> RefOr<Schema> {
    one_of(TaskStatus::ALL.iter().map(|word| word.as_str()), false)
}

fn task_type() -> RefOr<Schema> {
    one_of(TaskType::ALL.iter().map(|word| word.as_str()), false)
}

fn callback_status() -> RefOr<Schema> {
    one_of(CallbackStatus::ALL.iter().map(|word| word.as_str()), true)
}

fn stage() -> RefOr<Schema> {
    one_of(Stage::ALL.into_iter().map(Stage::name), false)
}

fn result() -> RefOr<Schema> {
    use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
    let types = SchemaType::Array(vec![Type::Object, Type::Array, Type::Null]);
    ObjectBuilder::new()
        .schema_type(types)
        .description(Some(
            "What came out, once it is completed: an object, or for a diarization a list.",
        ))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::task::{Queued, TaskId, TaskState};
    use domain::words::StoredWord;

    #[test]
    fn c1_13_the_schema_has_the_members_that_the_store_writes() {
        let task = store::Task {
            id: TaskId::new("abc"),
            task_type: StoredWord::Known(TaskType::Combination),
            state: TaskState::Queued(Queued::default()),
            task_params: None,
            language: None,
            file_name: None,
            url: None,
            callback: None,
            duration: None,
            audio_duration: None,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
            request_id: None,
        };
        serde_json::from_str::<TaskSchema>(&task.document().unwrap()).unwrap();
    }
}
