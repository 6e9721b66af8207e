//! Keys and values as 16-bit whole numbers.

use super::ROW_BLOCK;
use crate::Pool;
use crate::attention::{HEAD, HeadRows, PairedHead, Scratch};
use crate::decoder::Decoder;
use crate::linear::{Rows, Then};

/// All heads of all layers.
#[derive(Debug)]
pub(super) struct PairedLayers {
    n_heads: usize,
    /// `(layers, heads)`
    heads: Vec<PairedHead>,
}

impl PairedLayers {
    /// Projects `encoded (frames, width)` for all layers.
    pub(super) fn project(decoder: &Decoder, pool: &Pool, encoded: &[f32]) -> Self {
        let width = decoder.width();
        let (n_frames, n_heads) = (encoded.len() / width, width / HEAD);
        let mut projected = vec![0.0; n_frames * 2 * width];
        let mut heads = Vec::with_capacity(decoder.layers.len() * n_heads);
        for layer in &decoder.layers {
            let block = ROW_BLOCK * 2 * width;
            pool.each_part(&mut projected, block, Rows::default, |rows, part, out| {
                let encoded = &encoded[part * ROW_BLOCK * width..][..out.len() / 2];
                rows.set(decoder.precision(), encoded, width);
                layer.cross_kv.forward_rows(rows, out, Then::Store);
            });
            let of = |part: usize| HeadRows {
                data: &projected,
                offset: part * HEAD,
                stride: 2 * width,
                n_rows: n_frames,
                width: HEAD,
            };
            let mut packed: Vec<Option<PairedHead>> = (0..n_heads).map(|_| None).collect();
            pool.each_part(
                &mut packed,
                1,
                || (),
                |(), head, place| {
                    place[0] = Some(PairedHead::new(of(head), of(n_heads + head)));
                },
            );
            heads.extend(packed.into_iter().flatten());
        }
        Self { n_heads, heads }
    }

    fn head(&self, (layer, head): (usize, usize)) -> &PairedHead {
        &self.heads[layer * self.n_heads + head]
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
