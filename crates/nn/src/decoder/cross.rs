//! Cross-attention: every decoder row looks at the encoded sequence of its item.

use std::ops::Range;

use super::Decoder;
use super::cells::Cell;
use crate::Pool;
use crate::attention::HEAD;
use crate::linear::{Precision, Rows, Then};
use crate::math::{exp, fold, multiversion};
use crate::shared::Shared;

/// Frames whose scores are computed side by side.
const FRAME_BLOCK: usize = 32;
/// Encoded rows that one worker projects at once.
const ROW_BLOCK: usize = 64;
/// Queries that share one pass over the keys: a beam of five fits.
const MAX_QUERIES: usize = 5;

/// Keys and values of one encoded sequence for every layer; all rows of an item share it.
#[derive(Debug)]
pub struct CrossCache {
    width: usize,
    n_frames: usize,
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    Float(Vec<LayerCells<f32>>),
    Brain(Vec<LayerCells<u16>>),
}

/// One layer's cache.
#[derive(Debug)]
struct LayerCells<T> {
    /// `(heads, frame blocks, HEAD, FRAME_BLOCK)`: lanes run over frames.
    keys: Vec<T>,
    /// `(heads, frames padded to whole blocks, HEAD)`: lanes run over the head.
    values: Vec<T>,
}

impl CrossCache {
    /// Projects `encoded (frames, width)` for all layers of `decoder`.
    pub fn new(decoder: &Decoder, pool: &Pool, encoded: &[f32]) -> Self {
        let width = decoder.width();
        let n_frames = encoded.len() / width;
        let cells = match decoder.precision() {
            Precision::Float32 => Cells::Float(project(decoder, pool, encoded)),
            Precision::Int8 => Cells::Brain(project(decoder, pool, encoded)),
        };
        Self {
            width,
            n_frames,
            cells,
        }
    }

    /// Attention of query rows `rows` for the heads in `columns` in one layer; queries and results lie in the first
    /// `width` columns of `qkv (rows, 3·width)` and in `found (rows, width)`.
    ///
    /// # Safety
    /// Nobody else uses those columns of those rows of `qkv` and `found` until the next barrier.
    #[expect(unsafe_code, reason = "see Safety")]
    pub(super) unsafe fn attend(
        &self,
        layer: usize,
        qkv: Shared<'_, f32>,
        rows: Range<usize>,
        columns: Range<usize>,
        found: Shared<'_, f32>,
        scores: &mut Vec<f32>,
    ) {
        let mut queries = [[0.0; HEAD]; MAX_QUERIES];
        let mut results = [[0.0; HEAD]; MAX_QUERIES];
        for head in columns.start / HEAD..columns.end / HEAD {
            for first in rows.clone().step_by(MAX_QUERIES) {
                let n = (rows.end - first).min(MAX_QUERIES);
                for (i, query) in queries.iter_mut().enumerate().take(n) {
                    let at = (first + i) * 3 * self.width + head * HEAD;
                    // SAFETY: by the caller's promise.
                    query.copy_from_slice(unsafe { qkv.slice(at..at + HEAD) });
                    for value in query {
                        *value *= 0.125; // 1/√64
                    }
                }
                match &self.cells {
                    Cells::Float(layers) => {
                        let (keys, values) = layers[layer].of_head(head, self.n_frames);
                        attend_float(
                            &queries[..n],
                            keys,
                            values,
                            self.n_frames,
                            scores,
                            &mut results[..n],
                        );
                    }
                    Cells::Brain(layers) => {
                        let (keys, values) = layers[layer].of_head(head, self.n_frames);
                        attend_brain(
                            &queries[..n],
                            keys,
                            values,
                            self.n_frames,
                            scores,
                            &mut results[..n],
                        );
                    }
                }
                for (i, result) in results.iter().enumerate().take(n) {
                    let at = (first + i) * self.width + head * HEAD;
                    // SAFETY: by the caller's promise.
                    unsafe { found.slice_mut(at..at + HEAD) }.copy_from_slice(result);
                }
            }
        }
    }
}

