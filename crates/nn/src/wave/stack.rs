//! Convolutions over samples, each followed by a normalisation or none, and GELU.

use rten_simd::SimdUnaryOp;
use rten_vecmath::Gelu;

use crate::linear::{Linear, Place, Precision, Rows, Then};
use crate::math::multiversion;
use crate::norm::LayerNorm;
use crate::shared::Shared;
use crate::{Isa, Pool};

/// Rows of the last layer that one worker takes through the whole stack at once.
const OUTPUT_BLOCK: usize = 48;
/// Rows that go through one product at once.
const ROW_BLOCK: usize = 192;

/// What lies between a convolution and its GELU.
#[derive(Debug)]
pub enum ConvNorm {
    /// Nothing.
    None,
    /// Layer normalisation over the channels of each row.
    Layer(LayerNorm),
    /// Each channel is normalised over all rows (group normalisation with a group a channel), then scaled and shifted;
    /// for the first layer of a stack only.
    Channel {
        /// Scales, one a channel.
        gamma: Vec<f32>,
        /// Shifts, one a channel.
        beta: Vec<f32>,
    },
}

/// A convolution without padding.
#[derive(Debug)]
pub struct ConvLayer {
    product: Linear,
    kernel: usize,
    stride: usize,
    n_in: usize,
    norm: ConvNorm,
    /// The filters, where the statistics of their results are wanted: `(n_out, kernel)`.
    filters: Vec<f32>,
}

impl ConvLayer {
    /// Packs `weight (n_out, n_in, kernel)` and `bias (n_out)`, empty for none.
    ///
    /// # Panics
    /// When the lengths do not fit each other, or [`ConvNorm::Channel`] is wanted for more than one input channel.
    #[expect(clippy::too_many_arguments, reason = "they describe one convolution")]
    pub fn new(
        precision: Precision,
        isa: Isa,
        weight: &[f32],
        bias: &[f32],
        n_in: usize,
        kernel: usize,
        stride: usize,
        norm: ConvNorm,
    ) -> Self {
        let by_channel = matches!(norm, ConvNorm::Channel { .. });
        assert!(
            !by_channel || n_in == 1 && bias.is_empty(),
            "channels are normalised over time after a layer that hears samples, without bias"
        );
        let rows = by_tap(weight, n_in, kernel);
        Self {
            product: Linear::new(precision, isa, &rows, bias, n_in * kernel),
            kernel,
            stride,
            n_in,
            norm,
            filters: if by_channel { rows } else { Vec::new() },
        }
    }

    fn n_out(&self) -> usize {
        self.product.n_out()
    }

    /// Convolves rows of `input (rows, n_in)` into `output (n_rows, n_out)`; `channels` are the scales and shifts of
    /// [`ConvNorm::Channel`].
    fn forward(
        &self,
        input: &[f32],
        output: &mut [f32],
        channels: &(Vec<f32>, Vec<f32>),
        rows: &mut Rows,
    ) {
        let n_out = self.n_out();
        let step = self.stride * self.n_in;
        let then = match self.norm {
            ConvNorm::None => Then::Gelu,
            _ => Then::Store,
        };
        for (block, output) in output.chunks_mut(ROW_BLOCK * n_out).enumerate() {
            rows.set_strided(
                self.product.precision(),
                &input[block * ROW_BLOCK * step..],
                self.kernel * self.n_in,
                step,
                output.len() / n_out,
            );
            let place = Place {
                data: Shared::new(output),
                offset: 0,
                stride: n_out,
            };
            self.product.forward_columns(rows, 0..n_out, place, then);
            match &self.norm {
                ConvNorm::None => {}
                ConvNorm::Layer(norm) => {
                    norm.forward_in_place(output);
                    Gelu {}.map_mut(output);
                }
                ConvNorm::Channel { .. } => {
                    for row in output.chunks_exact_mut(n_out) {
                        scale_and_shift(row, &channels.0, &channels.1);
                    }
                    Gelu {}.map_mut(output);
                }
            }
        }
    }

