//! Whole token sequences read at once (teacher forcing): where the decoder looks while it predicts each token, and how
//! likely it finds the token that comes.
//!
//! All tokens of all sequences are rows of the same products. Sequences may differ in length; none sees another.

use std::ops::Range;

use super::{CrossCache, Decoder, DecoderLayer, cross};
use crate::attention::HEAD;
use crate::linear::{COLUMN_STEP, Place, Rows, Then};
use crate::logits::{block_maxima, sum_exp};
use crate::math::{exp, fold, multiversion, round_up};
use crate::norm::LayerNorm;
use crate::shared::Shared;
use crate::{Pool, Worker};

/// Rows whose hidden layer fits the second-level cache; fewer where that lets all workers take part.
const MAX_ROW_BLOCK: usize = 64;
/// Queries of one head that a worker takes at once.
const QUERY_BLOCK: usize = 40;
/// Rows whose logits are held at once.
const LOGIT_ROWS: usize = 32;

/// A sequence to read.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    /// The encoded sequence that it is about.
    pub window: &'a CrossCache,
    /// The tokens, first to last.
    pub tokens: &'a [u32],
    /// The encoded frames that count in [`Reading::attention`], from the first on; at most those of the window.
    pub n_frames: usize,
}

/// What was found about one sequence.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// Where each of the heads asked for looks while it has seen the tokens up to this one: `(heads, tokens, frames)`,
    /// softmax over the frames that count.
    pub attention: Vec<f32>,
    /// The probability of each token after the first, given those before it, among the ids below the bound:
    /// `(tokens - 1)`. Zero for ids at or above the bound.
    pub probabilities: Vec<f32>,
}

/// Reads `sequences`; `heads` are pairs of layer and head, `n_ids` bounds the ids that share the probability.
///
/// # Panics
/// When a sequence is empty or longer than there are positions, or an id, head or frame does not exist.
pub fn read(
    decoder: &Decoder,
    pool: &Pool,
    sequences: &[Sequence<'_>],
    heads: &[(usize, usize)],
    n_ids: usize,
) -> Vec<Reading> {
    let width = decoder.width();
    let spans = spans(sequences);
    let n_rows = spans.last().map_or(0, |span| span.end);
    if n_rows == 0 {
        return Vec::new();
    }
    let mut x = embed(decoder, sequences);
    let mut qkv = vec![0.0; n_rows * 3 * width];
    let mut found = vec![0.0; n_rows * width];
    let mut readings: Vec<Reading> = sequences
        .iter()
        .map(|sequence| Reading {
            attention: vec![0.0; heads.len() * sequence.tokens.len() * sequence.n_frames],
            probabilities: vec![0.0; sequence.tokens.len() - 1],
        })
        .collect();
    let pass = Pass {
        decoder,
        sequences,
        spans: &spans,
        heads,
        n_rows,
        x: Shared::new(&mut x),
        qkv: Shared::new(&mut qkv),
        found: Shared::new(&mut found),
        attention: readings
            .iter_mut()
            .map(|reading| Shared::new(&mut reading.attention))
            .collect(),
    };
    pool.run(|worker| pass.run(worker));
    drop(pass);
    drop((qkv, found));
    let wanted: Vec<Wanted> = (sequences.iter().zip(&spans).enumerate())
        .flat_map(|(index, (sequence, span))| wanted(index, sequence.tokens, span, n_ids))
        .collect();
    for (wanted, probability) in wanted
        .iter()
        .zip(probabilities(decoder, pool, &x, &wanted, n_ids))
    {
        readings[wanted.sequence].probabilities[wanted.position] = probability;
    }
    readings
}

/// The rows of each sequence.
fn spans(sequences: &[Sequence<'_>]) -> Vec<Range<usize>> {
    let mut end = 0;
    let next = |sequence: &Sequence<'_>| {
        assert!(!sequence.tokens.is_empty(), "a sequence of no tokens");
        let start = end;
        end += sequence.tokens.len();
        start..end
    };
    sequences.iter().map(next).collect()
}

fn embed(decoder: &Decoder, sequences: &[Sequence<'_>]) -> Vec<f32> {
    let width = decoder.width();
    let mut x = Vec::new();
    let mut row = vec![0.0; width];
    for sequence in sequences {
        assert!(
            sequence.tokens.len() <= decoder.max_positions(),
            "{} tokens, {} positions",
            sequence.tokens.len(),
            decoder.max_positions()
        );
        let positions = decoder.positions.chunks_exact(width);
        for (token, position) in sequence.tokens.iter().zip(positions) {
            decoder.embedding.copy_weights_of(*token as usize, &mut row);
            x.extend(row.iter().zip(position).map(|(x, position)| x + position));
        }
    }
    x
}

/// The buffers as the workers see them.
struct Pass<'a> {
    decoder: &'a Decoder,
    sequences: &'a [Sequence<'a>],
    spans: &'a [Range<usize>],
    heads: &'a [(usize, usize)],
    n_rows: usize,
    /// `(rows, width)`
    x: Shared<'a, f32>,
    /// `(rows, 3·width)`
    qkv: Shared<'a, f32>,
    /// `(rows, width)`
    found: Shared<'a, f32>,
    attention: Vec<Shared<'a, f32>>,
}

