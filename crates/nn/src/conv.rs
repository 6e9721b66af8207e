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
        let mut rows = vec![0.0; weight.len()];
        for (filter, row) in weight
            .chunks_exact(n_in * kernel)
            .zip(rows.chunks_exact_mut(n_in * kernel))
        {
            for (i, weight) in filter.iter().enumerate() {
                row[i % kernel * n_in + i / kernel] = *weight;
            }
        }
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
