//! Keys and values as single precision or bfloat16, with lanes that compilers turn into vectors.

use super::{ROW_BLOCK, Scratch};
use crate::Pool;
use crate::attention::HEAD;
use crate::decoder::Decoder;
use crate::decoder::cells::Cell;
use crate::linear::{Rows, Then};
use crate::math::{exp, fold, multiversion};
use crate::shared::Shared;

/// Queries that share one pass over the keys: a beam of five fits.
pub(super) const MAX_QUERIES: usize = 5;
/// Frames whose scores are computed side by side.
const FRAME_BLOCK: usize = 32;

/// One layer's cache.
#[derive(Debug)]
pub(super) struct LayerCells<T> {
    /// `(heads, frame blocks, HEAD, FRAME_BLOCK)`: lanes run over frames.
    keys: Vec<T>,
    /// `(heads, frames padded to whole blocks, HEAD)`: lanes run over the head.
    values: Vec<T>,
}

/// A number whose kernels are compiled for each vector extension.
pub(super) trait Kernels: Cell {
    /// Attention of scaled queries over one head's keys and values.
    fn attend(
        queries: &[[f32; HEAD]],
        head: Head<'_, Self>,
        scores: &mut Vec<f32>,
        results: &mut [[f32; HEAD]],
    );

    /// Softmax of scaled queries over the first keys of one head.
    fn weigh(
        queries: &[[f32; HEAD]],
        keys: &[Self],
        n_frames: usize,
        scores: &mut Vec<f32>,
        out: &mut [f32],
    );
}

/// One head's keys and values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a, T> {
    keys: &'a [T],
    values: &'a [T],
    n_frames: usize,
}

impl<T: Kernels> LayerCells<T> {
    fn of_head(&self, head: usize, n_frames: usize) -> Head<'_, T> {
        let len = n_frames.next_multiple_of(FRAME_BLOCK) * HEAD;
        Head {
            keys: &self.keys[head * len..][..len],
            values: &self.values[head * len..][..len],
            n_frames,
        }
    }

    /// Attention of at most [`MAX_QUERIES`] queries in one head: `(queries, HEAD)`.
    pub(super) fn attend<'s>(
        &self,
        head: usize,
        n_frames: usize,
        queries: &[[f32; HEAD]],
        scratch: &'s mut Scratch,
    ) -> &'s [f32] {
        scratch.results.resize(MAX_QUERIES * HEAD, 0.0);
        let results = &mut scratch.results.as_chunks_mut().0[..queries.len()];
        let scaled = &scale(queries)[..queries.len()];
        T::attend(
            scaled,
            self.of_head(head, n_frames),
            &mut scratch.scores,
            results,
        );
        results.as_flattened()
    }

    /// What at most [`MAX_QUERIES`] queries look at in one head, `(queries, first frames)`.
    pub(super) fn weigh(
        &self,
        head: usize,
        n_frames: usize,
        queries: &[[f32; HEAD]],
        out: &mut [f32],
        scores: &mut Vec<f32>,
    ) {
        let keys = self.of_head(head, n_frames).keys;
        T::weigh(
            &scale(queries),
            keys,
            out.len() / queries.len(),
            scores,
            out,
        );
    }
}

/// Queries over √64.
fn scale(queries: &[[f32; HEAD]]) -> [[f32; HEAD]; MAX_QUERIES] {
    let mut scaled = [[0.0; HEAD]; MAX_QUERIES];
    for (scaled, query) in scaled.iter_mut().zip(queries) {
        *scaled = query.map(|x| x * 0.125);
    }
    scaled
}

impl Kernels for f32 {
    fn attend(
        queries: &[[f32; HEAD]],
        head: Head<'_, Self>,
        scores: &mut Vec<f32>,
        results: &mut [[f32; HEAD]],
    ) {
        attend_float(queries, head, scores, results);
    }

    fn weigh(
        queries: &[[f32; HEAD]],
        keys: &[Self],
        n_frames: usize,
        scores: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        weigh_float(queries, keys, n_frames, scores, out);
    }
}

impl Kernels for u16 {
    fn attend(
        queries: &[[f32; HEAD]],
        head: Head<'_, Self>,
        scores: &mut Vec<f32>,
        results: &mut [[f32; HEAD]],
    ) {
        attend_brain(queries, head, scores, results);
    }

