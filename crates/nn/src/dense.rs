//! Densely connected layers over time with a context-aware mask (D-TDNN, Yu and Li 2020; CAM++, Wang et al. 2023).
//!
//! A layer reads all channels that there are, and writes its own behind them, so a block of layers shares one buffer of
//! rows `(sequences·frames, all channels)`. A product takes the rows of all sequences at once.

use crate::batch_norm::BatchNorm;
use crate::linear::{Linear, Rows, Then};
use crate::math::{multiversion, sigmoid};

/// Frames that have a context of their own, beside that of the whole sequence.
const SEGMENT: usize = 100;
/// Rows of a product that are prepared at once: a multiple of the rows of any kernel.
const BLOCK: usize = 96;
const KERNEL: usize = 3;

/// The parts of a layer.
#[derive(Debug)]
pub struct DenseParts {
    /// Over all channels before it, with a rectifier after it.
    pub before: BatchNorm,
    /// Fewer channels, with a rectifier after it.
    pub squeeze: Linear,
    /// A convolution of three taps without bias: `(n_new, 3·squeezed)`, tap by tap.
    pub local: Linear,
    /// Frames from tap to tap.
    pub dilation: usize,
    /// From the means of the squeezed channels, with a rectifier between and a sigmoid at the end.
    pub context: [Linear; 2],
}

/// One layer.
#[derive(Debug)]
pub struct DenseLayer {
    parts: DenseParts,
}

/// What a thread keeps between layers.
#[derive(Debug, Default)]
pub struct Scratch {
    rows: Rows,
    squeezed: Vec<f32>,
    local: Vec<f32>,
    context: Vec<f32>,
    between: Vec<f32>,
    mask: Vec<f32>,
}

impl DenseLayer {
    /// Puts the parts together.
    ///
    /// # Panics
    /// When they do not fit each other.
    pub fn new(parts: DenseParts) -> Self {
        let squeezed = parts.squeeze.n_out();
        assert_eq!(parts.before.width(), parts.squeeze.n_in(), "channels");
        assert_eq!(parts.local.n_in(), KERNEL * squeezed, "taps");
        assert_eq!(parts.context[0].n_in(), squeezed, "context");
        assert_eq!(parts.context[1].n_in(), parts.context[0].n_out(), "context");
        assert_eq!(parts.context[1].n_out(), parts.local.n_out(), "mask");
        Self { parts }
    }

    /// Channels that it reads.
    pub fn n_in(&self) -> usize {
        self.parts.squeeze.n_in()
    }

    /// Channels that it writes behind them.
    pub fn n_new(&self) -> usize {
        self.parts.local.n_out()
    }

