//! The queue as workers see it. Nothing else changes a task's state, but [recovery](Store::recover).

use std::time::Duration;

use domain::clock::Timestamp;
use domain::request::JobRequest;
use domain::results::TaskResult;
use domain::task::{FailureText, StageProgress, TaskId};
use sqlx::SqliteConnection;

use crate::claim::claim;
use crate::ending::{end_work, take_up};
use crate::error::{Failure, StoreError};
use crate::media::MediaKey;
use crate::rows::stored;
use crate::store::{Event, Store};

/// The timed right to work on a task. There is one of each, and all writes need it.
#[derive(Debug)]
pub struct Lease {
    pub(crate) task: TaskId,
    pub(crate) attempt: u32,
    /// Counts the leases of the task. Attempts do not tell them apart: one that was given back does not count.
    pub(crate) number: i64,
}

impl Lease {
    /// The task.
    pub fn task(&self) -> &TaskId {
        &self.task
    }

    /// Which try it is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// A task that a worker took.
#[derive(Debug)]
pub struct Claimed {
    /// The right to it.
    pub lease: Lease,
    /// What it is asked to do.
    pub request: JobRequest,
    /// The recording.
    pub media: Option<MediaKey>,
    /// The name of the recording.
    pub file_name: Option<String>,
    /// The length of the recording, in seconds.
    pub audio_duration: Option<f64>,
    /// The id of the request that made it, for the logs.
    pub request_id: Option<String>,
}

/// How a task ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Well.
    Completed(TaskResult),
    /// With an error.
    Failed(FailureText),
}

/// What became of a task that was to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It waits.
    Queued,
    /// It had its last attempt, and has failed.
    Failed,
}

impl Store {
    /// Takes the task that has waited longest, if one is due, for `lease_time`. Tasks whose lease has ended are not
    /// taken: [`recover`](Self::recover) puts them back first, and judges whether they are tried again.
    ///
    /// A task that cannot be read, as one of a newer program, fails at once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim(
        &self,
        worker: &str,
        lease_time: Duration,
    ) -> Result<Option<Claimed>, StoreError> {
        let worker = worker.to_owned();
        let now = self.clock().now();
        self.write(move |connection| Box::pin(claim(connection, worker, now, lease_time)))
            .await
    }

    /// Says that the worker lives, and how far it is: the lease then ends `lease_time` from now.
    ///
    /// # Errors
    /// The lease was lost, or the database failed.
    pub async fn keep_alive(
        &self,
        lease: &Lease,
        progress: Option<StageProgress>,
        lease_time: Duration,
    ) -> Result<(), StoreError> {
        let key = lease.key();
        let now = self.clock().now();
        self.write(move |connection| {
            Box::pin(extend_lease(connection, key, progress, now, lease_time))
        })
        .await
    }

    /// Ends a task and, in the same transaction, puts the message to its callback into the outbox. The caller removes
    /// its recording afterwards.
    ///
    /// # Errors
    /// The lease was lost, or the database failed.
    pub async fn finish(&self, lease: &Lease, ending: &Ending) -> Result<(), StoreError> {
        let key = lease.key();
        let ending = ending.clone();
        let now = self.clock().now();
        self.write(move |connection| Box::pin(finish(connection, key, ending, now)))
            .await
    }

    /// Puts a task back, to be tried again after `delay`; after `max_attempts` attempts it fails with `error` instead.
    ///
    /// # Errors
    /// The lease was lost, or the database failed.
    pub async fn retry(
        &self,
        lease: &Lease,
        error: &FailureText,
        delay: Duration,
        max_attempts: u32,
    ) -> Result<Retried, StoreError> {
        let key = lease.key();
        let now = self.clock().now();
        if lease.attempt >= max_attempts {
            let ending = Ending::Failed(error.clone());
            self.write(move |connection| Box::pin(finish(connection, key, ending, now)))
                .await?;
            return Ok(Retried::Failed);
        }
        self.write(move |connection| {
            Box::pin(async move {
                let work = take_up(connection, &key).await?;
                put_back(
                    connection,
                    work.id,
                    work.attempt,
                    Some(now.after(delay)),
                    now,
                )
                .await?;
                Ok(((), vec![Event::TaskQueued]))
            })
        })
        .await?;
        Ok(Retried::Queued)
    }

    /// Puts a task back as if nobody had begun: the worker stops.
    ///
    /// # Errors
    /// The lease was lost, or the database failed.
    pub async fn give_back(&self, lease: &Lease) -> Result<(), StoreError> {
        let key = lease.key();
        let now = self.clock().now();
        self.write(move |connection| {
            Box::pin(async move {
                let work = take_up(connection, &key).await?;
                put_back(connection, work.id, work.attempt - 1, None, now).await?;
                Ok(((), vec![Event::TaskQueued]))
            })
        })
        .await
    }
}

/// What a lease opens: the work of one claim.
#[derive(Debug, Clone)]
pub(crate) struct LeaseKey {
    pub(crate) task: String,
    pub(crate) number: i64,
}

impl Lease {
    pub(crate) fn key(&self) -> LeaseKey {
        LeaseKey {
            task: self.task.as_str().to_owned(),
            number: self.number,
        }
    }
}

impl LeaseKey {
    /// Nobody has the work that it opens any more.
    pub(crate) fn lost(&self) -> StoreError {
        let task = self.task.clone();
        StoreError::LeaseLost { task }
    }
}

async fn extend_lease(
    connection: &mut SqliteConnection,
    key: LeaseKey,
    progress: Option<StageProgress>,
    now: Timestamp,
    lease_time: Duration,
) -> Result<((), Vec<Event>), Failure> {
    let extended = sqlx::query(
        "update tasks
        set lease_ends_at = ?, updated_at = ?,
            progress_stage = coalesce(?, progress_stage), progress_percentage = coalesce(?, progress_percentage)
        where uuid = ? and lease = ? and status = 'processing'",
    )
    .bind(now.after(lease_time).as_micros())
    .bind(stored(now))
    .bind(progress.map(|progress| progress.stage.name()))
    .bind(progress.map(|progress| progress.percentage))
    .bind(&key.task)
    .bind(key.number)
    .execute(connection)
    .await?;
    if extended.rows_affected() == 0 {
        return Err(key.lost().into());
    }
    Ok(((), Vec::new()))
}

pub(crate) async fn finish(
    connection: &mut SqliteConnection,
    key: LeaseKey,
    ending: Ending,
    now: Timestamp,
) -> Result<((), Vec<Event>), Failure> {
    let work = take_up(connection, &key).await?;
    let event = end_work(connection, &work, &ending, now).await?;
    Ok(((), event.into_iter().collect()))
}

/// Makes a task that is worked on wait again, with `attempts` made.
pub(crate) async fn put_back(
    connection: &mut SqliteConnection,
    id: i64,
    attempts: u32,
    due_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query(
        "update tasks
        set status = 'queued', attempt = ?, due_at = ?, updated_at = ?,
            worker = null, lease_ends_at = null, start_time = null, progress_stage = null, progress_percentage = null
        where id = ? and status = 'processing'",
    )
    .bind(attempts)
    .bind(due_at.map(Timestamp::as_micros))
    .bind(stored(now))
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}
