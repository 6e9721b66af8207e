//! `SincNet`: samples become frames of 60 numbers, 270 samples apart.

use std::borrow::Cow;
use std::ops::Range;

use nn::Pool;
use nn::conv::PlainConv1d;
use nn::linear::Rows;
use nn::norm::{InstanceNorm, moments};
use nn::pooling::{POOL, max_pool, max_pool_of_size};

use super::SLOPE;
use super::segmentation::Windows;
use crate::audio::Sound;

/// Rows of a convolution that are computed at once; a multiple of [`POOL`].
const BLOCK: usize = 96;
/// Samples from one output of the sinc filters to the next.
pub(super) const SINC_STRIDE: usize = 10;

/// The convolutional part of the network.
#[derive(Debug)]
pub(super) struct SincNet {
    /// Scale and shift of the samples, after their normalisation over the window.
    pub(super) wave: (f32, f32),
    /// 80 filters of 251 taps, [`SINC_STRIDE`] apart.
    pub(super) sinc: PlainConv1d,
    /// The sum of the taps of each filter: its answer to a constant.
    pub(super) sinc_sums: Vec<f32>,
    /// Normalisations after the three layers.
    pub(super) norms: [InstanceNorm; 3],
    /// The second and third layer.
    pub(super) convs: [PlainConv1d; 2],
}

impl SincNet {
    /// The frames `(windows, frames, 60)` of some of the windows.
    pub(super) fn forward(
        &self,
        pool: &Pool,
        samples: Sound<'_>,
        windows: &Windows,
        batch: Range<usize>,
    ) -> Vec<f32> {
        let samples = padded(samples, windows, &batch);
        let filtered = self.filter(pool, &samples);
        let n_out = self.convs[1].n_out();
        let mut output = vec![0.0; batch.len() * windows.n_frames() * n_out];
        let n_filters = self.sinc.n_out();
        pool.each_part(
            &mut output,
            windows.n_frames() * n_out,
            Scratch::default,
            |scratch, index, out| {
                let first = index * windows.step;
                let window = &samples[first..first + windows.len];
                let n_rows = self.sinc.n_rows(windows.len);
                let filtered = &filtered[first / SINC_STRIDE * n_filters..][..n_rows * n_filters];
                self.window(scratch, window, filtered, out);
            },
        );
        output
    }

    /// The answers of the sinc filters `(samples/10, 80)`. The normalisation of a window scales and shifts them alone, so
    /// windows share them.
    fn filter(&self, pool: &Pool, samples: &[f32]) -> Vec<f32> {
        let n_filters = self.sinc.n_out();
        let mut filtered = vec![0.0; self.sinc.n_rows(samples.len()) * n_filters];
        pool.each_part(
            &mut filtered,
            BLOCK * n_filters,
            Rows::default,
            |rows, block, out| {
                self.sinc.forward(rows, samples, block * BLOCK, out);
            },
        );
        filtered
    }

    /// One window, from the answers of the filters to `output (frames, 60)`.
    fn window(&self, scratch: &mut Scratch, samples: &[f32], filtered: &[f32], output: &mut [f32]) {
        const EPSILON: f32 = 1e-5;
        let (mean, variance) = moments(samples);
        let scale = self.wave.0 / (variance + EPSILON).sqrt();
        let constant = self.wave.1 - mean * scale;
        let shift: Vec<f32> = self.sinc_sums.iter().map(|sum| sum * constant).collect();
        let Scratch { first, second, .. } = scratch;
        first.resize(filtered.len() / shift.len() / POOL * shift.len(), 0.0);
        max_pool_of_size(filtered, scale, &shift, first);
        self.norms[0].forward_in_place(first, SLOPE);
        let [conv1, conv2] = &self.convs;
        second.resize(
            pooled_rows(conv1, first.len() / shift.len()) * conv1.n_out(),
            0.0,
        );
        convolve(conv1, &mut scratch.rows, &mut scratch.block, first, second);
        self.norms[1].forward_in_place(second, SLOPE);
        convolve(conv2, &mut scratch.rows, &mut scratch.block, second, output);
        self.norms[2].forward_in_place(output, SLOPE);
    }
}

/// What one worker keeps.
#[derive(Debug, Default)]
struct Scratch {
    first: Vec<f32>,
    second: Vec<f32>,
    block: Vec<f32>,
    rows: Rows,
}

/// Rows after a convolution and pooling.
pub(super) fn pooled_rows(conv: &PlainConv1d, n_rows: usize) -> usize {
    conv.n_rows(n_rows) / POOL
}

/// A convolution and the pooling after it, block by block.
fn convolve(
    conv: &PlainConv1d,
    rows: &mut Rows,
    block: &mut Vec<f32>,
    input: &[f32],
    output: &mut [f32],
) {
    let width = conv.n_out();
    for (index, out) in output.chunks_mut(BLOCK / POOL * width).enumerate() {
        block.resize(out.len() * POOL, 0.0);
        conv.forward(rows, input, index * BLOCK, block);
        max_pool(block, width, out);
    }
}

/// The samples of some windows, with zeros after the end of the recording.
fn padded<'a>(samples: Sound<'a>, windows: &Windows, batch: &Range<usize>) -> Cow<'a, [f32]> {
    let start = batch.start * windows.step;
    let end = (batch.end - 1) * windows.step + windows.len;
    let mut read = samples.read(start..end.min(samples.len()));
    if end > samples.len() {
        read.to_mut().resize(end - start, 0.0);
    }
    read
}
