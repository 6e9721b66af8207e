//! The groups of parameters that requests share (contract 1.5), with their defaults.
//!
//! Members are named and ordered as requests and stored tasks have them. The defaults of the model group are settings
//! of the service, so they stand elsewhere.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::SpokenLanguage;
use crate::language::Language;
use crate::model::ModelName;
use crate::options::{
    AlignOptions, AsrOptions, AsrTask, ComputeType, DiarizeOptions, Interpolation, LONGEST_CHUNK,
    VadOptions, WordTimes, temperature_ladder,
};
use crate::units::Seconds;
use crate::words::words;

words! {
    /// On what is computed.
    pub enum Device {
        /// A graphics processor.
        Cuda = "cuda",
        /// The processor.
        Cpu = "cpu",
    }
}

words! {
    /// The arithmetic as requests name it.
    pub enum RequestedCompute {
        /// Half precision; on a processor it is computed as `int8`.
        Float16 = "float16",
        /// Single precision.
        Float32 = "float32",
        /// Quantised weights.
        Int8 = "int8",
    }
}

impl RequestedCompute {
    /// The arithmetic used on a processor.
    pub fn on_cpu(self) -> ComputeType {
        match self {
            Self::Float16 | Self::Int8 => ComputeType::Int8,
            Self::Float32 => ComputeType::Float32,
        }
    }
}

/// Which model recognises, and on what (contract 1.5.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelGroup {
    /// The language spoken.
    #[serde(with = "as_text")]
    pub language: SpokenLanguage,
    /// What the text is to be.
    #[serde(with = "as_text")]
    pub task: AsrTask,
    /// The model.
    #[serde(with = "as_text")]
    pub model: ModelName,
    /// On what it is computed.
    #[serde(with = "as_text")]
    pub device: Device,
    /// Which graphics processor.
    pub device_index: i64,
    /// Threads; 0 is the service's own choice.
    pub threads: i64,
    /// Chunks decoded side by side; at least 1.
    pub batch_size: i64,
    /// The longest segment of the result, in seconds; at least 1.
    pub chunk_size: i64,
    /// The arithmetic.
    #[serde(with = "as_text")]
    pub compute_type: RequestedCompute,
}

impl ModelGroup {
    /// The language in which words will come, where that is known beforehand.
    pub fn known_language(&self) -> Option<Language> {
        let english = (self.model.is_english_only()).then_some(Language::ENGLISH);
        self.language.given().or(english)
    }
}

/// How words are recognised (contract 1.5.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AsrGroup {
    /// Beams kept side by side; at least 1.
    pub beam_size: i64,
    /// Samples drawn at a temperature above 0; at least 1.
    pub best_of: i64,
    /// Finished hypotheses wanted, as a multiple of `beam_size`; above 0.
    pub patience: f64,
    /// Exponent of the length by which a hypothesis' score is divided.
    pub length_penalty: f64,
    /// The first temperature; at least 0.
    pub temperatures: f64,
    /// Above this the text is taken for a loop.
    pub compression_ratio_threshold: f64,
    /// Below this mean log-probability the result is not acceptable.
    pub log_prob_threshold: f64,
    /// Above this a window may be silence.
    pub no_speech_threshold: f64,
    /// Text that every chunk is told came before.
    pub initial_prompt: Option<String>,
    /// Token ids never chosen; -1 stands for the model's own set.
    pub suppress_tokens: Vec<i64>,
    /// Never write digits, `%`, `$` and `£`.
    pub suppress_numerals: bool,
    /// Words to expect.
    pub hotwords: Option<String>,
}

impl Default for AsrGroup {
    fn default() -> Self {
        Self {
            beam_size: 5,
            best_of: 5,
            patience: 1.0,
            length_penalty: 1.0,
            temperatures: 0.0,
            compression_ratio_threshold: 2.4,
            log_prob_threshold: -1.0,
            no_speech_threshold: 0.6,
            initial_prompt: None,
            suppress_tokens: vec![-1],
            suppress_numerals: false,
            hotwords: None,
        }
    }
}

/// Where speech is (contract 1.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VadGroup {
    /// Speech begins where its score rises above this; between 0 and 1.
    pub vad_onset: f64,
    /// Speech ends where its score falls below this; between 0 and 1.
    pub vad_offset: f64,
}

impl Default for VadGroup {
    fn default() -> Self {
        Self {
            vad_onset: 0.5,
            vad_offset: 0.363,
        }
    }
}

/// How words get times (contract 1.5.4).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AlignmentGroup {
    /// The model; `None` takes the default of the language.
    pub align_model: Option<String>,
    /// How what has no time gets one.
    #[serde(with = "as_text")]
    pub interpolate_method: Interpolation,
    /// Whether characters get times too.
    pub return_char_alignments: bool,
}

impl AlignmentGroup {
    /// The options of the alignment.
    pub fn options(&self) -> AlignOptions {
        AlignOptions {
            interpolate_method: self.interpolate_method,
            return_char_alignments: self.return_char_alignments,
            ..AlignOptions::default()
        }
    }
}

/// How many people speak (contract 1.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpeakerGroup {
    /// At least so many.
    pub min_speakers: Option<i64>,
    /// At most so many.
    pub max_speakers: Option<i64>,
}

impl SpeakerGroup {
    /// The options of the diarization. A bound beyond what it takes is the largest that it takes.
    pub fn options(&self) -> DiarizeOptions {
        let bound = |bound: i64| size(bound).min(MOST_SPEAKERS);
        DiarizeOptions {
            num_speakers: None,
            min_speakers: self.min_speakers.map(bound),
            max_speakers: self.max_speakers.map(bound),
        }
    }
}

/// More speakers than any recording has.
const MOST_SPEAKERS: usize = 100;

/// The options of recognition and of cutting that three groups make together.
///
/// Sizes beyond what the recogniser takes are the largest that it takes: the reference's service accepts any.
pub fn recognition(model: &ModelGroup, asr: &AsrGroup, vad: &VadGroup) -> (AsrOptions, VadOptions) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the recogniser computes in single precision"
    )]
    let single = |value: f64| value as f32;
    let defaults = AsrOptions::default();
    let options = AsrOptions {
        language: model.language.given(),
        task: model.task,
        beam_size: size(asr.beam_size).min(100),
        best_of: size(asr.best_of).min(100),
        patience: single(asr.patience),
        length_penalty: single(asr.length_penalty),
        temperatures: temperature_ladder(single(asr.temperatures), 0.2),
        compression_ratio_threshold: Some(single(asr.compression_ratio_threshold)),
        log_prob_threshold: Some(single(asr.log_prob_threshold)),
        no_speech_threshold: Some(single(asr.no_speech_threshold)),
        initial_prompt: asr.initial_prompt.clone(),
        hotwords: asr.hotwords.clone(),
        suppress_tokens: asr.suppress_tokens.clone(),
        suppress_numerals: asr.suppress_numerals,
        batch_size: size(model.batch_size).min(256),
        chunk_size: Seconds((model.chunk_size as f64).min(LONGEST_CHUNK.0)),
        word_times: WordTimes::Off,
        ..defaults
    };
    let cuts = VadOptions {
        onset: single(vad.vad_onset),
        offset: single(vad.vad_offset),
        ..VadOptions::default()
    };
    (options, cuts)
}

fn size(value: i64) -> usize {
    usize::try_from(value).unwrap_or(0)
}

/// Types that are a text in JSON.
mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use super::{Deserialize, Deserializer, Error, Serializer};

    pub(super) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| D::Error::custom(format!("'{text}' is not known here")))
    }
}

impl Serialize for Device {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        as_text::deserialize(deserializer)
    }
}
