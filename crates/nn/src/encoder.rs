//! A stack of transformer blocks over whole sequences: `x += attention(norm(x)); x += ffn(norm(x))`, or with the
//! normalisation after each sum.

use std::ops::Range;

use crate::attention::{HeadRows, PackedHead, QUERY_BLOCK, Scratch};
use crate::linear::{Linear, Place, Precision, Rows, Then};
use crate::math::round_up;
use crate::norm::LayerNorm;
use crate::shared::Shared;
use crate::{Isa, Pool, Worker};

/// Rows that one worker takes through int8 products at once: their hidden layer fits the second-level cache.
const ROW_BLOCK: usize = 64;
/// The same in single precision, whose weights are four times as long: more rows share each reading of them.
const FLOAT_ROW_BLOCK: usize = 192;
/// Rows that the kernels for single precision compute at once.
const FLOAT_ROW_STEP: usize = 6;

/// Rows of a block, so that all workers have as many.
fn row_block(precision: Precision, n_rows: usize, n_workers: usize) -> usize {
    if precision == Precision::Int8 {
        return ROW_BLOCK;
    }
    let n_rounds = n_rows.div_ceil(FLOAT_ROW_BLOCK * n_workers).max(1);
    round_up(n_rows.div_ceil(n_rounds * n_workers).max(1), FLOAT_ROW_STEP)
}

/// Where a block normalises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormOrder {
    /// Before attention and before the feed-forward part; the stack ends with its own normalisation.
    Before,
    /// After the sum of either with its input; the stack begins with its own normalisation (Vaswani et al. 2017).
    After,
}

/// A small part at the end of a block that fits it to one language: `x += out(relu(in(norm(x))))`.
#[derive(Debug)]
pub struct Adapter {
    /// Before it.
    pub norm: LayerNorm,
    /// `(narrow, width)`
    pub narrow: Linear,
    /// `(width, narrow)`
    pub wide: Linear,
}

/// Self-attention and feed-forward of one block.
#[derive(Debug)]
pub struct EncoderLayer {
    /// Before attention, or after it.
    pub attention_norm: LayerNorm,
    /// Queries, keys and values side by side: `(3·width, width)`.
    pub qkv: Linear,
    /// What the heads found, mixed: `(width, width)`.
    pub attention_out: Linear,
    /// Before the feed-forward part, or after it.
    pub ffn_norm: LayerNorm,
    /// `(hidden, width)`, followed by GELU.
    pub ffn_in: Linear,
    /// `(width, hidden)`.
    pub ffn_out: Linear,
    /// At the end, where the model has one.
    pub adapter: Option<Adapter>,
}

/// The stack with its own normalisation.
#[derive(Debug)]
pub struct Encoder {
    /// From the input to the output.
    pub layers: Vec<EncoderLayer>,
    /// After the last block, or before the first.
    pub norm: LayerNorm,
    /// Where blocks normalise.
    pub order: NormOrder,
    /// Heads of attention: they divide the width.
    pub n_heads: usize,
    /// The kernels in use.
    pub isa: Isa,
}

/// What one worker keeps while it runs.
#[derive(Default)]
struct Local {
    rows: Rows,
    block: Vec<f32>,
    hidden: Vec<f32>,
    attention: Scratch,
}

impl Encoder {
    /// Runs the stack over one sequence `x (rows, width)` in place, its own normalisation included.
    ///
    /// # Panics
    /// When `x` is not whole rows.
    pub fn forward(&self, pool: &Pool, x: &mut [f32]) {
        let n_rows = x.len() / self.norm.width();
        self.forward_each(pool, x, &[n_rows]);
    }

