//! A stack of pre-norm transformer blocks over a whole sequence: `x += attention(norm(x)); x += ffn(norm(x))`.

use crate::attention::{HEAD, HeadRows, PackedHead, QUERY_BLOCK, Scratch};
use crate::linear::{Linear, Place, Rows, Then};
use crate::norm::LayerNorm;
use crate::shared::Shared;
use crate::{Isa, Pool, Worker};

/// Rows that one worker takes through the products at once: their hidden layer fits the second-level cache.
const ROW_BLOCK: usize = 64;

/// Self-attention and feed-forward of one block.
#[derive(Debug)]
pub struct EncoderLayer {
    /// Before attention.
    pub attention_norm: LayerNorm,
    /// Queries, keys and values side by side: `(3·width, width)`.
    pub qkv: Linear,
    /// What the heads found, mixed: `(width, width)`.
    pub attention_out: Linear,
    /// Before the feed-forward part.
    pub ffn_norm: LayerNorm,
    /// `(hidden, width)`, followed by GELU.
    pub ffn_in: Linear,
    /// `(width, hidden)`.
    pub ffn_out: Linear,
}

/// The stack with its last normalisation.
#[derive(Debug)]
pub struct Encoder {
    /// From the input to the output.
    pub layers: Vec<EncoderLayer>,
    /// After the last block.
    pub norm: LayerNorm,
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
    /// Runs the stack over `x (rows, width)` in place, the last normalisation included.
    ///
    /// # Panics
    /// When `x` is not whole rows.
    #[expect(
        unsafe_code,
        reason = "workers share buffers and touch their own rows or heads; barriers part the phases"
    )]
    pub fn forward(&self, pool: &Pool, x: &mut [f32]) {
        let width = self.norm.width();
        assert!(
            x.len().is_multiple_of(width),
            "{} numbers in rows of {width}",
            x.len()
        );
        let n_rows = x.len() / width;
        let mut qkv = vec![0.0; n_rows * 3 * width];
        let mut found = vec![0.0; n_rows * width];
        let (x, qkv, found) = (
            Shared::new(x),
            Shared::new(&mut qkv),
            Shared::new(&mut found),
        );
        let n_blocks = n_rows.div_ceil(ROW_BLOCK);
        let block_rows = |block: usize| block * ROW_BLOCK..((block + 1) * ROW_BLOCK).min(n_rows);
        pool.run(|worker| {
            let mut local = Local::default();
            worker.each(n_blocks, |block| {
                let rows = block_rows(block);
                // SAFETY: each block is taken by one worker.
                let x = unsafe { x.slice(rows.start * width..rows.end * width) };
                self.layers[0].project(x, rows.start, qkv, &mut local);
            });
            for (index, layer) in self.layers.iter().enumerate() {
                layer.attend(worker, n_rows, self.isa, qkv, found, &mut local);
                worker.each(n_blocks, |block| {
                    let rows = block_rows(block);
                    let range = rows.start * width..rows.end * width;
                    // SAFETY: each block is taken by one worker; `found` is complete since the last barrier.
                    let (x, found) = unsafe { (x.slice_mut(range.clone()), found.slice(range)) };
                    layer.mix(x, found, &mut local);
                    match self.layers.get(index + 1) {
                        Some(next) => next.project(x, rows.start, qkv, &mut local),
                        None => self.norm.forward_in_place(x),
                    }
                });
            }
        });
    }
}

impl EncoderLayer {
    /// Queries, keys and values of rows `x`, the first of which is row `start` of the sequence.
    fn project(&self, x: &[f32], start: usize, qkv: Shared<'_, f32>, local: &mut Local) {
        let width = self.attention_norm.width();
        local.block.resize(x.len(), 0.0);
        self.attention_norm.forward(x, &mut local.block[..x.len()]);
        local
            .rows
            .set(self.qkv.precision(), &local.block[..x.len()], width);
        let place = Place {
            data: qkv,
            offset: start * 3 * width,
            stride: 3 * width,
        };
        self.qkv
            .forward_columns(&local.rows, 0..3 * width, place, Then::Store);
    }

    /// What each head finds, for every row.
    #[expect(
        unsafe_code,
        reason = "`qkv` is only read between these barriers; tasks write their own rows and columns"
    )]
    fn attend(
        &self,
        worker: &Worker<'_>,
        n_rows: usize,
        isa: Isa,
        qkv: Shared<'_, f32>,
        found: Shared<'_, f32>,
        local: &mut Local,
    ) {
        let width = self.attention_norm.width();
        let n_heads = width / HEAD;
        // a head's keys are packed once a task, so tasks are whole heads unless that leaves workers idle
        let parts = if n_heads.is_multiple_of(worker.count()) {
            1
        } else {
            worker.count().min(4)
        };
        let n_blocks = n_rows.div_ceil(QUERY_BLOCK);
        // SAFETY: see above.
        let data = unsafe { qkv.slice(0..n_rows * 3 * width) };
        worker.each(n_heads * parts, |task| {
            let (head, part) = (task / parts, task % parts);
            let of = |which: usize| HeadRows {
                data,
                offset: which * width + head * HEAD,
                stride: 3 * width,
                n_rows,
            };
            let packed = PackedHead::new(self.qkv.precision(), isa, of(1), of(2));
            for block in n_blocks * part / parts..n_blocks * (part + 1) / parts {
                let start = block * QUERY_BLOCK;
                let place = Place {
                    data: found,
                    offset: start * width + head * HEAD,
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

    /// Adds what was found, and the feed-forward part, to rows `x`.
    fn mix(&self, x: &mut [f32], found: &[f32], local: &mut Local) {
        let (width, hidden) = (self.ffn_in.n_in(), self.ffn_in.n_out());
        let n_rows = x.len() / width;
        local.rows.set(self.attention_out.precision(), found, width);
        self.attention_out.forward_rows(&local.rows, x, Then::Add);
        local.block.resize(x.len(), 0.0);
        self.ffn_norm.forward(x, &mut local.block[..x.len()]);
        local
            .rows
            .set(self.ffn_in.precision(), &local.block[..x.len()], width);
        local.hidden.resize(n_rows * hidden, 0.0);
        self.ffn_in.forward_rows(
            &local.rows,
            &mut local.hidden[..n_rows * hidden],
            Then::Gelu,
        );
        local.rows.set(
            self.ffn_out.precision(),
            &local.hidden[..n_rows * hidden],
            hidden,
        );
        self.ffn_out.forward_rows(&local.rows, x, Then::Add);
    }
}
