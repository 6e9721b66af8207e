//! The network as alignment uses it: with the normalisation of samples that it was taught with.

use super::emissions::Emissions;
use super::listen::Acoustic;
use super::wav2vec2::Wav2Vec2;

/// A network and what it wants of its samples.
#[derive(Debug)]
pub(crate) struct Ear<'a> {
    pub(crate) network: &'a Wav2Vec2,
    /// Whether each piece is brought to mean 0 and variance 1.
    pub(crate) normalises: bool,
}

impl Acoustic for Ear<'_> {
    fn n_classes(&self) -> usize {
        self.network.n_classes()
    }

    fn hop(&self) -> usize {
        self.network.hop()
    }

    fn shortest(&self) -> usize {
        self.network.shortest()
    }

    fn emit(&self, pieces: &[&[f32]]) -> Vec<Emissions> {
        if !self.normalises {
            return self.network.emit(pieces);
        }
        let mut pieces: Vec<Vec<f32>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        for piece in &mut pieces {
            normalise(piece);
        }
        let pieces: Vec<&[f32]> = pieces.iter().map(Vec::as_slice).collect();
        self.network.emit(&pieces)
    }
}

/// Brings samples to mean 0 and variance 1, as `Wav2Vec2FeatureExtractor.zero_mean_unit_var_norm` does.
pub(crate) fn normalise(samples: &mut [f32]) {
    const EPSILON: f64 = 1e-7;
    let n = samples.len().max(1) as f64;
    let mean = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    let squares = samples.iter().map(|x| (f64::from(*x) - mean).powi(2));
    let deviation = (squares.sum::<f64>() / n + EPSILON).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "samples are in single precision"
    )]
    for sample in samples {
        *sample = ((f64::from(*sample) - mean) / deviation) as f32;
    }
}
