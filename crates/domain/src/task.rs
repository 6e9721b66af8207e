//! A task: a submitted piece of work, and the states it goes through.
//!
//! ```text
//!            claim              finish
//! (new) ──► Queued ──► Processing ──► Completed
//!             │  ▲         │  │
//!             │  └─────────┘  └─────► Failed
//!             └─────────────────────► Failed
//!          (retry, give back, crash)
//! ```
//!
//! Transitions are methods that take the old state by value: what is not drawn cannot be written.

use std::fmt;

use crate::clock::Timestamp;
use crate::progress::Stage;
use crate::results::TaskResult;
use crate::words::{StoredWord, words};

/// The public name of a task: an opaque text, compared exactly. New ones are lower-case UUIDs (version 4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(String);

impl TaskId {
    /// The task that is called `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

words! {
    /// What a task does.
    pub enum TaskType {
        /// Words of a recording.
        Transcription = "transcription",
        /// Times of known words.
        Alignment = "transcription_alignment",
        /// Who speaks when.
        Diarization = "diarization",
        /// Speakers for words that have times.
        Combination = "combine_transcript&diarization",
        /// All of them.
        FullProcess = "full_process",
    }
}

words! {
    /// How far a task is, as its clients see it.
    pub enum TaskStatus {
        /// It waits for a worker.
        Queued = "queued",
        /// A worker is at it.
        Processing = "processing",
        /// It ended well, and has a result.
        Completed = "completed",
        /// It ended with an error.
        Failed = "failed",
    }
}

impl TaskStatus {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

words! {
    /// How far the message to a task's `callback_url` is.
    pub enum CallbackStatus {
        /// It is to be sent, perhaps again.
        Pending = "pending",
        /// The receiver has it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
}

/// How far the work on a task is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageProgress {
    /// What is being done.
    pub stage: Stage,
    /// How much of the whole task is done, in per cent, from 0 to 100.
    pub percentage: f64,
}

/// Where a task is on its way.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskState {
    /// It waits for a worker.
    Queued(Queued),
    /// A worker is at it.
    Processing(Processing),
    /// It ended well.
    Completed(Completed),
    /// It ended with an error.
    Failed(Failed),
    /// Another program wrote a status that is not known here. The task is shown and can be deleted; nobody works on it.
    Foreign(Foreign),
}

impl TaskState {
    /// Its word.
    pub fn status(&self) -> StoredWord<TaskStatus> {
        StoredWord::Known(match self {
            Self::Queued(_) => TaskStatus::Queued,
            Self::Processing(_) => TaskStatus::Processing,
            Self::Completed(_) => TaskStatus::Completed,
            Self::Failed(_) => TaskStatus::Failed,
            Self::Foreign(foreign) => return StoredWord::Foreign(foreign.status.clone()),
        })
    }
}

/// A task that waits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Queued {
    /// Attempts made so far.
    pub attempts: u32,
    /// Nobody takes it earlier; `None` is now.
    pub due_at: Option<Timestamp>,
}

impl Queued {
    /// A worker takes it.
    pub fn claim(self, worker: String, now: Timestamp, lease_ends_at: Timestamp) -> Processing {
        Processing {
            attempt: self.attempts + 1,
            worker,
            started_at: now,
            lease_ends_at,
            progress: None,
        }
    }

    /// It ends before anybody began.
    pub fn fail(self, error: FailureText, now: Timestamp) -> Failed {
        Failed {
            error,
            started_at: None,
            ended_at: Some(now),
        }
    }
}

/// A task that a worker is at.
#[derive(Debug, Clone, PartialEq)]
pub struct Processing {
    /// Which try it is, from 1.
    pub attempt: u32,
    /// Who is at it.
    pub worker: String,
    /// When this try began.
    pub started_at: Timestamp,
    /// Until when the worker has a right to it.
    pub lease_ends_at: Timestamp,
    /// How far it is.
    pub progress: Option<StageProgress>,
}

