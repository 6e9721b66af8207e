//! Recordings before they become tasks: whether they can be decoded, and how long they are.

use std::fmt;
use std::path::Path;

use crate::progress::Monitor;
use crate::units::Seconds;

/// Reads recordings to their end, to know that a task can.
pub trait Probe: fmt::Debug + Send + Sync {
    /// Decodes the recording at `path`, and keeps nothing of it. Blocks until done; memory does not grow with its length.
    ///
    /// # Errors
    /// The recording cannot become a task, or `monitor` cancels.
    fn probe(&self, path: &Path, monitor: &dyn Monitor) -> Result<Probed, ProbeError>;
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
