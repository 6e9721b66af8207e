//! The last steps of every submission: ask the callback, insert the task, keep its recording.

use axum::Json;
use domain::request::JobRequest;
use domain::task::TaskId;
use outbound::CallFailure;
use store::NewTask;
use tracing::Instrument;
use url::Url;
use uuid::Uuid;

use crate::audit;
use crate::middleware::RequestId;
use crate::problem::Problem;
use crate::recording::Recording;
use crate::state::ApiState;
use crate::wire::{FieldProblem, Outcome};

/// A task that is as it should be.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) request: JobRequest,
    pub(crate) recording: Option<Recording>,
    /// Where the recording came from.
    pub(crate) url: Option<String>,
    pub(crate) callback_url: Option<Url>,
    pub(crate) request_id: RequestId,
}

/// Hands `request` on if its models can be had. To be asked before the recording is read, if `problems` holds none of the
/// query.
///
/// # Errors
/// A model is not installed and cannot be fetched, or is none.
pub(crate) async fn with_models(
    state: &ApiState,
    request: JobRequest,
    problems: &[FieldProblem],
) -> Result<JobRequest, Problem> {
    if !problems.is_empty() {
        return Ok(request);
    }
    let models = state.models.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let checked = models.check_models(&request);
        checked.map(|()| request)
    });
    let checked = checked.await;
    let checked = checked.map_err(|error| Problem::Unexpected(error.to_string()))?;
    Ok(checked?)
}

/// Accepts a task: its row is there before the answer.
///
/// It goes on if the client goes away in the midst, so that row and recording are both there or both not.
///
/// # Errors
/// The callback does not answer or may not be called, the queue is full, or the database failed.
pub(crate) async fn submit(
    state: ApiState,
    submission: Submission,
) -> Result<Json<Outcome>, Problem> {
    if let Some(url) = &submission.callback_url {
        ask_callback(&state, url).await?;
    }
    let tracker = state.tracker.clone();
    let insert = insert(state, submission).in_current_span();
    let inserted = tracker.spawn(insert).await;
    let task = inserted.map_err(|error| Problem::Unexpected(error.to_string()))??;
    Ok(Json(Outcome::queued(&task)))
}

async fn ask_callback(state: &ApiState, url: &Url) -> Result<(), Problem> {
    state
        .outbound
        .probe(url)
        .await
        .map_err(|failure| match failure {
            CallFailure::NotAllowed(refusal) => Problem::CallbackNotAllowed(refusal.to_string()),
            CallFailure::Unreachable(_) => Problem::CallbackUnreachable(url.to_string()),
        })
}

async fn insert(state: ApiState, submission: Submission) -> Result<TaskId, Problem> {
    let id = TaskId::new(Uuid::new_v4().to_string());
    let task_type = submission.request.task_type();
    let recording = submission.recording.as_ref();
    let task = NewTask {
        id: id.clone(),
        request: submission.request,
        file_name: recording.map(|recording| recording.file_name.clone()),
        url: submission.url,
        callback_url: submission.callback_url.map(String::from),
        audio_duration: recording.map(|recording| recording.duration.0),
        media: recording.map(|recording| recording.media.key()),
        request_id: Some(submission.request_id.to_string()),
    };
    state.store.insert_task(task, state.settings.queue).await?;
    if let Some(recording) = submission.recording {
        recording.media.keep();
    }
    audit::task_created(&id, task_type);
    Ok(id)
}
