//! A stack of pre-norm decoder blocks that is fed tokens row by row, with caches:
//! `x += self_attention(norm(x)); x += cross_attention(norm(x)); x += ffn(norm(x))`.
//!
//! A step is a few hundred microseconds of work per layer, so all workers run it side by side: each owns some heads
//! and some columns, repeats the small normalisations itself, and meets the others at five barriers a layer.

mod cells;
mod cross;
mod history;
mod reading;
#[cfg(test)]
mod tests;

pub use cross::CrossCache;
pub use reading::{Reading, Sequence, read};

use history::History;

use crate::linear::{COLUMN_STEP, Linear, Place, Precision, Rows, Then};
use crate::norm::LayerNorm;
use crate::shared::Shared;
use crate::{Isa, Pool, Worker};

/// One block.
#[derive(Debug)]
pub struct DecoderLayer {
    /// Before self-attention.
    pub self_norm: LayerNorm,
    /// Queries, keys and values side by side: `(3·width, width)`.
    pub self_qkv: Linear,
    /// `(width, width)`.
    pub self_out: Linear,
    /// Before cross-attention.
    pub cross_norm: LayerNorm,
    /// `(width, width)`.
    pub cross_query: Linear,
    /// Keys and values of the encoded sequence side by side: `(2·width, width)`.
    pub cross_kv: Linear,
    /// `(width, width)`.
    pub cross_out: Linear,
    /// Before the feed-forward part.
    pub ffn_norm: LayerNorm,
    /// `(hidden, width)`, followed by GELU.
    pub ffn_in: Linear,
    /// `(width, hidden)`.
    pub ffn_out: Linear,
}

/// The stack with its embeddings; the output layer shares the table of the input.
#[derive(Debug)]
pub struct Decoder {
    /// Token table `(vocabulary, width)`, built readable.
    pub embedding: Linear,
    /// Learned positions, `(positions, width)`.
    pub positions: Vec<f32>,
    /// From the input to the output.
    pub layers: Vec<DecoderLayer>,
    /// After the last block.
    pub norm: LayerNorm,
    /// The kernels in use.
    pub isa: Isa,
}

impl Decoder {
    /// Numbers in a row of the stack.
    pub fn width(&self) -> usize {
        self.norm.width()
    }

    /// Longest sequence that has positions.
    pub fn max_positions(&self) -> usize {
        self.positions.len() / self.width()
    }

    /// The arithmetic of the layers.
    pub fn precision(&self) -> Precision {
        self.embedding.precision()
    }

    /// What the keys and values of `n_positions` positions take: of a row's tokens, or of a window's frames.
    pub fn cache_bytes(&self, n_positions: usize) -> u64 {
        let cell = match self.precision() {
            Precision::Float32 => size_of::<f32>(),
            Precision::Int8 => size_of::<u16>(),
        };
        (self.n_cache_cells(n_positions) * cell) as u64
    }

    /// Numbers in the keys and values of `n_positions` positions, of all layers.
    fn n_cache_cells(&self, n_positions: usize) -> usize {
        self.layers.len() * 2 * self.width() * n_positions
    }
}

/// Rows of tokens being decoded.
#[derive(Debug)]
pub struct Decoding<'a> {
    decoder: &'a Decoder,
    pool: &'a Pool,
    items: Vec<&'a CrossCache>,
    history: History,
    buffers: Buffers,
}

/// Working memory of a step, kept between steps.
#[derive(Debug, Default)]
struct Buffers {
    /// `(rows·tokens, width)`
    x: Vec<f32>,
    /// `(rows·tokens, 3·width)`
    qkv: Vec<f32>,
    /// `(rows·tokens, width)`
    found: Vec<f32>,
    /// `(rows·tokens, hidden)`
    hidden: Vec<f32>,
    /// `(rows, vocabulary)`
    logits: Vec<f32>,
}

/// What one worker keeps during a step.
#[derive(Default)]
struct Local {
    rows: Rows,
    block: Vec<f32>,
    scratch: cross::Scratch,
}

