//! int8 weights in tiles of 16 columns by 64 of depth, for AMX and AVX-512 VNNI.
//!
//! Column panel `p` holds columns `16p..16p+16`; in it, four consecutive inputs of one column lie side by side, then
//! the next column: `[depth/4][16][4]`. That is the order in which both kinds of instruction want their right side.
#![expect(
    unsafe_code,
    reason = "kernels work on raw tiles; the shapes are checked here"
)]

use std::ops::Range;

use super::chunked::{STEPS_OF_BYTE, quantise_weights};
use super::{FILL_ROWS, LinearShape, Place, Rows, Then};
use crate::Isa;
use crate::math::{Aligned, round_up};
use crate::x86::amx::{self, Tiles};
use crate::x86::avx512::{self, Columns};

/// Columns of one panel.
const PANEL: usize = 16;
/// Up to this many rows the product waits for weights from memory, and vector loads fetch those ahead better than
/// tile loads do: 4.4 ms instead of 6.0 for a step of five rows with `base`.
const FEW_ROWS: usize = 12;

#[derive(Debug)]
pub(super) struct TiledInt8 {
    isa: Isa,
    n_in: usize,
    n_out: usize,
    /// `(panels, depth/4, 16, 4)`, depth rounded up to 64.
    tiles: Aligned,
    /// 128 times the sum of a column's weights: inputs are stored with 128 added.
    offsets: Vec<i32>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    /// Sums of the columns' weights, for the middles of the rows.
    weight_sums: Vec<f32>,
}

impl TiledInt8 {
    pub(super) fn build<E>(
        shape: LinearShape,
        bias: &[f32],
        mut fill: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let LinearShape {
            n_in, n_out, isa, ..
        } = shape;
        let n_columns = round_up(n_out, 2 * PANEL);
        let depth = round_up(n_in, 64);
        let mut layer = Self {
            isa,
            n_in,
            n_out,
            tiles: Aligned::zeroed(n_columns * depth),
            offsets: vec![0; n_columns],
            scales: vec![0.0; n_columns],
            bias: vec![0.0; n_columns],
            weight_sums: vec![0.0; n_columns],
        };
        layer.bias[..bias.len()].copy_from_slice(bias);
        let mut rows = vec![0.0; FILL_ROWS * n_in];
        let mut quantised = vec![0_i8; depth];
        for first in (0..n_out).step_by(FILL_ROWS) {
            let rows = &mut rows[..(n_out - first).min(FILL_ROWS) * n_in];
            fill(first, rows)?;
            for (column, row) in (first..).zip(rows.chunks_exact(n_in)) {
                let (scale, sum) = quantise_weights(row, STEPS_OF_BYTE, &mut quantised[..n_in]);
                layer.scales[column] = scale;
                layer.offsets[column] = 128 * sum;
                layer.weight_sums[column] = sum as f32 * scale;
                let panel = layer.panel(column / PANEL);
                let tiles = &mut layer.tiles.view_mut::<i8>()[panel];
                let lanes = tiles.as_chunks_mut::<64>().0.iter_mut();
                for (lane, four) in lanes.zip(quantised.as_chunks::<4>().0) {
                    lane[column % PANEL * 4..][..4].copy_from_slice(four);
                }
            }
        }
        Ok(layer)
    }

    pub(super) fn copy_row(&self, column: usize, row: &mut [f32]) {
        let tiles = &self.tiles.view::<i8>()[self.panel(column / PANEL)];
        for (i, value) in row.iter_mut().enumerate().take(self.n_in) {
            let quantised = tiles[i / 4 * 64 + column % PANEL * 4 + i % 4];
            *value = f32::from(quantised) * self.scales[column];
        }
    }

    fn panel(&self, index: usize) -> Range<usize> {
        let bytes = round_up(self.n_in, 64) * PANEL;
        index * bytes..(index + 1) * bytes
    }

