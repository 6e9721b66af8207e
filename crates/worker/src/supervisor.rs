//! Watches over one attempt at a task: a thread computes, the supervisor keeps the lease, passes on that it should
//! stop, and stores what comes of it. Whatever happens to the thread, the task gets an outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use domain::results::TaskResult;
use domain::task::{FailureText, StageProgress, TaskId};
use store::{Claimed, Ending, Event, Lease, MediaKey, Retried, StoreError};
use tokio::sync::{broadcast, oneshot};
use tokio::time::MissedTickBehavior;
use tracing::Instrument;

use crate::engine::{Engine, Job, be_polite};
use crate::error::{TaskFailure, doing};
use crate::events::{Heard, hear};
use crate::failpoint::Failpoint;
use crate::progress::{Stop, TaskMonitor};
use crate::runner::{Shutdown, Worker};

/// How often progress is stored, if there is any.
const PROGRESS_STEP: Duration = Duration::from_secs(1);
/// A thread that was asked to stop is waited for so long; then it is left behind.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first wait before a task is tried again; it doubles with each attempt.
const RETRY_DELAY: Duration = Duration::from_secs(5);
/// The longest wait before the database is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Runs one attempt from the claim to the stored outcome.
pub(crate) async fn supervise(worker: Worker, claimed: Claimed, shutdown: Shutdown) {
    let span = tracing::info_span!(
        "task",
        task_id = %claimed.lease.task(),
        attempt = claimed.lease.attempt(),
        request_id = claimed.request_id.as_deref(),
    );
    async {
        tracing::info!(
            task_type = %claimed.request.task_type(),
            audio_seconds = claimed.audio_duration,
            "task started"
        );
        let began = Instant::now();
        let job = Job {
            request: claimed.request,
            media: claimed.media.as_ref().map(|key| worker.media.path(key)),
            file_name: claimed.file_name,
            audio_duration: claimed.audio_duration,
            attempt: claimed.lease.attempt(),
        };
        let attempt = Attempt::new(&worker, &claimed.lease, job);
        let outcome = attempt.watch(&shutdown).await;
        let stored = Storing {
            worker: &worker,
            lease: &claimed.lease,
            media: claimed.media.as_ref(),
            audio_seconds: claimed.audio_duration,
            took: began.elapsed(),
        };
        stored.store(outcome, &shutdown).await;
    }
    .instrument(span)
    .await;
}

/// How an attempt ended.
#[derive(Debug)]
enum Outcome {
    Ended(Ending),
    Retry(FailureText),
    GiveBack,
    LeaseLost,
}

/// An attempt under way.
struct Attempt<'a> {
    worker: &'a Worker,
    lease: &'a Lease,
    monitor: Arc<TaskMonitor>,
    thread: oneshot::Receiver<thread::Result<Result<TaskResult, TaskFailure>>>,
    events: broadcast::Receiver<Event>,
}

impl<'a> Attempt<'a> {
    /// Starts the thread that computes `job`.
    fn new(worker: &'a Worker, lease: &'a Lease, job: Job) -> Self {
        let monitor = TaskMonitor::new(&job.request, Arc::clone(&worker.settings));
        let monitor = Arc::new(monitor);
        Self {
            worker,
            lease,
            events: worker.store.events(),
            thread: start(Arc::clone(&worker.engine), job, Arc::clone(&monitor)),
            monitor,
        }
    }

