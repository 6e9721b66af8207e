//! How the service is (contract 4.2 to 4.4).

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use domain::service::EngineStatus;
use http::StatusCode;
use store::{QueueFigures, StoreError};

use crate::state::ApiState;
use crate::wire::{Gpu, Health, Liveness, Queue, Readiness};

/// Whether the process answers
#[utoipa::path(
    get,
    path = "/health",
    tag = "Health",
    operation_id = "health_check_health_get",
    responses((status = 200, description = "It does", body = Health))
)]
pub(crate) async fn check() -> Json<Health> {
    Json(Health {
        status: "ok",
        message: "Service is running",
    })
}

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "Health",
    operation_id = "liveness_check_health_live_get",
    responses((status = 200, description = "It does", body = Liveness))
)]
pub(crate) async fn live(State(state): State<ApiState>) -> Json<Liveness> {
    Json(Liveness {
        status: "ok",
        timestamp: state.clock.now().as_unix_seconds(),
        message: "Application is live",
    })
}

/// Whether tasks are accepted and computed
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "Health",
    operation_id = "readiness_check_health_ready_get",
    responses(
        (status = 200, description = "They are", body = Readiness),
        (status = 503, description = "Not now: the database does not answer, models are being loaded, or the service stops", body = Readiness),
    )
)]
pub(crate) async fn ready(State(state): State<ApiState>) -> (StatusCode, Json<Readiness>) {
    let engine = state.engine.borrow().clone();
    let figures = figures(&state).await;
    if let Err(error) = &figures {
        tracing::warn!(cause = %error, "the database does not answer");
    }
    let problem = match (&figures, &engine) {
        (Err(_), _) => Some("Application is not ready due to an internal error."),
        (_, EngineStatus::Loading) => Some("Application is not ready: models are being loaded."),
        _ if state.stopping.is_cancelled() => Some("Application is not ready: it is stopping."),
        _ => None,
    };
    let readiness = Readiness {
        status: if problem.is_some() { "error" } else { "ok" },
        database: if figures.is_ok() {
            "connected"
        } else {
            "disconnected"
        },
        message: problem.unwrap_or("Application is ready to accept requests"),
        gpu: Gpu {
            max_concurrent_tasks: state.settings.max_concurrent_gpu_tasks,
        },
        queue: figures.ok().map(|figures| Queue {
            depth: figures.n_queued,
            capacity: state.settings.queue.n_tasks,
        }),
        engine: match engine {
            EngineStatus::Loading => "loading",
            EngineStatus::Ready => "ready",
            EngineStatus::Failed(_) => "failed",
        },
        version: state.settings.version.clone(),
    };
    let status = match problem {
        Some(_) => StatusCode::SERVICE_UNAVAILABLE,
        None => StatusCode::OK,
    };
    (status, Json(readiness))
}

/// The longest that a database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

async fn figures(state: &ApiState) -> Result<QueueFigures, StoreError> {
    let ask = async {
        state.store.check().await?;
        state.store.queue_figures().await
    };
    let too_late = |_| StoreError::Unavailable("no answer within two seconds".to_owned());
    tokio::time::timeout(PATIENCE, ask)
        .await
        .map_err(too_late)?
}
