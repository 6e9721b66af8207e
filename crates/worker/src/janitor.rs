//! Cleans up behind the service: files that nobody waits for, leases that nobody keeps, models that nobody uses.

use std::time::Duration;

use store::{Event, Recovered};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::events::hear;
use crate::runner::Worker;

/// How often files are looked through. Deleted tasks' are removed at once.
const SWEEP_STEP: Duration = Duration::from_mins(1);
/// How often models that nobody uses are looked for.
const MODEL_STEP: Duration = Duration::from_secs(5);

/// Cleans up until the service stops.
pub(crate) async fn run(worker: Worker, stop: CancellationToken) {
    let mut events = worker.store.events();
    let mut sweeps = interval(SWEEP_STEP);
    let mut models = interval(MODEL_STEP);
    // A live worker renews its leases far more often, so that only dead ones are found.
    let mut leases = interval(worker.settings.lease_time);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = sweeps.tick() => sweep(&worker).await,
            _ = models.tick() => tidy_models(&worker).await,
            _ = leases.tick() => put_back_lost_tasks(&worker).await,
            _ = hear(&mut events, |event| matches!(event, Event::Deleted(_))) => sweep(&worker).await,
        }
    }
}

fn interval(step: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + step, step);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Removes files that belong to no task which still has something before it.
async fn sweep(worker: &Worker) {
    match worker.media.sweep(&worker.store).await {
        Ok(0) => {}
        Ok(n_files) => tracing::debug!(n_files, "removed files that nobody waits for"),
        Err(error) => tracing::debug!(%error, "files cannot be swept now"),
    }
}

async fn tidy_models(worker: &Worker) {
    let engine = std::sync::Arc::clone(&worker.engine);
    let _ = tokio::task::spawn_blocking(move || engine.tidy()).await;
}

async fn put_back_lost_tasks(worker: &Worker) {
    match worker
        .store
        .recover(false, worker.settings.max_attempts)
        .await
    {
        Ok(recovered) if recovered == Recovered::default() => {}
        Ok(Recovered { n_queued, n_failed }) => {
            tracing::warn!(n_queued, n_failed, "put back tasks whose worker is gone");
        }
        Err(error) => tracing::debug!(%error, "lost tasks cannot be looked for now"),
    }
}
