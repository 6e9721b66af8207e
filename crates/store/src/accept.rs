//! How tasks are accepted: as long as not too much waits.

use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::error::{Failure, InsertError, StoreError};
use crate::rows::stored;
use crate::settings::QueueLimits;
use crate::store::{Event, Reader, Store, finished};
use crate::tasks::NewTask;

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct QueueFigures {
    /// Tasks that wait.
    pub n_queued: u32,
    /// Tasks that workers are at.
    pub n_processing: u32,
    /// Audio that waits, in seconds.
    pub queued_audio_seconds: f64,
    /// Seconds of audio done in a second of work, from the last tasks; `None` before the first has ended.
    pub speed: Option<f64>,
}

/// Seconds of audio done in a second of work, until a task has shown it: what a small machine does with a small model.
const SPEED_BEFORE_ANY: f64 = 2.0;
/// The shortest and the longest time that a client is told to wait.
const WAIT_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(1));

impl Store {
    /// Accepts a task: after this it survives any crash, and its recording is kept. If the caller is gone meanwhile,
    /// either all of it is stored or nothing.
    ///
    /// # Errors
    /// The queue is full, or the database failed; then nothing is stored.
    pub async fn insert_task(&self, task: NewTask, limits: QueueLimits) -> Result<(), InsertError> {
        let store = self.clone();
        let accepted = tokio::spawn(async move { store.insert_here(task, limits).await });
        match finished(accepted).await?? {
            Accepted::Yes => Ok(()),
            Accepted::NoRoomFor(retry_after) => Err(InsertError::QueueFull { retry_after }),
        }
    }

    async fn insert_here(
        &self,
        task: NewTask,
        limits: QueueLimits,
    ) -> Result<Accepted, StoreError> {
        let now = stored(self.clock().now());
        // The key holds on to the recording until here, whatever becomes of whoever made it.
        let media = task.media.clone();
        let accepted = self
            .write_here(|connection| Box::pin(accept(connection, task, limits, now)))
            .await?;
        if let (Accepted::Yes, Some(media)) = (&accepted, media) {
            media.belongs_to_a_task();
        }
        Ok(accepted)
    }

    /// How much there is to do.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queue_figures(&self) -> Result<QueueFigures, StoreError> {
        self.read(async |mut reader: Reader| figures(&mut reader).await)
            .await
    }
}

enum Accepted {
    Yes,
    NoRoomFor(Duration),
}

async fn accept(
    connection: &mut SqliteConnection,
    task: NewTask,
    limits: QueueLimits,
    now: String,
) -> Result<(Accepted, Vec<Event>), Failure> {
    let figures = figures(connection).await?;
    let audio_seconds = task.audio_duration.unwrap_or_default();
    if let Some(retry_after) = figures.wait_for_room(audio_seconds, limits) {
        return Ok((Accepted::NoRoomFor(retry_after), Vec::new()));
    }
    insert_row(connection, task, now).await?;
    Ok((Accepted::Yes, vec![Event::TaskQueued]))
}

impl QueueFigures {
    /// How long it takes until a task with `audio_seconds` of audio is accepted, in whole seconds; `None` if it is now.
    pub fn wait_for_room(&self, audio_seconds: f64, limits: QueueLimits) -> Option<Duration> {
        let is_full = self.n_queued >= limits.n_tasks.max(1);
        let beyond = self.queued_audio_seconds + audio_seconds - limits.audio_seconds;
        if !is_full && (beyond <= 0.0 || self.n_queued == 0) {
            return None;
        }
        let mean_audio_seconds = self.queued_audio_seconds / f64::from(self.n_queued.max(1));
        let to_do = mean_audio_seconds.max(beyond.min(self.queued_audio_seconds));
        let wait = to_do / self.speed.unwrap_or(SPEED_BEFORE_ANY);
        let (shortest, longest) = WAIT_BOUNDS;
        // Whole seconds, for `Retry-After`.
        let wait = Duration::try_from_secs_f64(wait.ceil()).unwrap_or(longest);
        Some(wait.clamp(shortest, longest))
    }
}

