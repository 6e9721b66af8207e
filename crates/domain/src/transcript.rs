//! What a recording says: segments of text with times. Its JSON form is the document we store and serve.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::units::Seconds;

/// The result of recognising one recording.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Transcript {
    /// In order of time.
    pub segments: Vec<Segment>,
    /// Language code of the text's source, such as `en`.
    pub language: String,
    /// How sure the detection was, in `[0, 1]`; absent when the language was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_probability: Option<f64>,
    /// What gave the words their times; absent where they have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word_timing: Option<WordTiming>,
    /// What each speaker's voice sounds like, by speaker; where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker_embeddings: Option<BTreeMap<String, Vec<f32>>>,
}

/// What gives words their times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WordTiming {
    /// The cross-attention of the recogniser.
    Attention,
    /// Forced alignment with a CTC network.
    Ctc,
}

impl fmt::Display for WordTiming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Attention => "attention",
            Self::Ctc => "ctc",
        })
    }
}

/// A piece of speech with one text.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Segment {
    /// Where it begins.
    pub start: Seconds,
    /// Where it ends; never before `start`.
    pub end: Seconds,
    /// The text as decoded, leading space included.
    pub text: String,
    /// Mean log-probability of the tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avg_logprob: Option<f64>,
    /// Probability that the window holds no speech, in `[0, 1]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_speech_prob: Option<f64>,
    /// How well the text compresses; above 2.4 it probably loops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression_ratio: Option<f64>,
    /// Sampling temperature that gave this text; 0 is beam search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Words with times, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<Word>>,
    /// Characters with times, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chars: Option<Vec<Character>>,
    /// Who speaks, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// Whether somebody else speaks during one of its words, or during the half of it if it has none.
    #[serde(default, skip_serializing_if = "is_false")]
    pub overlap: bool,
}

/// The bytes of each word in `text`; `None` unless all are found there, in their order.
pub fn word_places(text: &str, words: &[Word]) -> Option<Vec<Range<usize>>> {
    let mut cursor = 0;
    let place = |word: &Word| {
        let word = word.word.trim();
        let start = cursor + text[cursor..].find(word)?;
        cursor = start + word.len();
        Some(start..cursor)
    };
    words.iter().map(place).collect()
}

/// One character of a text and its time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Character {
    /// The code point.
    pub char: String,
    /// Where it begins; absent for what is not spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Seconds>,
    /// Where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Seconds>,
    /// How sure the time is, in `[0, 1]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// One word and its time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Word {
    /// The word with its punctuation.
    pub word: String,
    /// Where it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Seconds>,
    /// Where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Seconds>,
    /// How sure the time or word is, in `[0, 1]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Who says it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// Whether somebody else speaks during at least half of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub overlap: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn is_false(value: &bool) -> bool {
    !value
}
