//! Log-mel features: what the encoder hears.
//!
//! A frame every 10 ms, its power spectrum gathered into mel bands, on a logarithmic scale whose lowest value is 8
//! decades under the loudest. That the loudest counts makes two variants, which give slightly different logits:
//! [`LogMel::chunk`] pads the samples of a chunk with silence and looks no further than the chunk, [`LogMel::file`]
//! takes the loudest of the whole file and pads each window's features with literal zeros.

mod file;
mod filters;
mod frames;

pub use file::FileFeatures;

use std::ops::Range;

use crate::audio::Sound;
use filters::MelFilters;
use frames::{FrameTransform, HOP, Signal};

/// Frames in a window: 30 s.
pub const WINDOW_FRAMES: usize = 3000;
/// Frames a second.
pub const FRAMES_PER_SECOND: usize = 100;
/// Samples from one frame to the next.
pub const SAMPLES_PER_FRAME: usize = HOP;
/// Samples in a window.
pub const WINDOW_SAMPLES: usize = WINDOW_FRAMES * HOP;

/// Energies below this count as this, so that silence has a logarithm.
const SMALLEST_ENERGY: f32 = 1e-10;
/// Decades kept below the loudest.
const RANGE: f32 = 8.0;
/// What single precision may lose in a sum over a frame, many times over.
const ROUNDING_MARGIN: f32 = 1.01;

/// Turns samples at 16 kHz into features of a given number of bands.
pub struct LogMel {
    transform: FrameTransform,
    filters: MelFilters,
}

impl std::fmt::Debug for LogMel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogMel")
            .field("n_mels", &self.n_mels())
            .finish_non_exhaustive()
    }
}

impl LogMel {
    /// Prepares for `n_mels` bands: 80, or 128 for large-v3 and its kin.
    pub fn new(n_mels: usize) -> Self {
        Self {
            transform: FrameTransform::new(),
            filters: MelFilters::new(n_mels),
        }
    }

    /// Number of bands.
    pub fn n_mels(&self) -> usize {
        self.filters.len()
    }

    /// Features of one chunk on its own, row-major `(n_mels, 3000)`: the samples are padded with silence to 30 s and
    /// the loudest of the chunk sets the floor. Samples beyond 30 s are not looked at.
    pub fn chunk(&self, samples: &[f32]) -> Vec<f32> {
        let samples = &samples[..samples.len().min(WINDOW_SAMPLES)];
        let signal = Signal::whole(samples, WINDOW_SAMPLES);
        let mut features = vec![0.0; self.n_mels() * WINDOW_FRAMES];
        self.write_energies(signal, 0, WINDOW_FRAMES, &mut features);
        let loudest = features.iter().copied().fold(0.0, f32::max);
        let scale = Scale::below(loudest);
        for value in &mut features {
            *value = scale.apply(*value);
        }
        features
    }

    /// Features of a file, computed window by window from its samples.
    pub fn file<'a>(&'a self, sound: impl Into<Sound<'a>>) -> FileFeatures<'a> {
        FileFeatures::new(self, sound.into())
    }

    /// Writes the band energies of `n_frames` frames into the first columns of `out`, row-major `(n_mels, 3000)` and
    /// zero before.
    fn write_energies(&self, signal: Signal<'_>, first: usize, n_frames: usize, out: &mut [f32]) {
        let mut scratch = self.transform.scratch();
        let mut energies = vec![0.0; self.n_mels()];
        for column in 0..n_frames {
            if !self.transform.take(signal, first + column, &mut scratch) {
                continue;
            }
            self.filters
                .apply(self.transform.power(&mut scratch), &mut energies);
            for (row, energy) in out.chunks_exact_mut(WINDOW_FRAMES).zip(&energies) {
                row[column] = *energy;
            }
        }
    }

    /// The highest band energy of some frames, or `so_far` if that is higher.
    ///
    /// A band has at most the frame's whole power times the largest weight. Most frames stay below what was found
    /// before even so, and need no transform.
    fn loudest(&self, signal: Signal<'_>, frames: Range<usize>, so_far: f32) -> f32 {
        let mut scratch = self.transform.scratch();
        let mut energies = vec![0.0; self.n_mels()];
        let largest_weight = self.filters.largest_weight() * ROUNDING_MARGIN;
        let mut loudest = so_far;
        for frame_idx in frames {
            if !self.transform.take(signal, frame_idx, &mut scratch)
                || scratch.total_power() * largest_weight < loudest
            {
                continue;
            }
            self.filters
                .apply(self.transform.power(&mut scratch), &mut energies);
            loudest = energies.iter().copied().fold(loudest, f32::max);
        }
        loudest
    }
}

/// The logarithmic scale of one chunk or file.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// Lowest logarithm kept.
    floor: f32,
}

impl Scale {
    fn below(loudest: f32) -> Self {
        Self {
            floor: loudest.max(SMALLEST_ENERGY).log10() - RANGE,
        }
    }

    fn apply(self, energy: f32) -> f32 {
        let logarithm = energy.max(SMALLEST_ENERGY).log10();
        (logarithm.max(self.floor) + 4.0) / 4.0
    }
}

#[cfg(test)]
mod tests;
