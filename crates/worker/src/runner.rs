//! Takes tasks as they come, as many at once as may be, and hands each to a supervisor.

use std::sync::Arc;
use std::time::Duration;

use domain::service::EngineStatus;
use outbound::Outbound;
use store::{Event, MediaStore, Store};
use tokio::sync::{Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::Engine;
use crate::events::hear;
use crate::failpoint::Failpoint;
use crate::settings::Settings;
use crate::{callbacks, janitor, start, supervisor};

/// Without a word from the store, the queue is looked at so often: tasks that are to be tried again become due.
const GLANCE: Duration = Duration::from_secs(1);

/// Runs tasks and delivers callbacks.
#[derive(Debug, Clone)]
pub struct Worker {
    pub(crate) store: Store,
    pub(crate) media: MediaStore,
    pub(crate) outbound: Outbound,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) settings: Arc<Settings>,
}

/// How a worker is asked to end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// No task is begun any more; those that run may go on for the grace time.
    pub soft: CancellationToken,
    /// Running tasks are given back at once.
    pub hard: CancellationToken,
}

impl Worker {
    /// A worker that does nothing yet.
    pub fn new(
        store: Store,
        media: MediaStore,
        outbound: Outbound,
        engine: Arc<dyn Engine>,
        settings: Settings,
    ) -> Self {
        Self {
            store,
            media,
            outbound,
            engine,
            settings: Arc::new(settings),
        }
    }

    /// Works until it is asked to end, and until all it had begun is stored. `status` learns whether models that are
    /// wanted from the start are there.
    pub async fn run(self, shutdown: Shutdown, status: watch::Sender<EngineStatus>) {
        // Before anything is read, so that nothing is missed in between.
        let events = self.store.events();
        if !start::recover(&self, &shutdown.soft).await {
            return;
        }
        let tasks = TaskTracker::new();
        tasks.spawn(janitor::run(self.clone(), shutdown.soft.clone()));
        tasks.spawn(callbacks::run(self.clone(), shutdown.soft.clone()));
        start::preload(&self, &status).await;
        self.take_tasks(events, &shutdown, &tasks).await;
        tasks.close();
        tasks.wait().await;
    }

    async fn take_tasks(
        &self,
        mut events: broadcast::Receiver<Event>,
        shutdown: &Shutdown,
        tasks: &TaskTracker,
    ) {
        let slots = Arc::new(Semaphore::new(self.settings.n_at_once));
        let mut is_told = false;
        loop {
            let slot = tokio::select! {
                biased;
                () = shutdown.soft.cancelled() => return,
                slot = Arc::clone(&slots).acquire_owned() => slot,
            };
            let Ok(slot) = slot else { return };
            let (name, lease_time) = (&self.settings.name, self.settings.lease_time);
            match self.store.claim(name, lease_time).await {
                Ok(Some(claimed)) => {
                    is_told = false;
                    self.settings.failpoints.pass(Failpoint::Claimed);
                    let supervision =
                        supervisor::supervise(self.clone(), claimed, shutdown.clone());
                    tasks.spawn(async move {
                        supervision.await;
                        drop(slot);
                    });
                }
                Ok(None) => wait_for_work(&mut events, &shutdown.soft).await,
                Err(error) => {
                    if !is_told {
                        tracing::error!(%error, "tasks cannot be taken from the queue");
                        is_told = true;
                    }
                    wait_for_work(&mut events, &shutdown.soft).await;
                }
            }
        }
    }
}

/// Returns when there may be a task, or the service stops.
async fn wait_for_work(events: &mut broadcast::Receiver<Event>, stop: &CancellationToken) {
    let queued = hear(events, |event| *event == Event::TaskQueued);
    tokio::select! {
        () = stop.cancelled() => {}
        _ = queued => {}
        () = tokio::time::sleep(GLANCE) => {}
    }
}