impl Processing {
    /// It ends with `result`.
    pub fn complete(self, result: TaskResult, now: Timestamp) -> Completed {
        Completed {
            result: result.json,
            notes: result.notes,
            started_at: Some(self.started_at),
            ended_at: Some(now),
        }
    }

    /// It ends with an error.
    pub fn fail(self, error: FailureText, now: Timestamp) -> Failed {
        Failed {
            error,
            started_at: Some(self.started_at),
            ended_at: Some(now),
        }
    }

    /// It goes back to the queue, from where nobody takes it before `due_at`. The attempt counts.
    pub fn retry(self, due_at: Option<Timestamp>) -> Queued {
        Queued {
            attempts: self.attempt,
            due_at,
        }
    }

    /// It goes back to the queue as if nobody had begun: the worker stops for a reason that is not the task's.
    pub fn give_back(self) -> Queued {
        Queued {
            attempts: self.attempt - 1,
            due_at: None,
        }
    }
}

/// A task that ended well.
#[derive(Debug, Clone, PartialEq)]
pub struct Completed {
    /// A JSON text: contract section 2.
    pub result: String,
    /// See [`TaskResult::notes`].
    pub notes: Vec<String>,
    /// When the last try began; older programs may not have said.
    pub started_at: Option<Timestamp>,
    /// When it ended; older programs may not have said.
    pub ended_at: Option<Timestamp>,
}

/// A task that ended with an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// What went wrong.
    pub error: FailureText,
    /// When the last try began; `None` if nobody began.
    pub started_at: Option<Timestamp>,
    /// When it ended; older programs may not have said.
    pub ended_at: Option<Timestamp>,
}

/// A task in a state of another program.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreign {
    /// The word for the state.
    pub status: String,
    /// A JSON text, if there is a result.
    pub result: Option<String>,
    /// What went wrong, if that is said.
    pub error: Option<FailureText>,
    /// When the work began, if that is said.
    pub started_at: Option<Timestamp>,
    /// When it ended, if that is said.
    pub ended_at: Option<Timestamp>,
}

/// What went wrong, for the person who sent the audio: never empty, at most 2000 characters, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureText(String);

impl FailureText {
    const LONGEST: usize = 2000;

    /// `text`, cut where it is too long; a text without a word says that nobody knows.
    pub fn new(text: &str) -> Self {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() {
            return Self("it failed, and nothing says why".to_owned());
        }
        Self(words.chars().take(Self::LONGEST).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FailureText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn each_attempt_counts_unless_it_is_given_back() {
        let claim = |queued: Queued| queued.claim("w".into(), at(1), at(61));
        let first = claim(Queued::default());
        assert_eq!(first.attempt, 1);
        assert_eq!(first.clone().give_back(), Queued::default());
        let second = claim(first.retry(Some(at(9))));
        assert_eq!(second.attempt, 2);
        let failed = second.fail(FailureText::new("no speech"), at(5));
        assert_eq!(
            (failed.started_at, failed.ended_at),
            (Some(at(1)), Some(at(5)))
        );
    }

    #[test]
    fn words_of_the_api_are_read_as_they_are_written() {
        for word in TaskType::ALL {
            assert_eq!(word.as_str().parse(), Ok(*word));
        }
        assert_eq!(
            "combine_transcript&diarization".parse(),
            Ok(TaskType::Combination)
        );
        assert!("Queued".parse::<TaskStatus>().is_err());
        let terminal: Vec<_> = (TaskStatus::ALL.iter())
            .filter(|status| status.is_terminal())
            .collect();
        assert_eq!(terminal, [&TaskStatus::Completed, &TaskStatus::Failed]);
    }

    #[test]
    fn a_failure_always_says_something() {
        assert_eq!(
            FailureText::new(" \n").as_str(),
            "it failed, and nothing says why"
        );
        assert_eq!(FailureText::new("a\n\tb").as_str(), "a b");
        assert_eq!(
            FailureText::new(&"é".repeat(3000)).as_str().chars().count(),
            2000
        );
    }
}
