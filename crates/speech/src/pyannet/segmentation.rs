//! What the network says about every window of a recording, and how windows are averaged.

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::Head;
use super::front::SINC_STRIDE;
use crate::vad::{FRAME_STEP, Scores};

/// The windows in which a recording is looked at; the last one may reach beyond its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Samples of the recording.
    pub n_samples: usize,
    /// Samples of each window.
    pub len: usize,
    /// Samples from the beginning of one to that of the next.
    pub step: usize,
    /// How many there are; none for an empty recording.
    pub count: usize,
}

impl Windows {
    /// As many as cover the recording (`SlidingWindow` of pyannote.core).
    ///
    /// # Panics
    /// When `step` is zero or not a multiple of the stride of the first layer, 10 samples.
    pub fn new(n_samples: usize, len: usize, step: usize) -> Self {
        assert!(
            step > 0 && step.is_multiple_of(SINC_STRIDE),
            "a step of {step} samples"
        );
        let count = match n_samples.checked_sub(len) {
            _ if n_samples == 0 => 0,
            None => 1,
            Some(rest) => 1 + rest.div_ceil(step),
        };
        Self {
            n_samples,
            len,
            step,
            count,
        }
    }

    /// Whether the last one reaches beyond the recording.
    pub(super) fn is_padded(&self) -> bool {
        self.count > 0 && (self.count - 1) * self.step + self.len > self.n_samples
    }

    /// Frames of each window: 589 for 10 seconds, 293 for 5.
    pub fn n_frames(&self) -> usize {
        /// Kernel and stride of each convolution and pooling.
        const LAYERS: [(usize, usize); 6] = [(251, 10), (3, 3), (5, 1), (3, 3), (5, 1), (3, 3)];
        LAYERS.iter().fold(self.len, |n, (kernel, stride)| {
            (n + stride).saturating_sub(*kernel) / stride
        })
    }

    /// The frame of the recording at which a window begins.
    pub fn first_frame(&self, window: usize) -> usize {
        round_half_even(window * self.step, FRAME_STEP)
    }

    /// Frames of the recording that any window sees.
    pub(crate) fn n_all_frames(&self) -> usize {
        match self.count.checked_sub(1) {
            Some(last) => round_half_even(self.len + last * self.step, FRAME_STEP) + 1,
            None => 0,
        }
    }
}

/// `a/b` rounded to a whole number, halves to the even one.
pub(crate) fn round_half_even(a: usize, b: usize) -> usize {
    let (whole, rest) = (a / b, a % b);
    match (2 * rest).cmp(&b) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole % 2,
    }
}

/// The network's output for all windows, kept in half precision: 8 kB a window.
#[derive(Debug, Clone)]
pub struct Segmentation {
    windows: Windows,
    n_classes: usize,
    head: Head,
    /// `(windows, frames, classes)`
    values: Vec<f16>,
}

impl Segmentation {
    pub(super) fn new(windows: Windows, n_classes: usize, head: Head) -> Self {
        Self {
            windows,
            n_classes,
            head,
            values: Vec::with_capacity(windows.count * windows.n_frames() * n_classes),
        }
    }

    /// What a powerset network might have said: `values (windows, frames, 7)`.
    #[cfg(test)]
    pub(crate) fn scripted(windows: Windows, values: &[f32]) -> Self {
        let mut scripted = Self::new(windows, 7, Head::Powerset);
        scripted.push(values);
        scripted
    }

    pub(super) fn push(&mut self, values: &[f32]) {
        self.values
            .extend(values.iter().map(|value| f16::from_f32(*value)));
    }

    /// The windows.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// Classes of each frame.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// What the values mean.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The values of one window, `(frames, classes)`.
    pub fn window(&self, index: usize) -> Vec<f32> {
        let len = self.windows.n_frames() * self.n_classes;
        self.values[index * len..][..len].to_f32_vec()
    }

    /// One number a frame of the recording: the mean of what `of_frame` makes of the frame in each window that sees it,
    /// weighted by `weights (frames)` (pyannote.audio's `Inference.aggregate`). Frames beyond the end of the recording
    /// are left out.
    pub fn aggregate(&self, weights: &[f32], of_frame: impl Fn(&[f32]) -> f32) -> Vec<f32> {
        let n = self.windows.n_all_frames();
        let (mut sums, mut shares) = (vec![0.0_f32; n], vec![0.0_f32; n]);
        for index in 0..self.windows.count {
            let first = self.windows.first_frame(index);
            let window = self.window(index);
            for (frame, (row, weight)) in
                window.chunks_exact(self.n_classes).zip(weights).enumerate()
            {
                sums[first + frame] += of_frame(row) * weight;
                shares[first + frame] += weight;
            }
        }
        let mut means: Vec<_> = (sums.iter().zip(&shares))
            .map(|(sum, share)| sum / share.max(1e-12))
            .collect();
        if self.windows.is_padded() {
            means.truncate(self.windows.n_samples / FRAME_STEP + 1);
        }
        means
    }

    /// Speech scores: the middle of a window counts more than its edges (Hamming).
    pub fn speech_scores(&self) -> Scores {
        let n = self.windows.n_frames();
        let hamming = |frame: usize| {
            0.54 - 0.46 * (std::f32::consts::TAU * frame as f32 / (n - 1) as f32).cos()
        };
        let weights: Vec<_> = (0..n).map(hamming).collect();
        Scores::new(self.aggregate(&weights, |row| self.head.speech(row)))
    }
}
