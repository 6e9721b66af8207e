//! Whisper: features, tokens, network, search, and the long-form algorithm.

pub mod detect;
pub mod error;
pub mod mel;
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

use domain::options::AsrOptions;
use domain::progress::Monitor;
use domain::transcript::Transcript;
use error::AsrError;

/// Recognises a recording: mono samples at 16 kHz.
///
/// # Errors
///
/// When the model does not know the language asked for, or the monitor cancels.
pub fn transcribe(
    whisper: &Whisper,
    samples: &[f32],
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Transcript, AsrError> {
    sequential::transcribe(
        whisper.network(),
        whisper.tokenizer(),
        samples,
        options,
        monitor,
    )
}
