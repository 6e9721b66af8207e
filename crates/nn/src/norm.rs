//! Layer and instance normalisation.

use crate::math::{fold, multiversion};

/// Added to a variance, so that silence is not divided by zero.
const EPSILON: f32 = 1e-5;

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

/// Normalises each column of `(time, channels)` over all rows (instance normalisation, biased variance, `ε = 1e-5`),
/// scales and shifts it, and applies the leaky rectifier.
#[derive(Debug, Clone)]
pub struct InstanceNorm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

impl InstanceNorm {
    /// Scales and shifts, one a channel.
    ///
    /// # Panics
    /// When they differ in length.
    pub fn new(gamma: Vec<f32>, beta: Vec<f32>) -> Self {
        assert_eq!(gamma.len(), beta.len(), "as many shifts as scales");
        Self { gamma, beta }
    }

    /// Normalises `rows (time, channels)` in place; what is below zero afterwards is multiplied by `slope`.
    pub fn forward_in_place(&self, rows: &mut [f32], slope: f32) {
        let (width, n) = (self.gamma.len(), rows.len() / self.gamma.len());
        let zero = vec![0.0; width];
        let mean = mean_of_columns(rows, &zero, 1);
        let variance = mean_of_columns(rows, &mean, 2);
        debug_assert_eq!(rows.len(), n * width);
        let scale: Vec<f32> = (variance.iter().zip(&self.gamma))
            .map(|(variance, gamma)| gamma / (variance + EPSILON).sqrt())
            .collect();
        let shift: Vec<f32> = (mean.iter().zip(&scale).zip(&self.beta))
            .map(|((mean, scale), beta)| beta - mean * scale)
            .collect();
        scale_and_rectify(rows, &scale, &shift, slope);
    }
}

/// Rows that are summed in single precision before the sum joins the others in double precision.
const SUMMED_ROWS: usize = 64;

/// The mean of `(x − centre)^power` of each column, `power` being 1 or 2.
fn mean_of_columns(rows: &[f32], centre: &[f32], power: u8) -> Vec<f32> {
    let width = centre.len();
    let mut sums = vec![0.0_f64; width];
    let mut part = vec![0.0; width];
    for block in rows.chunks(SUMMED_ROWS * width) {
        part.fill(0.0);
        add_columns(block, centre, power, &mut part);
        (sums.iter_mut().zip(&part)).for_each(|(sum, part)| *sum += f64::from(*part));
    }
    let n = (rows.len() / width) as f64;
    sums.into_iter().map(|sum| (sum / n) as f32).collect()
}

multiversion! {
    fn add_columns(rows: &[f32], centre: &[f32], power: u8, sums: &mut [f32]) {
        for row in rows.chunks_exact(centre.len()) {
            for ((sum, x), centre) in sums.iter_mut().zip(row).zip(centre) {
                let x = x - centre;
                *sum += if power == 2 { x * x } else { x };
            }
        }
    }
}

multiversion! {
    fn scale_and_rectify(rows: &mut [f32], scale: &[f32], shift: &[f32], slope: f32) {
        for row in rows.chunks_exact_mut(scale.len()) {
            for ((x, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
                let y = *x * scale + shift;
                *x = if y > 0.0 { y } else { y * slope };
            }
        }
    }
}

/// Multiplies what is below zero by `slope` (leaky rectifier).
pub fn leaky_relu(values: &mut [f32], slope: f32) {
    for x in values {
        *x = if *x > 0.0 { *x } else { *x * slope };
    }
}

/// Mean and biased variance of all values.
pub fn moments(values: &[f32]) -> (f32, f32) {
    let mean = mean_of_blocks(values, |block| sum_of_powers(block, 0.0, 1));
    (
        mean,
        mean_of_blocks(values, |block| sum_of_powers(block, mean, 2)),
    )
}

fn mean_of_blocks(values: &[f32], sum: impl Fn(&[f32]) -> f32) -> f32 {
    let sum: f64 = values.chunks(4096).map(|block| f64::from(sum(block))).sum();
    (sum / values.len().max(1) as f64) as f32
}

multiversion! {
    fn sum_of_powers(values: &[f32], centre: f32, power: u8) -> f32 {
        let step = |sum: f32, x: f32| sum + if power == 2 { (x - centre) * (x - centre) } else { x - centre };
        fold(values, 0.0, step, |a, b| a + b)
    }
}

multiversion! {
    fn normalise(input: &[f32], output: &mut [f32], gamma: &[f32], beta: &[f32]) {
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

    #[test]
    fn columns_come_out_normalised_and_rectified() {
        let (n, width) = (501, 5);
        let input: Vec<f32> = (0..n * width)
            .map(|i| ((i * 7919) % 1013) as f32 * 0.01 * (i % width + 1) as f32 + 3.0)
            .collect();
        let mut rows = input.clone();
        let norm = InstanceNorm::new(vec![2.0; width], vec![0.5; width]);
        norm.forward_in_place(&mut rows, 0.1);
        for column in 0..width {
            let values = || {
                input
                    .iter()
                    .skip(column)
                    .step_by(width)
                    .copied()
                    .map(f64::from)
            };
            let mean = values().sum::<f64>() / n as f64;
            let variance = values().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
            for (x, got) in values().zip(rows.iter().skip(column).step_by(width)) {
                let y = (x - mean) / (variance + 1e-5).sqrt() * 2.0 + 0.5;
                let wanted = if y > 0.0 { y } else { 0.1 * y };
                assert!((f64::from(*got) - wanted).abs() < 1e-5, "{got} {wanted}");
            }
        }
    }

    #[test]
    fn moments_are_exact_for_long_inputs() {
        let values: Vec<f32> = (0..200_000).map(|i| (i % 7) as f32 + 100.0).collect();
        let (mean, variance) = moments(&values);
        assert!(
            (mean - 103.0).abs() < 1e-4 && (variance - 4.0).abs() < 1e-3,
            "{mean} {variance}"
        );
    }
}