    /// Runs the stack over several sequences, one below the other in `x (rows, width)`, of `lengths` rows. They share
    /// the products, but none sees another.
    ///
    /// # Panics
    /// When `x` is not whole rows, or not as many as `lengths` add up to.
    #[expect(
        unsafe_code,
        reason = "workers share buffers and touch their own rows or heads; barriers part the phases"
    )]
    pub fn forward_each(&self, pool: &Pool, x: &mut [f32], lengths: &[usize]) {
        let width = self.norm.width();
        assert!(
            x.len().is_multiple_of(width),
            "{} numbers in rows of {width}",
            x.len()
        );
        let n_rows = x.len() / width;
        assert_eq!(
            lengths.iter().sum::<usize>(),
            n_rows,
            "rows of all sequences"
        );
        let mut sequences = Vec::with_capacity(lengths.len());
        let mut start = 0;
        for n_rows in lengths {
            sequences.push(start..start + n_rows);
            start += n_rows;
        }
        let mut qkv = vec![0.0; n_rows * 3 * width];
        let mut found = vec![0.0; n_rows * width];
        let (x, qkv, found) = (
            Shared::new(x),
            Shared::new(&mut qkv),
            Shared::new(&mut found),
        );
        let precision = self
            .layers
            .first()
            .map_or(Precision::Int8, |layer| layer.qkv.precision());
        let block_len = row_block(precision, n_rows, pool.n_threads());
        let n_blocks = n_rows.div_ceil(block_len);
        let block_rows = |block: usize| block * block_len..((block + 1) * block_len).min(n_rows);
        pool.run(|worker| {
            let mut local = Local::default();
            worker.each(n_blocks, |block| {
                let rows = block_rows(block);
                // SAFETY: each block is taken by one worker.
                let x = unsafe { x.slice_mut(rows.start * width..rows.end * width) };
                if self.order == NormOrder::After {
                    self.norm.forward_in_place(x);
                }
                if let Some(first) = self.layers.first() {
                    first.project(self.order, x, rows.start, qkv, &mut local);
                }
            });
            for (index, layer) in self.layers.iter().enumerate() {
                let heads = Heads {
                    sequences: &sequences,
                    count: self.n_heads,
                    width: width / self.n_heads,
                    isa: self.isa,
                };
                layer.attend(worker, heads, qkv, found, &mut local);
                worker.each(n_blocks, |block| {
                    let rows = block_rows(block);
                    let range = rows.start * width..rows.end * width;
                    // SAFETY: each block is taken by one worker; `found` is complete since the last barrier.
                    let (x, found) = unsafe { (x.slice_mut(range.clone()), found.slice(range)) };
                    layer.mix(self.order, x, found, &mut local);
                    match self.layers.get(index + 1) {
                        Some(next) => next.project(self.order, x, rows.start, qkv, &mut local),
                        None if self.order == NormOrder::Before => self.norm.forward_in_place(x),
                        None => {}
                    }
                });
            }
        });
    }
}

/// What attention runs over.
#[derive(Clone, Copy)]
struct Heads<'a> {
    /// Rows of each sequence.
    sequences: &'a [Range<usize>],
    count: usize,
    width: usize,
    isa: Isa,
}

impl EncoderLayer {
    /// Queries, keys and values of rows `x`, the first of which is row `start` of the sequence.
    fn project(
        &self,
        order: NormOrder,
        x: &[f32],
        start: usize,
        qkv: Shared<'_, f32>,
        local: &mut Local,
    ) {
        let width = self.attention_norm.width();
        let precision = self.qkv.precision();
        if order == NormOrder::Before {
            local.block.resize(x.len(), 0.0);
            self.attention_norm.forward(x, &mut local.block[..x.len()]);
            local.rows.set(precision, &local.block[..x.len()], width);
        } else {
            local.rows.set(precision, x, width);
        }
        let place = Place {
            data: qkv,
            offset: start * 3 * width,
            stride: 3 * width,
        };
        self.qkv
            .forward_columns(&local.rows, 0..3 * width, place, Then::Store);
    }