    /// Until the thread has ended, or was left behind.
    async fn watch(mut self, shutdown: &Shutdown) -> Outcome {
        let settings = &self.worker.settings;
        let mut ticks = tokio::time::interval(PROGRESS_STEP.min(settings.lease_time / 3));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pulse = Pulse::default();
        let deadline = after(settings.task_timeout);
        let grace_over = async {
            shutdown.soft.cancelled().await;
            tokio::select! {
                () = shutdown.hard.cancelled() => {}
                () = tokio::time::sleep(settings.grace) => {}
            }
        };
        let reason = {
            tokio::pin!(deadline, grace_over);
            loop {
                tokio::select! {
                    ended = &mut self.thread => return self.outcome(ended.ok()),
                    _ = ticks.tick() => {
                        if self.beat(&mut pulse).await.is_err() {
                            break Stop::LeaseLost;
                        }
                    }
                    () = deleted(&mut self.events, self.lease.task()) => break Stop::LeaseLost,
                    () = &mut deadline => break Stop::TimedOut,
                    () = &mut grace_over => break Stop::Stopping,
                }
            }
        };
        self.monitor.stop(reason);
        let ended = tokio::time::timeout(PATIENCE, &mut self.thread).await;
        if ended.is_err() {
            tracing::error!("the thread of a task hears nothing, and is left behind");
        }
        self.outcome(ended.ok().and_then(Result::ok))
    }

    /// Renews the lease when it is time, or there is progress to store.
    async fn beat(&self, pulse: &mut Pulse) -> Result<(), LeaseLost> {
        let lease_time = self.worker.settings.lease_time;
        let progress = self.monitor.snapshot();
        if !pulse.is_due(progress, lease_time / 3) {
            return Ok(());
        }
        let kept = self
            .worker
            .store
            .keep_alive(self.lease, progress, lease_time);
        match kept.await {
            Ok(()) => {
                pulse.at = Some(Instant::now());
                pulse.progress = progress;
                Ok(())
            }
            Err(StoreError::LeaseLost { .. }) => Err(LeaseLost),
            Err(error) => {
                // The attempt goes on: nobody else can take the task while the database is away.
                tracing::debug!(%error, "the lease cannot be renewed now");
                Ok(())
            }
        }
    }

    /// What the end of the thread means; `None` if it was left behind, or ended without a word.
    fn outcome(&self, ended: Option<thread::Result<Result<TaskResult, TaskFailure>>>) -> Outcome {
        let failed = |text: String| Outcome::Ended(Ending::Failed(FailureText::new(&text)));
        let stage = || {
            let progress = self.monitor.snapshot();
            progress.map_or("it", |progress| doing(progress.stage))
        };
        match (ended, self.monitor.stopped()) {
            (Some(Ok(Ok(result))), _) => Outcome::Ended(Ending::Completed(result)),
            (_, Some(Stop::LeaseLost)) => Outcome::LeaseLost,
            (Some(Ok(Err(TaskFailure::Fail(text)))), _) => Outcome::Ended(Ending::Failed(text)),
            (Some(Ok(Err(TaskFailure::Retry(text)))), _) => Outcome::Retry(text),
            (_, Some(Stop::Stopping)) => Outcome::GiveBack,
            (_, Some(Stop::TimedOut)) => {
                let limit = self.worker.settings.task_timeout.unwrap_or_default();
                failed(format!(
                    "{} was not done after {} s, which is as long as a task may take",
                    stage(),
                    limit.as_secs_f64()
                ))
            }
            (Some(Err(panic)), None) => {
                tracing::error!(panic = panic_text(&*panic), "a task ended in a panic");
                failed(format!("{} failed: an internal error", stage()))
            }
            (Some(Ok(Err(TaskFailure::Cancelled))) | None, None) => {
                failed(format!("{} ended without a result", stage()))
            }
        }
    }
}

struct LeaseLost;

/// When the lease was renewed last, and with what.
#[derive(Debug, Default)]
struct Pulse {
    at: Option<Instant>,
    progress: Option<StageProgress>,
}

impl Pulse {
    fn is_due(&self, progress: Option<StageProgress>, interval: Duration) -> bool {
        let is_old = self.at.is_none_or(|at| at.elapsed() >= interval);
        is_old || self.progress != progress
    }
}

