//! What the programs say of a recording, and how right that is.

use serde::{Deserialize, Serialize};

use crate::bench::recordings::Recording;
use crate::score::count::{SpeakerCount, n_speakers};
use crate::score::diarization::DiarizationErrors;
use crate::score::rttm::Turn;

/// Seconds around true edges that are not scored.
pub(super) const COLLARS: [f64; 2] = [0.25, 0.0];

/// Who speaks when, by one program.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    /// From samples to turns.
    pub(super) seconds: f64,
    pub(super) turns: Vec<Turn>,
    /// Most memory that the process ever held.
    pub(super) peak_rss_bytes: u64,
}

/// All answers for one recording.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) scriven: Answer,
    pub(super) peer: Option<Answer>,
    /// Ours where the number of speakers was told.
    pub(super) told: Option<Answer>,
}

/// One answer with its scores.
#[derive(Debug, Serialize)]
pub(super) struct Scored {
    pub(super) seconds: f64,
    pub(super) peak_rss_bytes: u64,
    /// For each of [`COLLARS`]; `None` where nobody knows who speaks.
    pub(super) errors: Option<[DiarizationErrors; 2]>,
    pub(super) speakers: Option<SpeakerCount>,
    turns: Vec<Turn>,
}

impl Scored {
    pub(super) fn new(recording: &Recording, answer: Answer) -> Self {
        let errors = |truth: &Vec<Turn>| {
            COLLARS.map(|collar| DiarizationErrors::of(truth, &answer.turns, collar))
        };
        let count = |n_true| SpeakerCount {
            n_true,
            n_found: n_speakers(&answer.turns),
        };
        Self {
            seconds: answer.seconds,
            peak_rss_bytes: answer.peak_rss_bytes,
            errors: recording.turns.as_ref().map(errors),
            speakers: recording.n_speakers.map(count),
            turns: answer.turns,
        }
    }
}
