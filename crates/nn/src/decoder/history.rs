//! Self-attention: what each row has been fed so far.
//!
//! A position's keys and values lie where they were written, in the *slot* that its row had at that step. Reordering
//! beams copies no keys: each row keeps a list of the slots of its ancestors, and only the lists are permuted.

use std::ops::Range;

use super::Decoder;
use super::cells::Cell;
use crate::attention::HEAD;
use crate::linear::Precision;
use crate::math::{exp, fold, multiversion};
use crate::shared::Shared;

/// Caches of all layers and the ancestry of the rows.
#[derive(Debug)]
pub(super) struct History {
    width: usize,
    max_positions: usize,
    n_layers: usize,
    n_slots: usize,
    n_positions: usize,
    /// For each row, the slot of each position: `(rows, max_positions)`.
    slots: Vec<u32>,
    n_rows: usize,
    cells: Cells,
}

/// Keys and values, `(layers, positions, 2, slots, width)`.
#[derive(Debug)]
enum Cells {
    Float(Vec<f32>),
    Brain(Vec<u16>),
}

/// The history as workers see it during a step.
pub(super) struct SharedHistory<'a> {
    width: usize,
    max_positions: usize,
    n_slots: usize,
    /// Positions before this step.
    start: usize,
    slots: &'a [u32],
    n_rows: usize,
    cells: SharedCells<'a>,
}

enum SharedCells<'a> {
    Float(Shared<'a, f32>),
    Brain(Shared<'a, u16>),
}

impl History {
    pub(super) fn new(decoder: &Decoder, n_rows: usize) -> Self {
        let (width, max_positions, n_layers) = (
            decoder.width(),
            decoder.max_positions(),
            decoder.layers.len(),
        );
        let n_slots = n_rows.max(1);
        let n_cells = decoder.n_cache_cells(max_positions * n_slots);
        // zeroed memory is only taken from the system where it is touched
        let cells = match decoder.precision() {
            Precision::Float32 => Cells::Float(vec![0.0; n_cells]),
            Precision::Int8 => Cells::Brain(vec![0; n_cells]),
        };
        Self {
            width,
            max_positions,
            n_layers,
            n_slots,
            n_positions: 0,
            slots: vec![0; n_rows * max_positions],
            n_rows,
            cells,
        }
    }

    /// Makes room for `n` tokens a row, to be stored in each row's own slot; returns how many there were before.
    pub(super) fn append(&mut self, n: usize) -> usize {
        let start = self.n_positions;
        assert!(
            start + n <= self.max_positions,
            "{} tokens, {} positions",
            start + n,
            self.max_positions
        );
        for (row, slots) in self.slots.chunks_exact_mut(self.max_positions).enumerate() {
            slots[start..start + n].fill(u32::try_from(row).unwrap_or(u32::MAX));
        }
        self.n_positions += n;
        start
    }

    pub(super) fn reorder(&mut self, parents: &[usize]) {
        if parents.len() > self.n_slots {
            self.grow(parents.len());
        }
        let n = self.max_positions;
        let mut slots = vec![0; parents.len() * n];
        for (new, parent) in slots.chunks_exact_mut(n).zip(parents) {
            new[..self.n_positions].copy_from_slice(&self.slots[parent * n..][..self.n_positions]);
        }
        self.slots = slots;
        self.n_rows = parents.len();
    }

    fn grow(&mut self, n_slots: usize) {
        let (old, new) = (self.n_slots * self.width, n_slots * self.width);
        let used = self.n_positions * 2;
        let layer = self.max_positions * 2;
        let n_layers = self.n_layers;
        match &mut self.cells {
            Cells::Float(cells) => *cells = widen(cells, n_layers, layer, used, old, new),
            Cells::Brain(cells) => *cells = widen(cells, n_layers, layer, used, old, new),
        }
        self.n_slots = n_slots;
    }

    /// Lends the history to the workers of a step that was [appended](Self::append).
    pub(super) fn share(&mut self) -> SharedHistory<'_> {
        SharedHistory {
            width: self.width,
            max_positions: self.max_positions,
            n_slots: self.n_slots,
            start: self.n_positions,
            slots: &self.slots,
            n_rows: self.n_rows,
            cells: match &mut self.cells {
                Cells::Float(cells) => SharedCells::Float(Shared::new(cells)),
                Cells::Brain(cells) => SharedCells::Brain(Shared::new(cells)),
            },
        }
    }
}

