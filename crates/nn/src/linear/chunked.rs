//! Weights packed by `rten-gemm`, in chunks of columns so that workers can share one layer.

use std::fmt;
use std::ops::Range;

use rten_gemm::{BiasVector, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix, QuantParams};
use rten_simd::SimdUnaryOp;
use rten_tensor::NdTensorView;
use rten_vecmath::Gelu;

use super::{COLUMN_STEP, LinearShape, Place, Rows, Then};
use crate::gemm;
use crate::math::{fold, multiversion};

/// Columns of one packed chunk.
const CHUNK: usize = COLUMN_STEP;

pub(super) struct ChunkedFloat {
    gemm: &'static gemm::Float,
    n_out: usize,
    chunks: Vec<PackedBMatrix<f32>>,
    bias: Vec<f32>,
    rows: Vec<f32>,
}

pub(super) struct ChunkedInt8 {
    gemm: &'static gemm::Bytes,
    n_out: usize,
    chunks: Vec<PackedBMatrix<i8>>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    /// Sums of the columns' weights, for the middles of the rows.
    weight_sums: Vec<f32>,
    rows: Vec<i8>,
}

impl ChunkedFloat {
    pub(super) fn build<E>(
        shape: LinearShape,
        bias: &[f32],
        mut fill: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let LinearShape {
            n_in,
            n_out,
            readable,
            ..
        } = shape;
        let gemm = gemm::float();
        let mut chunks = Vec::with_capacity(n_out.div_ceil(CHUNK));
        let mut kept = Vec::new();
        let mut rows = vec![0.0; CHUNK * n_in];
        for first in (0..n_out).step_by(CHUNK) {
            let n = (n_out - first).min(CHUNK);
            let rows = &mut rows[..n * n_in];
            fill(first, rows)?;
            chunks.push(gemm.prepack_b(NdTensorView::from_data([n, n_in], &*rows).transposed()));
            if readable {
                kept.extend_from_slice(rows);
            }
        }
        Ok(Self {
            gemm,
            n_out,
            chunks,
            bias: with_length(bias, n_out),
            rows: kept,
        })
    }

    pub(super) fn copy_row(&self, index: usize, row: &mut [f32]) {
        row.copy_from_slice(&self.rows[index * row.len()..][..row.len()]);
    }

    pub(super) fn forward(&self, rows: &Rows, columns: Range<usize>, place: Place<'_>, then: Then) {
        let (n_rows, width) = (rows.n_rows(), rows.width());
        let input = self
            .gemm
            .prepack_a(NdTensorView::from_data([n_rows, width], rows.values()));
        let mut block = vec![0.0; n_rows * CHUNK];
        for start in columns.clone().step_by(CHUNK) {
            let n = (self.n_out - start).min(CHUNK);
            let block = &mut block[..n_rows * n];
            let options = GemmOptions {
                bias: Some(BiasVector::Row(&self.bias[start..start + n])),
                ..GemmOptions::default()
            };
            let packed = GemmInputB::Packed(&self.chunks[start / CHUNK]);
            self.gemm
                .gemm(block, GemmInputA::Packed(&input), packed, options)
                .unwrap_or_else(|error| panic!("product of shapes that do not fit: {error}"));
            write(block, n, start, place, then);
        }
    }
}

impl ChunkedInt8 {
    pub(super) fn build<E>(
        shape: LinearShape,
        bias: &[f32],
        mut fill: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let LinearShape {
            n_in,
            n_out,
            readable,
            ..
        } = shape;
        let gemm = gemm::bytes();
        let mut scales = Vec::with_capacity(n_out);
        let mut weight_sums = Vec::with_capacity(n_out);
        let mut chunks = Vec::with_capacity(n_out.div_ceil(CHUNK));
        let mut kept = Vec::new();
        let mut rows = vec![0.0; CHUNK * n_in];
        let mut quantised = vec![0; CHUNK * n_in];
        for first in (0..n_out).step_by(CHUNK) {
            let n = (n_out - first).min(CHUNK);
            let (rows, quantised) = (&mut rows[..n * n_in], &mut quantised[..n * n_in]);
            fill(first, rows)?;
            for (row, quantised) in rows
                .chunks_exact(n_in)
                .zip(quantised.chunks_exact_mut(n_in))
            {
                let (scale, sum) = quantise_weights(row, STEPS_OF_BYTE, quantised);
                scales.push(scale);
                weight_sums.push(sum as f32 * scale);
            }
            chunks
                .push(gemm.prepack_b(NdTensorView::from_data([n, n_in], &*quantised).transposed()));
            if readable {
                kept.extend_from_slice(quantised);
            }
        }
        Ok(Self {
            gemm,
            n_out,
            chunks,
            scales,
            bias: with_length(bias, n_out),
            weight_sums,
            rows: kept,
        })
    }

    pub(super) fn copy_row(&self, index: usize, row: &mut [f32]) {
        let quantised = &self.rows[index * row.len()..][..row.len()];
        for (value, quantised) in row.iter_mut().zip(quantised) {
            *value = f32::from(*quantised) * self.scales[index];
        }
    }

