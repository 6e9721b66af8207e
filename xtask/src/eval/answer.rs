//! What the pipeline is asked, and what it answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::score::rttm::Turn;
use crate::score::words::TimedWord;

/// One recording.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    pub(super) kind: &'static str,
    pub(super) path: PathBuf,
    /// `None` lets the model detect it.
    pub(super) language: Option<&'a str>,
    /// Chunks of speech decoded side by side.
    pub(super) batch_size: usize,
    /// Whether stages that do not need each other run side by side.
    pub(super) side_by_side: bool,
    /// How many people speak, if that is told.
    pub(super) num_speakers: Option<usize>,
}

/// What became of it: either an error or the rest.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) error: Option<Failure>,
    #[serde(default)]
    pub(super) audio_seconds: Option<f64>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) language: Option<String>,
    #[serde(default)]
    pub(super) words: Option<Vec<TimedWord>>,
    /// `None` where nobody was asked who speaks.
    #[serde(default)]
    pub(super) turns: Option<Vec<Turn>>,
    /// From the file's path to the last result.
    #[serde(default)]
    pub(super) seconds: f64,
    /// Those that came to their end, in order.
    #[serde(default)]
    pub(super) stages: Vec<Stage>,
}

/// Why there is no result.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(super) struct Failure {
    /// The stage that failed.
    pub(super) stage: String,
    pub(super) message: String,
}

/// One step of the pipeline.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) seconds: f64,
    /// Most memory that the process held meanwhile; `None` where the system does not say.
    pub(super) peak_rss_bytes: Option<u64>,
}
