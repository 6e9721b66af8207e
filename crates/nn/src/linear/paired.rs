//! int8 weights in panels of 16 columns, multiplied in pairs of 16-bit numbers, for AVX2.
//!
//! In a panel, two consecutive inputs of one column lie side by side, then the next column: `[depth/2][16][2]`. Weights
//! stay bytes in memory; they are widened on the way, or once for many rows.
#![expect(
    unsafe_code,
    reason = "kernels work on raw panels; the shapes are checked here"
)]

use std::cell::RefCell;
use std::ops::Range;

use super::chunked::quantise_weights;
use super::{FILL_ROWS, LinearShape, Place, Rows, Then};
use crate::math::{Aligned, round_up};
use crate::x86::avx2::{self, Columns, PANEL, ROWS};

/// From so many rows on a panel is widened once for all of them.
const MANY_ROWS: usize = 3 * ROWS;

#[derive(Debug)]
pub(super) struct PairedInt8 {
    n_in: usize,
    n_out: usize,
    /// `(panels, depth/2, 16, 2)`, depth rounded up to 2.
    panels: Aligned,
    scales: Vec<f32>,
    bias: Vec<f32>,
    /// Sums of the columns' weights, for the middles of the rows.
    weight_sums: Vec<f32>,
}

/// What a thread keeps between products.
#[derive(Default)]
struct Scratch {
    /// Inputs less 128, `(rows, depth)`.
    input: Aligned,
    /// A widened panel.
    panel: Aligned,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl PairedInt8 {
    pub(super) fn build<E>(
        shape: LinearShape,
        bias: &[f32],
        mut fill: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let LinearShape { n_in, n_out, .. } = shape;
        let n_columns = round_up(n_out, PANEL);
        let depth = round_up(n_in, 2);
        let mut layer = Self {
            n_in,
            n_out,
            panels: Aligned::zeroed(n_columns * depth),
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
                let (scale, sum) = quantise_weights(row, &mut quantised[..n_in]);
                layer.scales[column] = scale;
                layer.weight_sums[column] = sum as f32 * scale;
                let panel = layer.panel(column / PANEL);
                let panel = &mut layer.panels.view_mut::<i8>()[panel];
                let lanes = panel.as_chunks_mut::<{ 2 * PANEL }>().0.iter_mut();
                for (lane, pair) in lanes.zip(quantised.as_chunks::<2>().0) {
                    lane[column % PANEL * 2..][..2].copy_from_slice(pair);
                }
            }
        }
        Ok(layer)
    }

    pub(super) fn copy_row(&self, column: usize, row: &mut [f32]) {
        let panel = &self.panels.view::<i8>()[self.panel(column / PANEL)];
        for (i, value) in row.iter_mut().enumerate().take(self.n_in) {
            let quantised = panel[i / 2 * 2 * PANEL + column % PANEL * 2 + i % 2];
            *value = f32::from(quantised) * self.scales[column];
        }
    }

    fn panel(&self, index: usize) -> Range<usize> {
        let bytes = round_up(self.n_in, 2) * PANEL;
        index * bytes..(index + 1) * bytes
    }

    pub(super) fn forward(&self, rows: &Rows, columns: Range<usize>, place: Place<'_>, then: Then) {
        assert_eq!(rows.width(), self.n_in, "inputs of another width");
        assert!(columns.end <= self.n_out, "{columns:?} of {}", self.n_out);
        SCRATCH.with_borrow_mut(|scratch| self.multiply(scratch, rows, columns, place, then));
    }

    fn multiply(
        &self,
        scratch: &mut Scratch,
        rows: &Rows,
        columns: Range<usize>,
        place: Place<'_>,
        then: Then,
    ) {
        let depth = round_up(self.n_in, 2);
        let last = place.offset + (rows.n_rows() - 1) * place.stride + columns.end;
        let out = place.data.address(place.offset..last);
        scratch.input.reserve(rows.n_rows() * depth * 2);
        let input = &mut scratch.input.view_mut::<i16>()[..rows.n_rows() * depth];
        let bytes = rows.bytes().chunks_exact(rows.byte_stride());
        for (bytes, input) in bytes.zip(input.chunks_exact_mut(depth)) {
            let (input, padding) = input.split_at_mut(self.n_in);
            // SAFETY: this kind of layer is only made where the processor has AVX2.
            unsafe { avx2::centre_bytes(&bytes[..self.n_in], input) };
            padding.fill(0);
        }
        let input = &*input;
        scratch.panel.reserve(depth * PANEL * 2);
        for column in columns.clone().step_by(PANEL) {
            let panel = &self.panels.view::<i8>()[self.panel(column / PANEL)];
            let finish = Columns {
                scales: of_panel(&self.scales, column),
                bias: of_panel(&self.bias, column),
                weight_sums: of_panel(&self.weight_sums, column),
                n: (columns.end - column).min(PANEL),
            };
            let block = Block {
                rows,
                input,
                depth,
                finish,
                out: out.wrapping_add(column),
                stride: place.stride,
                then,
            };
            // SAFETY: as above; `out` reaches to the last row's last column, checked above, and the caller has these
            // columns of these rows to itself (`Linear::forward_columns`).
            unsafe {
                if rows.n_rows() >= MANY_ROWS {
                    let wide = &mut scratch.panel.view_mut::<i16>()[..panel.len()];
                    avx2::widen(panel, wide);
                    block.multiply(wide.as_ptr());
                } else {
                    block.multiply(panel.as_ptr());
                }
            }
        }
    }
}

fn of_panel(values: &[f32], column: usize) -> &[f32; PANEL] {
    &values.as_chunks::<PANEL>().0[column / PANEL]
}

/// All rows by the columns of one panel.
struct Block<'a> {
    rows: &'a Rows,
    /// `(rows, depth)`
    input: &'a [i16],
    depth: usize,
    finish: Columns<'a>,
    out: *mut f32,
    stride: usize,
    then: Then,
}

impl Block<'_> {
    /// # Safety
    /// The processor has AVX2 and FMA; `panel` is as deep as the input; `out` has all rows, `stride` apart, whose
    /// columns nobody else uses.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn multiply<B: avx2::Right>(&self, panel: B) {
        let mut sums = [[0; PANEL]; ROWS];
        for first in (0..self.rows.n_rows()).step_by(ROWS) {
            let n = (self.rows.n_rows() - first).min(ROWS);
            let left = self.input[first * self.depth..].as_ptr();
            // SAFETY: the rows are there, and the rest is the caller's promise.
            unsafe {
                let out = sums.as_mut_ptr().cast();
                avx2::product_of(n, left, self.depth, panel, self.depth / 2, out);
                for (row, sums) in (first..first + n).zip(&sums) {
                    let (scale, middle) = (self.rows.scales()[row], self.rows.middles()[row]);
                    let out = self.out.add(row * self.stride);
                    avx2::finish(sums, scale, middle, &self.finish, out, self.then);
                }
            }
        }
    }
}
