//! How a long step says how far it is, and learns that it should stop.

use std::fmt;
use std::time::Duration;

use crate::units::Seconds;

/// A step of the pipeline that a person waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Turning a file into samples.
    Decode,
    /// Finding where people speak.
    Vad,
    /// Recognising the words.
    Transcribe,
    /// Finding the time of each word.
    Align,
    /// Hearing who speaks when.
    Diarize,
    /// Giving words their speakers.
    Assign,
}

impl Stage {
    /// Every one, in the order in which they mostly come.
    pub const ALL: [Self; 6] = [
        Self::Decode,
        Self::Vad,
        Self::Transcribe,
        Self::Align,
        Self::Diarize,
        Self::Assign,
    ];

    /// Its name in messages and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Vad => "vad",
            Self::Transcribe => "transcribe",
            Self::Align => "align",
            Self::Diarize => "diarize",
            Self::Assign => "assign",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The one small argument that carries progress out and cancellation in.
///
/// Implementations are cheap to call: a stage calls them many times a second.
pub trait Monitor: Sync {
    /// `done` of `total` seconds of audio are finished in `stage`; `total` is zero while it is not known.
    fn progress(&self, stage: Stage, done: Seconds, total: Seconds);

    /// `stage` begins. Stages that do not need each other may run side by side.
    fn begins(&self, stage: Stage) {
        let _ = stage;
    }

    /// `stage` has ended well, after `took`.
    fn ends(&self, stage: Stage, took: Duration) {
        let _ = (stage, took);
    }

    /// `done_bytes` of `total_bytes` of a model are on disk; called only while a hub is asked for one.
    fn fetched(&self, done_bytes: u64, total_bytes: u64) {
        let _ = (done_bytes, total_bytes);
    }

    /// True once the caller no longer wants the result; the stage then returns its `Cancelled` error soon.
    fn is_cancelled(&self) -> bool;
}

/// A monitor that says nothing and never cancels.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}
