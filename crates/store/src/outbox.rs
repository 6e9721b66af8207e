//! Messages to callbacks: put here when a task ends, sent by a loop of the worker, kept until they are delivered or
//! given up.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::task::TaskId;

use crate::error::StoreError;
use crate::store::Store;

/// A message that somebody is sending.
#[derive(Debug)]
pub struct Delivery {
    /// The task that has ended.
    pub task: TaskId,
    /// Where the message goes.
    pub url: String,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The id of the request that made the task.
    pub request_id: Option<String>,
}

/// How an attempt to deliver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver has it.
    Delivered {
        /// Its answer.
        status: u16,
    },
    /// It has not.
    Failed {
        /// Its answer, if there was one.
        status: Option<u16>,
        /// What went wrong, for the client: no addresses.
        error: String,
        /// When it is tried again; `None` gives up.
        retry_at: Option<Timestamp>,
    },
}

/// A line of the delivery log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// The receiver's answer, if there was one.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
}

impl Store {
    /// Takes the message that has been due longest; nobody else takes it for `lease_time`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim_delivery(
        &self,
        _lease_time: Duration,
    ) -> Result<Option<Delivery>, StoreError> {
        unimplemented!()
    }

    /// When the next message is due; `None` if there is none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next_delivery_at(&self) -> Result<Option<Timestamp>, StoreError> {
        unimplemented!()
    }

    /// Stores how an attempt ended, and writes it into the log. A message whose task was deleted changes nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn record_delivery(
        &self,
        _delivery: &Delivery,
        _outcome: &DeliveryOutcome,
        _took: Duration,
    ) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// Makes messages due again that a process was sending when it died. To be called at start.
    ///
    /// # Errors
    /// The database failed.
    pub async fn recover_deliveries(&self) -> Result<u64, StoreError> {
        unimplemented!()
    }

    /// The delivery log of a task, in order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_deliveries(
        &self,
        _task: &TaskId,
    ) -> Result<Vec<DeliveryAttempt>, StoreError> {
        unimplemented!()
    }
}
