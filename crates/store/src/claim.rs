//! How a worker gets a task.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::request::JobRequest;
use domain::task::{FailureText, TaskId};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::{Failure, StoreError};
use crate::media::MediaKey;
use crate::queue::{Claimed, Ending, Lease, finish};
use crate::rows::{Row, stored};
use crate::store::Event;

/// What the client of a task is told that another version of this program stored.
const UNREADABLE: &str =
    "the task was stored by another version of the service, which this one cannot read";

/// Takes the task that has waited longest; those that cannot be read fail.
pub(crate) async fn claim(
    connection: &mut SqliteConnection,
    worker: String,
    now: Timestamp,
    lease_time: Duration,
) -> Result<(Option<Claimed>, Vec<Event>), Failure> {
    let mut events = Vec::new();
    while let Some(row) = claim_row(connection, &worker, now, lease_time).await? {
        let (lease, claimed) = read_claim(&row)?;
        match claimed {
            Ok(task) => return Ok((Some(task.with(lease)), events)),
            Err(why) => {
                tracing::error!(task.id = %lease.task, "the stored task cannot be read: {why}");
                let ending = Ending::Failed(FailureText::new(UNREADABLE));
                let ((), more) = finish(connection, lease.key(), ending, now).await?;
                events.extend(more);
            }
        }
    }
    Ok((None, events))
}

async fn claim_row(
    connection: &mut SqliteConnection,
    worker: &str,
    now: Timestamp,
    lease_time: Duration,
) -> Result<Option<SqliteRow>, Failure> {
    let row = sqlx::query(
        "update tasks
        set status = 'processing', attempt = attempt + 1, lease = lease + 1, worker = ?, lease_ends_at = ?,
            start_time = ?, updated_at = ?, due_at = null, progress_stage = null, progress_percentage = null
        where id = (
            select id from tasks
            where status = 'queued'
                -- Without a request it is one of the reference service, which nobody can take up.
                and request is not null
                and (due_at is null or due_at <= ?)
            order by id
            limit 1
        )
        returning id, uuid, attempt, lease, request, media, file_name, audio_duration, request_id",
    )
    .bind(worker)
    .bind(now.after(lease_time).as_micros())
    .bind(stored(now))
    .bind(stored(now))
    .bind(now.as_micros())
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// A claimed row, but its lease.
struct ClaimedRow {
    request: JobRequest,
    media: Option<MediaKey>,
    file_name: Option<String>,
    audio_duration: Option<f64>,
    request_id: Option<String>,
}

impl ClaimedRow {
    fn with(self, lease: Lease) -> Claimed {
        Claimed {
            lease,
            request: self.request,
            media: self.media,
            file_name: self.file_name,
            audio_duration: self.audio_duration,
            request_id: self.request_id,
        }
    }
}

/// The lease, and the task or why it cannot be read.
fn read_claim(row: &SqliteRow) -> Result<(Lease, Result<ClaimedRow, String>), StoreError> {
    let row = Row::of_tasks(row);
    let lease = Lease {
        task: TaskId::new(row.value::<String>("uuid")?),
        attempt: row.count("attempt")?,
        number: row.value("lease")?,
    };
    let request: String = row.value("request")?;
    let media = row.text("media")?;
    let media = media.map(|media| media.parse::<MediaKey>()).transpose();
    let (request, media) = match (serde_json::from_str(&request), media) {
        (Ok(request), Ok(media)) => (request, media),
        (Err(error), _) => return Ok((lease, Err(error.to_string()))),
        (_, Err(error)) => return Ok((lease, Err(error.to_string()))),
    };
    let claimed = ClaimedRow {
        request,
        media,
        file_name: row.text("file_name")?,
        audio_duration: row.value("audio_duration")?,
        request_id: row.text("request_id")?,
    };
    Ok((lease, Ok(claimed)))
}
