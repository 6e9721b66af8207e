//! What the pipeline is asked, and what it answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::score::rttm::Turn;
use crate::score::words::TimedWord;

/// One recording.
#[derive(Debug, Serialize)]
pub(crate) struct Request<'a> {
    /// `evaluate` for all stages, `transcribe` for words alone.
    pub(crate) kind: &'static str,
    pub(crate) path: PathBuf,
    /// `None` lets the model detect it.
    pub(crate) language: Option<&'a str>,
    /// Chunks of speech decoded side by side.
    pub(crate) batch_size: usize,
    /// Whether stages that do not need each other run side by side.
    pub(crate) side_by_side: bool,
    /// How many people speak, if that is told.
    pub(crate) num_speakers: Option<usize>,
}

/// What became of it: either an error or the rest.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) error: Option<Failure>,
    #[serde(default)]
    pub(crate) audio_seconds: Option<f64>,
    /// What the pipeline says about the recording.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) language: Option<String>,
    #[serde(default)]
    pub(crate) words: Option<Vec<TimedWord>>,
    /// The subtitles, a file of `SubRip`.
    #[serde(default)]
    pub(crate) srt: Option<String>,
    /// `None` where nobody was asked who speaks.
    #[serde(default)]
    pub(crate) turns: Option<Vec<Turn>>,
    /// From the file's path to the last result.
    #[serde(default)]
    pub(crate) seconds: f64,
    /// Those that came to their end, in order.
    #[serde(default)]
    pub(crate) stages: Vec<Stage>,
}

/// Why there is no result.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(crate) struct Failure {
    /// The stage that failed.
    pub(crate) stage: String,
    pub(crate) message: String,
}

/// One step of the pipeline.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) seconds: f64,
    /// Most memory that the process held meanwhile; `None` where the system does not say.
    pub(crate) peak_rss_bytes: Option<u64>,
}
