//! What each part of diarization took.

use std::time::{Duration, Instant};

/// What each part of one run took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// From windows to tracks and pieces.
    pub stitching: Duration,
    /// Computing filter banks of the pieces.
    pub fbank: Duration,
    /// Turning them into voices.
    pub embedding: Duration,
    /// Turning voices into speakers.
    pub clustering: Duration,
    /// Turning pieces with speakers into turns.
    pub reconstruction: Duration,
    /// How many pieces there were.
    pub n_pieces: usize,
}

/// Does something, and adds how long it took.
pub(super) fn timed<T>(duration: &mut Duration, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    *duration += began.elapsed();
    result
}
