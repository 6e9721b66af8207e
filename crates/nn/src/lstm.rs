//! Bidirectional LSTM over a batch of sequences of one length (Hochreiter and Schmidhuber 1997, as in PyTorch's `LSTM`).
//!
//! A direction is one task: it projects a few steps of all its sequences in one product, then walks through them, each
//! step one product with the recurrent weights. These stay in the second-level cache, and the more sequences there are,
//! the more each read of them is worth.

use std::fmt;
use std::ops::Range;

use rten_gemm::{BiasVector, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_tensor::NdTensorView;

use crate::Pool;
use crate::gemm;
use crate::math::{multiversion, sigmoid, tanh};
use crate::shared::Shared;

/// Steps whose inputs are projected in one product.
const STEPS: usize = 16;

/// One layer, both directions.
#[derive(Debug)]
pub struct BiLstm {
    n_in: usize,
    hidden: usize,
    directions: [Direction; 2],
}

/// The weights of one direction as PyTorch names them; gates are in the order input, forget, cell, output.
#[derive(Debug)]
pub struct LstmWeights {
    /// `weight_ih (4·hidden, n_in)`
    pub input: Vec<f32>,
    /// `weight_hh (4·hidden, hidden)`
    pub recurrent: Vec<f32>,
    /// `bias_ih + bias_hh (4·hidden)`
    pub bias: Vec<f32>,
}

struct Direction {
    gemm: &'static gemm::Float,
    input: PackedBMatrix<f32>,
    recurrent: PackedBMatrix<f32>,
    bias: Vec<f32>,
}

impl fmt::Debug for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direction").finish_non_exhaustive()
    }
}

impl BiLstm {
    /// Packs the weights of the forward and the backward direction.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    pub fn new(forward: LstmWeights, backward: LstmWeights) -> Self {
        let hidden = forward.bias.len() / 4;
        let n_in = forward.input.len() / (4 * hidden);
        let pack = |weights: LstmWeights| {
            assert_eq!(weights.bias.len(), 4 * hidden, "biases");
            assert_eq!(weights.input.len(), 4 * hidden * n_in, "input weights");
            assert_eq!(
                weights.recurrent.len(),
                4 * hidden * hidden,
                "recurrent weights"
            );
            let gemm = gemm::float();
            let packed = |weight: &[f32], n| {
                gemm.prepack_b(NdTensorView::from_data([4 * hidden, n], weight).transposed())
            };
            Direction {
                input: packed(&weights.input, n_in),
                recurrent: packed(&weights.recurrent, hidden),
                bias: weights.bias,
                gemm,
            }
        };
        Self {
            n_in,
            hidden,
            directions: [pack(forward), pack(backward)],
        }
    }

    /// Width of an output row: the forward state, then the backward one.
    pub fn n_out(&self) -> usize {
        2 * self.hidden
    }

    /// Runs over `input (sequences, steps, n_in)` into `output (sequences, steps, 2·hidden)`.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn forward(&self, pool: &Pool, input: &[f32], output: &mut [f32], n_sequences: usize) {
        let n_steps = input.len() / self.n_in / n_sequences.max(1);
        assert_eq!(input.len(), n_sequences * n_steps * self.n_in, "input");
        assert_eq!(output.len(), n_sequences * n_steps * self.n_out(), "output");
        let n_groups = (pool.n_threads() / 2).clamp(1, n_sequences.max(1));
        let output = Shared::new(output);
        pool.run(|worker| {
            worker.each(2 * n_groups, |task| {
                let (which, group) = (task % 2, task / 2);
                let cut = |i: usize| n_sequences * i / n_groups;
                let walk = Walk {
                    layer: self,
                    is_backward: which == 1,
                    sequences: cut(group)..cut(group + 1),
                    n_steps,
                };
                walk.run(input, output);
            });
        });
    }
}

/// One direction over some of the sequences.
struct Walk<'a> {
    layer: &'a BiLstm,
    is_backward: bool,
    sequences: Range<usize>,
    n_steps: usize,
}

