//! Whisper: features, tokens, network, search, and two ways through a recording: window by window, and chunk by chunk.

pub mod batched;
mod belief;
pub mod detect;
pub mod error;
mod fallback;
mod given;
pub mod mel;
mod memory;
pub mod network;
pub mod prompt;
pub mod search;
pub mod sequential;
pub mod special;
pub mod suppress;
pub mod tokenizer;
pub mod weights;
pub mod whisper;
pub mod words;

pub use whisper::Whisper;

use domain::language::Language;
use domain::options::AsrOptions;
use domain::progress::Monitor;
use domain::transcript::{Segment, Transcript};
use error::AsrError;

use crate::audio::Sound;
use crate::vad::Chunk;

/// Recognises a recording: mono samples at 16 kHz.
///
/// # Errors
///
/// When the model does not know the language asked for, or the monitor cancels.
pub fn transcribe<'a>(
    whisper: &Whisper,
    sound: impl Into<Sound<'a>>,
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Transcript, AsrError> {
    sequential::transcribe(
        whisper.network(),
        whisper.tokenizer(),
        sound.into(),
        options,
        monitor,
    )
}

/// Recognises chunks of a recording, `AsrOptions::batch_size` side by side: mono samples at 16 kHz.
///
/// # Errors
///
/// When the model does not know the language asked for, the monitor cancels, or a prompt leaves no room for text.
pub fn transcribe_chunks<'a>(
    whisper: &Whisper,
    sound: impl Into<Sound<'a>>,
    chunks: &[Chunk],
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Transcript, AsrError> {
    batched::transcribe(
        whisper.network(),
        whisper.tokenizer(),
        sound.into(),
        chunks,
        options,
        monitor,
    )
}

/// Gives the words of a known text, `segments` of a recording, times; each sentence becomes a segment. Reports
/// [`Stage::Align`](domain::progress::Stage::Align).
///
/// # Errors
///
/// When the monitor cancels.
pub fn time_words<'a>(
    whisper: &Whisper,
    sound: impl Into<Sound<'a>>,
    segments: &[Segment],
    language: Language,
    monitor: &dyn Monitor,
) -> Result<Vec<Segment>, AsrError> {
    given::time_words(
        whisper.network(),
        whisper.tokenizer(),
        sound.into(),
        segments,
        language,
        monitor,
    )
}
