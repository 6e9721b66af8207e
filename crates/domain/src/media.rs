//! Recordings before they become tasks: whether they can be decoded, and how long they are.

use std::fmt;
use std::num::NonZeroU16;
use std::path::Path;

use crate::progress::Monitor;
use crate::units::Seconds;

/// Reads recordings to their end, to know that a task can.
pub trait Probe: fmt::Debug + Send + Sync {
    /// Decodes the recording at `path`, and keeps nothing of it: the audio track that is named, counted from 1, else the
    /// one that a task without a name for it takes. Blocks until done; memory does not grow with its length.
    ///
    /// # Errors
    /// The recording cannot become a task, or `monitor` cancels.
    fn probe(
        &self,
        path: &Path,
        track: Option<NonZeroU16>,
        monitor: &dyn Monitor,
    ) -> Result<Probed, ProbeError>;
}

/// What is known of a recording that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probed {
    /// Its length: samples at 16 kHz, by 16000.
    pub duration: Seconds,
}

/// A recording cannot become a task. The texts are for the person who sent it: no paths, no output of programs.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProbeError {
    /// It is no recording, or a damaged one, or one without sound. The text says which.
    #[error("{reason}")]
    Unreadable {
        /// Such as `Audio file is unreadable or corrupted`.
        reason: String,
    },
    /// It has no such audio track. The text says which there are.
    #[error("{reason}")]
    NoSuchTrack {
        /// The track that was asked for.
        track: NonZeroU16,
        /// Such as `the file has no audio track 3: it has 2, numbered 1 to 2`.
        reason: String,
    },
    /// It lasts longer than allowed.
    #[error(
        "the recording lasts longer than {limit:?} seconds, which is as long as this service takes"
    )]
    TooLong {
        /// The most that is allowed.
        limit: Seconds,
    },
    /// It needs a decoder that is not installed.
    #[error("an external decoder is needed for this kind of file, and none is installed")]
    DecoderMissing,
    /// Nobody wants to know any more.
    #[error("cancelled")]
    Cancelled,
    /// Nothing is known about it, for this machine failed. The text is for the log.
    #[error("{0}")]
    Machine(String),
}
