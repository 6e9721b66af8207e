//! Whether as many speakers are found as there are.

use std::collections::BTreeSet;

use serde::Serialize;

use super::rttm::Turn;

/// Speakers of one recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct SpeakerCount {
    pub(crate) n_true: usize,
    pub(crate) n_found: usize,
}

impl SpeakerCount {
    pub(crate) fn is_right(self) -> bool {
        self.n_found == self.n_true
    }

    /// How many speakers there are too many or too few.
    pub(crate) fn error(self) -> usize {
        self.n_found.abs_diff(self.n_true)
    }
}

/// How many people speak in `turns`.
pub(crate) fn n_speakers(turns: &[Turn]) -> usize {
    let speakers: BTreeSet<&str> = turns.iter().map(|turn| turn.speaker.as_str()).collect();
    speakers.len()
}