    fn weigh(
        queries: &[[f32; HEAD]],
        keys: &[Self],
        n_frames: usize,
        scores: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        weigh_brain(queries, keys, n_frames, scores, out);
    }
}

#[expect(
    unsafe_code,
    reason = "each block of frames is written by the worker that took it"
)]
pub(super) fn project<T: Cell>(
    decoder: &Decoder,
    pool: &Pool,
    encoded: &[f32],
) -> Vec<LayerCells<T>> {
    let width = decoder.width();
    let n_frames = encoded.len() / width;
    let padded = n_frames.next_multiple_of(FRAME_BLOCK);
    let mut layers: Vec<LayerCells<T>> = decoder
        .layers
        .iter()
        .map(|_| LayerCells {
            keys: vec![T::default(); padded * width],
            values: vec![T::default(); padded * width],
        })
        .collect();
    let shared: Vec<(Shared<'_, T>, Shared<'_, T>)> = layers
        .iter_mut()
        .map(|layer| (Shared::new(&mut layer.keys), Shared::new(&mut layer.values)))
        .collect();
    pool.run(|worker| {
        let mut rows = Rows::default();
        let mut block = vec![0.0; ROW_BLOCK * 2 * width];
        worker.each(n_frames.div_ceil(ROW_BLOCK), |index| {
            let start = index * ROW_BLOCK;
            let n = (n_frames - start).min(ROW_BLOCK);
            rows.set(
                decoder.precision(),
                &encoded[start * width..(start + n) * width],
                width,
            );
            for (layer, (keys, values)) in decoder.layers.iter().zip(&shared) {
                layer
                    .cross_kv
                    .forward_rows(&rows, &mut block[..n * 2 * width], Then::Store);
                for head in 0..width / HEAD {
                    for frame in (start..start + n).step_by(FRAME_BLOCK) {
                        let at = (head * padded + frame) * HEAD;
                        let frames = (start + n - frame).min(FRAME_BLOCK);
                        // SAFETY: a row block covers whole frame blocks, and one worker has it.
                        let (keys, values) = unsafe {
                            (
                                keys.slice_mut(at..at + FRAME_BLOCK * HEAD),
                                values.slice_mut(at..at + frames * HEAD),
                            )
                        };
                        let from = &block[(frame - start) * 2 * width + head * HEAD..];
                        pack(from, 2 * width, width, frames, keys, values);
                    }
                }
            }
        });
    });
    layers
}

/// Packs one head of up to 32 frames: keys with frames as lanes, values as they lie.
fn pack<T: Cell>(
    from: &[f32],
    stride: usize,
    width: usize,
    n_frames: usize,
    keys: &mut [T],
    values: &mut [T],
) {
    for (frame, values) in values.chunks_exact_mut(HEAD).enumerate() {
        let row = &from[frame * stride + width..][..HEAD];
        values
            .iter_mut()
            .zip(row)
            .for_each(|(cell, value)| *cell = T::store(*value));
    }
    for (i, lanes) in keys.chunks_exact_mut(FRAME_BLOCK).enumerate() {
        for (frame, cell) in lanes.iter_mut().enumerate().take(n_frames) {
            *cell = T::store(from[frame * stride + i]);
        }
    }
}

multiversion! {
    fn attend_float(
        queries: &[[f32; HEAD]], head: Head<'_, f32>, scores: &mut Vec<f32>, results: &mut [[f32; HEAD]],
    ) {
        attend(queries, head, scores, results);
    }
}

multiversion! {
    fn attend_brain(
        queries: &[[f32; HEAD]], head: Head<'_, u16>, scores: &mut Vec<f32>, results: &mut [[f32; HEAD]],
    ) {
        attend(queries, head, scores, results);
    }
}

multiversion! {
    fn weigh_float(
        queries: &[[f32; HEAD]], keys: &[f32], n_frames: usize, scores: &mut Vec<f32>, out: &mut [f32],
    ) {
        weigh(queries, keys, n_frames, scores, out);
    }
}

