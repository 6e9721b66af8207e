//! Rows of the database, read as what they stand for. A row that stands for nothing names table, column and row.

use std::fmt::Display;
use std::str::FromStr;

use domain::clock::Timestamp;
use domain::progress::Stage;
use domain::task::{
    CallbackStatus, Completed, Failed, FailureText, Foreign, Processing, Queued, StageProgress,
    TaskId, TaskState, TaskStatus,
};
use domain::words::StoredWord;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row as _, Sqlite, Type};

use crate::error::StoreError;
use crate::outbox::DeliveryAttempt;
use crate::tasks::{Callback, Task, TaskSummary};

/// A row of `table` whose first column is its number or name.
pub(crate) struct Row<'r> {
    row: &'r SqliteRow,
    table: &'static str,
}

impl<'r> Row<'r> {
    /// A row of the table `tasks`.
    pub(crate) fn of_tasks(row: &'r SqliteRow) -> Self {
        let table = "tasks";
        Self { row, table }
    }

    /// A row of the table `outbox`.
    pub(crate) fn of_outbox(row: &'r SqliteRow) -> Self {
        let table = "outbox";
        Self { row, table }
    }

    /// A value of `column`.
    pub(crate) fn value<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
        &'static str: ColumnIndex<SqliteRow>,
    {
        (self.row.try_get(column)).map_err(|error| self.wrong(column, &error))
    }

    /// The text of `column`.
    pub(crate) fn text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.value(column)
    }

    /// A count in `column`.
    pub(crate) fn count(&self, column: &'static str) -> Result<u32, StoreError> {
        let count: i64 = self.value(column)?;
        u32::try_from(count).map_err(|error| self.wrong(column, &error))
    }

    /// The text of `column` as what it is a word for.
    fn word<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        let word: Option<&str> = self.value(column)?;
        word.map(|word| word.parse().map_err(|error| self.wrong(column, &error)))
            .transpose()
    }

    /// The same, where there must be one.
    fn needed_word<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        self.word(column)?
            .ok_or_else(|| self.wrong(column, &"there is no value"))
    }

    /// The text of `column`, which other programs may have written.
    fn stored_word<T: Copy + FromStr>(
        &self,
        column: &'static str,
    ) -> Result<StoredWord<T>, StoreError> {
        self.value(column).map(StoredWord::read)
    }

    /// A moment in whole microseconds.
    fn moment_in_micros(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let micros: Option<i64> = self.value(column)?;
        Ok(micros.map(Timestamp::from_micros))
    }

    fn wrong(&self, column: &str, why: &dyn Display) -> StoreError {
        let row = (self.row.try_get_unchecked::<String, _>(0)).unwrap_or_default();
        StoreError::Inconsistent(format!(
            "table {}, column {column}, row {row}: {why}",
            self.table
        ))
    }

    /// How far a task is. Older programs left out what they did not know.
    fn state(&self) -> Result<TaskState, StoreError> {
        let started_at = self.word("start_time")?;
        let ended_at = self.word("end_time")?;
        let status = match self.stored_word("status")? {
            StoredWord::Known(status) => status,
            StoredWord::Foreign(status) => {
                return Ok(TaskState::Foreign(Foreign {
                    status,
                    result: self.text("result")?,
                    error: self.text("error")?.as_deref().map(FailureText::new),
                    started_at,
                    ended_at,
                }));
            }
        };
        Ok(match status {
            TaskStatus::Queued => TaskState::Queued(Queued {
                attempts: self.count("attempt")?,
                due_at: self.moment_in_micros("due_at")?,
            }),
            TaskStatus::Processing => TaskState::Processing(self.processing(started_at)?),
            TaskStatus::Completed => TaskState::Completed(Completed {
                result: self.text("result")?.unwrap_or_else(|| "null".to_owned()),
                notes: self.notes()?,
                started_at,
                ended_at,
            }),
            TaskStatus::Failed => TaskState::Failed(Failed {
                error: self.failure()?,
                started_at,
                ended_at,
            }),
        })
    }

    fn processing(&self, started_at: Option<Timestamp>) -> Result<Processing, StoreError> {
        let started_at = match started_at {
            Some(moment) => moment,
            None => self.needed_word("updated_at")?,
        };
        let lease_ends_at = self.moment_in_micros("lease_ends_at")?;
        Ok(Processing {
            attempt: self.count("attempt")?.max(1),
            worker: self.text("worker")?.unwrap_or_default(),
            started_at,
            lease_ends_at: lease_ends_at.unwrap_or(started_at),
            progress: self.progress()?,
        })
    }

    /// Rows of older programs have none.
    fn notes(&self) -> Result<Vec<String>, StoreError> {
        let Some(notes) = self.text("notes")? else {
            return Ok(Vec::new());
        };
        serde_json::from_str(&notes).map_err(|error| self.wrong("notes", &error))
    }

    fn failure(&self) -> Result<FailureText, StoreError> {
        let error: Option<&str> = self.value("error")?;
        Ok(FailureText::new(error.unwrap_or_default()))
    }

    fn progress(&self) -> Result<Option<StageProgress>, StoreError> {
        let stage: Option<&str> = self.value("progress_stage")?;
        let percentage: Option<f64> = self.value("progress_percentage")?;
        let (Some(stage), Some(percentage)) = (stage, percentage) else {
            return Ok(None);
        };
        let stage = Stage::ALL.into_iter().find(|known| known.name() == stage);
        let unknown = || self.wrong("progress_stage", &"there is no such stage");
        Ok(Some(StageProgress {
            stage: stage.ok_or_else(unknown)?,
            percentage,
        }))
    }

    fn callback(&self) -> Result<Option<Callback>, StoreError> {
        let Some(url) = self.text("callback_url")? else {
            return Ok(None);
        };
        let status = self.word("callback_status")?;
        Ok(Some(Callback {
            url,
            status: status.unwrap_or(CallbackStatus::Pending),
            attempts: self.count("callback_attempts")?,
            error: self.text("callback_error")?,
        }))
    }
}

