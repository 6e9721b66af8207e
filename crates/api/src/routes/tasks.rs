//! What becomes of tasks (contract 1.12 to 1.14).

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use store::Task;

use super::documented::{ReadProblems, TaskProblems};
use crate::audit;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{Outcome, TaskList, TaskListItem, TaskSchema};

/// Retrieve all tasks, in the order in which they were accepted
#[utoipa::path(
    get,
    path = "/task/all",
    tag = "Tasks Management",
    operation_id = "get_all_tasks_status_task_all_get",
    responses((status = 200, description = "All tasks", body = TaskList), ReadProblems)
)]
pub(crate) async fn list(State(state): State<ApiState>) -> Result<Json<TaskList>, Problem> {
    let tasks = state.store.list_tasks().await?;
    let tasks = tasks.into_iter().map(TaskListItem::from).collect();
    Ok(Json(TaskList { tasks }))
}

/// Retrieve a task, with its result once it is completed
#[utoipa::path(
    get,
    path = "/task/{identifier}",
    tag = "Tasks Management",
    operation_id = "get_transcription_status_task__identifier__get",
    params(("identifier" = String, Path, description = "The name of the task")),
    responses((status = 200, description = "The task", body = TaskSchema), TaskProblems)
)]
pub(crate) async fn show(
    State(state): State<ApiState>,
    identifier: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let task = find(&state, text(identifier)?).await?;
    let json = [(CONTENT_TYPE, "application/json")];
    Ok((json, task.document()?).into_response())
}

/// Delete a task, whatever its state; work on it stops
#[utoipa::path(
    delete,
    path = "/task/{identifier}/delete",
    tag = "Tasks Management",
    operation_id = "delete_task_task__identifier__delete_delete",
    params(("identifier" = String, Path, description = "The name of the task")),
    responses((status = 200, description = "The task is no more", body = Outcome), TaskProblems)
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    identifier: Result<Path<String>, PathRejection>,
) -> Result<Json<Outcome>, Problem> {
    let identifier = text(identifier)?;
    if !state.store.delete_task(&identifier).await? {
        return Err(Problem::NoSuchTask(identifier));
    }
    audit::task_deleted(&identifier);
    Ok(Json(Outcome::deleted(identifier)))
}

/// The task of this name.
pub(super) async fn find(state: &ApiState, identifier: String) -> Result<Task, Problem> {
    let task = state.store.find_task(&identifier).await?;
    task.ok_or(Problem::NoSuchTask(identifier))
}

/// The name of a task, as it stands in the path.
pub(super) fn text(identifier: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    let no_text = |_| Problem::BadRequest("The identifier is no UTF-8");
    identifier.map(|Path(text)| text).map_err(no_text)
}
