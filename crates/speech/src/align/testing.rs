//! Acoustic models that are simple enough to foretell.

use super::emissions::Emissions;
use super::listen::Acoustic;

/// A model whose ears are perfect: samples of value `n` say class `n`.
pub(crate) struct Echo {
    n_classes: usize,
}

impl Echo {
    pub(crate) fn new(n_classes: usize) -> Self {
        Self { n_classes }
    }
}

impl Acoustic for Echo {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    fn hop(&self) -> usize {
        320
    }

    fn shortest(&self) -> usize {
        400
    }

    fn emit(&self, pieces: &[&[f32]]) -> Vec<Emissions> {
        let hear = |piece: &&[f32]| {
            let n_frames = (piece.len().max(400) - 400) / 320 + 1;
            let classes = (0..n_frames).map(|frame| piece.get(frame * 320).copied().unwrap_or(0.0));
            let logits = classes.flat_map(|class| {
                (0..self.n_classes).map(move |c| {
                    if (class - c as f32).abs() < 0.5 {
                        6.0
                    } else {
                        0.0
                    }
                })
            });
            Emissions::from_logits(self.n_classes, logits.collect())
        };
        pieces.iter().map(hear).collect()
    }
}
