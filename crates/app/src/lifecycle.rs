//! How the service ends: the first signal asks it to, the second insists.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use worker::Shutdown;

/// Watches for SIGTERM and SIGINT from now on. After the first no work is begun and none accepted; what runs may go on
/// for the grace time. The second gives it back to the queue at once.
///
/// # Errors
/// Signals cannot be watched.
pub(crate) fn watch() -> io::Result<Shutdown> {
    let shutdown = Shutdown::default();
    let asked = shutdown.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        next().await;
        tracing::info!("stopping: running tasks may finish; a second signal ends them at once");
        asked.soft.cancel();
        next().await;
        tracing::info!("stopping at once: running tasks go back to the queue");
        asked.hard.cancel();
    });
    Ok(shutdown)
}