impl Walk<'_> {
    fn run(&self, input: &[f32], output: Shared<'_, f32>) {
        let BiLstm {
            n_in,
            hidden,
            ref directions,
        } = *self.layer;
        let direction = &directions[usize::from(self.is_backward)];
        let n = self.sequences.len();
        let mut rows = vec![0.0; STEPS * n * n_in];
        let mut gates = vec![0.0; STEPS * n * 4 * hidden];
        let (mut state, mut cell) = (vec![0.0; n * hidden], vec![0.0; n * hidden]);
        for first in (0..self.n_steps).step_by(STEPS) {
            let steps = first..(first + STEPS).min(self.n_steps);
            let n_rows = steps.len() * n;
            self.gather(input, steps.clone(), &mut rows);
            let gates = &mut gates[..n_rows * 4 * hidden];
            direction.project(&rows[..n_rows * n_in], n_rows, gates);
            for (step, gates) in steps.zip(gates.chunks_exact_mut(n * 4 * hidden)) {
                if step > 0 {
                    direction.recur(&state, n, gates);
                }
                update(gates, &mut cell, &mut state, hidden);
                self.store(&state, step, output);
            }
        }
    }

    /// The time at which a step stands.
    fn time(&self, step: usize) -> usize {
        if self.is_backward {
            self.n_steps - 1 - step
        } else {
            step
        }
    }

    /// Copies the inputs of some steps to `rows (steps, sequences, n_in)`.
    fn gather(&self, input: &[f32], steps: Range<usize>, rows: &mut [f32]) {
        let n_in = self.layer.n_in;
        let mut rows = rows.chunks_exact_mut(n_in);
        for step in steps {
            for (sequence, row) in self.sequences.clone().zip(&mut rows) {
                let at = (sequence * self.n_steps + self.time(step)) * n_in;
                row.copy_from_slice(&input[at..at + n_in]);
            }
        }
    }

    fn store(&self, state: &[f32], step: usize, output: Shared<'_, f32>) {
        let hidden = self.layer.hidden;
        for (sequence, state) in self.sequences.clone().zip(state.chunks_exact(hidden)) {
            let row = sequence * self.n_steps + self.time(step);
            let at = row * 2 * hidden + usize::from(self.is_backward) * hidden;
            #[expect(
                unsafe_code,
                reason = "directions and groups write their own halves of their own rows"
            )]
            // SAFETY: as the reason says.
            let place = unsafe { output.slice_mut(at..at + hidden) };
            place.copy_from_slice(state);
        }
    }
}

impl Direction {
    /// `rows·weight_ihᵀ + bias`
    fn project(&self, rows: &[f32], n_rows: usize, gates: &mut [f32]) {
        let options = GemmOptions {
            bias: Some(BiasVector::Row(&self.bias)),
            ..GemmOptions::default()
        };
        self.product(rows, n_rows, &self.input, gates, options);
    }

    /// Adds `state·weight_hhᵀ`.
    fn recur(&self, state: &[f32], n_rows: usize, gates: &mut [f32]) {
        let options = GemmOptions {
            beta: 1.0,
            ..GemmOptions::default()
        };
        self.product(state, n_rows, &self.recurrent, gates, options);
    }

    fn product(
        &self,
        rows: &[f32],
        n_rows: usize,
        weights: &PackedBMatrix<f32>,
        out: &mut [f32],
        options: GemmOptions<'_, f32, f32, f32>,
    ) {
        let rows = NdTensorView::from_data([n_rows, rows.len() / n_rows], rows);
        self.gemm
            .gemm(
                out,
                GemmInputA::Unpacked(rows),
                GemmInputB::Packed(weights),
                options,
            )
            .unwrap_or_else(|error| panic!("product of shapes that do not fit: {error}"));
    }
}

