//! Messages to callbacks: put here when a task ends, sent by a loop of the worker, kept until they are delivered or
//! given up.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::task::{CallbackStatus, TaskId};

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::{Failure, StoreError};
use crate::rows::{Row, stored};
use crate::store::{Event, Reader, Store};

/// Messages that one receiver is sent at once. More of them wait, so that a receiver that is slow keeps nobody else's
/// messages waiting.
const MOST_AT_ONE_RECEIVER: i64 = 64;

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
    /// Counts claims of the message: one that was claimed anew is recorded only by the later sender.
    claim: i64,
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
    /// Takes the message that has been due longest, but none for a receiver that is being sent as many as it may; nobody
    /// else takes it for `lease_time`. An attempt counts when it is recorded: one that was cut short by a crash is made
    /// again.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim_delivery(
        &self,
        lease_time: Duration,
    ) -> Result<Option<Delivery>, StoreError> {
        let now = self.clock().now();
        self.write(move |connection| Box::pin(claim(connection, now, lease_time)))
            .await
    }

    /// When the next message is due that may be taken; `None` if there is none, or only for receivers that are being sent
    /// as many as they may. When one of those is recorded there is [`Event::DeliveryQueued`].
    ///
    /// # Errors
    /// The database failed.
    pub async fn next_delivery_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let now = self.clock().now();
        self.read(async |reader| next_due_at(reader, now).await)
            .await
    }

    /// Stores how an attempt ended, and writes it into the log. A message whose task was deleted changes nothing, and
    /// neither does one that somebody else has taken since.
    ///
    /// # Errors
    /// The database failed.
    pub async fn record_delivery(
        &self,
        delivery: &Delivery,
        outcome: &DeliveryOutcome,
        took: Duration,
    ) -> Result<(), StoreError> {
        let record = Record {
            task: delivery.task.as_str().to_owned(),
            claim: delivery.claim,
            attempt: delivery.attempt,
            outcome: outcome.clone(),
            took,
            now: self.clock().now(),
        };
        self.write(move |connection| Box::pin(record.write(connection)))
            .await
    }

    /// Makes messages due again that a process was sending when it died. To be called at start.
    ///
    /// # Errors
    /// The database failed.
    pub async fn recover_deliveries(&self) -> Result<u64, StoreError> {
        self.write(|connection| Box::pin(release_all(connection)))
            .await
    }

    /// The delivery log of a task, in order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_deliveries(&self, task: &TaskId) -> Result<Vec<DeliveryAttempt>, StoreError> {
        let rows = (self.read(async |reader| list_rows(reader, task.as_str()).await)).await?;
        rows.iter().map(DeliveryAttempt::try_from).collect()
    }
}

async fn claim(
    connection: &mut SqliteConnection,
    now: Timestamp,
    lease_time: Duration,
) -> Result<(Option<Delivery>, Vec<Event>), Failure> {
    let row = sqlx::query(
        "update outbox
        set claim = claim + 1, claimed_until = ?
        where task = (
            select task from outbox
            where due_at <= ? and (claimed_until is null or claimed_until <= ?)
                and receiver not in (
                    select receiver from outbox where claimed_until > ? group by receiver having count(*) >= ?
                )
            order by due_at, task
            limit 1
        )
        returning task, attempts, claim,
            (select callback_url from tasks where uuid = task) as url,
            (select request_id from tasks where uuid = task) as request_id",
    )
    .bind(now.after(lease_time).as_micros())
    .bind(now.as_micros())
    .bind(now.as_micros())
    .bind(now.as_micros())
    .bind(MOST_AT_ONE_RECEIVER)
    .fetch_optional(connection)
    .await?;
    let delivery = row.as_ref().map(Delivery::try_from).transpose()?;
    Ok((delivery, Vec::new()))
}

impl TryFrom<&SqliteRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: &SqliteRow) -> Result<Self, StoreError> {
        let row = Row::of_outbox(row);
        Ok(Self {
            task: TaskId::new(row.value::<String>("task")?),
            url: row.value("url")?,
            attempt: row.count("attempts")?.saturating_add(1),
            request_id: row.text("request_id")?,
            claim: row.value("claim")?,
        })
    }
}

