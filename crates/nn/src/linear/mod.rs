//! Linear layers: `y = finish(x·Wᵀ + b)`, in single precision or with int8 weights.
//!
//! int8: weights are quantised once, per output channel (`w ≈ q·scale`, `scale = max|w|/127`); inputs per row as they
//! come (`x ≈ (u − 128)·scale + middle`, so that the unsigned-by-signed instructions serve, and so that what GELU gives,
//! hardly ever negative, uses all steps), sums are exact in 32 bits.

#[cfg(target_arch = "x86_64")]
mod bytes;
mod chunked;
mod rows;
#[cfg(target_arch = "x86_64")]
mod tiled;

pub use rows::Rows;

use std::ops::Range;

use crate::Isa;
use crate::shared::Shared;

/// The arithmetic of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Single precision throughout.
    Float32,
    /// int8 weights and inputs, 32-bit sums, single precision between layers.
    Int8,
}

/// What becomes of the product before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It replaces what was there.
    Store,
    /// It goes through GELU (erf form) and replaces what was there.
    Gelu,
    /// What is above zero of it replaces what was there.
    Relu,
    /// It is added to what was there.
    Add,
}

/// A layer with weights packed for the kernels of this processor.
#[derive(Debug)]
pub struct Linear {
    n_in: usize,
    n_out: usize,
    weights: Weights,
}

#[derive(Debug)]
enum Weights {
    #[cfg(target_arch = "x86_64")]
    Tiled(tiled::TiledInt8),
    #[cfg(target_arch = "x86_64")]
    Bytes(bytes::BytePanels),
    Int8(chunked::ChunkedInt8),
    Float(chunked::ChunkedFloat),
}

/// Where a block of results goes: element `(row, column)` at `offset + row·stride + column` of `data`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) data: Shared<'a, f32>,
    pub(crate) offset: usize,
    pub(crate) stride: usize,
}

/// Columns are handed to workers in multiples of this.
pub(crate) const COLUMN_STEP: usize = 64;

/// What a layer is, before it has weights.
#[derive(Debug, Clone, Copy)]
pub struct LinearShape {
    /// The arithmetic.
    pub precision: Precision,
    /// The kernels.
    pub isa: Isa,
    /// Width of an input row.
    pub n_in: usize,
    /// Width of an output row.
    pub n_out: usize,
    /// Whether [`Linear::copy_weights_of`] will be asked for.
    pub readable: bool,
}

/// Weight rows that are read and packed at once.
pub(crate) const FILL_ROWS: usize = 64;

impl Linear {
    /// Packs weights as they are read: `fill(first, rows)` writes whole rows `(some rows, n_in)` of `(n_out, n_in)`,
    /// beginning with row `first`, so that the weights are never held twice. `bias (n_out)` is empty for none.
    ///
    /// # Errors
    /// The first error of `fill`.
    ///
    /// # Panics
    /// When `bias` is of another length.
    pub fn build<E>(
        shape: LinearShape,
        bias: &[f32],
        fill: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let LinearShape { n_in, n_out, .. } = shape;
        assert!(n_in > 0 && n_out > 0, "a layer of {n_in} by {n_out}");
        assert!(
            bias.is_empty() || bias.len() == n_out,
            "{} biases for {n_out} outputs",
            bias.len()
        );
        let weights = match (shape.precision, shape.isa) {
            (Precision::Float32, _) => {
                Weights::Float(chunked::ChunkedFloat::build(shape, bias, fill)?)
            }
            #[cfg(target_arch = "x86_64")]
            (Precision::Int8, Isa::Amx | Isa::Avx512Vnni) => {
                Weights::Tiled(tiled::TiledInt8::build(shape, bias, fill)?)
            }
            #[cfg(target_arch = "x86_64")]
            (Precision::Int8, Isa::Avx2) => {
                Weights::Bytes(bytes::BytePanels::build(shape, bias, fill)?)
            }
            (Precision::Int8, _) => Weights::Int8(chunked::ChunkedInt8::build(shape, bias, fill)?),
        };
        Ok(Self {
            n_in,
            n_out,
            weights,
        })
    }