multiversion! {
    fn weigh_brain(
        queries: &[[f32; HEAD]], keys: &[u16], n_frames: usize, scores: &mut Vec<f32>, out: &mut [f32],
    ) {
        weigh(queries, keys, n_frames, scores, out);
    }
}

/// Softmax of scaled queries over the first `n_frames` keys of one head.
#[inline(always)]
fn weigh<T: Cell>(
    queries: &[[f32; HEAD]],
    keys: &[T],
    n_frames: usize,
    scores: &mut Vec<f32>,
    out: &mut [f32],
) {
    let padded = n_frames.next_multiple_of(FRAME_BLOCK);
    score::<T, MAX_QUERIES>(queries, &keys[..padded * HEAD], scores);
    for (row, out) in out.chunks_exact_mut(n_frames).enumerate() {
        let row = &mut scores[row * padded..][..n_frames];
        let inverse = exponentials(row);
        for (out, weight) in out.iter_mut().zip(row) {
            *out = *weight * inverse;
        }
    }
}

#[inline(always)]
fn attend<T: Cell>(
    queries: &[[f32; HEAD]],
    head: Head<'_, T>,
    scores: &mut Vec<f32>,
    results: &mut [[f32; HEAD]],
) {
    match queries.len() {
        1 => attend_n::<T, 1>(queries, head, scores, results),
        2 => attend_n::<T, 2>(queries, head, scores, results),
        3 => attend_n::<T, 3>(queries, head, scores, results),
        4 => attend_n::<T, 4>(queries, head, scores, results),
        _ => attend_n::<T, 5>(queries, head, scores, results),
    }
}

/// Attention of `N` scaled queries over one head's keys and values.
#[inline(always)]
fn attend_n<T: Cell, const N: usize>(
    queries: &[[f32; HEAD]],
    head: Head<'_, T>,
    scores: &mut Vec<f32>,
    results: &mut [[f32; HEAD]],
) {
    let Head {
        keys,
        values,
        n_frames,
    } = head;
    let padded = n_frames.next_multiple_of(FRAME_BLOCK);
    score::<T, N>(queries, keys, scores);
    let mut inverse = [0.0; N];
    for n in 0..N {
        inverse[n] = exponentials(&mut scores[n * padded..][..n_frames]);
    }
    let mut sums = [[0.0_f32; HEAD]; N];
    for (frame, value) in values
        .as_chunks::<HEAD>()
        .0
        .iter()
        .enumerate()
        .take(n_frames)
    {
        for n in 0..N {
            let weight = scores[n * padded + frame];
            for i in 0..HEAD {
                sums[n][i] = weight.mul_add(value[i].load(), sums[n][i]);
            }
        }
    }
    for n in 0..N {
        for i in 0..HEAD {
            results[n][i] = sums[n][i] * inverse[n];
        }
    }
}

/// Scores of `N` scaled queries, `(N, keys)`; the keys are whole blocks.
#[inline(always)]
fn score<T: Cell, const N: usize>(queries: &[[f32; HEAD]], keys: &[T], scores: &mut Vec<f32>) {
    let padded = keys.len() / HEAD;
    scores.resize(N * padded, 0.0);
    for (block, keys) in keys.chunks_exact(FRAME_BLOCK * HEAD).enumerate() {
        let mut sums = [[0.0_f32; FRAME_BLOCK]; N];
        for (i, lanes) in keys.as_chunks::<FRAME_BLOCK>().0.iter().enumerate() {
            for n in 0..N {
                let q = queries[n][i];
                for lane in 0..FRAME_BLOCK {
                    sums[n][lane] = q.mul_add(lanes[lane].load(), sums[n][lane]);
                }
            }
        }
        for n in 0..N {
            scores[n * padded + block * FRAME_BLOCK..][..FRAME_BLOCK].copy_from_slice(&sums[n]);
        }
    }
}

/// Replaces scores by their exponentials, the largest being 1; returns one over their sum.
#[inline(always)]
fn exponentials(row: &mut [f32]) -> f32 {
    let largest = fold(row, f32::MIN, f32::max, f32::max);
    for score in row.iter_mut() {
        *score = exp(*score - largest);
    }
    1.0 / fold(row, 0.0, |sum, x| sum + x, |a, b| a + b)
}