async fn next_due_at(mut reader: Reader, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let micros: Option<i64> = sqlx::query_scalar(
        "select min(case when claimed_until > due_at then claimed_until else due_at end)
        from outbox
        where receiver not in (
            select receiver from outbox where claimed_until > ? group by receiver having count(*) >= ?
        )",
    )
    .bind(now.as_micros())
    .bind(MOST_AT_ONE_RECEIVER)
    .fetch_one(&mut *reader)
    .await?;
    Ok(micros.map(Timestamp::from_micros))
}

async fn release_all(connection: &mut SqliteConnection) -> Result<(u64, Vec<Event>), Failure> {
    let released =
        sqlx::query("update outbox set claimed_until = null where claimed_until is not null")
            .execute(connection)
            .await?;
    Ok((released.rows_affected(), vec![Event::DeliveryQueued]))
}

async fn list_rows(mut reader: Reader, task: &str) -> Result<Vec<SqliteRow>, Failure> {
    let rows = sqlx::query(
        "select id, attempt, ended_at, took_micros, status, error from deliveries where task = ? order by id",
    )
    .bind(task)
    .fetch_all(&mut *reader)
    .await?;
    Ok(rows)
}

/// An attempt that has ended.
struct Record {
    task: String,
    claim: i64,
    attempt: u32,
    outcome: DeliveryOutcome,
    took: Duration,
    now: Timestamp,
}

impl Record {
    async fn write(self, connection: &mut SqliteConnection) -> Result<((), Vec<Event>), Failure> {
        let retry_at = match &self.outcome {
            DeliveryOutcome::Failed { retry_at, .. } => *retry_at,
            DeliveryOutcome::Delivered { .. } => None,
        };
        let is_mine = match retry_at {
            Some(due_at) => self.postpone(connection, due_at).await?,
            None => self.take_out(connection).await?,
        };
        if !is_mine {
            return Ok(((), Vec::new()));
        }
        self.log(connection).await?;
        self.show(connection, retry_at.is_some()).await?;
        // This one may be due again, and its receiver may be sent another.
        Ok(((), vec![Event::DeliveryQueued]))
    }

    /// Lets the message wait; false if it is not the sender's any more.
    async fn postpone(
        &self,
        connection: &mut SqliteConnection,
        due_at: Timestamp,
    ) -> Result<bool, Failure> {
        let postponed = sqlx::query(
            "update outbox set attempts = ?, due_at = ?, claimed_until = null where task = ? and claim = ?",
        )
        .bind(self.attempt)
        .bind(due_at.as_micros())
        .bind(&self.task)
        .bind(self.claim)
        .execute(connection)
        .await?;
        Ok(postponed.rows_affected() > 0)
    }

    /// Ends with the message; false if it is not the sender's any more.
    async fn take_out(&self, connection: &mut SqliteConnection) -> Result<bool, Failure> {
        let taken_out = sqlx::query("delete from outbox where task = ? and claim = ?")
            .bind(&self.task)
            .bind(self.claim)
            .execute(connection)
            .await?;
        Ok(taken_out.rows_affected() > 0)
    }

    async fn log(&self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        let (status, error) = match &self.outcome {
            DeliveryOutcome::Delivered { status } => (Some(*status), None),
            DeliveryOutcome::Failed { status, error, .. } => (*status, Some(error.as_str())),
        };
        sqlx::query(
            "insert into deliveries (task, attempt, ended_at, took_micros, status, error) values (?, ?, ?, ?, ?, ?)",
        )
        .bind(&self.task)
        .bind(self.attempt)
        .bind(self.now.as_micros())
        .bind(i64::try_from(self.took.as_micros()).unwrap_or(i64::MAX))
        .bind(status)
        .bind(error)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Shows in the task how far its message is.
    async fn show(
        &self,
        connection: &mut SqliteConnection,
        is_tried_again: bool,
    ) -> Result<(), Failure> {
        let (status, error) = match &self.outcome {
            DeliveryOutcome::Delivered { .. } => (CallbackStatus::Delivered, None),
            DeliveryOutcome::Failed { error, .. } if is_tried_again => {
                (CallbackStatus::Pending, Some(error.as_str()))
            }
            DeliveryOutcome::Failed { error, .. } => (CallbackStatus::Failed, Some(error.as_str())),
        };
        sqlx::query(
            "update tasks set callback_status = ?, callback_attempts = ?, callback_error = ?, updated_at = ?
            where uuid = ?",
        )
        .bind(status.as_str())
        .bind(self.attempt)
        .bind(error)
        .bind(stored(self.now))
        .bind(&self.task)
        .execute(connection)
        .await?;
        Ok(())
    }
}
