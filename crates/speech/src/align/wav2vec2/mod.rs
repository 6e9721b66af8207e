//! wav2vec 2.0 with a CTC head (Baevski et al. 2020), every size from base to XLS-R 1B, on the layers of `nn`.

mod config;
mod folder;
mod load;
mod names;
mod vocabulary;

use nn::Pool;
use nn::encoder::Encoder;
use nn::wave::{ConvStack, PositionConv, Projection};

pub use folder::LoadError;
pub(crate) use folder::{Loaded, load};

use super::emissions::Emissions;

/// The network.
#[derive(Debug)]
pub(crate) struct Wav2Vec2 {
    pool: Pool,
    features: ConvStack,
    projection: Projection,
    positions: PositionConv,
    encoder: Encoder,
    head: Projection,
}

impl Wav2Vec2 {
    /// Number of classes.
    pub(crate) fn n_classes(&self) -> usize {
        self.head.linear.n_out()
    }

    /// Samples from one frame to the next.
    pub(crate) fn hop(&self) -> usize {
        self.features.hop()
    }

    /// Fewest samples that give a frame.
    pub(crate) fn shortest(&self) -> usize {
        self.features.receptive_field()
    }

    /// Log-probabilities `(frames, classes)` of each piece. Pieces share the products, but none sees another.
    pub(crate) fn emit(&self, pieces: &[&[f32]]) -> Vec<Emissions> {
        let lengths: Vec<usize> = pieces
            .iter()
            .map(|piece| self.features.n_rows(piece.len()))
            .collect();
        let n_rows: usize = lengths.iter().sum();
        let (n_features, width) = (self.features.n_out(), self.positions.width());
        let mut features = vec![0.0; n_rows * n_features];
        let mut start = 0;
        for (piece, n) in pieces.iter().zip(&lengths) {
            let rows = &mut features[start * n_features..(start + n) * n_features];
            self.features.forward(&self.pool, piece, rows);
            start += n;
        }
        let mut x = vec![0.0; n_rows * width];
        self.projection.forward(&self.pool, &features, &mut x);
        drop(features);
        let mut start = 0;
        for n in &lengths {
            let rows = &mut x[start * width..(start + n) * width];
            self.positions.forward(&self.pool, rows);
            start += n;
        }
        self.encoder.forward_each(&self.pool, &mut x, &lengths);
        let n_classes = self.n_classes();
        let mut logits = vec![0.0; n_rows * n_classes];
        self.head.forward(&self.pool, &x, &mut logits);
        let mut start = 0;
        let mut emissions = Vec::with_capacity(pieces.len());
        for n in lengths {
            let values = logits[start * n_classes..(start + n) * n_classes].to_vec();
            emissions.push(Emissions::from_logits(n_classes, values));
            start += n;
        }
        emissions
    }
}

#[cfg(test)]
mod tests;
