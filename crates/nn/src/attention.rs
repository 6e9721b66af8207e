//! Attention of a whole sequence to itself, head by head: `softmax(q·kᵀ/√width)·v` (Vaswani et al. 2017).
//!
//! Queries go in blocks whose scores stay in the second-level cache; keys and values of a head are packed once.

#[cfg(target_arch = "x86_64")]
mod pairs;
#[cfg(target_arch = "x86_64")]
mod tiles;

use std::fmt;

use rten_gemm::{GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::SimdOp;
use rten_tensor::NdTensorView;
use rten_vecmath::Softmax;

use crate::Isa;
use crate::gemm;
use crate::linear::{Place, Precision};
use crate::math::Aligned;
#[cfg(target_arch = "x86_64")]
use crate::math::Line;
#[cfg(target_arch = "x86_64")]
pub(crate) use pairs::{HeadShape, PairedHead};

/// Width of one head that the fastest kernels are made for; others run, too.
pub const HEAD: usize = 64;

/// Queries whose scores are held at once.
pub(crate) const QUERY_BLOCK: usize = 32;

/// One head's part of consecutive rows: row `r` is `data[offset + r·stride..][..width]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadRows<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) offset: usize,
    pub(crate) stride: usize,
    pub(crate) n_rows: usize,
    pub(crate) width: usize,
}

impl<'a> HeadRows<'a> {
    pub(crate) fn row(&self, index: usize) -> &'a [f32] {
        &self.data[self.offset + index * self.stride..][..self.width]
    }

    fn view(&self, start: usize, n: usize) -> NdTensorView<'a, f32, 2> {
        let from = self.offset + start * self.stride;
        let data = &self.data[from..from + (n - 1) * self.stride + self.width];
        NdTensorView::from_data_with_strides([n, self.width], data, [self.stride, 1])
            .unwrap_or_else(|error| panic!("rows outside their buffer: {error}"))
    }
}

/// Keys and values of one head, packed for the kernels in use.
pub(crate) enum PackedHead {
    #[cfg(target_arch = "x86_64")]
    Tiles(tiles::TiledHead),
    #[cfg(target_arch = "x86_64")]
    Pairs(HeadShape, Aligned),
    Float {
        gemm: &'static gemm::Float,
        keys: PackedBMatrix<f32>,
        values: PackedBMatrix<f32>,
        n_keys: usize,
    },
}

/// Memory that a worker keeps between blocks.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    scores: Aligned,
    #[cfg(target_arch = "x86_64")]
    weights: Aligned,
    #[cfg(target_arch = "x86_64")]
    queries: Aligned,
    result: Aligned,
}

impl Scratch {
    /// What the last attention found, row after row.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn result(&self) -> &[f32] {
        self.result.view()
    }
}

impl PackedHead {
    pub(crate) fn new(
        precision: Precision,
        isa: Isa,
        keys: HeadRows<'_>,
        values: HeadRows<'_>,
    ) -> Self {
        match (precision, isa) {
            #[cfg(target_arch = "x86_64")]
            (Precision::Int8, Isa::Amx) if keys.width == HEAD => {
                Self::Tiles(tiles::TiledHead::new(keys, values))
            }
            #[cfg(target_arch = "x86_64")]
            (Precision::Int8, Isa::Avx2) if HeadShape::serves(keys.width) => {
                let shape = HeadShape::new(keys.width, keys.n_rows);
                let mut lines = Aligned::zeroed(shape.n_lines() * size_of::<Line>());
                shape.put(lines.lines_mut(), 0, keys, values);
                Self::Pairs(shape, lines)
            }
            _ => {
                let gemm = gemm::float();
                let n_keys = keys.n_rows;
                let keys = gemm.prepack_b(keys.view(0, n_keys).transposed());
                let values = gemm.prepack_b(values.view(0, n_keys));
                Self::Float {
                    gemm,
                    keys,
                    values,
                    n_keys,
                }
            }
        }
    }

