//! Running the acoustic model over parts of a recording: short ones together, long ones in windows.

use std::ops::Range;

use super::emissions::Emissions;

/// An acoustic model: from samples to log-probabilities.
pub(crate) trait Acoustic {
    /// Number of classes.
    fn n_classes(&self) -> usize;

    /// Samples from one frame to the next.
    fn hop(&self) -> usize;

    /// Fewest samples that give a frame; shorter pieces are filled up with silence.
    fn shortest(&self) -> usize;

    /// The emissions of each piece, `(frames, classes)`; pieces do not see each other.
    fn emit(&self, pieces: &[&[f32]]) -> Vec<Emissions>;
}

/// Samples of a window that the model sees at once: 30 s.
const WINDOW: usize = 30 * 16_000;
/// Samples on each side of an inner part that belong to its neighbour, and are there to be heard only: 2 s.
const CONTEXT: usize = 2 * 16_000;
/// Samples that are heard together: memory grows with them.
const BATCH: usize = WINDOW;

/// The emissions of one part of the recording, in windows where it is long.
pub(crate) fn listen(model: &dyn Acoustic, samples: &[f32]) -> Emissions {
    listen_to_all(model, &[samples]).pop().unwrap_or_default()
}

/// How many of `lengths`, from the first on, are to be given to [`listen_to_all`] at once; at least one.
pub(crate) fn batch_length(lengths: impl Iterator<Item = usize>) -> usize {
    let mut total = 0;
    let fitting = lengths.take_while(|length| {
        total += length;
        total <= BATCH
    });
    fitting.count().max(1)
}

/// The emissions of several parts.
pub(crate) fn listen_to_all(model: &dyn Acoustic, parts: &[&[f32]]) -> Vec<Emissions> {
    if parts.iter().all(|part| part.len() <= WINDOW) {
        return model.emit(parts);
    }
    let windowed = |part: &&[f32]| {
        let mut values = Vec::new();
        for window in windows(part.len(), model.hop()) {
            let heard = model
                .emit(&[&part[window.samples]])
                .pop()
                .unwrap_or_default();
            let kept = window.keep.start..window.keep.end.min(heard.n_frames());
            let n_classes = model.n_classes();
            values.extend_from_slice(
                &heard.values()[kept.start * n_classes..kept.end.max(kept.start) * n_classes],
            );
        }
        Emissions::new(model.n_classes(), values)
    };
    parts.iter().map(windowed).collect()
}

struct Window {
    samples: Range<usize>,
    /// Frames that are kept of it; beyond the last frame means all that there are.
    keep: Range<usize>,
}

/// Windows over `n_samples`, all beginning on a frame.
fn windows(n_samples: usize, hop: usize) -> Vec<Window> {
    let context = CONTEXT / hop * hop;
    let inner = WINDOW / hop * hop - 2 * context;
    let mut windows = Vec::new();
    let mut from = 0;
    loop {
        let start = if from == 0 { 0 } else { from - context };
        let end = (start + WINDOW).min(n_samples);
        let is_last = end == n_samples;
        let first = (from - start) / hop;
        let n_kept = if from == 0 { inner + context } else { inner } / hop;
        windows.push(Window {
            samples: start..end,
            keep: first..if is_last { usize::MAX } else { first + n_kept },
        });
        if is_last {
            return windows;
        }
        from += n_kept * hop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::testing::Echo;

    #[test]
    fn windows_join_without_a_seam() {
        let model = Echo::new(3);
        for seconds in [1, 30, 31, 58, 59, 100, 137] {
            let samples: Vec<f32> = (0..seconds * 16_000 + 123)
                .map(|i| if i % 16_000 < 8000 { 1.0 } else { 2.0 })
                .collect();
            let (windowed, whole) = (listen(&model, &samples), model.emit(&[&samples]));
            assert!(
                windowed == whole[0],
                "{seconds} s: {} frames",
                windowed.n_frames()
            );
        }
    }

    #[test]
    fn short_parts_go_together_and_long_ones_alone() {
        let second = 16_000;
        let check = |lengths: &[usize], expected: usize| {
            let lengths = lengths.iter().map(|seconds| seconds * second);
            assert_eq!(batch_length(lengths), expected);
        };
        check(&[10, 10, 10, 10], 3);
        check(&[40, 1], 1);
        check(&[1], 1);
    }
}