    /// Packs `weight (n_out, n_in)` and `bias (n_out)`, empty for none.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    pub fn new(precision: Precision, isa: Isa, weight: &[f32], bias: &[f32], n_in: usize) -> Self {
        let n_out = weight.len() / n_in;
        let shape = LinearShape {
            precision,
            isa,
            n_in,
            n_out,
            readable: true,
        };
        let fill = |first: usize, rows: &mut [f32]| {
            rows.copy_from_slice(&weight[first * n_in..][..rows.len()]);
            Ok::<(), std::convert::Infallible>(())
        };
        match Self::build(shape, bias, fill) {
            Ok(layer) => layer,
            Err(never) => match never {},
        }
    }

    /// Width of an input row.
    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// Width of an output row.
    pub fn n_out(&self) -> usize {
        self.n_out
    }

    /// How inputs must be prepared.
    pub fn precision(&self) -> Precision {
        match self.weights {
            Weights::Float(_) => Precision::Float32,
            _ => Precision::Int8,
        }
    }

    /// The weights of output `index` as numbers again, `(n_in)`: an embedding that shares its table with the output.
    ///
    /// # Panics
    /// When the layer was not built readable.
    pub fn copy_weights_of(&self, index: usize, row: &mut [f32]) {
        match &self.weights {
            #[cfg(target_arch = "x86_64")]
            Weights::Tiled(weights) => weights.copy_row(index, row),
            #[cfg(target_arch = "x86_64")]
            Weights::Bytes(weights) => weights.copy_row(index, row),
            Weights::Int8(weights) => weights.copy_row(index, row),
            Weights::Float(weights) => weights.copy_row(index, row),
        }
    }

    /// All results `(rows, n_out)` for `input (rows, n_in)`, on the calling thread.
    pub fn forward(&self, input: &[f32], output: &mut [f32], then: Then) {
        let mut rows = Rows::default();
        rows.set(self.precision(), input, self.n_in);
        self.forward_rows(&rows, output, then);
    }

    /// All results `(rows, n_out)` for prepared rows, on the calling thread.
    pub fn forward_rows(&self, rows: &Rows, output: &mut [f32], then: Then) {
        let place = Place {
            data: Shared::new(output),
            offset: 0,
            stride: self.n_out,
        };
        self.forward_columns(rows, 0..self.n_out, place, then);
    }

    /// All results for prepared rows, on the calling thread: row `i` goes to `output[i·stride..][..n_out]`, and what lies
    /// between the rows stays.
    ///
    /// # Panics
    /// When `output` ends before the last row does.
    pub fn forward_apart(&self, rows: &Rows, output: &mut [f32], stride: usize, then: Then) {
        assert!(stride >= self.n_out, "rows {stride} apart");
        let place = Place {
            data: Shared::new(output),
            offset: 0,
            stride,
        };
        self.forward_columns(rows, 0..self.n_out, place, then);
    }

    /// The results in `columns` for prepared rows. `columns` begins on a multiple of [`COLUMN_STEP`] and ends on one
    /// or at the last column; nobody else uses those columns of those rows of `place` meanwhile.
    pub(crate) fn forward_columns(
        &self,
        rows: &Rows,
        columns: Range<usize>,
        place: Place<'_>,
        then: Then,
    ) {
        debug_assert!(columns.start.is_multiple_of(COLUMN_STEP), "{columns:?}");
        if columns.is_empty() || rows.n_rows() == 0 {
            return;
        }
        match &self.weights {
            #[cfg(target_arch = "x86_64")]
            Weights::Tiled(weights) => weights.forward(rows, columns, place, then),
            #[cfg(target_arch = "x86_64")]
            Weights::Bytes(weights) => weights.forward(rows, columns, place, then),
            Weights::Int8(weights) => weights.forward(rows, columns, place, then),
            Weights::Float(weights) => weights.forward(rows, columns, place, then),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are the same everywhere.
    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 8_388_608.0 - 1.0
            })
            .collect()
    }

    /// The same, most of them small, as those of trained weights are.
    fn bell(n: usize, seed: u32) -> Vec<f32> {
        let flat = noise(4 * n, seed);
        let four = flat.as_chunks::<4>().0.iter();
        four.map(|four| four.iter().sum::<f32>() / 4.0).collect()
    }

    fn exact(weight: &[f32], bias: &[f32], input: &[f32], n_in: usize) -> Vec<f32> {
        let rows = input.chunks(n_in);
        rows.flat_map(|x| {
            weight.chunks(n_in).enumerate().map(move |(o, w)| {
                x.iter()
                    .zip(w)
                    .map(|(a, b)| f64::from(*a) * f64::from(*b))
                    .sum::<f64>() as f32
                    + bias.get(o).copied().unwrap_or(0.0)
            })
        })
        .collect()
    }

    #[test]
    fn every_kernel_agrees_with_plain_arithmetic() {
        for (n_rows, n_in, n_out) in [
            (1, 64, 64),
            (5, 384, 1000),
            (33, 240, 96),
            (70, 512, 129),
            (17, 64, 7),
        ] {
            let (weight, bias) = (noise(n_in * n_out, 1), noise(n_out, 2));
            let input = noise(n_rows * n_in, 3);
            let wanted = exact(&weight, &bias, &input, n_in);
            let size = (n_in as f32).sqrt();
            for isa in Isa::available() {
                for (precision, tolerance) in
                    [(Precision::Float32, 1e-5), (Precision::Int8, 1.5e-2)]
                {
                    let layer = Linear::new(precision, isa, &weight, &bias, n_in);
                    let mut output = vec![f32::NAN; n_rows * n_out];
                    layer.forward(&input, &mut output, Then::Store);
                    for (i, (got, wanted)) in output.iter().zip(&wanted).enumerate() {
                        let off = (got - wanted).abs();
                        assert!(
                            off < tolerance * size,
                            "{isa} {precision:?} {n_rows}x{n_in}x{n_out} at {i}: {off}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn integer_products_are_exact_where_inputs_and_weights_are_whole() {
        let (n_rows, n_in, n_out) = (11, 514, 35);
        let whole = |values: Vec<f32>, most: f32| -> Vec<f32> {
            values.iter().map(|x| (x * most).round()).collect()
        };
        // in each column two neighbours of 127 or −127: more than 16 bits hold
        let mut weight = whole(noise(n_in * n_out, 1), 60.0);
        for (column, weights) in weight.chunks_exact_mut(n_in).enumerate() {
            let most = if column % 2 == 0 { 127.0 } else { -127.0 };
            weights[2 * column..][..2].fill(most);
        }
        let mut input = whole(noise(n_rows * n_in, 2), 126.0);
        for row in input.chunks_exact_mut(n_in) {
            row[..80].fill(126.0);
            row[80..190].fill(-127.0);
        }
        let wanted = exact(&weight, &[], &input, n_in);
        for isa in Isa::available() {
            let layer = Linear::new(Precision::Int8, isa, &weight, &[], n_in);
            let mut output = vec![0.0; n_rows * n_out];
            layer.forward(&input, &mut output, Then::Store);
            assert!(output == wanted, "{isa}");
            let mut row = vec![0.0; n_in];
            layer.copy_weights_of(3, &mut row);
            assert_eq!(row, weight[3 * n_in..4 * n_in], "{isa}");
        }
    }

    #[test]
    fn integer_kernels_give_the_same_numbers() {
        let (n_rows, n_in, n_out) = (37, 320, 200);
        let (weight, bias, input) = (
            noise(n_in * n_out, 5),
            noise(n_out, 6),
            noise(n_rows * n_in, 7),
        );
        let results: Vec<Vec<f32>> = Isa::available()
            .into_iter()
            .filter(|isa| *isa > Isa::Avx2)
            .map(|isa| {
                let mut output = vec![0.25; n_rows * n_out];
                Linear::new(Precision::Int8, isa, &weight, &bias, n_in).forward(
                    &input,
                    &mut output,
                    Then::Add,
                );
                output
            })
            .collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn gelu_and_add_finish_the_product() {
        let (weight, input) = (noise(64 * 70, 8), noise(3 * 64, 9));
        for isa in Isa::available() {
            for precision in [Precision::Float32, Precision::Int8] {
                let layer = Linear::new(precision, isa, &weight, &[], 64);
                let mut plain = vec![0.0; 3 * 70];
                layer.forward(&input, &mut plain, Then::Store);
                let (mut curved, mut added) = (vec![0.0; 3 * 70], vec![1.5; 3 * 70]);
                layer.forward(&input, &mut curved, Then::Gelu);
                layer.forward(&input, &mut added, Then::Add);
                for ((plain, curved), added) in plain.iter().zip(&curved).zip(&added) {
                    let x = f64::from(*plain);
                    let gelu = 0.5 * x * (1.0 + erf(x / 2_f64.sqrt()));
                    assert!(
                        (f64::from(*curved) - gelu).abs() < 2e-6 * (1.0 + x.abs()),
                        "{isa} gelu({x}) = {curved}"
                    );
                    assert!((plain + 1.5 - added).abs() < 1e-5);
                }
            }
        }
    }

    /// erf by its Taylor series, good for the small arguments here.
    fn erf(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        if x.abs() > 5.0 {
            x.signum()
        } else {
            sum * 2.0 / std::f64::consts::PI.sqrt()
        }
    }

    #[test]
    fn weights_can_be_read_back() {
        let weight = bell(100 * 64, 4);
        for isa in Isa::available() {
            for (precision, tolerance) in [
                (Precision::Float32, 0.0),
                // fewer steps may serve where sums of 16 bits would overflow
                (
                    Precision::Int8,
                    0.5 / if isa == Isa::Avx2 { 64.0 } else { 127.0 } + 1e-6,
                ),
            ] {
                let layer = Linear::new(precision, isa, &weight, &[], 64);
                let mut row = vec![0.0; 64];
                layer.copy_weights_of(77, &mut row);
                let wanted = &weight[77 * 64..78 * 64];
                assert!(
                    row.iter()
                        .zip(wanted)
                        .all(|(a, b)| (a - b).abs() <= tolerance),
                    "{isa} {precision:?}"
                );
            }
        }
    }
}
