//! How a task ends: its outcome and the message to its callback, in one transaction.

use domain::clock::Timestamp;
use domain::language::Language;
use domain::results::TaskResult;
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::{Failure, StoreError};
use crate::queue::{Ending, LeaseKey};
use crate::rows::{Row, read_moment, stored};
use crate::store::Event;

/// A task that has not ended, as the transaction found it that will change it.
pub(crate) struct Work {
    pub(crate) id: i64,
    task: String,
    pub(crate) attempt: u32,
    started_at: Option<Timestamp>,
    callback_url: Option<String>,
    pub(crate) can_be_taken_up: bool,
}

impl TryFrom<&SqliteRow> for Work {
    type Error = StoreError;

    fn try_from(row: &SqliteRow) -> Result<Self, StoreError> {
        let row = Row::of_tasks(row);
        Ok(Self {
            id: row.value("id")?,
            task: row.value("uuid")?,
            attempt: row.count("attempt")?,
            started_at: read_moment(row.text("start_time")?.as_deref()),
            callback_url: row.text("callback_url")?,
            can_be_taken_up: row.value("can_be_taken_up")?,
        })
    }
}

/// The work that `key` opens.
pub(crate) async fn take_up(
    connection: &mut SqliteConnection,
    key: &LeaseKey,
) -> Result<Work, Failure> {
    let row = sqlx::query(
        "select id, uuid, attempt, start_time, callback_url, true as can_be_taken_up
        from tasks
        where uuid = ? and lease = ? and status = 'processing'",
    )
    .bind(&key.task)
    .bind(key.number)
    .fetch_optional(connection)
    .await?;
    let row = row.ok_or_else(|| key.lost())?;
    Ok(Work::try_from(&row)?)
}

/// Ends `work`, and puts the message to its callback into the outbox.
pub(crate) async fn end_work(
    connection: &mut SqliteConnection,
    work: &Work,
    ending: &Ending,
    now: Timestamp,
) -> Result<Option<Event>, Failure> {
    update_row(connection, work, ending, now).await?;
    let Some(callback_url) = &work.callback_url else {
        return Ok(None);
    };
    insert_message(connection, work, receiver(callback_url), now).await?;
    Ok(Some(Event::DeliveryQueued))
}

async fn update_row(
    connection: &mut SqliteConnection,
    work: &Work,
    ending: &Ending,
    now: Timestamp,
) -> Result<(), Failure> {
    let (status, result, error) = match ending {
        Ending::Completed(result) => ("completed", Some(result), None),
        Ending::Failed(error) => ("failed", None, Some(error.as_str())),
    };
    // Nobody began: no time was spent.
    let duration = work.started_at.map(|started_at| now.since(started_at));
    sqlx::query(
        "update tasks
        set status = ?, result = ?, notes = ?, language = coalesce(?, language), error = ?, duration = ?, end_time = ?, updated_at = ?,
            -- Nobody needs these any more, and they may be large.
            request = null, media = null,
            worker = null, lease_ends_at = null, due_at = null, progress_stage = null, progress_percentage = null
        where id = ? and status in ('queued', 'processing')",
    )
    .bind(status)
    .bind(result.map(|result| &*result.json))
    .bind(result.and_then(notes))
    .bind(result.and_then(|result| result.language).map(Language::code))
    .bind(error)
    .bind(duration.unwrap_or_default().as_secs_f64())
    .bind(stored(now))
    .bind(stored(now))
    .bind(work.id)
    .execute(connection)
    .await?;
    Ok(())
}

/// The column `notes`: a JSON list, or nothing where there is nothing to say.
fn notes(result: &TaskResult) -> Option<String> {
    let notes = &result.notes;
    (!notes.is_empty()).then(|| json!(notes).to_string())
}

async fn insert_message(
    connection: &mut SqliteConnection,
    work: &Work,
    receiver: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query("insert into outbox (task, receiver, due_at) values (?, ?, ?)")
        .bind(&work.task)
        .bind(receiver)
        .bind(now.as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Scheme, host and port of a URL: all messages that go there are one machine's to take.
fn receiver(url: &str) -> &str {
    let host_at = url.find("://").map_or(0, |at| at + "://".len());
    let ends_host = |letter| matches!(letter, '/' | '?' | '#');
    let end = url[host_at..].find(ends_host);
    end.map_or(url, |end| &url[..host_at + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_one_whatever_it_is_told_where() {
        for (url, expected) in [
            ("http://a.example/", "http://a.example"),
            ("http://a.example/b?c=//d", "http://a.example"),
            ("https://a.example:8443?x", "https://a.example:8443"),
            ("http://[::1]:80#x", "http://[::1]:80"),
            ("http://a.example", "http://a.example"),
            // Whatever an older program stored.
            ("a.example/b", "a.example"),
            ("", ""),
        ] {
            assert_eq!(receiver(url), expected, "{url}");
        }
    }
}
