//! Input rows, prepared once for all the columns that are computed from them.

use super::Precision;
use crate::math::{Aligned, fold, multiversion, round_up};

/// Rows of inputs for one or more [`super::Linear`] layers, quantised where those want it. Reuse it: it keeps its memory.
#[derive(Debug, Default)]
pub struct Rows {
    count: usize,
    width: usize,
    values: Vec<f32>,
    bytes: Aligned,
    scales: Vec<f32>,
}

impl Rows {
    /// Takes `input (rows, width)`.
    pub fn set(&mut self, precision: Precision, input: &[f32], width: usize) {
        self.set_strided(precision, input, width, width, input.len() / width);
    }

    /// Takes `n_rows` rows of `width` that begin `stride` apart and may overlap, as those of a convolution do.
    pub(crate) fn set_strided(
        &mut self,
        precision: Precision,
        input: &[f32],
        width: usize,
        stride: usize,
        n_rows: usize,
    ) {
        self.count = n_rows;
        self.width = width;
        match precision {
            Precision::Float32 => {
                self.values.clear();
                for row in 0..n_rows {
                    self.values
                        .extend_from_slice(&input[row * stride..][..width]);
                }
            }
            Precision::Int8 => {
                let byte_stride = self.byte_stride();
                self.bytes.reserve(round_up(n_rows, 32) * byte_stride);
                self.scales.resize(n_rows, 0.0);
                let bytes = self.bytes.view_mut::<u8>();
                for row in 0..n_rows {
                    let bytes = &mut bytes[row * byte_stride..][..width];
                    self.scales[row] = quantise(&input[row * stride..][..width], bytes);
                }
            }
        }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.count
    }

    /// Columns of each row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Rows as they were given, `(rows, width)`.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Quantised rows, [`Self::byte_stride`] apart, with room for a multiple of 32 rows.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.view()
    }

    /// Bytes from one quantised row to the next: a multiple of 64.
    pub(crate) fn byte_stride(&self) -> usize {
        round_up(self.width, 64)
    }

    /// What one step of a quantised row is worth, `(rows)`.
    pub(crate) fn scales(&self) -> &[f32] {
        &self.scales
    }
}

multiversion! {
    /// Quantises one row to `u = round(x·127/max|x|) + 128` and returns what one step is worth.
    fn quantise(row: &[f32], bytes: &mut [u8]) -> f32 {
        const SHIFT: f32 = 12_582_912.0; // 1.5·2^23: adding it rounds to a whole number, ties to even
        let largest = fold(row, 0.0, |max, x| max.max(x.abs()), f32::max);
        if largest == 0.0 {
            bytes.fill(128);
            return 1.0;
        }
        let inverse = 127.0 / largest;
        for (byte, x) in bytes.iter_mut().zip(row) {
            *byte = ((x * inverse + SHIFT).to_bits().wrapping_add(128)) as u8;
        }
        largest / 127.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_takes_the_outermost_step_and_zero_the_middle() {
        let mut bytes = [0; 5];
        let scale = quantise(&[0.0, 2.54, -2.54, 0.031, -1.27], &mut bytes);
        assert_eq!(bytes, [128, 255, 1, 130, 64 + 1 - 1]);
        assert!((scale - 0.02).abs() < 1e-7);
        assert!((quantise(&[0.0; 5], &mut bytes) - 1.0).abs() < f32::EPSILON);
        assert_eq!(bytes, [128; 5]);
    }
}
