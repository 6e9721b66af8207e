//! Frames of a recording, and stretches of them.

use std::ops::Range;

use super::BANDS;

/// Some consecutive frames of a recording, `(frames, 80)`.
#[derive(Debug, Clone)]
pub struct Features {
    first: usize,
    values: Vec<f32>,
}

impl Features {
    /// `values (frames, 80)`, the first row being frame `first` of the recording.
    pub(super) fn new(first: usize, values: Vec<f32>) -> Self {
        Self { first, values }
    }

    /// Which frames of the recording these are.
    pub fn frames(&self) -> Range<usize> {
        self.first..self.first + self.values.len() / BANDS
    }

    /// The rows `(frames, 80)` of some frames, counted from the beginning of the recording.
    ///
    /// # Panics
    /// When they are not all among [`Self::frames`].
    pub fn rows(&self, frames: Range<usize>) -> &[f32] {
        let at = |frame: usize| (frame - self.first) * BANDS;
        &self.values[at(frames.start)..at(frames.end)]
    }

    /// A copy of some frames, which need not follow each other, the mean over them taken away from each band: what the
    /// networks want of a stretch.
    ///
    /// # Panics
    /// When they are not all among [`Self::frames`].
    pub fn centred(&self, frames: impl IntoIterator<Item = usize>) -> Vec<f32> {
        let frames = frames.into_iter();
        let mut rows = Vec::with_capacity(frames.size_hint().0 * BANDS);
        for frame in frames {
            rows.extend_from_slice(self.rows(frame..frame + 1));
        }
        let mut sums = [0.0_f64; BANDS];
        for row in rows.chunks_exact(BANDS) {
            (sums.iter_mut().zip(row)).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        let n = (rows.len() / BANDS) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "features are single precision"
        )]
        let mean = sums.map(|sum| (sum / n) as f32);
        for row in rows.chunks_exact_mut(BANDS) {
            (row.iter_mut().zip(&mean)).for_each(|(x, mean)| *x -= mean);
        }
        rows
    }
}