impl TryFrom<&SqliteRow> for Task {
    type Error = StoreError;

    fn try_from(row: &SqliteRow) -> Result<Self, StoreError> {
        let row = Row::of_tasks(row);
        Ok(Self {
            id: TaskId::new(row.value::<String>("uuid")?),
            task_type: row.stored_word("task_type")?,
            state: row.state()?,
            task_params: row.text("task_params")?.filter(|json| json != "null"),
            language: row.text("language")?,
            file_name: row.text("file_name")?,
            url: row.text("url")?,
            callback: row.callback()?,
            duration: row.value("duration")?,
            audio_duration: row.value("audio_duration")?,
            created_at: row.needed_word("created_at")?,
            updated_at: row.needed_word("updated_at")?,
            request_id: row.text("request_id")?,
        })
    }
}

impl TryFrom<&SqliteRow> for TaskSummary {
    type Error = StoreError;

    fn try_from(row: &SqliteRow) -> Result<Self, StoreError> {
        let row = Row::of_tasks(row);
        let status = row.stored_word("status")?;
        let is_processing = status.known() == Some(TaskStatus::Processing);
        let error = match status.known() {
            Some(TaskStatus::Failed) => Some(row.failure()?),
            Some(_) => None,
            None => row.text("error")?.as_deref().map(FailureText::new),
        };
        let progress = row.progress()?.filter(|_| is_processing);
        Ok(Self {
            id: TaskId::new(row.value::<String>("uuid")?),
            status,
            task_type: row.stored_word("task_type")?,
            file_name: row.text("file_name")?,
            url: row.text("url")?,
            audio_duration: row.value("audio_duration")?,
            language: row.text("language")?,
            error,
            duration: row.value("duration")?,
            start_time: row.word("start_time")?,
            end_time: row.word("end_time")?,
            progress,
        })
    }
}

impl TryFrom<&SqliteRow> for DeliveryAttempt {
    type Error = StoreError;

    fn try_from(row: &SqliteRow) -> Result<Self, StoreError> {
        let row = Row {
            row,
            table: "deliveries",
        };
        let took: i64 = row.value("took_micros")?;
        let status: Option<i64> = row.value("status")?;
        let at: i64 = row.value("ended_at")?;
        Ok(Self {
            attempt: row.count("attempt")?,
            at: Timestamp::from_micros(at),
            took: std::time::Duration::from_micros(took.unsigned_abs()),
            status: status.and_then(|status| u16::try_from(status).ok()),
            error: row.text("error")?,
        })
    }
}

/// A moment as the reference service writes it: `2026-11-22 11:08:33.754381`, in UTC.
pub(crate) fn stored(moment: Timestamp) -> String {
    moment.to_string().replace('T', " ").replace('Z', "")
}

/// A moment that [`stored`] wrote, or an older program.
pub(crate) fn read_moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_stored_as_the_reference_does() {
        let moment: Timestamp = "2026-11-22T11:08:33.7Z".parse().unwrap();
        assert_eq!(stored(moment), "2026-11-22 11:08:33.700000");
        assert_eq!(read_moment(Some(&stored(moment))), Some(moment));
    }
}
