//! int8 weights in panels of 16 columns for AVX2, which sums the products of two bytes in 16 bits, where they overflow.
//!
//! In a panel, four consecutive inputs of one column lie side by side, then the next column: `[depth/4][16][4]`. Inputs
//! reach 255, so two neighbours of one sign may not add up to more than 128. Few weights are that large: what a pair has
//! too much is taken away and added apart, so that sums stay exact. A column where that would happen often is one without
//! outliers, for which fewer steps are as good.
#![expect(
    unsafe_code,
    reason = "kernels work on raw panels; the shapes are checked here"
)]

use std::ops::Range;

use super::chunked::{STEPS_OF_BYTE, quantise_weights};
use super::{FILL_ROWS, LinearShape, Place, Rows, Then};
use crate::math::{Aligned, round_up};
use crate::x86::avx2::{self, Columns, PANEL, ROWS, Sums};

/// What two neighbours of one sign may add up to.
const MOST_OF_PAIR: i32 = 128;
/// One pair in so many may have too much.
const RARE: usize = 256;
/// What the largest weight of a column becomes: the first with which too much is rare. With the last it never happens.
const STEPS: [f32; 5] = [STEPS_OF_BYTE, 112.0, 96.0, 80.0, 64.0];

#[derive(Debug)]
pub(super) struct BytePanels {
    n_in: usize,
    n_out: usize,
    /// `(panels, depth/4, 16, 4)`, depth rounded up to 4.
    panels: Aligned,
    /// What was taken away, panel by panel, and where each panel's begin and the last one's end.
    excess: Vec<Excess>,
    excess_starts: Vec<usize>,
    /// −128 times the sum of a column's weights: inputs are stored with 128 added.
    offsets: Vec<i32>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    /// Sums of the columns' weights, for the middles of the rows.
    weight_sums: Vec<f32>,
}

/// What a weight is larger than its place in the panel can be.
#[derive(Debug, Clone, Copy)]
struct Excess {
    input: u32,
    /// Column of the panel.
    column: u8,
    weight: i8,
}

impl BytePanels {
    pub(super) fn build<E>(
        shape: LinearShape,
        bias: &[f32],
        mut fill: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let LinearShape { n_in, n_out, .. } = shape;
        let n_columns = round_up(n_out, PANEL);
        let depth = round_up(n_in, 4);
        let mut layer = Self {
            n_in,
            n_out,
            panels: Aligned::zeroed(n_columns * depth),
            excess: Vec::new(),
            excess_starts: vec![0],
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
                layer.put(column, row, &mut quantised);
                if column % PANEL == PANEL - 1 || column == n_out - 1 {
                    layer.excess_starts.push(layer.excess.len());
                }
            }
        }
        Ok(layer)
    }

    /// Quantises a column and puts it into its panel; columns come in order.
    fn put(&mut self, column: usize, row: &[f32], quantised: &mut [i8]) {
        let (scale, sum) = quantise_rarely_large(row, quantised);
        self.scales[column] = scale;
        self.offsets[column] = -128 * sum;
        self.weight_sums[column] = sum as f32 * scale;
        for (pair, weights) in quantised.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let excess = too_much(*weights);
            if excess != 0 {
                let larger = usize::from(weights[1].unsigned_abs() > weights[0].unsigned_abs());
                weights[larger] -= excess;
                self.excess.push(Excess {
                    input: (2 * pair + larger) as u32,
                    column: (column % PANEL) as u8,
                    weight: excess,
                });
            }
        }
        let panel = self.panel(column / PANEL);
        let panel = &mut self.panels.view_mut::<i8>()[panel];
        let lanes = panel.as_chunks_mut::<{ 4 * PANEL }>().0.iter_mut();
        for (lane, four) in lanes.zip(quantised.as_chunks::<4>().0) {
            lane[column % PANEL * 4..][..4].copy_from_slice(four);
        }
    }

    pub(super) fn copy_row(&self, column: usize, row: &mut [f32]) {
        let panel = &self.panels.view::<i8>()[self.panel(column / PANEL)];
        for (i, value) in row.iter_mut().enumerate().take(self.n_in) {
            let quantised = panel[i / 4 * 4 * PANEL + column % PANEL * 4 + i % 4];
            *value = f32::from(quantised) * self.scales[column];
        }
        let excess = self.excess(column / PANEL).iter();
        for excess in excess.filter(|excess| usize::from(excess.column) == column % PANEL) {
            row[excess.input as usize] += f32::from(excess.weight) * self.scales[column];
        }
    }

    fn panel(&self, index: usize) -> Range<usize> {
        let bytes = round_up(self.n_in, 4) * PANEL;
        index * bytes..(index + 1) * bytes
    }

    fn excess(&self, panel: usize) -> &[Excess] {
        &self.excess[self.excess_starts[panel]..self.excess_starts[panel + 1]]
    }

    pub(super) fn forward(&self, rows: &Rows, columns: Range<usize>, place: Place<'_>, then: Then) {
        assert_eq!(rows.width(), self.n_in, "inputs of another width");
        assert!(columns.end <= self.n_out, "{columns:?} of {}", self.n_out);
        let last = place.offset + (rows.n_rows() - 1) * place.stride + columns.end;
        let out = place.data.address(place.offset..last);
        for column in columns.clone().step_by(PANEL) {
            let block = Block {
                rows,
                panel: &self.panels.view::<i8>()[self.panel(column / PANEL)],
                excess: self.excess(column / PANEL),
                offsets: of_panel(&self.offsets, column),
                finish: Columns {
                    scales: of_panel(&self.scales, column),
                    bias: of_panel(&self.bias, column),
                    weight_sums: of_panel(&self.weight_sums, column),
                    n: (columns.end - column).min(PANEL),
                },
                out: out.wrapping_add(column),
                stride: place.stride,
                then,
            };
            // SAFETY: this kind of layer is only made where the processor has AVX2 and FMA; `out` reaches to the last
            // row's last column, checked above, and the caller has these columns of these rows to itself
            // (`Linear::forward_columns`).
            unsafe { block.multiply() };
        }
    }
}

