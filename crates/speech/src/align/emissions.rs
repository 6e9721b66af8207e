//! What the model heard: for every frame, how probable each class is.

/// Log-probabilities `(frames, classes)`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Emissions {
    n_classes: usize,
    values: Vec<f32>,
}

impl Emissions {
    /// Takes `values (frames, n_classes)`.
    ///
    /// # Panics
    /// When they are not whole frames.
    pub fn new(n_classes: usize, values: Vec<f32>) -> Self {
        assert!(
            n_classes > 0 && values.len().is_multiple_of(n_classes),
            "{} numbers in frames of {n_classes}",
            values.len()
        );
        Self { n_classes, values }
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.values.len() / self.n_classes.max(1)
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// All numbers, frame by frame.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The classes of one frame.
    pub(crate) fn frame(&self, index: usize) -> &[f32] {
        &self.values[index * self.n_classes..][..self.n_classes]
    }

    /// The best of all classes but `blank`, frame by frame.
    pub(crate) fn loudest(&self, blank: usize) -> Vec<f32> {
        let best = |frame: &[f32]| {
            let others = frame
                .iter()
                .enumerate()
                .filter(|(class, _)| *class != blank);
            others
                .map(|(_, value)| *value)
                .fold(f32::NEG_INFINITY, f32::max)
        };
        self.values.chunks_exact(self.n_classes).map(best).collect()
    }

    /// Turns logits `(frames, n_classes)` into log-probabilities.
    pub(crate) fn from_logits(n_classes: usize, mut logits: Vec<f32>) -> Self {
        for frame in logits.chunks_exact_mut(n_classes) {
            let largest = frame.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = frame.iter().map(|value| (value - largest).exp()).sum();
            let total = largest + sum.ln();
            for value in frame {
                *value -= total;
            }
        }
        Self::new(n_classes, logits)
    }
}