    /// What normalises the channels for these samples: a scale and a shift for each.
    ///
    /// Mean and variance of every filter's results follow from those of the samples under it: `w·m` and `wᵀ·C·w`.
    fn channel_scales(&self, samples: &[f32], n_rows: usize) -> (Vec<f32>, Vec<f32>) {
        const EPSILON: f64 = 1e-5;
        let ConvNorm::Channel { gamma, beta } = &self.norm else {
            return (Vec::new(), Vec::new());
        };
        let kernel = self.kernel;
        let mut mean = vec![0.0_f64; kernel];
        let mut products = vec![0.0_f64; kernel * kernel];
        for row in 0..n_rows {
            let window = &samples[row * self.stride..][..kernel];
            for (i, a) in window.iter().enumerate() {
                mean[i] += f64::from(*a);
                for (j, b) in window[..=i].iter().enumerate() {
                    products[i * kernel + j] += f64::from(*a) * f64::from(*b);
                }
            }
        }
        let n = n_rows as f64;
        for sum in &mut mean {
            *sum /= n;
        }
        let covariance =
            |i: usize, j: usize| products[i.max(j) * kernel + i.min(j)] / n - mean[i] * mean[j];
        let filters = self.filters.chunks_exact(kernel);
        let scaled = filters.zip(gamma).zip(beta).map(|((filter, gamma), beta)| {
            let mut variance = 0.0;
            let mut centre = 0.0;
            for (i, a) in filter.iter().enumerate() {
                centre += f64::from(*a) * mean[i];
                for (j, b) in filter.iter().enumerate() {
                    variance += f64::from(*a) * f64::from(*b) * covariance(i, j);
                }
            }
            let scale = f64::from(*gamma) / (variance.max(0.0) + EPSILON).sqrt();
            (scale as f32, (f64::from(*beta) - centre * scale) as f32)
        });
        scaled.unzip()
    }
}

multiversion! {
    fn scale_and_shift(row: &mut [f32], scales: &[f32], shifts: &[f32]) {
        for ((value, scale), shift) in row.iter_mut().zip(scales).zip(shifts) {
            *value = *value * scale + shift;
        }
    }
}

/// Filters `(n_out, n_in, kernel)` in the order in which input rows lie: `(n_out, kernel, n_in)`.
pub(super) fn by_tap(weight: &[f32], n_in: usize, kernel: usize) -> Vec<f32> {
    let mut rows = vec![0.0; weight.len()];
    let filters = weight.chunks_exact(n_in * kernel);
    for (filter, row) in filters.zip(rows.chunks_exact_mut(n_in * kernel)) {
        for (i, weight) in filter.iter().enumerate() {
            row[i % kernel * n_in + i / kernel] = *weight;
        }
    }
    rows
}

/// Convolutions one after the other; the first hears samples.
#[derive(Debug)]
pub struct ConvStack {
    layers: Vec<ConvLayer>,
}

impl ConvStack {
    /// Joins layers.
    ///
    /// # Panics
    /// When a layer does not take what the one before gives, or the first hears more than one channel.
    pub fn new(layers: Vec<ConvLayer>) -> Self {
        let mut n_in = 1;
        for layer in &layers {
            assert_eq!(layer.n_in, n_in, "channels of one layer after the other");
            n_in = layer.n_out();
        }
        Self { layers }
    }

    /// Channels of the output.
    pub fn n_out(&self) -> usize {
        self.layers.last().map_or(1, ConvLayer::n_out)
    }

    /// Samples from one output row to the next.
    pub fn hop(&self) -> usize {
        self.layers.iter().map(|layer| layer.stride).product()
    }

    /// Samples under one output row: fewer give none.
    pub fn receptive_field(&self) -> usize {
        let layers = self.layers.iter().rev();
        layers.fold(1, |rows, layer| (rows - 1) * layer.stride + layer.kernel)
    }