    /// Computes the new channels of `rows (sequences·n_frames, width)` from those before them, on the calling thread.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn forward(&self, scratch: &mut Scratch, rows: &mut [f32], width: usize, n_frames: usize) {
        let n_rows = rows.len() / width;
        assert!(self.n_in() + self.n_new() <= width && n_rows.is_multiple_of(n_frames));
        self.squeeze(scratch, rows, width);
        self.mask(scratch, n_frames);
        self.local(scratch, rows, width, n_frames);
    }

    fn squeeze(&self, scratch: &mut Scratch, rows: &[f32], width: usize) {
        let DenseParts {
            before, squeeze, ..
        } = &self.parts;
        let (n_in, n_out) = (squeeze.n_in(), squeeze.n_out());
        scratch.squeezed.resize(rows.len() / width * n_out, 0.0);
        let blocks = rows.chunks(BLOCK * width);
        for (rows, out) in blocks.zip(scratch.squeezed.chunks_mut(BLOCK * n_out)) {
            let n = rows.len() / width;
            (scratch.rows).fill(squeeze.precision(), n_in, n, |row, out| {
                before.rectify(&rows[row * width..], width, out);
            });
            squeeze.forward_rows(&scratch.rows, out, Then::Relu);
        }
    }

    /// What each segment of each sequence lets through: `(sequences, segments, n_new)`.
    fn mask(&self, scratch: &mut Scratch, n_frames: usize) {
        let [first, second] = &self.parts.context;
        let n_squeezed = first.n_in();
        scratch.context.clear();
        for sequence in scratch.squeezed.chunks_exact(n_frames * n_squeezed) {
            let at = scratch.context.len();
            let mut whole = vec![0.0; n_squeezed];
            for segment in sequence.chunks(SEGMENT * n_squeezed) {
                let start = scratch.context.len();
                scratch.context.resize(start + n_squeezed, 0.0);
                let sums = &mut scratch.context[start..];
                add_rows(segment, sums);
                add_rows(sums, &mut whole);
                scale(sums, n_squeezed as f32 / segment.len() as f32);
            }
            scale(&mut whole, 1.0 / n_frames as f32);
            for context in scratch.context[at..].chunks_exact_mut(n_squeezed) {
                add_rows(&whole, context);
            }
        }
        let n_contexts = scratch.context.len() / n_squeezed;
        scratch.between.resize(n_contexts * first.n_out(), 0.0);
        scratch.mask.resize(n_contexts * second.n_out(), 0.0);
        (scratch.rows).set(first.precision(), &scratch.context, n_squeezed);
        first.forward_rows(&scratch.rows, &mut scratch.between, Then::Relu);
        (scratch.rows).set(second.precision(), &scratch.between, second.n_in());
        second.forward_rows(&scratch.rows, &mut scratch.mask, Then::Store);
        open(&mut scratch.mask);
    }

    fn local(&self, scratch: &mut Scratch, rows: &mut [f32], width: usize, n_frames: usize) {
        let local = &self.parts.local;
        let (n_taps, n_new) = (local.n_in(), local.n_out());
        let n_segments = n_frames.div_ceil(SEGMENT);
        for (index, rows) in rows.chunks_mut(BLOCK * width).enumerate() {
            let (first, n) = (index * BLOCK, rows.len() / width);
            let squeezed = &scratch.squeezed;
            (scratch.rows).fill(local.precision(), n_taps, n, |row, taps| {
                self.gather(squeezed, first + row, n_frames, taps);
            });
            scratch.local.resize(n * n_new, 0.0);
            local.forward_rows(&scratch.rows, &mut scratch.local, Then::Store);
            let local = scratch.local.chunks_exact(n_new);
            for ((row, local), out) in (first..).zip(local).zip(rows.chunks_exact_mut(width)) {
                let segment = row / n_frames * n_segments + row % n_frames / SEGMENT;
                let mask = &scratch.mask[segment * n_new..][..n_new];
                let out = &mut out[self.n_in()..][..n_new];
                for ((out, local), mask) in out.iter_mut().zip(local).zip(mask) {
                    *out = local * mask;
                }
            }
        }
    }

    /// The squeezed channels that the taps of a row see, zeros beyond its sequence.
    fn gather(&self, squeezed: &[f32], row: usize, n_frames: usize, taps: &mut [f32]) {
        let (dilation, width) = (self.parts.dilation, self.parts.squeeze.n_out());
        let frame = row % n_frames;
        for (tap, out) in taps.chunks_exact_mut(width).enumerate() {
            match (frame + tap * dilation).checked_sub(dilation) {
                Some(seen) if seen < n_frames => {
                    let at = (row - frame + seen) * width;
                    out.copy_from_slice(&squeezed[at..at + width]);
                }
                _ => out.fill(0.0),
            }
        }
    }
}

multiversion! {
    /// Adds every row of `rows` to `sums`.
    fn add_rows(rows: &[f32], sums: &mut [f32]) {
        for row in rows.chunks_exact(sums.len()) {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += x;
            }
        }
    }
}

multiversion! {
    fn scale(values: &mut [f32], factor: f32) {
        for value in values {
            *value *= factor;
        }
    }
}

