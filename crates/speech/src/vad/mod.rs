//! Where people speak, and how the recording is cut into chunks there.
//!
//! The scores come from the segmentation network ([`crate::pyannet`]); [`chunks`] turns them into chunks: hysteresis finds regions of speech,
//! short pauses are closed, regions that are too long are cut where the score is lowest, all are padded, and neighbours
//! are merged as long as they fit into one chunk.

mod hysteresis;
mod regions;
mod scores;

use std::ops::Range;

use domain::options::{LONGEST_CHUNK, VadOptions};
use domain::progress::Monitor;

use crate::audio::Sound;
use crate::pyannet::{Cancelled, PyanNet};

pub use hysteresis::{Region, binarise};
pub use scores::Scores;
pub(crate) use scores::{FRAME_STEP, sample_of, time_of};

/// Samples from one window of the segmentation to the next, where nothing else asks for more: 5 s.
pub const STEP: usize = 80_000;

/// A piece of the recording that is decoded by itself. Positions are samples at 16 kHz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The first sample, padding included.
    pub start: usize,
    /// One past the last sample, padding included; never beyond the recording.
    pub end: usize,
    /// The speech in it as detected, in order, without padding; never empty.
    pub speech: Vec<Range<usize>>,
    /// True if the network doubts that this is speech: it was looked for because nothing else was found for long
    /// ([`VadOptions::recover`]). What is decoded from it needs a strict check.
    pub is_doubtful: bool,
}

impl Chunk {
    /// Samples of detected speech.
    pub fn n_speech(&self) -> usize {
        self.speech.iter().map(ExactSizeIterator::len).sum()
    }
}

/// Cuts a recording of `n_samples` into chunks of at most [`LONGEST_CHUNK`], by its speech scores: the longer they are,
/// the less is lost at their edges.
///
/// Chunks are in order and do not overlap. No speech gives no chunks.
pub fn chunks(scores: &Scores, n_samples: usize, options: &VadOptions) -> Vec<Chunk> {
    regions::chunks(scores, n_samples, options, LONGEST_CHUNK)
}

/// Finds speech in mono samples at 16 kHz, and cuts them into chunks there.
///
/// Whoever needs the network's output for more than this calls [`PyanNet::segment`] once, and [`chunks`] with its
/// scores.
///
/// # Errors
/// When the monitor cancels.
pub fn detect<'a>(
    network: &PyanNet,
    sound: impl Into<Sound<'a>>,
    options: &VadOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<Chunk>, Cancelled> {
    let samples = sound.into();
    let segmentation = network.segment(samples, network.window_len() / 2, monitor)?;
    Ok(chunks(
        &segmentation.speech_scores(),
        samples.len(),
        options,
    ))
}