/// Buffers as the workers see them.
#[derive(Clone, Copy)]
struct Step<'a> {
    n: usize,
    x: Shared<'a, f32>,
    qkv: Shared<'a, f32>,
    found: Shared<'a, f32>,
    hidden: Shared<'a, f32>,
}

impl<'a> Decoding<'a> {
    /// Begins with one empty row for each of `items`.
    pub fn new(decoder: &'a Decoder, pool: &'a Pool, items: &[&'a CrossCache]) -> Self {
        let history = History::new(decoder, items.len());
        Self {
            decoder,
            pool,
            items: items.to_vec(),
            history,
            buffers: Buffers::default(),
        }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.items.len()
    }

    /// Replaces the rows: new row `r` continues old row `parents[r]`.
    ///
    /// # Panics
    /// When a parent does not exist.
    pub fn reorder(&mut self, parents: &[usize]) {
        self.items = parents.iter().map(|parent| self.items[*parent]).collect();
        self.history.reorder(parents);
    }

    /// Appends the same number of tokens to every row; returns the logits after the last, `(rows, vocabulary)`.
    ///
    /// # Panics
    /// When rows get different numbers of tokens, none, more than there are positions, or unknown ids.
    #[expect(
        unsafe_code,
        reason = "workers share buffers and touch their own columns; barriers part the phases"
    )]
    pub fn feed(&mut self, tokens: &[&[u32]]) -> &mut [f32] {
        let decoder = self.decoder;
        let (width, hidden) = (decoder.width(), decoder.layers[0].ffn_in.n_out());
        let n_tokens = tokens[0].len();
        assert!(
            tokens.len() == self.n_rows() && n_tokens > 0,
            "tokens for every row"
        );
        assert!(
            tokens.iter().all(|row| row.len() == n_tokens),
            "as many tokens for each row"
        );
        let start = self.history.append(n_tokens);
        let n = tokens.len() * n_tokens;
        let buffers = &mut self.buffers;
        buffers.x.resize(n * width, 0.0);
        buffers.qkv.resize(n * 3 * width, 0.0);
        buffers.found.resize(n * width, 0.0);
        buffers.hidden.resize(n * hidden, 0.0);
        buffers
            .logits
            .resize(tokens.len() * decoder.embedding.n_out(), 0.0);
        for (index, (token, x)) in tokens
            .iter()
            .copied()
            .flatten()
            .zip(buffers.x.chunks_exact_mut(width))
            .enumerate()
        {
            decoder.embedding.copy_weights_of(*token as usize, x);
            let position = &decoder.positions[(start + index % n_tokens) * width..][..width];
            x.iter_mut()
                .zip(position)
                .for_each(|(x, position)| *x += position);
        }
        let step = Step {
            n,
            x: Shared::new(&mut buffers.x),
            qkv: Shared::new(&mut buffers.qkv),
            found: Shared::new(&mut buffers.found),
            hidden: Shared::new(&mut buffers.hidden),
        };
        let logits = Shared::new(&mut buffers.logits);
        let history = self.history.share();
        let items = &self.items;
        self.pool.run(|worker| {
            let mut local = Local::default();
            for (index, layer) in decoder.layers.iter().enumerate() {
                layer.attend_self(worker, step, index, &history, n_tokens, &mut local);
                worker.barrier();
                step.add(worker, &layer.self_out, step.found, &mut local);
                worker.barrier();
                layer.attend_cross(worker, step, index, items, n_tokens, &mut local);
                worker.barrier();
                step.add(worker, &layer.cross_out, step.found, &mut local);
                worker.barrier();
                step.normalise(&layer.ffn_norm, layer.ffn_in.precision(), &mut local);
                let place = Place {
                    data: step.hidden,
                    offset: 0,
                    stride: hidden,
                };
                layer.ffn_in.forward_columns(
                    &local.rows,
                    worker.share(hidden, COLUMN_STEP),
                    place,
                    Then::Gelu,
                );
                worker.barrier();
                step.add(worker, &layer.ffn_out, step.hidden, &mut local);
                worker.barrier();
            }
            // only the last token of each row is asked for
            local.block.resize(items.len() * width, 0.0);
            for (row, out) in local.block.chunks_exact_mut(width).enumerate() {
                let at = ((row + 1) * n_tokens - 1) * width;
                // SAFETY: `x` is complete since the last barrier.
                decoder
                    .norm
                    .forward(unsafe { step.x.slice(at..at + width) }, out);
            }
            local.rows.set(
                decoder.embedding.precision(),
                &local.block[..items.len() * width],
                width,
            );
            let n_out = decoder.embedding.n_out();
            let place = Place {
                data: logits,
                offset: 0,
                stride: n_out,
            };
            decoder.embedding.forward_columns(
                &local.rows,
                worker.share(n_out, COLUMN_STEP),
                place,
                Then::Store,
            );
        });
        &mut self.buffers.logits
    }
}

