//! Input rows, prepared once for all the columns that are computed from them.

use super::Precision;
use crate::math::{Aligned, extremes, multiversion, round_up};

/// Rows of inputs for one or more [`super::Linear`] layers, quantised where those want it. Reuse it: it keeps its memory.
#[derive(Debug, Default)]
pub struct Rows {
    count: usize,
    width: usize,
    values: Vec<f32>,
    bytes: Aligned,
    scales: Vec<f32>,
    middles: Vec<f32>,
}

impl Rows {
    /// Takes `input (rows, width)`.
    pub fn set(&mut self, precision: Precision, input: &[f32], width: usize) {
        self.set_strided(precision, input, width, width, input.len() / width);
    }

    /// Takes `n_rows` rows of `width` that begin `stride` apart and may overlap, as those of a convolution do.
    ///
    /// # Panics
    /// When `input` ends before the last row does.
    pub fn set_strided(
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
                self.middles.resize(n_rows, 0.0);
                let bytes = self.bytes.view_mut::<u8>();
                for row in 0..n_rows {
                    let bytes = &mut bytes[row * byte_stride..][..width];
                    let values = &input[row * stride..][..width];
                    (self.scales[row], self.middles[row]) = quantise(values, bytes);
                }
            }
        }
    }

    /// Takes `n_rows` rows of `width` as `fill(index, row)` writes them, so that they need not lie anywhere before.
    pub fn fill(
        &mut self,
        precision: Precision,
        width: usize,
        n_rows: usize,
        mut fill: impl FnMut(usize, &mut [f32]),
    ) {
        self.count = n_rows;
        self.width = width;
        match precision {
            Precision::Float32 => {
                self.values.resize(n_rows * width, 0.0);
                let rows = self.values.chunks_exact_mut(width).enumerate();
                rows.for_each(|(index, row)| fill(index, row));
            }
            Precision::Int8 => {
                self.values.resize(width, 0.0);
                let byte_stride = self.byte_stride();
                self.bytes.reserve(round_up(n_rows, 32) * byte_stride);
                self.scales.resize(n_rows, 0.0);
                self.middles.resize(n_rows, 0.0);
                let bytes = self.bytes.view_mut::<u8>();
                for row in 0..n_rows {
                    fill(row, &mut self.values);
                    let bytes = &mut bytes[row * byte_stride..][..width];
                    (self.scales[row], self.middles[row]) = quantise(&self.values, bytes);
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

    /// What the byte 128 stands for in a quantised row, `(rows)`.
    pub(crate) fn middles(&self) -> &[f32] {
        &self.middles
    }
}

multiversion! {
    /// Quantises one row to `u = round((x − middle)/scale) + 128`, with its smallest and largest value on the outermost
    /// steps or next to them; returns `(scale, middle)`. The middle is a whole number of steps, so that zero stays zero:
    /// many inputs are near it, and a rounding error that they share would add up.
    fn quantise(row: &[f32], bytes: &mut [u8]) -> (f32, f32) {
        const SHIFT: f32 = 12_582_912.0; // 1.5·2^23: adding it rounds to a whole number, ties to even
        let (least, most) = extremes(row);
        let middle = f32::midpoint(most, least);
        let half = most - middle;
        if half <= 0.0 {
            bytes.fill(128);
            return (1.0, middle);
        }
        let (scale, inverse) = (half / 126.5, 126.5 / half);
        let middle = (middle * inverse + SHIFT - SHIFT) * scale;
        for (byte, x) in bytes.iter_mut().zip(row) {
            *byte = (((x - middle) * inverse + SHIFT).to_bits().wrapping_add(128)) as u8;
        }
        (scale, middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_filled_in_are_those_that_are_taken() {
        let input: Vec<f32> = (0..7 * 37).map(|i| ((i * 7919) % 101) as f32).collect();
        for precision in [Precision::Float32, Precision::Int8] {
            let (mut taken, mut filled) = (Rows::default(), Rows::default());
            taken.set(precision, &input, 37);
            filled.fill(precision, 37, 7, |index, row| {
                row.copy_from_slice(&input[index * 37..][..37]);
            });
            assert_eq!((filled.n_rows(), filled.width()), (7, 37));
            assert_eq!(taken.scales(), filled.scales());
            assert_eq!(taken.middles(), filled.middles());
            match precision {
                Precision::Float32 => assert_eq!(taken.values(), filled.values()),
                Precision::Int8 => {
                    let n = 7 * taken.byte_stride();
                    assert_eq!(taken.bytes()[..n], filled.bytes()[..n]);
                }
            }
        }
    }

    #[test]
    fn rows_use_all_steps_and_zero_stays_zero() {
        for row in [
            [0.0, 2.54, -2.54, 0.031, -1.27],
            [0.0, 5.0, -0.17, 0.031, 2.0],
            [10.0, 12.54, 7.46, 0.0, 8.73],
            [0.0, -0.5, -1.5, -0.3, -1.0],
        ] {
            let mut bytes = [0; 5];
            let (scale, middle) = quantise(&row, &mut bytes);
            let spread = bytes.iter().max().unwrap() - bytes.iter().min().unwrap();
            assert!(spread >= 252, "{row:?}: {bytes:?}");
            for (x, byte) in row.iter().zip(bytes) {
                let back = (f32::from(byte) - 128.0) * scale + middle;
                let tolerance = if *x == 0.0 { 1e-6 } else { scale * 0.501 };
                assert!((back - x).abs() <= tolerance, "{x} came back as {back}");
            }
        }
        let mut bytes = [0; 5];
        assert_eq!(quantise(&[0.5; 5], &mut bytes), (1.0, 0.5));
        assert_eq!(bytes, [128; 5]);
    }
}
