//! What is done once when a worker starts: it waits for the database, and puts in order what a dead process left.

use std::time::Duration;

use domain::service::EngineStatus;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::runner::Worker;

/// The longest wait between two looks for the database.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Waits until the database answers and is in order; false if the service is stopped before.
pub(crate) async fn recover(worker: &Worker, stop: &CancellationToken) -> bool {
    let mut wait = Duration::from_millis(100);
    let mut is_told = false;
    loop {
        match try_recover(worker).await {
            Ok(()) => return true,
            Err(error) if is_told => tracing::debug!(%error, "the database is still not available"),
            Err(error) => {
                tracing::error!(%error, "the database is not available; tasks wait until it is");
                is_told = true;
            }
        }
        tokio::select! {
            () = stop.cancelled() => return false,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}

async fn try_recover(worker: &Worker) -> Result<(), store::StoreError> {
    worker.store.prepare().await?;
    let recovered = worker
        .store
        .recover(true, worker.settings.max_attempts)
        .await?;
    let n_deliveries = worker.store.recover_deliveries().await?;
    let n_files = worker.media.sweep(&worker.store).await?;
    if recovered != store::Recovered::default() || n_deliveries > 0 || n_files > 0 {
        tracing::warn!(
            n_queued = recovered.n_queued,
            n_failed = recovered.n_failed,
            n_deliveries,
            n_files,
            "put in order what a process left that did not end by itself"
        );
    }
    Ok(())
}

/// Loads the models that are wanted from the start, and says how that went.
pub(crate) async fn preload(worker: &Worker, status: &watch::Sender<EngineStatus>) {
    let engine: std::sync::Arc<dyn Engine> = std::sync::Arc::clone(&worker.engine);
    let loaded = tokio::task::spawn_blocking(move || engine.preload()).await;
    let loaded = loaded.unwrap_or_else(|_| Err("loading a model ended in a panic".to_owned()));
    if let Err(reason) = &loaded {
        tracing::error!(reason, "a model that is wanted from the start is missing");
    }
    let _ = status.send(loaded.map_or_else(EngineStatus::Failed, |()| EngineStatus::Ready));
}