async fn figures(connection: &mut SqliteConnection) -> Result<QueueFigures, Failure> {
    let row = sqlx::query(
        "select waiting.n as n_queued, waiting.audio_seconds as queued_audio_seconds,
            (select count(*) from tasks where status = 'processing') as n_processing,
            done.audio_seconds as done_audio_seconds, done.seconds as done_seconds
        from
            (select count(*) as n, coalesce(sum(audio_duration), 0.0) as audio_seconds
                from tasks where status = 'queued') as waiting,
            (select coalesce(sum(audio_duration), 0.0) as audio_seconds, coalesce(sum(duration), 0.0) as seconds
                -- Of this program: others ran on other machines.
                from (select audio_duration, duration from tasks
                    where status = 'completed' and attempt > 0 order by end_time desc limit 20) as latest
                where audio_duration > 0 and duration > 0) as done",
    )
    .fetch_one(connection)
    .await?;
    Ok(read_figures(&row)?)
}

fn read_figures(row: &SqliteRow) -> Result<QueueFigures, sqlx::Error> {
    let count = |column| -> Result<u32, sqlx::Error> {
        let count: i64 = row.try_get(column)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    };
    let audio: f64 = row.try_get("done_audio_seconds")?;
    let seconds: f64 = row.try_get("done_seconds")?;
    Ok(QueueFigures {
        n_queued: count("n_queued")?,
        n_processing: count("n_processing")?,
        queued_audio_seconds: row.try_get("queued_audio_seconds")?,
        speed: (audio > 0.0 && seconds > 0.0).then(|| audio / seconds),
    })
}

async fn insert_row(
    connection: &mut SqliteConnection,
    task: NewTask,
    now: String,
) -> Result<(), Failure> {
    let TaskTexts { params, request } = TaskTexts::of(&task)?;
    let callback_status = task.callback_url.as_ref().map(|_| "pending");
    sqlx::query(
        "insert into tasks (uuid, status, task_type, task_params, request, language, file_name, url, audio_duration,
            media, callback_url, callback_status, request_id, created_at, updated_at)
        values (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(task.id.as_str())
    .bind(task.request.task_type().as_str())
    .bind(params)
    .bind(request)
    .bind(task.request.language())
    .bind(task.file_name)
    .bind(task.url)
    .bind(task.audio_duration)
    .bind(task.media.as_ref().map(crate::media::MediaKey::as_str))
    .bind(task.callback_url)
    .bind(callback_status)
    .bind(task.request_id)
    .bind(now.as_str())
    .bind(now.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// What a request is in JSON.
struct TaskTexts {
    params: Option<String>,
    request: String,
}

impl TaskTexts {
    fn of(task: &NewTask) -> Result<Self, StoreError> {
        let request = serde_json::to_string(&task.request).map_err(|error| {
            StoreError::Inconsistent(format!("the request of task {}: {error}", task.id))
        })?;
        Ok(Self {
            params: task.request.task_params().map(|params| params.to_string()),
            request,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: QueueLimits = QueueLimits {
        n_tasks: 2,
        audio_seconds: 100.0,
    };

    fn wait(figures: QueueFigures, audio_seconds: f64) -> Option<u64> {
        let wait = figures.wait_for_room(audio_seconds, LIMITS)?;
        Some(wait.as_secs())
    }

    #[test]
    fn sc3_a_full_queue_says_when_there_is_room() {
        let queue = |n_queued, queued_audio_seconds, speed| QueueFigures {
            n_queued,
            queued_audio_seconds,
            speed,
            ..QueueFigures::default()
        };
        // Room, and a long recording alone.
        assert_eq!(wait(queue(1, 50.0, None), 50.0), None);
        assert_eq!(wait(queue(0, 0.0, None), 5000.0), None);
        // Too many: one must go first. Measured, it goes faster.
        assert_eq!(wait(queue(2, 60.0, None), 1.0), Some(15));
        assert_eq!(wait(queue(2, 60.0, Some(10.0)), 1.0), Some(3));
        // Too much audio: as much as is too much must go first, or all.
        assert_eq!(wait(queue(1, 90.0, Some(10.0)), 50.0), Some(9));
        assert_eq!(wait(queue(1, 90.0, Some(10.0)), 1000.0), Some(9));
        // At least a second, at most an hour, whatever the figures are.
        assert_eq!(wait(queue(2, 0.0, None), 0.0), Some(1));
        assert_eq!(wait(queue(2, 1e9, None), 0.0), Some(3600));
        assert_eq!(wait(queue(2, f64::INFINITY, None), 0.0), Some(3600));
        assert_eq!(wait(queue(2, f64::NAN, None), f64::NAN), Some(3600));
    }
}
