//! The queue as workers see it. Nothing else changes a task's state.

use std::time::Duration;

use domain::request::JobRequest;
use domain::task::{FailureText, StageProgress, TaskId};

use crate::error::StoreError;
use crate::media::MediaKey;
use crate::store::Store;

/// The timed right to work on a task: task, attempt and worker. There is one of each, and all writes need it.
#[derive(Debug)]
pub struct Lease {
    task: TaskId,
    attempt: u32,
    worker: String,
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
    /// Well, with a JSON text.
    Completed(String),
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

/// What became of tasks whose worker died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// They wait again.
    pub n_queued: u64,
    /// They had their last attempt, cannot be computed here, or came from the reference's service, and have failed.
    pub n_failed: u64,
}

impl Store {
    /// Takes the task that has waited longest, if one is due, for `lease_time`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim(
        &self,
        _worker: &str,
        _lease_time: Duration,
    ) -> Result<Option<Claimed>, StoreError> {
        unimplemented!()
    }

    /// Says that the worker lives, and how far it is: the lease then ends `lease_time` from now.
    ///
    /// # Errors
    /// The lease was lost, or the database failed.
    pub async fn keep_alive(
        &self,
        _lease: &Lease,
        _progress: Option<StageProgress>,
        _lease_time: Duration,
    ) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// Ends a task and, in the same transaction, puts the message to its callback into the outbox. The caller removes
    /// its recording afterwards.
    ///
    /// # Errors
    /// The lease was lost, or the database failed.
    pub async fn finish(&self, _lease: &Lease, _ending: &Ending) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// Puts a task back, to be tried again after `delay`; after `max_attempts` attempts it fails with `error` instead.
    ///
    /// # Errors
    /// The lease was lost, or the database failed.
    pub async fn retry(
        &self,
        _lease: &Lease,
        _error: &FailureText,
        _delay: Duration,
        _max_attempts: u32,
    ) -> Result<Retried, StoreError> {
        unimplemented!()
    }

    /// Puts a task back as if nobody had begun: the worker stops.
    ///
    /// # Errors
    /// The lease was lost, or the database failed.
    pub async fn give_back(&self, _lease: &Lease) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// Puts back the tasks of workers that died: those whose lease has ended, and with `all` (no other process works
    /// on this database) every one that is being worked on. Tasks that had `max_attempts` attempts fail, and say so.
    ///
    /// # Errors
    /// The database failed.
    pub async fn recover(&self, _all: bool, _max_attempts: u32) -> Result<Recovered, StoreError> {
        unimplemented!()
    }
}
