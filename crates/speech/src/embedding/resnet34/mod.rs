//! The `ResNet34` of `WeSpeaker` (Wang et al. 2023) that pyannote's pipelines use: 80 mel bands over time become one
//! vector of 256 numbers for each voice in them.
//!
//! Convolutions over time and frequency, then weighted mean and deviation over time, then one linear layer. A mask says
//! which moments are a voice's; the convolutions do not depend on it, so they are computed once for all the voices of a
//! stretch (pyannote repeats them for each).

mod load;
#[cfg(test)]
mod tests;
mod trunk;

use nn::Pool;
use nn::linear::{Linear, Then};
use nn::pooling::weighted_statistics;

use super::fbank::{BANDS, Fbank, Kind};
use trunk::{Scratch, Trunk};

/// Length of an embedding of [`ResNet34`].
pub const EMBEDDING: usize = 256;

/// A voice. Those of one speaker point the same way: compare by cosine ([`super::cosine`]).
pub type Embedding = [f32; EMBEDDING];

/// Windows whose filter banks are held at once.
const WINDOWS: usize = 32;

/// The loaded network.
#[derive(Debug)]
pub struct ResNet34 {
    pool: Pool,
    fbank: Fbank,
    trunk: Trunk,
    voice: Linear,
}

/// Filter banks of a stretch of any length, and the voices to hear in it.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'a> {
    /// `(frames, 80)` of [`Kind::Hamming`], the mean over the frames taken away ([`super::Features::centred`]).
    pub features: &'a [f32],
    /// How much each moment counts, from 0 to 1, one mask a voice. A mask divides the stretch into as many equal
    /// steps as it has numbers: 589 in pyannote's windows, a single 1 for all of the stretch. One that is zero
    /// everywhere gives an embedding that is finite and means nothing.
    pub masks: &'a [Vec<f32>],
}

/// Samples at 16 kHz, and the voices to hear in them.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// As long as the window is, with zeros where the recording ends before it: 160 000 in pyannote's pipelines.
    pub samples: &'a [f32],
    /// As those of a [`Stretch`].
    pub masks: &'a [Vec<f32>],
}

impl ResNet34 {
    /// The threads of this network, for filter banks in between.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The voices of some windows, one for each mask. Neighbouring windows share most of their frames: who cuts many out
    /// of one recording computes those once, and takes [`Self::embed`].
    ///
    /// # Panics
    /// When a window or a mask is empty.
    pub fn embed_windows(&self, windows: &[Window<'_>]) -> Vec<Vec<Embedding>> {
        let mut embeddings = Vec::with_capacity(windows.len());
        for windows in windows.chunks(WINDOWS) {
            let features = |window: &Window<'_>| {
                let features = self.fbank.all_frames(&self.pool, window.samples);
                features.centred(features.frames())
            };
            let features: Vec<Vec<f32>> = windows.iter().map(features).collect();
            let stretches = features.iter().zip(windows);
            let stretches: Vec<Stretch<'_>> = stretches
                .map(|(features, window)| Stretch {
                    features,
                    masks: window.masks,
                })
                .collect();
            embeddings.extend(self.embed(&stretches));
        }
        embeddings
    }

    /// The voices of some stretches, one for each mask. Each thread takes one stretch after the other.
    ///
    /// # Panics
    /// When a stretch is empty or no whole number of frames, or a mask is empty.
    pub fn embed(&self, stretches: &[Stretch<'_>]) -> Vec<Vec<Embedding>> {
        let mut order: Vec<usize> = (0..stretches.len()).collect();
        // those of one length follow each other, so that a thread's images keep their size; long ones begin
        order.sort_by_key(|index| std::cmp::Reverse(stretches[*index].features.len()));
        let mut found = vec![Vec::new(); stretches.len()];
        let work = |scratch: &mut Scratch, place: usize, found: &mut [Vec<Embedding>]| {
            found[0] = self.hear(scratch, &stretches[order[place]]);
        };
        self.pool.each_part(&mut found, 1, Scratch::default, work);
        let mut embeddings = vec![Vec::new(); stretches.len()];
        for (index, found) in order.into_iter().zip(found) {
            embeddings[index] = found;
        }
        embeddings
    }

    /// The voices of a stretch, on the calling thread.
    fn hear(&self, scratch: &mut Scratch, stretch: &Stretch<'_>) -> Vec<Embedding> {
        let Stretch { features, masks } = *stretch;
        let n_frames = features.len() / BANDS;
        assert!(n_frames > 0 && features.len() == n_frames * BANDS, "frames");
        if masks.is_empty() {
            return Vec::new();
        }
        let image = self.trunk.forward(scratch, features);
        let mut statistics = Vec::with_capacity(masks.len() * self.voice.n_in());
        for mask in masks {
            let weights = resampled(mask, image.width());
            let at = statistics.len();
            statistics.resize(at + self.voice.n_in(), 0.0);
            let (means, deviations) = statistics[at..].split_at_mut(self.voice.n_in() / 2);
            let width = trunk::OUTPUT_CHANNELS;
            let rows = means.chunks_mut(width).zip(deviations.chunks_mut(width));
            for (row, (means, deviations)) in rows.enumerate() {
                weighted_statistics(image.row(row), &weights, means, deviations);
            }
        }
        let mut embeddings = vec![[0.0; EMBEDDING]; masks.len()];
        self.voice
            .forward(&statistics, embeddings.as_flattened_mut(), Then::Store);
        embeddings
    }
}

/// The mask at `n` moments, each taking the step that it falls into, as `torch.nn.functional.interpolate` does with
/// `nearest` (whose arithmetic is single precision).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places in a mask"
)]
fn resampled(mask: &[f32], n: usize) -> Vec<f32> {
    assert!(!mask.is_empty(), "a mask");
    let scale = mask.len() as f32 / n as f32;
    let place = |i: usize| ((i as f32 * scale) as usize).min(mask.len() - 1);
    (0..n).map(|i| mask[place(i)]).collect()
}
