//! Options of recognition.

use std::str::FromStr;

use super::LONGEST_CHUNK;
use crate::language::Language;
use crate::transcript::{Segment, WordTiming};
use crate::units::Seconds;
use crate::words::words;

words! {
    /// What the text is to be.
    #[derive(Default)]
    pub enum AsrTask {
        /// The words in the language spoken.
        #[default]
        Transcribe = "transcribe",
        /// The words in English.
        Translate = "translate",
    }
}

impl AsrTask {
    /// The code of the language in which the text of speech in the language `spoken` is written.
    pub fn text_language(self, spoken: &str) -> &str {
        match self {
            Self::Transcribe => spoken,
            Self::Translate => "en",
        }
    }
}

/// Whether words get times from the model that recognised them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordTimes {
    /// No words, only segments.
    Off,
    /// Every word has a time: Whisper's own method, with its known mistakes corrected.
    #[default]
    Refined,
    /// Whisper's own method as faster-whisper has it, for comparison.
    AsReference,
}

impl WordTimes {
    /// What a transcript of `segments` says of its words' times.
    pub fn timing(self, segments: &[Segment]) -> Option<WordTiming> {
        let has_words = self != Self::Off && !segments.is_empty();
        has_words.then_some(WordTiming::Attention)
    }
}

/// The arithmetic of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ComputeType {
    /// Weights quantised per output channel, activations per row on the fly.
    #[default]
    Int8,
    /// Plain single precision: the reference in tests.
    Float32,
}

impl FromStr for ComputeType {
    type Err = UnknownComputeType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "int8" => Ok(Self::Int8),
            "float32" => Ok(Self::Float32),
            other => Err(UnknownComputeType(other.to_owned())),
        }
    }
}

/// The text names no arithmetic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not one of float32, int8")]
pub struct UnknownComputeType(pub String);

/// Options of recognition; the defaults are faster-whisper's (`WhisperModel.transcribe`).
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own in the API"
)]
pub struct AsrOptions {
    /// The language spoken; `None` detects it (English-only models: English).
    pub language: Option<Language>,
    /// Transcribe or translate.
    pub task: AsrTask,
    /// Beams kept side by side at temperature 0; at least 1.
    pub beam_size: usize,
    /// Samples drawn at a temperature above 0; at least 1.
    pub best_of: usize,
    /// Finished hypotheses wanted, as a multiple of `beam_size`; above 0.
    pub patience: f32,
    /// Exponent of the length by which a hypothesis' score is divided.
    pub length_penalty: f32,
    /// Above 1 discourages tokens that were already used.
    pub repetition_penalty: f32,
    /// Length of token sequences that may not come twice; 0 is off.
    pub no_repeat_ngram_size: usize,
    /// Temperatures tried in order until a result is acceptable; never empty.
    pub temperatures: Vec<f32>,
    /// Above this the text is taken for a loop; `None` is off.
    pub compression_ratio_threshold: Option<f32>,
    /// Below this mean log-probability the result is not acceptable; `None` is off.
    pub log_prob_threshold: Option<f32>,
    /// Above this the window may be silence; `None` is off.
    pub no_speech_threshold: Option<f32>,
    /// Give the text so far as prompt of the next window.
    pub condition_on_previous_text: bool,
    /// Above this temperature the text so far is forgotten.
    pub prompt_reset_on_temperature: f32,
    /// Text that the first window is told came before.
    pub initial_prompt: Option<String>,
    /// Text with which the first window is made to begin.
    pub prefix: Option<String>,
    /// Words that every window is told to expect.
    pub hotwords: Option<String>,
    /// No blank and no end at the first position.
    pub suppress_blank: bool,
    /// Token ids never chosen; -1 stands for the model's non-speech set.
    pub suppress_tokens: Vec<i64>,
    /// Never write digits, `%`, `$` and `£`: numbers come as words.
    pub suppress_numerals: bool,
    /// Decode without timestamp tokens.
    pub without_timestamps: bool,
    /// Latest time of the first timestamp, in seconds.
    pub max_initial_timestamp: f32,
    /// Chunks decoded side by side by the batched algorithm; at least 1.
    pub batch_size: usize,
    /// Segments of the result are never longer, unless a single word is; above 0, at most [`LONGEST_CHUNK`]. What is
    /// decoded at once does not depend on it: shorter chunks lose words.
    pub chunk_size: Seconds,
    /// Detect the language of every window anew.
    pub multilingual: bool,
    /// Windows with believed text that vote on the language; at least 1. More vote where these are not sure.
    pub language_detection_segments: usize,
    /// Where the votes together are surer than this, no more windows are looked at.
    pub language_detection_threshold: f32,
    /// Whether words get times.
    pub word_times: WordTimes,
    /// Doubtful words with a longer silence around them, in seconds, are taken for a hallucination and dropped; `None` is
    /// off. Needs word times.
    pub hallucination_silence_threshold: Option<f32>,
}

impl Default for AsrOptions {
    fn default() -> Self {
        Self {
            language: None,
            task: AsrTask::Transcribe,
            beam_size: 5,
            best_of: 5,
            patience: 1.0,
            length_penalty: 1.0,
            repetition_penalty: 1.0,
            no_repeat_ngram_size: 0,
            temperatures: vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
            compression_ratio_threshold: Some(2.4),
            log_prob_threshold: Some(-1.0),
            no_speech_threshold: Some(0.6),
            condition_on_previous_text: true,
            prompt_reset_on_temperature: 0.5,
            initial_prompt: None,
            prefix: None,
            hotwords: None,
            suppress_blank: true,
            suppress_tokens: vec![-1],
            suppress_numerals: false,
            without_timestamps: false,
            max_initial_timestamp: 1.0,
            batch_size: 8,
            chunk_size: LONGEST_CHUNK,
            multilingual: false,
            language_detection_segments: 1,
            language_detection_threshold: 0.5,
            word_times: WordTimes::default(),
            hallucination_silence_threshold: None,
        }
    }
}

/// The temperatures tried in order: `first`, then higher by `step` each, up to 1; `first` alone if `step` is 0.
///
/// Both are finite and not negative.
pub fn temperature_ladder(first: f32, step: f32) -> Vec<f32> {
    /// So that 0.2 added five times still counts as 1.
    const SLACK: f64 = 1e-6;
    let (start, step) = (f64::from(first), f64::from(step));
    if step <= SLACK {
        return vec![first];
    }
    let higher = (1..)
        .map(|n| start + f64::from(n) * step)
        .take_while(|temperature| *temperature <= 1.0 + SLACK);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a temperature needs no f64"
    )]
    let higher = higher.map(|temperature| ((temperature * 1e6).round() / 1e6) as f32);
    std::iter::once(first).chain(higher).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_is_english() {
        assert_eq!(AsrTask::Transcribe.text_language("ja"), "ja");
        assert_eq!(AsrTask::Translate.text_language("ja"), "en");
    }

    #[test]
    fn temperatures_climb_to_one() {
        assert_eq!(
            temperature_ladder(0.0, 0.2),
            AsrOptions::default().temperatures
        );
        assert_eq!(temperature_ladder(0.0, 0.0), [0.0]);
        assert_eq!(temperature_ladder(0.5, 0.3), [0.5, 0.8]);
        assert_eq!(temperature_ladder(1.5, 0.2), [1.5]);
    }
}