    /// Attention of `n ≤ QUERY_BLOCK` queries from `start` on; row `r` goes to `place` row `r`, as many columns as the head is wide.
    /// Nobody else uses that part of `place` meanwhile.
    pub(crate) fn attend(
        &self,
        queries: HeadRows<'_>,
        start: usize,
        n: usize,
        place: Place<'_>,
        scratch: &mut Scratch,
    ) {
        let width = queries.width;
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Tiles(head) => head.attend(queries, start, n, scratch),
            #[cfg(target_arch = "x86_64")]
            Self::Pairs(shape, lines) => {
                shape.view(lines.lines()).attend(queries, start, n, scratch);
            }
            Self::Float {
                gemm,
                keys,
                values,
                n_keys,
            } => {
                let product = |out: &mut [f32],
                               left: NdTensorView<'_, f32, 2>,
                               right: &PackedBMatrix<f32>,
                               alpha| {
                    let options = GemmOptions {
                        alpha,
                        ..GemmOptions::default()
                    };
                    gemm.gemm(
                        out,
                        GemmInputA::Unpacked(left),
                        GemmInputB::Packed(right),
                        options,
                    )
                    .unwrap_or_else(|error| panic!("product of shapes that do not fit: {error}"));
                };
                scratch.scores.reserve(QUERY_BLOCK * n_keys * 4);
                scratch.result.reserve(QUERY_BLOCK * width * 4);
                let scores = &mut scratch.scores.view_mut::<f32>()[..n * n_keys];
                product(
                    scores,
                    queries.view(start, n),
                    keys,
                    1.0 / (width as f32).sqrt(),
                );
                for row in scores.chunks_exact_mut(*n_keys) {
                    Softmax::new_mut(row).dispatch();
                }
                let scores = NdTensorView::from_data([n, *n_keys], &*scores);
                product(
                    &mut scratch.result.view_mut()[..n * width],
                    scores,
                    values,
                    1.0,
                );
            }
        }
        let result = scratch.result.view::<f32>();
        for (row, values) in result.chunks_exact(width).enumerate().take(n) {
            let at = place.offset + row * place.stride;
            #[expect(unsafe_code, reason = "the caller has this part of `place` to itself")]
            // SAFETY: as the reason says.
            unsafe { place.data.slice_mut(at..at + width) }.copy_from_slice(values);
        }
    }
}

impl fmt::Debug for PackedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PackedHead")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::Shared;

    #[test]
    fn every_kernel_agrees_with_plain_arithmetic() {
        for width in [16, HEAD, 80] {
            check(width);
        }
    }

    fn check(width: usize) {
        let (n, stride) = (203, 3 * width);
        let data: Vec<f32> = (0..n * stride)
            .map(|i| ((i * 2_654_435_761_usize) >> 7 & 1023) as f32 / 256.0 - 2.0)
            .collect();
        let part = |offset| HeadRows {
            data: &data,
            offset,
            stride,
            n_rows: n,
            width,
        };
        let (queries, keys, values) = (part(0), part(width), part(2 * width));
        let mut wanted = vec![0.0; n * width];
        for q in 0..n {
            let scores: Vec<f64> = (0..n)
                .map(|k| {
                    queries
                        .row(q)
                        .iter()
                        .zip(keys.row(k))
                        .map(|(a, b)| f64::from(a * b))
                        .sum::<f64>()
                        / (width as f64).sqrt()
                })
                .collect();
            let largest = scores.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
            for (k, score) in scores.iter().enumerate() {
                let weight = (score - largest).exp() / sum;
                for (out, v) in wanted[q * width..].iter_mut().zip(values.row(k)) {
                    *out += (weight * f64::from(*v)) as f32;
                }
            }
        }
        for isa in Isa::available() {
            for (precision, tolerance) in [(Precision::Float32, 1e-4), (Precision::Int8, 0.03)] {
                let head = PackedHead::new(precision, isa, keys, values);
                let mut scratch = Scratch::default();
                let mut got = vec![0.0; n * width];
                let data = Shared::new(&mut got);
                for start in (0..n).step_by(QUERY_BLOCK) {
                    let place = Place {
                        data,
                        offset: start * width,
                        stride: width,
                    };
                    head.attend(
                        queries,
                        start,
                        (n - start).min(QUERY_BLOCK),
                        place,
                        &mut scratch,
                    );
                }
                for (got, wanted) in got.iter().zip(&wanted) {
                    assert!(
                        (got - wanted).abs() < tolerance,
                        "{isa} {precision:?}: {got} for {wanted}"
                    );
                }
            }
        }
    }
}