multiversion! {
    /// One step: `c' = σ(f)·c + σ(i)·tanh(g)`, `h' = σ(o)·tanh(c')`, for rows of gates `(4, hidden)`.
    fn update(gates: &[f32], cell: &mut [f32], state: &mut [f32], hidden: usize) {
        let rows = cell.chunks_exact_mut(hidden).zip(state.chunks_exact_mut(hidden));
        for (gates, (cell, state)) in gates.chunks_exact(4 * hidden).zip(rows) {
            let (i, rest) = gates.split_at(hidden);
            let (f, rest) = rest.split_at(hidden);
            let (g, o) = rest.split_at(hidden);
            for (index, (cell, state)) in cell.iter_mut().zip(state).enumerate() {
                *cell = sigmoid(f[index]) * *cell + sigmoid(i[index]) * tanh(g[index]);
                *state = sigmoid(o[index]) * tanh(*cell);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 8_388_608.0 - 1.0
            })
            .collect()
    }

    fn weights(n_in: usize, hidden: usize, seed: u32) -> LstmWeights {
        let scaled = |n, seed| noise(n, seed).into_iter().map(|w| w * 0.3).collect();
        LstmWeights {
            input: scaled(4 * hidden * n_in, seed),
            recurrent: scaled(4 * hidden * hidden, seed + 1),
            bias: scaled(4 * hidden, seed + 2),
        }
    }

    /// One direction over one sequence, number by number.
    fn plain(w: &LstmWeights, input: &[f32], n_in: usize, hidden: usize) -> Vec<Vec<f64>> {
        let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
        let sigma = |x: f64| 1.0 / (1.0 + (-x).exp());
        (input.chunks(n_in))
            .map(|x| {
                let gate = |j: usize| {
                    let wx = (x.iter().zip(&w.input[j * n_in..]))
                        .map(|(x, w)| f64::from(*x) * f64::from(*w));
                    let wh =
                        (h.iter().zip(&w.recurrent[j * hidden..])).map(|(h, w)| h * f64::from(*w));
                    wx.sum::<f64>() + wh.sum::<f64>() + f64::from(w.bias[j])
                };
                let gates: Vec<f64> = (0..4 * hidden).map(gate).collect();
                for j in 0..hidden {
                    c[j] = sigma(gates[hidden + j]) * c[j]
                        + sigma(gates[j]) * gates[2 * hidden + j].tanh();
                    h[j] = sigma(gates[3 * hidden + j]) * f64::tanh(c[j]);
                }
                h.clone()
            })
            .collect()
    }

    #[test]
    fn both_directions_agree_with_plain_arithmetic() {
        for (n_in, hidden, n_steps, n_sequences, n_threads) in [
            (60, 128, 37, 3, 2),
            (5, 8, 1, 1, 1),
            (256, 128, 20, 7, 5),
            (8, 16, 16, 2, 8),
        ] {
            let input = noise(n_sequences * n_steps * n_in, 9);
            let [forward, backward] = [1, 50].map(|seed| weights(n_in, hidden, seed));
            let layer = BiLstm::new(weights(n_in, hidden, 1), weights(n_in, hidden, 50));
            let mut output = vec![f32::NAN; n_sequences * n_steps * 2 * hidden];
            layer.forward(&Pool::new(n_threads), &input, &mut output, n_sequences);
            for (sequence, got) in output.chunks(n_steps * 2 * hidden).enumerate() {
                let input = &input[sequence * n_steps * n_in..][..n_steps * n_in];
                let reversed: Vec<f32> = input.chunks(n_in).rev().flatten().copied().collect();
                let ahead = plain(&forward, input, n_in, hidden);
                let back = plain(&backward, &reversed, n_in, hidden);
                for (step, got) in got.chunks(2 * hidden).enumerate() {
                    let wanted = ahead[step].iter().chain(&back[n_steps - 1 - step]);
                    for (got, wanted) in got.iter().zip(wanted) {
                        assert!((f64::from(*got) - wanted).abs() < 2e-6, "{got} {wanted}");
                    }
                }
            }
        }
    }
}
