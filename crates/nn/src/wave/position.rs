//! A wide grouped convolution whose result is added to its input, so that rows learn where they stand.

use super::stack::by_tap;
use crate::linear::{Linear, Place, Precision, Rows, Then};
use crate::shared::Shared;
use crate::{Isa, Pool};

/// Rows that one worker computes at once.
const ROW_BLOCK: usize = 64;

/// `x += gelu(conv(x))`, as many rows out as in.
#[derive(Debug)]
pub struct PositionConv {
    groups: Vec<Linear>,
    kernel: usize,
}

impl PositionConv {
    /// Packs `weight (width, width/n_groups, kernel)` and `bias (width)`.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    pub fn new(
        precision: Precision,
        isa: Isa,
        weight: &[f32],
        bias: &[f32],
        n_groups: usize,
        kernel: usize,
    ) -> Self {
        let n = bias.len() / n_groups;
        assert_eq!(
            weight.len(),
            n * n * n_groups * kernel,
            "weights of {n_groups} groups"
        );
        let groups = weight
            .chunks_exact(n * n * kernel)
            .zip(bias.chunks_exact(n));
        let group = |(weight, bias): (&[f32], &[f32])| {
            Linear::new(precision, isa, &by_tap(weight, n, kernel), bias, n * kernel)
        };
        Self {
            groups: groups.map(group).collect(),
            kernel,
        }
    }

    /// Columns of a row.
    pub fn width(&self) -> usize {
        self.groups.iter().map(Linear::n_out).sum()
    }

    /// Adds the convolution of `x (rows, width)` to it; half the kernel looks back, the rest ahead.
    ///
    /// # Panics
    /// When `x` is not whole rows.
    #[expect(
        unsafe_code,
        reason = "workers add to their own rows and columns; all read from a copy"
    )]
    pub fn forward(&self, pool: &Pool, x: &mut [f32]) {
        let width = self.width();
        assert!(
            x.len().is_multiple_of(width),
            "{} numbers in rows of {width}",
            x.len()
        );
        let n_rows = x.len() / width;
        let n = width / self.groups.len();
        let n_padded = n_rows + self.kernel - 1;
        // each group's columns side by side, with silence around
        let mut padded = vec![0.0; self.groups.len() * n_padded * n];
        for (group, padded) in padded.chunks_exact_mut(n_padded * n).enumerate() {
            let inner = &mut padded[self.kernel / 2 * n..][..n_rows * n];
            for (row, to) in x.chunks_exact(width).zip(inner.chunks_exact_mut(n)) {
                to.copy_from_slice(&row[group * n..][..n]);
            }
        }
        let x = Shared::new(x);
        let n_blocks = n_rows.div_ceil(ROW_BLOCK);
        pool.run(|worker| {
            let mut rows = Rows::default();
            let mut found = Vec::new();
            worker.each(self.groups.len() * n_blocks, |task| {
                let (group, block) = (task / n_blocks, task % n_blocks);
                let product = &self.groups[group];
                let start = block * ROW_BLOCK;
                let count = ROW_BLOCK.min(n_rows - start);
                let input = &padded[(group * n_padded + start) * n..];
                rows.set_strided(product.precision(), input, self.kernel * n, n, count);
                found.resize(ROW_BLOCK * n, 0.0);
                let place = Place {
                    data: Shared::new(&mut found),
                    offset: 0,
                    stride: n,
                };
                product.forward_columns(&rows, 0..n, place, Then::Gelu);
                for (row, found) in found.chunks_exact(n).take(count).enumerate() {
                    let at = (start + row) * width + group * n;
                    // SAFETY: as the reason says.
                    let x = unsafe { x.slice_mut(at..at + n) };
                    x.iter_mut().zip(found).for_each(|(x, found)| *x += found);
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hear_half_a_kernel_back_and_almost_half_ahead() {
        // one tap a filter: the row a given way off comes through
        for (kernel, tap) in [(8, 0), (8, 7), (5, 0), (5, 4)] {
            let (n_groups, n, n_rows) = (3, 4, 100);
            let width = n_groups * n;
            let mut weight = vec![0.0; width * n * kernel];
            for out in 0..width {
                weight[(out * n + out % n) * kernel + tap] = 1.0;
            }
            let input: Vec<f32> = (0..n_rows * width)
                .map(|i| (i % 89) as f32 * 0.1 + 20.0)
                .collect();
            for isa in Isa::available() {
                for (precision, tolerance) in [(Precision::Float32, 1e-4), (Precision::Int8, 0.3)] {
                    let conv = PositionConv::new(
                        precision,
                        isa,
                        &weight,
                        &vec![0.0; width],
                        n_groups,
                        kernel,
                    );
                    let mut x = input.clone();
                    conv.forward(&Pool::new(2), &mut x);
                    for (at, (x, own)) in x.iter().zip(&input).enumerate() {
                        // so far from zero, GELU changes nothing
                        let other = (at + tap * width).checked_sub(kernel / 2 * width);
                        let other = other.and_then(|at| input.get(at)).copied().unwrap_or(0.0);
                        assert!(
                            (x - own - other).abs() < tolerance,
                            "{isa} {precision:?} at {at}"
                        );
                    }
                }
            }
        }
    }
}