    /// What each head finds, for every row of its sequence.
    #[expect(
        unsafe_code,
        reason = "`qkv` is only read between these barriers; tasks write their own rows and columns"
    )]
    fn attend(
        &self,
        worker: &Worker<'_>,
        heads: Heads<'_>,
        qkv: Shared<'_, f32>,
        found: Shared<'_, f32>,
        local: &mut Local,
    ) {
        let width = self.attention_norm.width();
        let n_tasks = heads.count * heads.sequences.len();
        // a head's keys are packed once a task, so tasks are whole heads unless that leaves workers idle
        let parts = if n_tasks.is_multiple_of(worker.count()) || n_tasks > 4 * worker.count() {
            1
        } else {
            worker.count().min(4)
        };
        worker.each(n_tasks * parts, |task| {
            let (task, part) = (task / parts, task % parts);
            let (sequence, head) = (task / heads.count, task % heads.count);
            let sequence = heads.sequences[sequence].clone();
            let n_rows = sequence.len();
            if n_rows == 0 {
                return;
            }
            // SAFETY: see above.
            let data = unsafe { qkv.slice(sequence.start * 3 * width..sequence.end * 3 * width) };
            let of = |which: usize| HeadRows {
                data,
                offset: which * width + head * heads.width,
                stride: 3 * width,
                n_rows,
                width: heads.width,
            };
            let packed = PackedHead::new(self.qkv.precision(), heads.isa, of(1), of(2));
            let n_blocks = n_rows.div_ceil(QUERY_BLOCK);
            for block in n_blocks * part / parts..n_blocks * (part + 1) / parts {
                let start = block * QUERY_BLOCK;
                let place = Place {
                    data: found,
                    offset: (sequence.start + start) * width + head * heads.width,
                    stride: width,
                };
                packed.attend(
                    of(0),
                    start,
                    (n_rows - start).min(QUERY_BLOCK),
                    place,
                    &mut local.attention,
                );
            }
        });
    }

    /// Adds what was found, the feed-forward part and the adapter to rows `x`.
    fn mix(&self, order: NormOrder, x: &mut [f32], found: &[f32], local: &mut Local) {
        let (width, hidden) = (self.ffn_in.n_in(), self.ffn_in.n_out());
        let n_rows = x.len() / width;
        local.rows.set(self.attention_out.precision(), found, width);
        self.attention_out.forward_rows(&local.rows, x, Then::Add);
        let precision = self.ffn_in.precision();
        if order == NormOrder::Before {
            local.block.resize(x.len(), 0.0);
            self.ffn_norm.forward(x, &mut local.block[..x.len()]);
            local.rows.set(precision, &local.block[..x.len()], width);
        } else {
            self.attention_norm.forward_in_place(x);
            local.rows.set(precision, x, width);
        }
        local.hidden.resize(n_rows * hidden, 0.0);
        let between = &mut local.hidden[..n_rows * hidden];
        self.ffn_in.forward_rows(&local.rows, between, Then::Gelu);
        local.rows.set(self.ffn_out.precision(), between, hidden);
        self.ffn_out.forward_rows(&local.rows, x, Then::Add);
        if order == NormOrder::After {
            self.ffn_norm.forward_in_place(x);
        }
        if let Some(adapter) = &self.adapter {
            adapter.add(x, local);
        }
    }
}

impl Adapter {
    fn add(&self, x: &mut [f32], local: &mut Local) {
        let (width, narrow) = (self.narrow.n_in(), self.narrow.n_out());
        let n_rows = x.len() / width;
        local.block.resize(x.len(), 0.0);
        let normed = &mut local.block[..x.len()];
        self.norm.forward(x, normed);
        local.rows.set(self.narrow.precision(), normed, width);
        local.hidden.resize(n_rows * narrow, 0.0);
        let between = &mut local.hidden[..n_rows * narrow];
        self.narrow.forward_rows(&local.rows, between, Then::Store);
        for value in between.iter_mut() {
            *value = value.max(0.0);
        }
        local.rows.set(self.wide.precision(), between, narrow);
        self.wide.forward_rows(&local.rows, x, Then::Add);
    }
}