/// What one worker keeps while it runs.
#[derive(Default)]
struct Local {
    rows: Rows,
    block: Vec<f32>,
    hidden: Vec<f32>,
    scratch: cross::Scratch,
}

/// Some queries of one head of one sequence.
struct Task {
    sequence: usize,
    head: usize,
    rows: Range<usize>,
}

impl Pass<'_> {
    /// One worker's part of all layers. Phases by rows and phases by heads take turns.
    fn run(&self, worker: &Worker<'_>) {
        let mut local = Local::default();
        let layers = &self.decoder.layers;
        let tasks = self.tasks();
        self.each_block(worker, |rows| self.project(&layers[0], rows, &mut local));
        for (index, layer) in layers.iter().enumerate() {
            worker.each(tasks.len(), |task| {
                self.look_back(&tasks[task], &mut local.scratch.scores);
            });
            self.each_block(worker, |rows| self.ask(layer, rows, &mut local));
            worker.each(tasks.len(), |task| {
                self.look_across(index, &tasks[task], &mut local.scratch);
            });
            self.each_block(worker, |rows| {
                self.mix(layer, rows.clone(), &mut local);
                if let Some(next) = layers.get(index + 1) {
                    self.project(next, rows, &mut local);
                }
            });
        }
    }

    fn each_block(&self, worker: &Worker<'_>, mut work: impl FnMut(Range<usize>)) {
        let step = round_up(self.n_rows.div_ceil(worker.count()), 16).min(MAX_ROW_BLOCK);
        worker.each(self.n_rows.div_ceil(step), |block| {
            work(block * step..((block + 1) * step).min(self.n_rows));
        });
    }

    fn tasks(&self) -> Vec<Task> {
        let mut tasks = Vec::new();
        for (sequence, span) in self.spans.iter().enumerate() {
            for head in 0..self.decoder.width() / HEAD {
                for start in span.clone().step_by(QUERY_BLOCK) {
                    let rows = start..(start + QUERY_BLOCK).min(span.end);
                    tasks.push(Task {
                        sequence,
                        head,
                        rows,
                    });
                }
            }
        }
        tasks
    }
}

