//! The answer to a submission, and to a deletion.

use domain::task::TaskId;
use serde::Serialize;
use utoipa::ToSchema;

/// What became of a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Response)]
pub(crate) struct Outcome {
    /// The name of the task: a UUID in lower case.
    identifier: String,
    /// `Task queued` or `Task deleted`.
    message: &'static str,
}

impl Outcome {
    /// The task is accepted: it survives any crash from now on.
    pub(crate) fn queued(task: &TaskId) -> Self {
        Self {
            identifier: task.to_string(),
            message: "Task queued",
        }
    }

    /// The task is no more.
    pub(crate) fn deleted(identifier: String) -> Self {
        Self {
            identifier,
            message: "Task deleted",
        }
    }
}
