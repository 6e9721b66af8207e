//! What tests of diarization write down: who speaks when, in a talk and in its turns.

use std::ops::Range;

use domain::diarization::Turn;

/// Frames in a second, nearly.
pub(super) const SECOND: usize = 59;

/// Somebody speaks in some frames of the recording.
pub(super) type Said = (usize, Range<usize>);

/// What is said, given in seconds.
pub(super) fn seconds(said: &[Said]) -> Vec<Said> {
    let frames = |at: &Range<usize>| at.start * SECOND..at.end * SECOND;
    said.iter().map(|(who, at)| (*who, frames(at))).collect()
}

/// Turns as `1.03-4.01 00, 6.00-10.98 01`: start and end in seconds, and the number of the speaker.
pub(super) fn told(turns: &[Turn]) -> String {
    let told = turns.iter().map(|turn| {
        let (start, end) = (turn.start.0, turn.end.0);
        format!("{start:.2}-{end:.2} {}", &turn.speaker["SPEAKER_".len()..])
    });
    told.collect::<Vec<_>>().join(", ")
}