#[expect(
    unsafe_code,
    reason = "a block of rows, or a head's part of some rows, belongs to one worker until the next barrier"
)]
impl<'a> Pass<'a> {
    /// The worker's own rows of `x`, to write.
    fn own(&self, rows: &Range<usize>) -> &'a mut [f32] {
        let width = self.decoder.width();
        // SAFETY: see above.
        unsafe { self.x.slice_mut(rows.start * width..rows.end * width) }
    }

    /// The rows normalised and prepared for products.
    fn normalise(&self, norm: &LayerNorm, rows: &Range<usize>, local: &mut Local) {
        let x = self.own(rows);
        local.block.resize(x.len(), 0.0);
        norm.forward(x, &mut local.block);
        local
            .rows
            .set(self.decoder.precision(), &local.block, norm.width());
    }

    /// Adds the product of what the heads found to the rows.
    fn add_found(&self, layer: &crate::linear::Linear, rows: &Range<usize>, local: &mut Local) {
        let width = self.decoder.width();
        // SAFETY: `found` is complete since the last barrier.
        let found = unsafe { self.found.slice(rows.start * width..rows.end * width) };
        local.rows.set(layer.precision(), found, width);
        layer.forward_rows(&local.rows, self.own(rows), Then::Add);
    }

    /// Queries, keys and values for self-attention.
    fn project(&self, layer: &DecoderLayer, rows: Range<usize>, local: &mut Local) {
        let stride = 3 * self.decoder.width();
        self.normalise(&layer.self_norm, &rows, local);
        let place = Place {
            data: self.qkv,
            offset: rows.start * stride,
            stride,
        };
        layer
            .self_qkv
            .forward_columns(&local.rows, 0..stride, place, Then::Store);
    }

    /// What self-attention found, and then queries for cross-attention.
    fn ask(&self, layer: &DecoderLayer, rows: Range<usize>, local: &mut Local) {
        let width = self.decoder.width();
        self.add_found(&layer.self_out, &rows, local);
        self.normalise(&layer.cross_norm, &rows, local);
        let place = Place {
            data: self.qkv,
            offset: rows.start * 3 * width,
            stride: 3 * width,
        };
        layer
            .cross_query
            .forward_columns(&local.rows, 0..width, place, Then::Store);
    }

    /// What cross-attention found, and the feed-forward part.
    fn mix(&self, layer: &DecoderLayer, rows: Range<usize>, local: &mut Local) {
        self.add_found(&layer.cross_out, &rows, local);
        self.normalise(&layer.ffn_norm, &rows, local);
        let hidden = layer.ffn_in.n_out();
        local.hidden.resize(rows.len() * hidden, 0.0);
        layer
            .ffn_in
            .forward_rows(&local.rows, &mut local.hidden, Then::Gelu);
        local
            .rows
            .set(layer.ffn_out.precision(), &local.hidden, hidden);
        layer
            .ffn_out
            .forward_rows(&local.rows, self.own(&rows), Then::Add);
    }

    /// Self-attention of a task's queries to their own past.
    fn look_back(&self, task: &Task, scores: &mut Vec<f32>) {
        let width = self.decoder.width();
        let first = self.spans[task.sequence].start;
        // SAFETY: the queries, keys and values are complete since the last barrier.
        let qkv = unsafe { self.qkv.slice(first * 3 * width..task.rows.end * 3 * width) };
        for row in task.rows.clone() {
            let at = row * width + task.head * HEAD;
            // SAFETY: see above.
            let out = unsafe { self.found.slice_mut(at..at + HEAD) };
            attend_to_past(qkv, width, task.head, row - first, scores, out);
        }
    }

    /// Cross-attention of a task's queries; where the head is asked for, also what it looks at.
    fn look_across(&self, layer: usize, task: &Task, scratch: &mut cross::Scratch) {
        let sequence = &self.sequences[task.sequence];
        let first = self.spans[task.sequence].start;
        let columns = task.head * HEAD..(task.head + 1) * HEAD;
        // SAFETY: see above.
        unsafe {
            sequence.window.attend(
                layer,
                self.qkv,
                task.rows.clone(),
                columns,
                self.found,
                scratch,
            );
        }
        for (place, _) in (self.heads.iter().enumerate())
            .filter(|(_, (of_layer, head))| *of_layer == layer && *head == task.head)
        {
            let start = place * sequence.tokens.len() + task.rows.start - first;
            let range = start * sequence.n_frames..(start + task.rows.len()) * sequence.n_frames;
            // SAFETY: see above.
            unsafe {
                let out = self.attention[task.sequence].slice_mut(range);
                let head = (layer, task.head);
                sequence
                    .window
                    .weigh(head, self.qkv, task.rows.clone(), out, scratch);
            }
        }
    }
}