    pub(super) fn forward(&self, rows: &Rows, columns: Range<usize>, place: Place<'_>, then: Then) {
        assert_eq!(rows.width(), self.n_in, "inputs of another width");
        assert!(columns.end <= self.n_out, "{columns:?} of {}", self.n_out);
        assert_eq!(rows.bytes().as_ptr() as usize % 64, 0);
        let last = place.offset + (rows.n_rows() - 1) * place.stride + columns.end;
        let out = place.data.address(place.offset..last);
        // SAFETY: an `Isa` of this kind is only made where the processor has it.
        let tiles = (self.isa == Isa::Amx && rows.n_rows() > FEW_ROWS)
            .then(|| unsafe { Tiles::configure() });
        let mut sums = Sums([0; 32 * 32]);
        for column in columns.clone().step_by(2 * PANEL) {
            let (b0, b1) = (self.panel(column / PANEL), self.panel(column / PANEL + 1));
            let b0 = self.tiles.view::<u8>()[b0].as_ptr();
            let b1 = self.tiles.view::<u8>()[b1].as_ptr();
            let finish = Columns {
                offsets: self.offsets[column..column + 32].as_ptr(),
                scales: self.scales[column..column + 32].as_ptr(),
                bias: self.bias[column..column + 32].as_ptr(),
                weight_sums: self.weight_sums[column..column + 32].as_ptr(),
                n: (columns.end - column).min(32),
            };
            let mut row = 0;
            while row < rows.n_rows() {
                let n = (rows.n_rows() - row).min(32);
                // SAFETY: `Rows` has room for a multiple of 32 rows of `byte_stride`; panels span the whole depth.
                let n = unsafe { multiply(tiles.as_ref(), rows, row, n, b0, b1, &mut sums) };
                // SAFETY: `out` reaches to the last row's last column, checked above, and the caller has these
                // columns of these rows to itself (`Linear::forward_columns`).
                unsafe {
                    avx512::finish(
                        &avx512::Sums {
                            values: sums.0.as_ptr(),
                            n_rows: n,
                            scales: rows.scales()[row..row + n].as_ptr(),
                            middles: rows.middles()[row..row + n].as_ptr(),
                        },
                        &finish,
                        out.add(row * place.stride + column),
                        place.stride,
                        then,
                    );
                }
                row += n;
            }
        }
    }
}

/// Sums of up to `n` rows from `row` on, by 32 columns; returns how many rows it did.
///
/// # Safety
/// `b0` and `b1` are whole panels of one layer; `rows` has room for 32 rows from `row` on.
#[inline]
unsafe fn multiply(
    tiles: Option<&Tiles>,
    rows: &Rows,
    row: usize,
    n: usize,
    b0: *const u8,
    b1: *const u8,
    sums: &mut Sums,
) -> usize {
    let stride = rows.byte_stride();
    let a = rows.bytes()[row * stride..].as_ptr();
    let out = sums.0.as_mut_ptr();
    // SAFETY: by the caller's promise; `sums` holds 32 rows of 32.
    unsafe {
        match tiles {
            Some(tiles) if n > 16 => {
                let below = a.add(16 * stride);
                amx::u8i8_32x32(
                    tiles,
                    a,
                    below,
                    stride,
                    b0,
                    b1,
                    1024,
                    stride / 64,
                    out.cast(),
                    128,
                );
                n
            }
            Some(tiles) => {
                amx::u8i8_16x32(tiles, a, stride, b0, b1, stride / 64, out.cast());
                n
            }
            None => {
                let groups = stride / 4;
                match n {
                    1 => avx512::u8i8_nx32::<1>(a, stride, b0, b1, groups, out),
                    2 => avx512::u8i8_nx32::<2>(a, stride, b0, b1, groups, out),
                    3 => avx512::u8i8_nx32::<3>(a, stride, b0, b1, groups, out),
                    4 => avx512::u8i8_nx32::<4>(a, stride, b0, b1, groups, out),
                    5 => avx512::u8i8_nx32::<5>(a, stride, b0, b1, groups, out),
                    6..=9 => avx512::u8i8_nx32::<6>(a, stride, b0, b1, groups, out),
                    10 | 11 => avx512::u8i8_nx32::<10>(a, stride, b0, b1, groups, out),
                    _ => avx512::u8i8_nx32::<12>(a, stride, b0, b1, groups, out),
                }
                match n {
                    1..=5 => n,
                    6..=9 => 6,
                    10 | 11 => 10,
                    _ => 12,
                }
            }
        }
    }
}

#[repr(align(64))]
struct Sums([i32; 32 * 32]);