multiversion! {
    fn open(mask: &mut [f32]) {
        for value in mask {
            *value = sigmoid(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Isa, Precision};

    /// Numbers that look random and are the same everywhere.
    fn noise(n: usize, seed: usize) -> Vec<f32> {
        let value = |i: usize| ((i * 7919 + seed * 104_729) % 1013) as f32 / 506.0 - 1.0;
        (0..n).map(value).collect()
    }

    #[test]
    fn new_channels_stand_behind_those_they_are_made_of() {
        let (n_in, n_squeezed, n_hidden, n_new, width, dilation) = (7, 6, 5, 4, 13, 2);
        let weights = [
            noise(n_squeezed * n_in, 1),
            noise(n_new * 3 * n_squeezed, 2),
            noise(n_hidden * n_squeezed, 3),
            noise(n_new * n_hidden, 4),
        ];
        let biases = [noise(n_squeezed, 5), noise(n_hidden, 6), noise(n_new, 7)];
        let (scale, shift) = (noise(n_in, 8), noise(n_in, 9));
        let linear = |weight: &[f32], bias: &[f32], n_in: usize| {
            Linear::new(Precision::Float32, Isa::detect(), weight, bias, n_in)
        };
        let layer = DenseLayer::new(DenseParts {
            before: BatchNorm::new(&scale, &shift, &[0.0; 7], &[1.0 - 1e-5; 7]),
            squeeze: linear(&weights[0], &biases[0], n_in),
            local: linear(&weights[1], &[], 3 * n_squeezed),
            dilation,
            context: [
                linear(&weights[2], &biases[1], n_squeezed),
                linear(&weights[3], &biases[2], n_hidden),
            ],
        });
        let product = |weight: &[f32], x: &[f32]| -> Vec<f32> {
            let rows = weight.chunks_exact(x.len());
            rows.map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum())
                .collect()
        };
        let relu = |x: Vec<f32>, bias: &[f32]| -> Vec<f32> {
            x.iter().zip(bias).map(|(x, b)| (x + b).max(0.0)).collect()
        };
        for (n_sequences, n_frames) in [(1, 1), (2, 30), (3, 230)] {
            let before = noise(n_sequences * n_frames * width, 10);
            let mut rows = before.clone();
            layer.forward(&mut Scratch::default(), &mut rows, width, n_frames);
            let sequences = before.chunks_exact(n_frames * width);
            for (sequence, got) in sequences.zip(rows.chunks_exact(n_frames * width)) {
                let squeezed: Vec<Vec<f32>> = (sequence.chunks_exact(width))
                    .map(|row| {
                        let x: Vec<f32> = row.iter().zip(&scale).map(|(x, s)| x * s).collect();
                        relu(product(&weights[0], &relu(x, &shift)), &biases[0])
                    })
                    .collect();
                let mean = |rows: &[Vec<f32>], channel: usize| {
                    rows.iter().map(|row| row[channel]).sum::<f32>() / rows.len() as f32
                };
                for frame in 0..n_frames {
                    let segment = frame / SEGMENT * SEGMENT;
                    let segment = &squeezed[segment..(segment + SEGMENT).min(n_frames)];
                    let context: Vec<f32> = (0..n_squeezed)
                        .map(|channel| mean(&squeezed, channel) + mean(segment, channel))
                        .collect();
                    let hidden = relu(product(&weights[2], &context), &biases[1]);
                    let mask = product(&weights[3], &hidden);
                    let mut taps = Vec::new();
                    for tap in 0..3 {
                        let seen = (frame + tap * dilation).checked_sub(dilation);
                        let seen = seen.and_then(|frame| squeezed.get(frame));
                        taps.extend(seen.cloned().unwrap_or_else(|| vec![0.0; n_squeezed]));
                    }
                    let local = product(&weights[1], &taps);
                    let (got, kept) = (&got[frame * width..], &sequence[frame * width..]);
                    assert_eq!(got[..n_in], kept[..n_in]);
                    assert_eq!(got[n_in + n_new..width], kept[n_in + n_new..width]);
                    for channel in 0..n_new {
                        let gate = 1.0 / (1.0 + (-mask[channel] - biases[2][channel]).exp());
                        let wanted = local[channel] * gate;
                        let got = got[n_in + channel];
                        assert!((got - wanted).abs() < 1e-4, "{got} is not {wanted}");
                    }
                }
            }
        }
    }
}