multiversion! {
    /// Self-attention of row `row` of `qkv (rows, 3·width)` to the rows before it and itself, in one head.
    fn attend_to_past(qkv: &[f32], width: usize, head: usize, row: usize, scores: &mut Vec<f32>, out: &mut [f32]) {
        let part = |row: usize, part: usize| &qkv[row * 3 * width + part * width + head * HEAD..][..HEAD];
        let mut query = [0.0; HEAD];
        query.iter_mut().zip(part(row, 0)).for_each(|(query, q)| *query = q * 0.125); // 1/√64
        scores.clear();
        for past in 0..=row {
            let mut lanes = [0.0_f32; 16];
            for (query, keys) in query.as_chunks::<16>().0.iter().zip(part(past, 1).as_chunks::<16>().0) {
                for i in 0..16 {
                    lanes[i] = query[i].mul_add(keys[i], lanes[i]);
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
        for (past, weight) in scores.iter().enumerate() {
            let values = part(past, 2);
            for i in 0..HEAD {
                sums[i] = weight.mul_add(values[i], sums[i]);
            }
        }
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * inverse);
    }
}

/// A token whose probability is asked for.
struct Wanted {
    sequence: usize,
    /// Its place in [`Reading::probabilities`].
    position: usize,
    /// The row that predicts it.
    row: usize,
    id: usize,
}

fn wanted(
    sequence: usize,
    tokens: &[u32],
    span: &Range<usize>,
    n_ids: usize,
) -> impl Iterator<Item = Wanted> {
    let next = tokens.iter().skip(1).enumerate();
    next.filter(move |(_, id)| (**id as usize) < n_ids)
        .map(move |(position, id)| Wanted {
            sequence,
            position,
            row: span.start + position,
            id: *id as usize,
        })
}

/// What a worker knows of one row's logits in its columns.
#[derive(Clone, Copy, Default)]
struct Share {
    largest: f32,
    /// Of the exponentials, each after `largest` was taken off.
    sum: f32,
}

/// The probability of each of `wanted`, for `x (rows, width)` as it leaves the last layer.
#[expect(
    unsafe_code,
    reason = "workers own columns of the logits, and their own line of shares"
)]
fn probabilities(
    decoder: &Decoder,
    pool: &Pool,
    x: &[f32],
    wanted: &[Wanted],
    n_ids: usize,
) -> Vec<f32> {
    let (width, n_out) = (decoder.width(), decoder.embedding.n_out());
    let mut logits = vec![0.0; LOGIT_ROWS * n_out];
    let mut shares = vec![Share::default(); pool.n_threads() * LOGIT_ROWS];
    let mut result = Vec::with_capacity(wanted.len());
    for wanted in wanted.chunks(LOGIT_ROWS) {
        let (to_logits, to_shares) = (Shared::new(&mut logits), Shared::new(&mut shares));
        pool.run(|worker| {
            let mut rows = Rows::default();
            let mut block = vec![0.0; wanted.len() * width];
            for (wanted, block) in wanted.iter().zip(block.chunks_exact_mut(width)) {
                decoder
                    .norm
                    .forward(&x[wanted.row * width..][..width], block);
            }
            rows.set(decoder.embedding.precision(), &block, width);
            let columns = worker.share(round_up(n_ids, COLUMN_STEP).min(n_out), COLUMN_STEP);
            let place = Place {
                data: to_logits,
                offset: 0,
                stride: n_out,
            };
            decoder
                .embedding
                .forward_columns(&rows, columns.clone(), place, Then::Store);
            let mut maxima = Vec::new();
            for row in 0..wanted.len() {
                let counted = columns.start..columns.end.min(n_ids).max(columns.start);
                // SAFETY: this worker has just written these columns.
                let logits = unsafe {
                    to_logits.slice(row * n_out + counted.start..row * n_out + counted.end)
                };
                let largest = block_maxima(logits, &mut maxima);
                let sum = sum_exp(logits, largest);
                let at = worker.index() * LOGIT_ROWS + row;
                // SAFETY: this worker's line.
                let own = unsafe { to_shares.slice_mut(at..at + 1) };
                own.fill(Share { largest, sum });
            }
        });
        for (row, wanted) in wanted.iter().enumerate() {
            let of_row = || {
                let own = shares.chunks_exact(LOGIT_ROWS).map(move |line| line[row]);
                own.filter(|share| share.largest > f32::NEG_INFINITY)
            };
            let largest = of_row().map(|share| share.largest).fold(f32::MIN, f32::max);
            let sum: f32 = of_row()
                .map(|share| share.sum * (share.largest - largest).exp())
                .sum();
            result.push((logits[row * n_out + wanted.id] - largest).exp() / sum);
        }
    }
    result
}
