//! Layer normalisation.

use crate::math::{fold, multiversion};

/// `(x − mean)/√(variance + 1e-5)·gamma + beta` over each row (Ba et al. 2016, biased variance).
#[derive(Debug, Clone)]
pub struct LayerNorm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

impl LayerNorm {
    /// Scales and shifts, one a column.
    ///
    /// # Panics
    /// When they differ in length.
    pub fn new(gamma: Vec<f32>, beta: Vec<f32>) -> Self {
        assert_eq!(gamma.len(), beta.len(), "as many shifts as scales");
        Self { gamma, beta }
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.gamma.len()
    }

    /// Normalises `input (rows, width)` into `output` of the same shape.
    pub fn forward(&self, input: &[f32], output: &mut [f32]) {
        let width = self.width();
        for (input, output) in input
            .chunks_exact(width)
            .zip(output.chunks_exact_mut(width))
        {
            normalise(input, output, &self.gamma, &self.beta);
        }
    }

    /// Normalises `rows (rows, width)` in place.
    pub fn forward_in_place(&self, rows: &mut [f32]) {
        let mut row = vec![0.0; self.width()];
        for values in rows.chunks_exact_mut(self.width()) {
            row.copy_from_slice(values);
            normalise(&row, values, &self.gamma, &self.beta);
        }
    }
}

multiversion! {
    fn normalise(input: &[f32], output: &mut [f32], gamma: &[f32], beta: &[f32]) {
        const EPSILON: f32 = 1e-5;
        let n = input.len() as f32;
        let mean = fold(input, 0.0, |sum, x| sum + x, |a, b| a + b) / n;
        let variance = fold(input, 0.0, |sum, x| sum + (x - mean) * (x - mean), |a, b| a + b) / n;
        let scale = 1.0 / (variance + EPSILON).sqrt();
        for (((out, x), gamma), beta) in output.iter_mut().zip(input).zip(gamma).zip(beta) {
            *out = (x - mean) * scale * gamma + beta;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_with_mean_zero_and_variance_one() {
        let input: Vec<f32> = (0..3 * 37)
            .map(|i| ((i * 7919) % 101) as f32 * 0.3 - 4.0)
            .collect();
        let mut output = vec![0.0; input.len()];
        LayerNorm::new(vec![2.0; 37], vec![1.0; 37]).forward(&input, &mut output);
        for row in output.chunks(37) {
            let mean = row.iter().sum::<f32>() / 37.0;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 37.0;
            assert!(
                (mean - 1.0).abs() < 1e-5 && (variance - 4.0).abs() < 1e-3,
                "{mean} {variance}"
            );
        }
    }
}
