//! Records of what was done with tasks (contract 5.4), for a log of their own: target `audit`.

use domain::task::{TaskId, TaskType};

/// A task was accepted.
pub(crate) fn task_created(task: &TaskId, task_type: TaskType) {
    tracing::info!(
        target: "audit",
        event_type = "task.created",
        resource_type = "task",
        resource_id = %task,
        task.id = %task,
        action = "create",
        details = %task_type,
        "the task was accepted"
    );
}

/// A task was deleted.
pub(crate) fn task_deleted(identifier: &str) {
    tracing::info!(
        target: "audit",
        event_type = "task.deleted",
        resource_type = "task",
        resource_id = identifier,
        task.id = identifier,
        action = "delete",
        "the task was deleted"
    );
}
