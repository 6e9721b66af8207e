//! Files of any kind become mono samples at 16 kHz.
//!
//! [`decode`] reads what it can in this process (`native`, memory-safe) and hands the rest to an `ffmpeg` child
//! (`ffmpeg`, with limits). What a file *contains* decides, never its name. Samples are mixed to one channel
//! (`downmix`), brought to 16 kHz (`resample`) and collected block by block (`sink`), so that a long recording is
//! held in memory once, at 32 kB a second, and never at its own rate.

mod chunks;
mod clock;
mod collected;
mod cut_off;
mod decode;
mod error;
mod ffmpeg;
mod frames;
mod guard;
mod lookahead;
mod matroska;
mod mix;
mod mp4;
mod native;
mod part;
mod pump;
mod report;
mod resample;
mod samples;
mod settings;
mod sink;
mod sniff;
mod source;
mod tracks;
mod view;

pub use decode::{Measured, Recording, decode, measure};
pub use error::AudioError;
pub use ffmpeg::find_ffmpeg;
pub use resample::{RATES, Resampler, UnusableRate};
pub use samples::{Samples, Sound};
pub use settings::Settings;
pub use source::Source;

/// Samples a second of all audio below the decoder.
pub const SAMPLE_RATE: u32 = 16_000;

/// Whole samples in `seconds` at `rate` Hz; none where that is negative or no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted"
)]
pub fn samples_in(seconds: f64, rate: u32) -> usize {
    (seconds * f64::from(rate)).round() as usize
}