    /// Output rows that `n_samples` give.
    pub fn n_rows(&self, n_samples: usize) -> usize {
        self.layers.iter().fold(n_samples, |n, layer| {
            n.checked_sub(layer.kernel)
                .map_or(0, |rest| rest / layer.stride + 1)
        })
    }

    /// Runs the stack over `samples` into `output (n_rows, n_out)`.
    ///
    /// # Panics
    /// When `output` has not the rows that [`Self::n_rows`] tells.
    #[expect(
        unsafe_code,
        reason = "each block of output rows is written by one worker"
    )]
    pub fn forward(&self, pool: &Pool, samples: &[f32], output: &mut [f32]) {
        let n_out = self.n_out();
        let n_rows = self.n_rows(samples.len());
        assert_eq!(output.len(), n_rows * n_out, "rows of the output");
        let Some(first) = self.layers.first().filter(|_| n_rows > 0) else {
            return;
        };
        let n_first = (samples.len() - first.kernel) / first.stride + 1;
        let channels = first.channel_scales(samples, n_first);
        let output = Shared::new(output);
        pool.run(|worker| {
            let mut rows = Rows::default();
            let (mut before, mut after) = (Vec::new(), Vec::new());
            worker.each(n_rows.div_ceil(OUTPUT_BLOCK), |block| {
                let start = block * OUTPUT_BLOCK;
                let n = OUTPUT_BLOCK.min(n_rows - start);
                // rows of each layer's input under this block, from the last layer to the first
                let mut needed = vec![(start, n)];
                for layer in self.layers.iter().rev() {
                    let (start, n) = needed[needed.len() - 1];
                    needed.push((start * layer.stride, (n - 1) * layer.stride + layer.kernel));
                }
                needed.reverse();
                let (from, n_samples) = needed[0];
                before.clear();
                before.extend_from_slice(&samples[from..from + n_samples]);
                for (layer, (_, n)) in self.layers.iter().zip(&needed[1..]) {
                    after.resize(n * layer.n_out(), 0.0);
                    layer.forward(&before, &mut after, &channels, &mut rows);
                    std::mem::swap(&mut before, &mut after);
                }
                // SAFETY: each block is taken by one worker.
                unsafe { output.slice_mut(start * n_out..(start + n) * n_out) }
                    .copy_from_slice(&before[..n * n_out]);
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    fn stack(precision: Precision, isa: Isa) -> ConvStack {
        let shapes = [(1, 6, 10, 5), (6, 8, 3, 2), (8, 5, 2, 2)];
        let layers = shapes
            .iter()
            .enumerate()
            .map(|(i, (n_in, n_out, kernel, stride))| {
                let norm = match i {
                    0 => ConvNorm::Channel {
                        gamma: noise(*n_out, 21),
                        beta: noise(*n_out, 22),
                    },
                    1 => ConvNorm::Layer(LayerNorm::new(noise(*n_out, 23), noise(*n_out, 24))),
                    _ => ConvNorm::None,
                };
                let bias = if i == 0 { Vec::new() } else { noise(*n_out, 7) };
                let weight = noise(n_in * n_out * kernel, 1);
                ConvLayer::new(
                    precision, isa, &weight, &bias, *n_in, *kernel, *stride, norm,
                )
            });
        ConvStack::new(layers.collect())
    }

    /// The same stack by its definition, in double precision; rows of channels.
    fn plain(samples: &[f32]) -> Vec<f64> {
        let mut x: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
        for (i, (n_in, n_out, kernel, stride)) in [(1, 6, 10, 5), (6, 8, 3, 2), (8, 5, 2, 2)]
            .into_iter()
            .enumerate()
        {
            let weight = noise(n_in * n_out * kernel, 1);
            let bias = if i == 0 {
                vec![0.0; n_out]
            } else {
                noise(n_out, 7)
            };
            let n_rows = (x.len() / n_in - kernel) / stride + 1;
            let mut y = vec![0.0; n_rows * n_out];
            for (at, y) in y.iter_mut().enumerate() {
                let (row, out) = (at / n_out, at % n_out);
                *y = f64::from(bias[out]);
                for tap in 0..kernel {
                    for c in 0..n_in {
                        let w = f64::from(weight[(out * n_in + c) * kernel + tap]);
                        *y += w * x[(row * stride + tap) * n_in + c];
                    }
                }
            }
            let normalise = |values: &mut [&mut f64], gamma: &dyn Fn(usize) -> (f64, f64)| {
                let n = values.len() as f64;
                let mean = values.iter().map(|v| **v).sum::<f64>() / n;
                let variance = values.iter().map(|v| (**v - mean).powi(2)).sum::<f64>() / n;
                for (i, value) in values.iter_mut().enumerate() {
                    let (gamma, beta) = gamma(i);
                    **value = (**value - mean) / (variance + 1e-5).sqrt() * gamma + beta;
                }
            };
            let pair = |a: &[f32], b: &[f32], i: usize| (f64::from(a[i]), f64::from(b[i]));
            if i == 0 {
                let (gamma, beta) = (noise(n_out, 21), noise(n_out, 22));
                for channel in 0..n_out {
                    let mut column: Vec<&mut f64> =
                        y.iter_mut().skip(channel).step_by(n_out).collect();
                    normalise(&mut column, &|_| pair(&gamma, &beta, channel));
                }
            } else if i == 1 {
                let (gamma, beta) = (noise(n_out, 23), noise(n_out, 24));
                for row in y.chunks_exact_mut(n_out) {
                    let mut row: Vec<&mut f64> = row.iter_mut().collect();
                    normalise(&mut row, &|i| pair(&gamma, &beta, i));
                }
            }
            // the tanh form of GELU is within 5e-4 of the exact one
            x = y
                .iter()
                .map(|x| 0.5 * x * (1.0 + (0.797_884_560_8 * (x + 0.044_715 * x.powi(3))).tanh()))
                .collect();
        }
        x
    }

    #[test]
    fn every_kernel_agrees_with_the_definition() {
        let samples = noise(4321, 99);
        let wanted = plain(&samples);
        let pool = Pool::new(2);
        for isa in Isa::available() {
            for (precision, tolerance) in [(Precision::Float32, 3e-3), (Precision::Int8, 0.15)] {
                let stack = stack(precision, isa);
                let n_rows = stack.n_rows(samples.len());
                let mut output = vec![0.0; n_rows * stack.n_out()];
                stack.forward(&pool, &samples, &mut output);
                assert_eq!(output.len(), wanted.len());
                for (got, wanted) in output.iter().zip(&wanted) {
                    let off = (f64::from(*got) - wanted).abs();
                    assert!(off < tolerance, "{isa} {precision:?}: {got} for {wanted}");
                }
            }
        }
    }

    #[test]
    fn lengths_are_those_of_wav2vec2() {
        let layer = |n_in, kernel, stride| {
            let weight = vec![0.5; 2 * n_in * kernel];
            ConvLayer::new(
                Precision::Float32,
                Isa::Portable,
                &weight,
                &[],
                n_in,
                kernel,
                stride,
                ConvNorm::None,
            )
        };
        let kernels = [(10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)];
        let layers = kernels.iter().enumerate();
        let layers =
            layers.map(|(i, (kernel, stride))| layer(if i == 0 { 1 } else { 2 }, *kernel, *stride));
        let stack = ConvStack::new(layers.collect());
        assert_eq!((stack.hop(), stack.receptive_field()), (320, 400));
        for (n_samples, n_rows) in [
            (0, 0),
            (399, 0),
            (400, 1),
            (719, 1),
            (720, 2),
            (16_000, 49),
            (480_000, 1499),
        ] {
            assert_eq!(stack.n_rows(n_samples), n_rows, "{n_samples}");
        }
    }
}