#[expect(
    unsafe_code,
    reason = "each reads what was complete at the last barrier and writes its own columns"
)]
impl Step<'_> {
    /// Normalises all rows and prepares them for products.
    fn normalise(&self, norm: &LayerNorm, precision: Precision, local: &mut Local) {
        let len = self.n * norm.width();
        local.block.resize(len, 0.0);
        // SAFETY: `x` is complete since the last barrier and not written before the next.
        norm.forward(unsafe { self.x.slice(0..len) }, &mut local.block[..len]);
        local.rows.set(precision, &local.block[..len], norm.width());
    }

    /// Adds this worker's columns of `layer(input)` to `x`.
    fn add(&self, worker: &Worker<'_>, layer: &Linear, input: Shared<'_, f32>, local: &mut Local) {
        // SAFETY: `input` is complete since the last barrier and not written before the next.
        let input = unsafe { input.slice(0..self.n * layer.n_in()) };
        local.rows.set(layer.precision(), input, layer.n_in());
        let place = Place {
            data: self.x,
            offset: 0,
            stride: layer.n_out(),
        };
        layer.forward_columns(
            &local.rows,
            worker.share(layer.n_out(), COLUMN_STEP),
            place,
            Then::Add,
        );
    }
}

#[expect(unsafe_code, reason = "heads belong to one worker; see each use")]
impl DecoderLayer {
    /// Self-attention of this worker's heads.
    fn attend_self(
        &self,
        worker: &Worker<'_>,
        step: Step<'_>,
        layer: usize,
        history: &history::SharedHistory<'_>,
        n_tokens: usize,
        local: &mut Local,
    ) {
        let width = self.self_norm.width();
        let columns = worker.share(width, COLUMN_STEP);
        step.normalise(&self.self_norm, self.self_qkv.precision(), local);
        let place = Place {
            data: step.qkv,
            offset: 0,
            stride: 3 * width,
        };
        for part in 0..3 {
            let columns = part * width + columns.start..part * width + columns.end;
            self.self_qkv
                .forward_columns(&local.rows, columns, place, Then::Store);
        }
        // SAFETY: only this worker's columns are read and written, of which it has just written all.
        unsafe {
            history.store(layer, step.qkv, columns.clone(), n_tokens);
            history.attend(
                layer,
                step.qkv,
                columns,
                n_tokens,
                step.found,
                &mut local.scratch.scores,
            );
        }
    }

    /// Cross-attention of this worker's heads, all rows of an item together.
    fn attend_cross(
        &self,
        worker: &Worker<'_>,
        step: Step<'_>,
        layer: usize,
        items: &[&CrossCache],
        n_tokens: usize,
        local: &mut Local,
    ) {
        let width = self.cross_norm.width();
        let columns = worker.share(width, COLUMN_STEP);
        step.normalise(&self.cross_norm, self.cross_query.precision(), local);
        let place = Place {
            data: step.qkv,
            offset: 0,
            stride: 3 * width,
        };
        self.cross_query
            .forward_columns(&local.rows, columns.clone(), place, Then::Store);
        let mut first = 0;
        for same in items.chunk_by(|a, b| std::ptr::eq(*a, *b)) {
            let rows = first * n_tokens..(first + same.len()) * n_tokens;
            // SAFETY: as above: this worker's columns of `qkv` and `found`.
            unsafe {
                same[0].attend(
                    layer,
                    step.qkv,
                    rows,
                    columns.clone(),
                    step.found,
                    &mut local.scratch,
                );
            };
            first += same.len();
        }
    }
}