#[expect(
    unsafe_code,
    reason = "each worker reads and writes the columns of its own heads"
)]
impl SharedHistory<'_> {
    /// Stores the keys and values of this step's tokens, columns `columns` of each part of `qkv (rows, 3·width)`.
    ///
    /// # Safety
    /// Nobody else uses those columns of `qkv` or of this layer's cache until the next barrier.
    pub(super) unsafe fn store(
        &self,
        layer: usize,
        qkv: Shared<'_, f32>,
        columns: Range<usize>,
        n_tokens: usize,
    ) {
        for row in 0..self.n_rows * n_tokens {
            let (position, slot) = (self.start - n_tokens + row % n_tokens, row / n_tokens);
            for part in 0..2 {
                let from = row * 3 * self.width + (part + 1) * self.width;
                // SAFETY: by the caller's promise.
                let values = unsafe { qkv.slice(from + columns.start..from + columns.end) };
                let at = self.address(layer, position, part, slot);
                let range = at + columns.start..at + columns.end;
                // SAFETY: by the caller's promise.
                unsafe {
                    match &self.cells {
                        SharedCells::Float(cells) => put(values, cells.slice_mut(range)),
                        SharedCells::Brain(cells) => put(values, cells.slice_mut(range)),
                    }
                }
            }
        }
    }

    /// Attention of this step's tokens to their row's past and themselves, for the heads in `columns`.
    ///
    /// # Safety
    /// As [`Self::store`], and `found` likewise.
    pub(super) unsafe fn attend(
        &self,
        layer: usize,
        qkv: Shared<'_, f32>,
        columns: Range<usize>,
        n_tokens: usize,
        found: Shared<'_, f32>,
        scores: &mut Vec<f32>,
    ) {
        let heads = columns.start / HEAD..columns.end / HEAD;
        for row in 0..self.n_rows * n_tokens {
            let slots = &self.slots[row / n_tokens * self.max_positions..];
            let slots = &slots[..=self.start - n_tokens + row % n_tokens];
            for head in heads.clone() {
                let (from, to) = (
                    row * 3 * self.width + head * HEAD,
                    row * self.width + head * HEAD,
                );
                let past = Past {
                    start: self.address(layer, 0, 0, 0) + head * HEAD,
                    part: self.n_slots * self.width,
                    width: self.width,
                    slots,
                };
                // SAFETY: by the caller's promise; the cache is read in the columns of this worker's head only.
                unsafe {
                    let (query, out) =
                        (qkv.slice(from..from + HEAD), found.slice_mut(to..to + HEAD));
                    match &self.cells {
                        SharedCells::Float(cells) => attend_float(query, cells, &past, scores, out),
                        SharedCells::Brain(cells) => attend_brain(query, cells, &past, scores, out),
                    }
                }
            }
        }
    }

    fn address(&self, layer: usize, position: usize, part: usize, slot: usize) -> usize {
        (((layer * self.max_positions + position) * 2 + part) * self.n_slots + slot) * self.width
    }
}

/// Copies the used positions of every layer into places of a new width.
fn widen<T: Cell>(
    cells: &[T],
    n_layers: usize,
    layer: usize,
    used: usize,
    old: usize,
    new: usize,
) -> Vec<T> {
    let mut wide = vec![T::default(); n_layers * layer * new];
    for index in (0..n_layers).flat_map(|l| (0..used).map(move |i| l * layer + i)) {
        wide[index * new..][..old].copy_from_slice(&cells[index * old..][..old]);
    }
    wide
}

/// Where one row's past lies in the cache, for one head.
struct Past<'a> {
    start: usize,
    /// From the keys of a position to its values, and on to the next position's keys.
    part: usize,
    width: usize,
    slots: &'a [u32],
}

impl Past<'_> {
    #[inline(always)]
    fn at(&self, position: usize, part: usize) -> usize {
        self.start + (position * 2 + part) * self.part + self.slots[position] as usize * self.width
    }
}

#[inline(always)]
fn put<T: Cell>(values: &[f32], cells: &mut [T]) {
    cells
        .iter_mut()
        .zip(values)
        .for_each(|(cell, value)| *cell = T::store(*value));
}

multiversion! {
    fn attend_float(query: &[f32], cells: &Shared<'_, f32>, past: &Past<'_>, scores: &mut Vec<f32>, out: &mut [f32]) {
        attend(query, cells, past, scores, out);
    }
}

multiversion! {
    fn attend_brain(query: &[f32], cells: &Shared<'_, u16>, past: &Past<'_>, scores: &mut Vec<f32>, out: &mut [f32]) {
        attend(query, cells, past, scores, out);
    }
}

#[inline(always)]
#[expect(
    unsafe_code,
    reason = "called from `SharedHistory::attend`, whose caller has these columns to itself"
)]
fn attend<T: Cell>(
    query: &[f32],
    cells: &Shared<'_, T>,
    past: &Past<'_>,
    scores: &mut Vec<f32>,
    out: &mut [f32],
) {
    let mut scaled = [0.0; HEAD];
    scaled
        .iter_mut()
        .zip(query)
        .for_each(|(scaled, q)| *scaled = q * 0.125); // 1/√64
    scores.clear();
    for position in 0..past.slots.len() {
        let at = past.at(position, 0);
        // SAFETY: as the reason says.
        let keys = unsafe { cells.slice(at..at + HEAD) };
        let mut lanes = [0.0_f32; 16];
        for (scaled, keys) in scaled
            .as_chunks::<16>()
            .0
            .iter()
            .zip(keys.as_chunks::<16>().0)
        {
            for i in 0..16 {
                lanes[i] = scaled[i].mul_add(keys[i].load(), lanes[i]);
            }
        }
        scores.push(lanes.into_iter().sum());
    }
    let largest = fold(scores, f32::MIN, f32::max, f32::max);
    for score in scores.iter_mut() {
        *score = exp(*score - largest);
    }
    let inverse = 1.0 / fold(scores, 0.0, |sum, x| sum + x, |a, b| a + b);
    let mut sums = [0.0_f32; HEAD];
    for (position, weight) in scores.iter().enumerate() {
        let at = past.at(position, 1);
        // SAFETY: as the reason says.
        let values = unsafe { cells.slice(at..at + HEAD) };
        for i in 0..HEAD {
            sums[i] = weight.mul_add(values[i].load(), sums[i]);
        }
    }
    out.iter_mut()
        .zip(sums)
        .for_each(|(out, sum)| *out = sum * inverse);
}