/// Starts the thread of an attempt. Its panic is part of what it sends.
fn start(
    engine: Arc<dyn Engine>,
    job: Job,
    monitor: Arc<TaskMonitor>,
) -> oneshot::Receiver<thread::Result<Result<TaskResult, TaskFailure>>> {
    let (sender, receiver) = oneshot::channel();
    let span = tracing::Span::current();
    let run = move || {
        be_polite();
        let _entered = span.enter();
        let result = catch_unwind(AssertUnwindSafe(|| engine.run(&job, &*monitor)));
        let _ = sender.send(result);
    };
    // Where no thread can be started the sender is dropped, and the attempt ends without a result.
    if let Err(error) = thread::Builder::new().name("task".to_owned()).spawn(run) {
        tracing::error!(%error, "no thread can be started for a task");
    }
    receiver
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

/// Ends after `limit`; never without one.
async fn after(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// Ends when `task` was deleted. What was missed, the next renewal of the lease will tell.
async fn deleted(events: &mut broadcast::Receiver<Event>, task: &TaskId) {
    let is_it = |event: &Event| matches!(event, Event::Deleted(deleted) if deleted == task);
    while hear(events, is_it).await == Heard::Gap {}
}

/// An attempt whose outcome is to be stored.
struct Storing<'a> {
    worker: &'a Worker,
    lease: &'a Lease,
    media: Option<&'a MediaKey>,
    audio_seconds: Option<f64>,
    took: Duration,
}

impl Storing<'_> {
    /// Stores the outcome, however long the database is away, unless the service must end at once.
    async fn store(&self, outcome: Outcome, shutdown: &Shutdown) {
        let mut wait = Duration::from_millis(50);
        loop {
            let error = match self.try_store(&outcome).await {
                Ok(()) => return,
                Err(StoreError::LeaseLost { .. }) => {
                    tracing::info!("the task is no longer ours: its outcome is dropped");
                    return;
                }
                Err(error) => error,
            };
            tracing::error!(%error, "the outcome of a task cannot be stored yet");
            tokio::select! {
                () = shutdown.hard.cancelled() => return,
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            }
        }
    }

    async fn try_store(&self, outcome: &Outcome) -> Result<(), StoreError> {
        let (store, settings) = (&self.worker.store, &self.worker.settings);
        match outcome {
            Outcome::Ended(ending) => {
                settings.failpoints.pass(Failpoint::Computed);
                store.finish(self.lease, ending).await?;
                settings.failpoints.pass(Failpoint::Stored);
                self.tell(ending);
                self.remove_media().await;
            }
            Outcome::Retry(text) => {
                let doublings = self.lease.attempt().saturating_sub(1).min(6);
                let delay = RETRY_DELAY * 2_u32.pow(doublings);
                let retried = store
                    .retry(self.lease, text, delay, settings.max_attempts)
                    .await?;
                match retried {
                    Retried::Queued => {
                        tracing::warn!(error = %text, delay_s = delay.as_secs(), "task will be tried again");
                    }
                    Retried::Failed => {
                        self.tell(&Ending::Failed(text.clone()));
                        self.remove_media().await;
                    }
                }
            }
            Outcome::GiveBack => {
                store.give_back(self.lease).await?;
                tracing::info!("task given back: the service stops");
            }
            Outcome::LeaseLost => {
                tracing::info!("task cancelled: it was deleted, or its lease was lost");
            }
        }
        Ok(())
    }

    fn tell(&self, ending: &Ending) {
        let took_s = self.took.as_secs_f64();
        match ending {
            Ending::Completed(_) => {
                let real_time_factor = self.audio_seconds.map(|audio| took_s / audio);
                tracing::info!(took_s, real_time_factor, "task completed");
                self.audit("task.completed", "complete", "task completed");
            }
            Ending::Failed(error) => {
                tracing::warn!(took_s, %error, "task failed");
                self.audit("task.failed", "fail", "task failed");
            }
        }
    }

    fn audit(&self, event_type: &str, action: &str, message: &str) {
        tracing::info!(
            target: "audit",
            event_type,
            resource_type = "task",
            resource_id = self.lease.task().as_str(),
            action,
            "{message}"
        );
    }

    /// What cannot be removed now is swept later.
    async fn remove_media(&self) {
        if let Some(key) = self.media
            && let Err(error) = self.worker.media.remove(key).await
        {
            tracing::warn!(%error, "a recording cannot be removed now");
        }
    }
}
