//! Batch normalisation as it is at inference: a scale and a shift a channel.

use crate::math::multiversion;

/// Added to a variance, so that a channel that never changes is not divided by zero.
const EPSILON: f32 = 1e-5;

/// `(x − mean)/√(variance + 1e-5)·gamma + beta` with the mean and variance of the training (Ioffe and Szegedy 2015).
#[derive(Debug, Clone)]
pub struct BatchNorm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl BatchNorm {
    /// One number a channel in each; no `gamma` and `beta` are written as ones and zeros.
    ///
    /// # Panics
    /// When they differ in length.
    pub fn new(gamma: &[f32], beta: &[f32], mean: &[f32], variance: &[f32]) -> Self {
        let n = gamma.len();
        assert!(
            [beta.len(), mean.len(), variance.len()] == [n; 3],
            "one number a channel"
        );
        let scale: Vec<f32> = (gamma.iter().zip(variance))
            .map(|(gamma, variance)| gamma / (variance + EPSILON).sqrt())
            .collect();
        let shift = (beta.iter().zip(mean).zip(&scale))
            .map(|((beta, mean), scale)| beta - mean * scale)
            .collect();
        Self { scale, shift }
    }

    /// Channels.
    pub fn width(&self) -> usize {
        self.scale.len()
    }

    /// Makes the normalisation part of the layer before it, whose `weight (channels, …)` has no bias yet: scales the
    /// weights and returns the biases.
    ///
    /// # Panics
    /// When there are not as many rows as channels.
    pub fn fold_into(self, weight: &mut [f32]) -> Vec<f32> {
        let n_in = weight.len() / self.width();
        assert_eq!(
            weight.len(),
            n_in * self.width(),
            "a row of weights a channel"
        );
        for (row, scale) in weight.chunks_exact_mut(n_in).zip(&self.scale) {
            for weight in row {
                *weight *= scale;
            }
        }
        self.shift
    }

    /// Normalises and rectifies the first channels of rows that begin `stride` apart, into `output (rows, channels)`.
    ///
    /// # Panics
    /// When `input` ends before the last row does.
    pub fn rectify(&self, input: &[f32], stride: usize, output: &mut [f32]) {
        rectify(input, stride, &self.scale, &self.shift, output);
    }
}

multiversion! {
    fn rectify(input: &[f32], stride: usize, scale: &[f32], shift: &[f32], output: &mut [f32]) {
        let width = scale.len();
        for (row, out) in output.chunks_exact_mut(width).enumerate() {
            let input = &input[row * stride..][..width];
            for (((out, x), scale), shift) in out.iter_mut().zip(input).zip(scale).zip(shift) {
                *out = (x * scale + shift).max(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm() -> BatchNorm {
        BatchNorm::new(&[2.0, 1.0], &[0.5, -1.0], &[1.0, 3.0], &[4.0, 0.25])
    }

    #[test]
    fn channels_are_normalised_and_rectified() {
        let input = [1.0, 4.0, 9.0, 3.0, 3.0, 9.0, -2.0, 3.5, 9.0];
        let mut output = [f32::NAN; 6];
        norm().rectify(&input, 3, &mut output);
        for (got, wanted) in output.iter().zip([0.5, 1.0, 2.5, 0.0, 0.0, 0.0]) {
            assert!((got - wanted).abs() < 1e-4, "{output:?}");
        }
    }

    #[test]
    fn a_layer_takes_its_normalisation_in() {
        let mut weight = [1.0, 2.0, 3.0, 4.0];
        let bias = norm().fold_into(&mut weight);
        for (got, wanted) in weight.iter().zip([1.0, 2.0, 6.0, 8.0]) {
            assert!((got - wanted).abs() < 1e-3, "{weight:?}");
        }
        for (got, wanted) in bias.iter().zip([-0.5, -7.0]) {
            assert!((got - wanted).abs() < 1e-3, "{bias:?}");
        }
    }
}