    pub(super) fn forward(&self, rows: &Rows, columns: Range<usize>, place: Place<'_>, then: Then) {
        let (n_rows, width) = (rows.n_rows(), rows.width());
        // where the kernel's 16-bit sums could overflow, inputs go in two parts: their upper seven bits and the last
        let parts = if self.gemm.may_saturate() {
            vec![
                Part::of(rows, 2, 64, |byte| byte >> 1),
                Part::of(rows, 1, 0, |byte| byte & 1),
            ]
        } else {
            vec![Part::of(rows, 1, 128, |byte| byte)]
        };
        let mut sums = vec![0; n_rows * CHUNK];
        let mut total = vec![0; n_rows * CHUNK];
        let mut block = vec![0.0; n_rows * CHUNK];
        for start in columns.clone().step_by(CHUNK) {
            let n = (self.n_out - start).min(CHUNK);
            let (sums, total) = (&mut sums[..n_rows * n], &mut total[..n_rows * n]);
            let block = &mut block[..n_rows * n];
            total.fill(0);
            for part in &parts {
                let options = GemmOptions {
                    a_quant: Some(QuantParams {
                        zero_point: &part.zero,
                    }),
                    ..GemmOptions::default()
                };
                let input = NdTensorView::from_data([n_rows, width], &part.bytes[..]);
                let packed = GemmInputB::Packed(&self.chunks[start / CHUNK]);
                self.gemm
                    .gemm(sums, GemmInputA::Unpacked(input), packed, options)
                    .unwrap_or_else(|error| panic!("product of shapes that do not fit: {error}"));
                (total.iter_mut().zip(&*sums)).for_each(|(total, sum)| *total += part.worth * sum);
            }
            let (scales, bias) = (&self.scales[start..start + n], &self.bias[start..start + n]);
            let weight_sums = &self.weight_sums[start..start + n];
            for (row, (sums, block)) in total
                .chunks_exact(n)
                .zip(block.chunks_exact_mut(n))
                .enumerate()
            {
                let (row_scale, middle) = (rows.scales()[row], rows.middles()[row]);
                let columns = sums.iter().zip(scales).zip(bias).zip(weight_sums);
                for (value, (((sum, scale), bias), weight_sum)) in block.iter_mut().zip(columns) {
                    *value = *sum as f32 * (row_scale * scale) + bias + middle * weight_sum;
                }
            }
            write(block, n, start, place, then);
        }
    }
}

/// Some bits of all inputs.
struct Part {
    /// `(rows, width)`
    bytes: Vec<u8>,
    /// What stands for zero in each row.
    zero: Vec<u8>,
    /// How often the sums of this part count.
    worth: i32,
}

impl Part {
    fn of(rows: &Rows, worth: i32, zero: u8, bits: impl Fn(u8) -> u8) -> Self {
        let lines = rows.bytes().chunks_exact(rows.byte_stride());
        let lines = lines.take(rows.n_rows());
        Self {
            bytes: lines
                .flat_map(|line| line[..rows.width()].iter().map(|byte| bits(*byte)))
                .collect(),
            zero: vec![zero; rows.n_rows()],
            worth,
        }
    }
}

/// What the largest weight of an output becomes.
pub(super) const STEPS_OF_BYTE: f32 = 127.0;

multiversion! {
    /// Quantises one output's weights to `q = round(w·most/max|w|)`; returns what one step is worth and the sum of `q`.
    pub(super) fn quantise_weights(row: &[f32], most: f32, quantised: &mut [i8]) -> (f32, i32) {
        const SHIFT: f32 = 12_582_912.0; // 1.5·2^23: adding it rounds to a whole number, ties to even
        let largest = fold(row, 0.0, |max, w| max.max(w.abs()), f32::max);
        let (inverse, scale) = if largest == 0.0 { (1.0, 1.0) } else { (most / largest, largest / most) };
        let mut sum = 0;
        for (q, w) in quantised.iter_mut().zip(row) {
            *q = (w * inverse + SHIFT).to_bits() as i8;
            sum += i32::from(*q);
        }
        (scale, sum)
    }
}

fn with_length(bias: &[f32], n: usize) -> Vec<f32> {
    if bias.is_empty() {
        vec![0.0; n]
    } else {
        bias.to_vec()
    }
}

/// Writes a block `(rows, n)` of finished columns from `start` on.
fn write(block: &mut [f32], n: usize, start: usize, place: Place<'_>, then: Then) {
    if then == Then::Gelu {
        Gelu {}.map_mut(block);
    }
    for (row, values) in block.chunks_exact(n).enumerate() {
        let at = place.offset + row * place.stride + start;
        #[expect(
            unsafe_code,
            reason = "the columns belong to this call (`Linear::forward_columns`)"
        )]
        // SAFETY: as the reason says.
        let out = unsafe { place.data.slice_mut(at..at + n) };
        match then {
            Then::Add => out
                .iter_mut()
                .zip(values)
                .for_each(|(out, value)| *out += value),
            Then::Relu => {
                (out.iter_mut().zip(values)).for_each(|(out, value)| *out = value.max(0.0));
            }
            Then::Store | Then::Gelu => out.copy_from_slice(values),
        }
    }
}

impl fmt::Debug for ChunkedFloat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkedFloat")
            .field("n_out", &self.n_out)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ChunkedInt8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkedInt8")
            .field("n_out", &self.n_out)
            .finish_non_exhaustive()
    }
}
