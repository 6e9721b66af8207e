//! Keys and values as 16-bit whole numbers.

use super::ROW_BLOCK;
use crate::Pool;
use crate::attention::{HEAD, HeadRows, HeadShape, PairedHead, Scratch};
use crate::decoder::Decoder;
use crate::linear::{Place, Rows, Then};
use crate::math::{Aligned, Line};
use crate::shared::Shared;

/// All heads of all layers.
#[derive(Debug)]
pub(super) struct PairedLayers {
    n_heads: usize,
    shape: HeadShape,
    /// `(layers, heads, lines of a head)`: in one piece, for many of middling size leave holes behind.
    lines: Aligned,
}

impl PairedLayers {
    /// Projects `encoded (frames, width)` for all layers: head by head, and packed while it is in the cache.
    pub(super) fn project(decoder: &Decoder, pool: &Pool, encoded: &[f32]) -> Self {
        let width = decoder.width();
        let (n_frames, n_heads) = (encoded.len() / width, width / HEAD);
        let mut blocks: Vec<Rows> = Vec::new();
        blocks.resize_with(n_frames.div_ceil(ROW_BLOCK), Rows::default);
        pool.each_part(
            &mut blocks,
            1,
            || (),
            |(), block, rows| {
                let encoded = encoded
                    .chunks(ROW_BLOCK * width)
                    .nth(block)
                    .unwrap_or_default();
                rows[0].set(decoder.precision(), encoded, width);
            },
        );
        // rows of whole pages would all fall into the same lines of the cache
        let stride = 2 * width + 16;
        let shape = HeadShape::new(HEAD, n_frames);
        let n_lines = decoder.layers.len() * n_heads * shape.n_lines();
        let mut lines = Aligned::zeroed(n_lines * size_of::<Line>());
        let start = || vec![0.0; ROW_BLOCK * stride];
        pool.each_part(
            lines.lines_mut(),
            shape.n_lines(),
            start,
            |projected, index, lines| {
                let (layer, head) = (&decoder.layers[index / n_heads], index % n_heads);
                for (block, rows) in blocks.iter().enumerate() {
                    for part in [head, n_heads + head] {
                        let columns = part * HEAD..(part + 1) * HEAD;
                        let place = Place {
                            data: Shared::new(projected),
                            offset: 0,
                            stride,
                        };
                        layer
                            .cross_kv
                            .forward_columns(rows, columns, place, Then::Store);
                    }
                    let of = |part: usize| HeadRows {
                        data: projected,
                        offset: part * HEAD,
                        stride,
                        n_rows: rows.n_rows(),
                        width: HEAD,
                    };
                    shape.put(lines, block * ROW_BLOCK, of(head), of(n_heads + head));
                }
            },
        );
        Self {
            n_heads,
            shape,
            lines,
        }
    }

    fn head(&self, (layer, head): (usize, usize)) -> PairedHead<'_> {
        let n = self.shape.n_lines();
        let lines = &self.lines.lines()[(layer * self.n_heads + head) * n..][..n];
        self.shape.view(lines)
    }

    /// Attention of some queries in one head of one layer: `(queries, HEAD)`.
    pub(super) fn attend<'s>(
        &self,
        place: (usize, usize),
        queries: &[[f32; HEAD]],
        scratch: &'s mut Scratch,
    ) -> &'s [f32] {
        self.head(place)
            .attend(rows(queries), 0, queries.len(), scratch);
        &scratch.result()[..queries.len() * HEAD]
    }

    /// What some queries look at in one head of one layer: `(queries, first frames)`.
    pub(super) fn weigh(
        &self,
        place: (usize, usize),
        queries: &[[f32; HEAD]],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        self.head(place).weigh(rows(queries), out, scratch);
    }
}

fn rows(queries: &[[f32; HEAD]]) -> HeadRows<'_> {
    HeadRows {
        data: queries.as_flattened(),
        offset: 0,
        stride: HEAD,
        n_rows: queries.len(),
        width: HEAD,
    }
}
