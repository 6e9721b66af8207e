//! What a driver of the benchmark is asked, and what it answers.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::recordings::Recording;

/// One line to a driver.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    kind: &'static str,
    path: &'a Path,
    /// `None` lets the model detect it.
    language: Option<&'a str>,
    /// Chunks of speech decoded side by side; `None` goes through the recording window by window.
    batch_size: Option<usize>,
}

impl<'a> Request<'a> {
    /// Write down what is said in a recording: answers with [`Transcribed`].
    pub(super) fn transcribe(recording: &'a Recording, batch_size: Option<usize>) -> Self {
        // English is given, as a person would; other languages have to be found.
        let language = recording.language.as_deref().filter(|code| *code == "en");
        Self {
            kind: "transcribe",
            path: &recording.path,
            language,
            batch_size,
        }
    }

    /// Time the parts of the network on the first window of a recording: answers with [`Kernels`].
    pub(super) fn kernels(recording: &'a Recording) -> Self {
        Self {
            kind: "kernels",
            ..Self::transcribe(recording, None)
        }
    }
}

/// What a program made of a recording.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Transcribed {
    /// From the file's path to its text.
    pub(super) seconds: f64,
    /// Of them, finding speech.
    #[serde(default)]
    pub(super) vad_seconds: Option<f64>,
    pub(super) text: String,
    pub(super) language: String,
    /// Most memory that the process ever held.
    pub(super) peak_rss_bytes: u64,
}

/// Times of the parts of the network, each the median of several.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Kernels {
    /// One window of 30 s through the encoder, in milliseconds.
    pub(super) encoder_ms: f64,
    /// Of them, arithmetic operations a second, in thousands of millions.
    pub(super) encoder_gops: Option<f64>,
    /// One step of the decoder with all beams, in milliseconds.
    pub(super) decoder_step_ms: Option<f64>,
    /// Features of one window, in milliseconds.
    pub(super) features_ms: Option<f64>,
}