/// What two neighbours have more than a sum of 16 bits can take, with its sign.
fn too_much([a, b]: [i8; 2]) -> i8 {
    let (a, b) = (i32::from(a), i32::from(b));
    let above = a.max(0) + b.max(0) - MOST_OF_PAIR;
    let below = a.min(0) + b.min(0) + MOST_OF_PAIR;
    (above.max(0) + below.min(0)) as i8
}

/// Quantises a column so that few of its pairs have too much; returns what one step is worth and the sum.
fn quantise_rarely_large(row: &[f32], quantised: &mut [i8]) -> (f32, i32) {
    let mut found = (1.0, 0);
    for most in STEPS {
        found = quantise_weights(row, most, &mut quantised[..row.len()]);
        let pairs = quantised.as_chunks::<2>().0;
        let n_large = pairs.iter().filter(|pair| too_much(**pair) != 0).count();
        if n_large * RARE <= pairs.len() {
            break;
        }
    }
    found
}

fn of_panel<T>(values: &[T], column: usize) -> &[T; PANEL] {
    &values.as_chunks::<PANEL>().0[column / PANEL]
}

/// All rows by the columns of one panel.
struct Block<'a> {
    rows: &'a Rows,
    panel: &'a [i8],
    excess: &'a [Excess],
    offsets: &'a [i32; PANEL],
    finish: Columns<'a>,
    out: *mut f32,
    stride: usize,
    then: Then,
}

impl Block<'_> {
    /// # Safety
    /// The processor has AVX2 and FMA; `out` has all rows, `stride` apart, whose columns nobody else uses.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn multiply(&self) {
        let stride = self.rows.byte_stride();
        let mut sums = [[0; PANEL]; ROWS];
        for first in (0..self.rows.n_rows()).step_by(ROWS) {
            let n = (self.rows.n_rows() - first).min(ROWS);
            let bytes = &self.rows.bytes()[first * stride..][..n * stride];
            // these come first, so that they have left for the cache when all of them are read at once
            let corrections = self.corrections(bytes);
            // SAFETY: the rows are there and as long as the panel is deep; the rest is the caller's promise.
            unsafe { avx2::byte_product(n, bytes, stride, self.panel, &mut sums) };
            let sums = Sums {
                values: &sums,
                corrections: &corrections,
                scales: &self.rows.scales()[first..first + n],
                middles: &self.rows.middles()[first..first + n],
            };
            // SAFETY: by the caller's promise.
            unsafe {
                let out = self.out.add(first * self.stride);
                avx2::finish(&sums, &self.finish, out, self.stride, self.then);
            }
        }
    }

    /// What the sums of some rows lack.
    #[inline]
    fn corrections(&self, bytes: &[u8]) -> [[i32; PANEL]; ROWS] {
        let stride = self.rows.byte_stride();
        let mut corrections = [*self.offsets; ROWS];
        for excess in self.excess {
            let (column, weight) = (usize::from(excess.column), i32::from(excess.weight));
            let inputs = bytes[excess.input as usize..].iter().step_by(stride);
            for (row, input) in corrections.iter_mut().zip(inputs) {
                row[column] += weight * i32::from(*input);
            }
        }
        corrections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_what_fits_sixteen_bits() {
        assert_eq!(too_much([127, 127]), 126);
        assert_eq!(too_much([-127, -100]), -99);
        assert_eq!(too_much([127, -127]), 0);
        assert_eq!(too_much([64, 64]), 0);
        assert_eq!(too_much([1, 127]), 0);
        assert_eq!(too_much([2, 127]), 1);
    }
}
