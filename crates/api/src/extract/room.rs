//! Whether there is room for a task, asked before its recording is received.

use axum::extract::FromRequestParts;
use http::request::Parts;
use store::{QueueFigures, QueueLimits};

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
        match seconds_to_room(&figures, state.settings.queue) {
            None => Ok(Self),
            Some(retry_after_seconds) => Err(Problem::QueueFull {
                retry_after_seconds,
            }),
        }
    }
}

/// The longest that a client is told to wait.
const LONGEST_WAIT_SECONDS: f64 = 3600.0;

/// When there is probably room for another task, if there is none now: once a task of the mean length is done.
fn seconds_to_room(figures: &QueueFigures, limits: QueueLimits) -> Option<u64> {
    let n_queued = figures.n_queued;
    let is_full = n_queued >= limits.n_tasks.max(1);
    let is_long = n_queued > 0 && figures.queued_audio_seconds > limits.audio_seconds;
    if !is_full && !is_long {
        return None;
    }
    let mean_audio_seconds = figures.queued_audio_seconds / f64::from(n_queued.max(1));
    let wait = mean_audio_seconds / figures.speed.unwrap_or(1.0);
    #[expect(clippy::manual_clamp, reason = "what is no number becomes a second")]
    let seconds = wait.ceil().max(1.0).min(LONGEST_WAIT_SECONDS);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between the two bounds"
    )]
    Some(seconds as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(n_queued: u32, queued_audio_seconds: f64, speed: Option<f64>) -> Option<u64> {
        let figures = QueueFigures {
            n_queued,
            queued_audio_seconds,
            speed,
            ..QueueFigures::default()
        };
        let limits = QueueLimits {
            n_tasks: 10,
            audio_seconds: 1000.0,
        };
        seconds_to_room(&figures, limits)
    }

    #[test]
    fn sc3_a_full_queue_has_room_when_a_task_is_done() {
        assert_eq!(wait(9, 900.0, None), None);
        assert_eq!(wait(10, 900.0, Some(20.0)), Some(5));
        assert_eq!(wait(10, 900.0, None), Some(90));
        assert_eq!(wait(5, 1001.0, Some(1000.0)), Some(1));
        assert_eq!(wait(10, 1e9, Some(f64::MIN_POSITIVE)), Some(3600));
        assert_eq!(wait(10, f64::NAN, None), Some(1));
    }
}
