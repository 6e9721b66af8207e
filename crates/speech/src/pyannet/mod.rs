//! `PyanNet`, the segmentation network of pyannote.audio: for every frame of a window, who of up to three speaks.
//!
//! Sinc filters and two convolutions (`SincNet`, Ravanelli and Bengio 2018), four bidirectional LSTM layers, two linear layers
//! and a classifier (Bredin and Laurent 2021). Windows are processed side by side, so that the recurrent products are
//! worth their weights; the sinc filters run once over what overlapping windows share.

mod front;
mod load;
mod segmentation;
mod sinc;
#[cfg(test)]
mod tests;

use nn::Pool;
use nn::linear::{Linear, Rows, Then};
use nn::lstm::BiLstm;
use nn::norm::leaky_relu;

use domain::progress::{Monitor, Stage};
use domain::units::Seconds;

use crate::audio::Sound;

use front::SincNet;
pub(crate) use segmentation::round_half_even;
pub use segmentation::{Segmentation, Windows};

/// Slope of every leaky rectifier in the network.
const SLOPE: f32 = 0.01;
/// Windows of one LSTM group: two tiles of the single-precision kernels.
const WINDOWS_PER_GROUP: usize = 12;
const SAMPLE_RATE: u32 = 16_000;

/// What the last layer's numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Log-probabilities of: nobody, each of three speakers, each pair of them (segmentation-3.0).
    Powerset,
    /// A probability for each of three speakers (whisperX's own network).
    Speakers,
}

/// The loaded network.
#[derive(Debug)]
pub struct PyanNet {
    pool: Pool,
    front: SincNet,
    lstm: Vec<BiLstm>,
    linear: [Linear; 2],
    classifier: Linear,
    head: Head,
}

/// The caller no longer wants the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("finding speech was cancelled")]
pub struct Cancelled;

impl PyanNet {
    /// What the last layer's numbers mean.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Classes of each frame.
    pub fn n_classes(&self) -> usize {
        self.classifier.n_out()
    }

    /// Samples of the windows that the network was trained on.
    pub fn window_len(&self) -> usize {
        match self.head {
            Head::Powerset => 160_000,
            Head::Speakers => 80_000,
        }
    }

    /// Runs over a recording at 16 kHz in windows that begin `step` samples apart, a multiple of 10.
    ///
    /// Smaller steps average more windows for each frame, and cost in proportion. Memory beyond the result does not grow
    /// with the recording.
    ///
    /// # Errors
    /// When the monitor cancels.
    ///
    /// # Panics
    /// When `step` is not a multiple of 10 or zero.
    pub fn segment<'a>(
        &self,
        sound: impl Into<Sound<'a>>,
        step: usize,
        monitor: &dyn Monitor,
    ) -> Result<Segmentation, Cancelled> {
        let samples = sound.into();
        let windows = Windows::new(samples.len(), self.window_len(), step);
        let mut segmentation = Segmentation::new(windows, self.n_classes(), self.head);
        let batch_len = WINDOWS_PER_GROUP * (self.pool.n_threads() / 2).max(1);
        let total = Seconds::from_samples(samples.len(), SAMPLE_RATE);
        for first in (0..windows.count).step_by(batch_len) {
            if monitor.is_cancelled() {
                return Err(Cancelled);
            }
            monitor.progress(
                Stage::Vad,
                Seconds::from_samples(first * step, SAMPLE_RATE),
                total,
            );
            let batch = first..(first + batch_len).min(windows.count);
            segmentation.push(&self.run(samples, &windows, batch));
        }
        monitor.progress(Stage::Vad, total, total);
        Ok(segmentation)
    }

    /// The outputs `(windows, frames, classes)` of some of the windows.
    fn run(
        &self,
        samples: Sound<'_>,
        windows: &Windows,
        batch: std::ops::Range<usize>,
    ) -> Vec<f32> {
        let n_windows = batch.len();
        let mut rows = self.front.forward(&self.pool, samples, windows, batch);
        for layer in &self.lstm {
            let n_frames = windows.n_frames();
            let mut output = vec![0.0; n_windows * n_frames * layer.n_out()];
            layer.forward(&self.pool, &rows, &mut output, n_windows);
            rows = output;
        }
        self.classify(&rows)
    }

    /// The layers that look at one frame at a time.
    fn classify(&self, rows: &[f32]) -> Vec<f32> {
        /// Frames that one worker takes at once.
        const FRAMES: usize = 128;
        let (width, n_classes) = (self.linear[0].n_in(), self.n_classes());
        let mut output = vec![0.0; rows.len() / width * n_classes];
        let start = || (Rows::default(), Vec::new());
        self.pool.each_part(
            &mut output,
            FRAMES * n_classes,
            start,
            |(packed, hidden), part, out| {
                let n = out.len() / n_classes;
                let mut input = rows[part * FRAMES * width..][..n * width].to_vec();
                for layer in &self.linear {
                    packed.set(layer.precision(), &input, layer.n_in());
                    hidden.resize(n * layer.n_out(), 0.0);
                    layer.forward_rows(packed, hidden, Then::Store);
                    leaky_relu(hidden, SLOPE);
                    std::mem::swap(&mut input, hidden);
                }
                packed.set(self.classifier.precision(), &input, self.classifier.n_in());
                self.classifier.forward_rows(packed, out, Then::Store);
                out.chunks_exact_mut(n_classes)
                    .for_each(|row| self.head.finish(row));
            },
        );
        output
    }
}

impl Head {
    /// Turns the classifier's numbers for one frame into what they mean.
    fn finish(self, row: &mut [f32]) {
        match self {
            Self::Powerset => {
                let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let sum: f32 = row.iter().map(|x| (x - largest).exp()).sum();
                let log_sum = largest + sum.ln();
                for x in row {
                    *x -= log_sum;
                }
            }
            Self::Speakers => {
                for x in row {
                    *x = 1.0 / (1.0 + (-*x).exp());
                }
            }
        }
    }

    /// How likely it is that anybody speaks in a frame, in `[0, 1]`.
    pub fn speech(self, row: &[f32]) -> f32 {
        match self {
            Self::Powerset => -row[0].exp_m1(),
            Self::Speakers => row.iter().copied().fold(0.0, f32::max),
        }
    }
}
