//! One-dimensional convolutions over rows `(time, channels)`, as products: a window of three rows is one input row.

use crate::linear::{Linear, Place, Precision, Rows, Then};
use crate::shared::Shared;
use crate::{Isa, Pool};

/// Output rows that one worker computes at once.
const ROW_BLOCK: usize = 64;

/// A convolution of odd width with zero padding on both sides, followed by GELU.
#[derive(Debug)]
pub struct Conv1d {
    product: Linear,
    kernel: usize,
    stride: usize,
    n_in: usize,
}

impl Conv1d {
    /// Packs `weight (n_out, n_in, kernel)` and `bias (n_out)`.
    ///
    /// # Panics
    /// When the lengths do not fit each other or `kernel` is even.
    pub fn new(
        precision: Precision,
        isa: Isa,
        weight: &[f32],
        bias: &[f32],
        n_in: usize,
        kernel: usize,
        stride: usize,
    ) -> Self {
        assert!(kernel % 2 == 1, "a kernel of odd width");
        let rows = filters_as_rows(weight, n_in, kernel);
        Self {
            product: Linear::new(precision, isa, &rows, bias, n_in * kernel),
            kernel,
            stride,
            n_in,
        }
    }

    /// Channels of the output.
    pub fn n_out(&self) -> usize {
        self.product.n_out()
    }

    /// Zero rows wanted before and after the input.
    pub fn padding(&self) -> usize {
        self.kernel / 2
    }

    /// Convolves `input (padding + time + padding, n_in)`, whose first and last rows are zero, into
    /// `output (ceil(time/stride), n_out)`.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn forward(&self, pool: &Pool, input: &[f32], output: &mut [f32]) {
        let n_rows = output.len() / self.n_out();
        let n_padded = input.len() / self.n_in;
        assert!(
            (n_rows - 1) * self.stride + self.kernel <= n_padded,
            "{n_rows} rows out of {n_padded}"
        );
        let data = Shared::new(output);
        pool.run(|worker| {
            let mut rows = Rows::default();
            worker.each(n_rows.div_ceil(ROW_BLOCK), |block| {
                let start = block * ROW_BLOCK;
                let n = (n_rows - start).min(ROW_BLOCK);
                let step = self.stride * self.n_in;
                rows.set_strided(
                    self.product.precision(),
                    &input[start * step..],
                    self.kernel * self.n_in,
                    step,
                    n,
                );
                let place = Place {
                    data,
                    offset: start * self.n_out(),
                    stride: self.n_out(),
                };
                self.product
                    .forward_columns(&rows, 0..self.n_out(), place, Then::Gelu);
            });
        });
    }
}

/// A convolution without padding and without anything after it, on the calling thread.
#[derive(Debug)]
pub struct PlainConv1d {
    product: Linear,
    kernel: usize,
    stride: usize,
    n_in: usize,
}

impl PlainConv1d {
    /// Packs `weight (n_out, n_in, kernel)` and `bias (n_out)`, empty for none, in single precision.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    pub fn new(weight: &[f32], bias: &[f32], n_in: usize, kernel: usize, stride: usize) -> Self {
        let rows = filters_as_rows(weight, n_in, kernel);
        let isa = Isa::detect();
        Self {
            product: Linear::new(Precision::Float32, isa, &rows, bias, n_in * kernel),
            kernel,
            stride,
            n_in,
        }
    }

    /// Channels of the output.
    pub fn n_out(&self) -> usize {
        self.product.n_out()
    }

    /// Rows of the output for so many rows of the input.
    pub fn n_rows(&self, n_input_rows: usize) -> usize {
        (n_input_rows + self.stride).saturating_sub(self.kernel) / self.stride
    }

    /// Convolves the rows of `output (rows, n_out)` beginning with row `first`, out of the whole `input (time, n_in)`.
    ///
    /// # Panics
    /// When the input has not so many rows.
    pub fn forward(&self, scratch: &mut Rows, input: &[f32], first: usize, output: &mut [f32]) {
        let step = self.stride * self.n_in;
        scratch.set_strided(
            Precision::Float32,
            &input[first * step..],
            self.kernel * self.n_in,
            step,
            output.len() / self.n_out(),
        );
        self.product.forward_rows(scratch, output, Then::Store);
    }
}

/// Filters `(n_out, n_in, kernel)` as rows over a window of input rows: `(n_out, kernel, n_in)`.
fn filters_as_rows(weight: &[f32], n_in: usize, kernel: usize) -> Vec<f32> {
    let mut rows = vec![0.0; weight.len()];
    for (filter, row) in weight
        .chunks_exact(n_in * kernel)
        .zip(rows.chunks_exact_mut(n_in * kernel))
    {
        for (i, weight) in filter.iter().enumerate() {
            row[i % kernel * n_in + i / kernel] = *weight;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_convolution_slides_its_filters() {
        // two filters over two channels, three wide, every second row
        let weight: Vec<f32> = (0..12_u8).map(f32::from).collect();
        let conv = PlainConv1d::new(&weight, &[100.0, 200.0], 2, 3, 2);
        let input: Vec<f32> = (0..14_u8).map(|i| f32::from(i % 5)).collect();
        assert_eq!([2, 3, 4, 5, 7].map(|n| conv.n_rows(n)), [0, 1, 1, 2, 3]);
        let at = |row: usize, filter: usize| -> f32 {
            let sum: f32 = (0..2)
                .flat_map(|channel| (0..3).map(move |tap| (channel, tap)))
                .map(|(channel, tap)| {
                    weight[filter * 6 + channel * 3 + tap] * input[(row * 2 + tap) * 2 + channel]
                })
                .sum();
            sum + 100.0 * (filter + 1) as f32
        };
        let mut output = vec![0.0; 4];
        conv.forward(&mut Rows::default(), &input, 1, &mut output);
        assert_eq!(output, [at(1, 0), at(1, 1), at(2, 0), at(2, 1)]);
    }
}
