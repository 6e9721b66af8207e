//! Whether there is room for a task, asked before its recording is received.

use axum::extract::FromRequestParts;
use http::request::Parts;
use store::InsertError;

use crate::problem::Problem;
use crate::state::ApiState;

/// There was room for a task when this was made. The store decides when the task is inserted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room;

impl FromRequestParts<ApiState> for Room {
    type Rejection = Problem;

    async fn from_request_parts(
        _parts: &mut Parts,
        state: &ApiState,
    ) -> Result<Self, Self::Rejection> {
        if state.stopping.is_cancelled() {
            return Err(Problem::Stopping);
        }
        let figures = state.store.queue_figures().await?;
        // How long its recording is nobody knows yet.
        match figures.wait_for_room(0.0, state.settings.queue) {
            None => Ok(Self),
            Some(retry_after) => Err(InsertError::QueueFull { retry_after }.into()),
        }
    }
}
