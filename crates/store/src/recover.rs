//! What becomes of tasks whose worker died, or that no worker of this program can take up.

use domain::clock::Timestamp;
use domain::task::FailureText;
use sqlx::SqliteConnection;

use crate::ending::{Work, end_work};
use crate::error::{Failure, StoreError};
use crate::queue::{Ending, put_back};
use crate::store::{Event, Store};

/// What became of tasks whose worker died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// They wait again.
    pub n_queued: u64,
    /// They had their last attempt, cannot be computed here, or came from the reference's service, and have failed.
    pub n_failed: u64,
}

impl Store {
    /// Puts back the tasks of workers that died: those whose lease has ended, and with `all` (no other process works
    /// on this database) every one that is being worked on. Tasks that had `max_attempts` attempts fail, and say so.
    ///
    /// Tasks of the reference service that have not ended fail too: what they were asked is not stored.
    ///
    /// # Errors
    /// The database failed.
    pub async fn recover(&self, all: bool, max_attempts: u32) -> Result<Recovered, StoreError> {
        let now = self.clock().now();
        self.write(move |connection| Box::pin(recover(connection, all, max_attempts, now)))
            .await
    }
}

async fn recover(
    connection: &mut SqliteConnection,
    all: bool,
    max_attempts: u32,
    now: Timestamp,
) -> Result<(Recovered, Vec<Event>), Failure> {
    let mut recovered = Recovered::default();
    let mut events = Vec::new();
    for work in list_lost(connection, all, now).await? {
        match work.fate(max_attempts) {
            None => {
                put_back(connection, work.id, work.attempt, None, now).await?;
                events.push(Event::TaskQueued);
                recovered.n_queued += 1;
            }
            Some(why) => {
                let ending = Ending::Failed(FailureText::new(&why));
                events.extend(end_work(connection, &work, &ending, now).await?);
                recovered.n_failed += 1;
            }
        }
    }
    Ok((recovered, events))
}

impl Work {
    /// Why a lost task fails; `None` if it is tried again.
    fn fate(&self, max_attempts: u32) -> Option<String> {
        if !self.can_be_taken_up {
            return Some(
                "the service was restarted, and what is needed to go on with this task was not stored"
                    .to_owned(),
            );
        }
        let attempt = self.attempt;
        (attempt >= max_attempts).then(|| {
            format!(
                "the service stopped while working on this task; that was attempt {attempt} of {max_attempts}, \
                 so it is not tried again"
            )
        })
    }
}

/// The tasks that nobody is at and nobody will take up as they are.
async fn list_lost(
    connection: &mut SqliteConnection,
    all: bool,
    now: Timestamp,
) -> Result<Vec<Work>, Failure> {
    let rows = sqlx::query(
        "select id, uuid, attempt, start_time, callback_url,
            request is not null
                and (media is not null or task_type = 'combine_transcript&diarization') as can_be_taken_up
        from tasks
        where (status = 'processing' and (? or coalesce(lease_ends_at, 0) <= ?))
            -- The reference service had its queue in memory.
            or (status = 'queued' and request is null)
        order by id",
    )
    .bind(all)
    .bind(now.as_micros())
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(Work::try_from).collect::<Result<_, _>>()?)
}
