//! Cross-attention: every decoder row looks at the encoded sequence of its item.

mod lanes;
#[cfg(target_arch = "x86_64")]
mod pairs;

use std::ops::Range;

use super::Decoder;
#[cfg(target_arch = "x86_64")]
use crate::Isa;
use crate::Pool;
use crate::attention::{self, HEAD, QUERY_BLOCK};
use crate::linear::Precision;
use crate::shared::Shared;
use lanes::LayerCells;

/// Encoded rows that one worker projects at once.
const ROW_BLOCK: usize = 64;

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
    #[cfg(target_arch = "x86_64")]
    Pairs(pairs::PairedLayers),
}

/// What a worker keeps between steps.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Scores of one query after the other.
    pub(super) scores: Vec<f32>,
    results: Vec<f32>,
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "for kernels of x86-64")
    )]
    heads: attention::Scratch,
}

impl CrossCache {
    /// Projects `encoded (frames, width)` for all layers of `decoder`.
    pub fn new(decoder: &Decoder, pool: &Pool, encoded: &[f32]) -> Self {
        let width = decoder.width();
        let n_frames = encoded.len() / width;
        let cells = match (decoder.precision(), decoder.isa) {
            (Precision::Float32, _) => Cells::Float(lanes::project(decoder, pool, encoded)),
            #[cfg(target_arch = "x86_64")]
            (Precision::Int8, Isa::Avx2) => {
                Cells::Pairs(pairs::PairedLayers::project(decoder, pool, encoded))
            }
            (Precision::Int8, _) => Cells::Brain(lanes::project(decoder, pool, encoded)),
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
        scratch: &mut Scratch,
    ) {
        let mut queries = [[0.0; HEAD]; QUERY_BLOCK];
        for head in columns.start / HEAD..columns.end / HEAD {
            for first in rows.clone().step_by(self.queries_at_once()) {
                let rows = first..(first + self.queries_at_once()).min(rows.end);
                // SAFETY: by the caller's promise.
                let queries = unsafe { self.gather(qkv, rows.clone(), head, &mut queries) };
                let results = self.attend_head((layer, head), queries, scratch);
                for (row, result) in rows.zip(results.as_chunks::<HEAD>().0) {
                    let at = row * self.width + head * HEAD;
                    // SAFETY: by the caller's promise.
                    unsafe { found.slice_mut(at..at + HEAD) }.copy_from_slice(result);
                }
            }
        }
    }

    /// What query rows `rows` look at in one head: softmax over the first frames, `(rows, frames)` into `out`.
    ///
    /// # Safety
    /// Nobody writes the head's columns of those rows of `qkv` until the next barrier.
    #[expect(unsafe_code, reason = "see Safety")]
    pub(super) unsafe fn weigh(
        &self,
        (layer, head): (usize, usize),
        qkv: Shared<'_, f32>,
        rows: Range<usize>,
        out: &mut [f32],
        scratch: &mut Scratch,
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
        let mut queries = [[0.0; HEAD]; QUERY_BLOCK];
        let step = self.queries_at_once();
        for (first, out) in (rows.clone().step_by(step)).zip(out.chunks_mut(step * n_frames)) {
            let rows = first..(first + step).min(rows.end);
            // SAFETY: by the caller's promise.
            let queries = unsafe { self.gather(qkv, rows, head, &mut queries) };
            self.weigh_head((layer, head), queries, out, scratch);
        }
    }

    /// One head's part of query rows.
    ///
    /// # Safety
    /// Nobody writes it until the next barrier.
    #[expect(unsafe_code, reason = "see Safety")]
    unsafe fn gather<'q>(
        &self,
        qkv: Shared<'_, f32>,
        rows: Range<usize>,
        head: usize,
        queries: &'q mut [[f32; HEAD]; QUERY_BLOCK],
    ) -> &'q [[f32; HEAD]] {
        let n = rows.len();
        for (row, query) in rows.zip(&mut *queries) {
            let at = row * 3 * self.width + head * HEAD;
            // SAFETY: by the caller's promise.
            query.copy_from_slice(unsafe { qkv.slice(at..at + HEAD) });
        }
        &queries[..n]
    }

    /// Queries that share one pass over the keys.
    fn queries_at_once(&self) -> usize {
        match self.cells {
            Cells::Float(_) | Cells::Brain(_) => lanes::MAX_QUERIES,
            #[cfg(target_arch = "x86_64")]
            Cells::Pairs(_) => QUERY_BLOCK,
        }
    }

    /// Attention of some queries in one head: `(queries, HEAD)`.
    fn attend_head<'s>(
        &self,
        (layer, head): (usize, usize),
        queries: &[[f32; HEAD]],
        scratch: &'s mut Scratch,
    ) -> &'s [f32] {
        match &self.cells {
            Cells::Float(layers) => layers[layer].attend(head, self.n_frames, queries, scratch),
            Cells::Brain(layers) => layers[layer].attend(head, self.n_frames, queries, scratch),
            #[cfg(target_arch = "x86_64")]
            Cells::Pairs(layers) => layers.attend((layer, head), queries, &mut scratch.heads),
        }
    }

    /// What some queries look at in one head, `(queries, frames)`.
    fn weigh_head(
        &self,
        (layer, head): (usize, usize),
        queries: &[[f32; HEAD]],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        match &self.cells {
            Cells::Float(layers) => {
                layers[layer].weigh(head, self.n_frames, queries, out, &mut scratch.scores);
            }
            Cells::Brain(layers) => {
                layers[layer].weigh(head, self.n_frames, queries, out, &mut scratch.scores);
            }
            #[cfg(target_arch = "x86_64")]
            Cells::Pairs(layers) => {
                layers.weigh((layer, head), queries, out, &mut scratch.heads);
            }
        }
    }
}