#[expect(unsafe_code, reason = "see Safety")]
impl CrossCache {
    /// What query rows `rows` look at in one head: softmax over the first frames, `(rows, frames)` into `out`.
    ///
    /// # Safety
    /// Nobody writes the head's columns of those rows of `qkv` until the next barrier.
    pub(super) unsafe fn weigh(
        &self,
        (layer, head): (usize, usize),
        qkv: Shared<'_, f32>,
        rows: Range<usize>,
        out: &mut [f32],
        scores: &mut Vec<f32>,
    ) {
        let n_frames = out.len() / rows.len();
        assert!(
            n_frames <= self.n_frames,
            "{n_frames} of {} frames",
            self.n_frames
        );
        if n_frames == 0 {
            return;
        }
        for (first, out) in
            (rows.clone().step_by(MAX_QUERIES)).zip(out.chunks_mut(MAX_QUERIES * n_frames))
        {
            let mut queries = [[0.0; HEAD]; MAX_QUERIES];
            let n = (rows.end - first).min(MAX_QUERIES);
            for (i, query) in queries.iter_mut().enumerate().take(n) {
                let at = (first + i) * 3 * self.width + head * HEAD;
                // SAFETY: by the caller's promise.
                query.copy_from_slice(unsafe { qkv.slice(at..at + HEAD) });
                for value in query {
                    *value *= 0.125; // 1/√64
                }
            }
            match &self.cells {
                Cells::Float(layers) => {
                    let (keys, _) = layers[layer].of_head(head, self.n_frames);
                    weigh_float(&queries, keys, n_frames, scores, out);
                }
                Cells::Brain(layers) => {
                    let (keys, _) = layers[layer].of_head(head, self.n_frames);
                    weigh_brain(&queries, keys, n_frames, scores, out);
                }
            }
        }
    }
}

impl<T: Cell> LayerCells<T> {
    fn of_head(&self, head: usize, n_frames: usize) -> (&[T], &[T]) {
        let len = n_frames.next_multiple_of(FRAME_BLOCK) * HEAD;
        (
            &self.keys[head * len..][..len],
            &self.values[head * len..][..len],
        )
    }
}

#[expect(
    unsafe_code,
    reason = "each block of frames is written by the worker that took it"
)]
fn project<T: Cell>(decoder: &Decoder, pool: &Pool, encoded: &[f32]) -> Vec<LayerCells<T>> {
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
        queries: &[[f32; HEAD]], keys: &[f32], values: &[f32], n_frames: usize, scores: &mut Vec<f32>,
        results: &mut [[f32; HEAD]],
    ) {
        attend(queries, keys, values, n_frames, scores, results);
    }
}

multiversion! {
    fn attend_brain(
        queries: &[[f32; HEAD]], keys: &[u16], values: &[u16], n_frames: usize, scores: &mut Vec<f32>,
        results: &mut [[f32; HEAD]],
    ) {
        attend(queries, keys, values, n_frames, scores, results);
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
    keys: &[T],
    values: &[T],
    n_frames: usize,
    scores: &mut Vec<f32>,
    results: &mut [[f32; HEAD]],
) {
    match queries.len() {
        1 => attend_n::<T, 1>(queries, keys, values, n_frames, scores, results),
        2 => attend_n::<T, 2>(queries, keys, values, n_frames, scores, results),
        3 => attend_n::<T, 3>(queries, keys, values, n_frames, scores, results),
        4 => attend_n::<T, 4>(queries, keys, values, n_frames, scores, results),
        _ => attend_n::<T, 5>(queries, keys, values, n_frames, scores, results),
    }
}

/// Attention of `N` scaled queries over one head's keys and values.
#[inline(always)]
fn attend_n<T: Cell, const N: usize>(
    queries: &[[f32; HEAD]],
    keys: &[T],
    values: &[T],
    n_frames: usize,
    scores: &mut Vec<f32>,
    results: &mut [[f32; HEAD]],
) {
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
