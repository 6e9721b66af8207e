//! Attention on AMX tiles: bf16 products, single-precision softmax.
#![expect(
    unsafe_code,
    reason = "kernels work on raw tiles; the shapes are checked here"
)]

use super::{HEAD, HeadRows, QUERY_BLOCK, Scratch};
use crate::math::{Aligned, round_up, scale_to_bf16};
use crate::x86::amx::{self, Tiles};
use crate::x86::avx512;

/// Keys and values of one head as bf16 tiles.
pub(crate) struct TiledHead {
    n_keys: usize,
    /// Blocks of 16 keys, each two tiles (32 of width a tile): `[block][step][width/2][16][2]`.
    keys: Aligned,
    /// Panels of 16 columns, each a tile for 32 keys: `[panel][step][keys/2][16][2]`.
    values: Aligned,
}

impl TiledHead {
    pub(crate) fn new(keys: HeadRows<'_>, values: HeadRows<'_>) -> Self {
        let n_keys = keys.n_rows;
        let padded = round_up(n_keys, 32);
        let mut head = Self {
            n_keys,
            keys: Aligned::zeroed(padded * HEAD * 2),
            values: Aligned::zeroed(padded * HEAD * 2),
        };
        let mut row = [0; HEAD];
        let tiles = head.keys.view_mut::<u16>();
        for key in 0..n_keys {
            scale_to_bf16(keys.row(key), 1.0, &mut row);
            let block = &mut tiles[key / 16 * 16 * HEAD..][..16 * HEAD];
            for (pair, line) in row
                .as_chunks::<2>()
                .0
                .iter()
                .zip(block.as_chunks_mut::<32>().0)
            {
                line[key % 16 * 2..][..2].copy_from_slice(pair);
            }
        }
        let tiles = head.values.view_mut::<u16>();
        for key in 0..n_keys {
            scale_to_bf16(values.row(key), 1.0, &mut row);
            for (panel, values) in row.as_chunks::<16>().0.iter().enumerate() {
                let tile = &mut tiles[panel * padded * 16 + key / 2 * 32..][..32];
                for (pair, value) in tile.as_chunks_mut::<2>().0.iter_mut().zip(values) {
                    pair[key % 2] = *value;
                }
            }
        }
        head
    }

    /// Attention of `n` queries from `start` on into `scratch.result`, rows of `HEAD`.
    pub(super) fn attend(
        &self,
        queries: HeadRows<'_>,
        start: usize,
        n: usize,
        scratch: &mut Scratch,
    ) {
        const SCALE: f32 = 0.125; // 1/√64
        assert!(n <= QUERY_BLOCK);
        let padded = round_up(self.n_keys, 32);
        scratch.queries.reserve(QUERY_BLOCK * HEAD * 2);
        scratch.scores.reserve(QUERY_BLOCK * padded * 4);
        scratch.weights.reserve(QUERY_BLOCK * padded * 2);
        scratch.result.reserve(QUERY_BLOCK * HEAD * 4);
        let left = scratch.queries.view_mut::<u16>();
        for (row, out) in left.chunks_exact_mut(HEAD).enumerate().take(n) {
            scale_to_bf16(queries.row(start + row), SCALE, out);
        }
        let left = scratch.queries.view::<u8>().as_ptr();
        let scores = scratch.scores.view_mut::<f32>();
        // SAFETY: a `TiledHead` is only made where the processor has AMX; all buffers were sized above, for whole
        // tiles of 32 queries and `padded` keys.
        unsafe {
            let tiles = Tiles::configure();
            let keys = self.keys.view::<u8>().as_ptr();
            for block in (0..padded).step_by(32) {
                let (b0, b1) = (
                    keys.add(block * HEAD * 2),
                    keys.add((block + 16) * HEAD * 2),
                );
                let out = scores.as_mut_ptr().add(block).cast();
                amx::bf16_32x32(
                    &tiles,
                    left,
                    left.add(16 * HEAD * 2),
                    HEAD * 2,
                    b0,
                    b1,
                    1024,
                    2,
                    out,
                    padded * 4,
                );
            }
            let weights = scratch.weights.view_mut::<u16>();
            let mut sums = [1.0; QUERY_BLOCK];
            for row in 0..n {
                let out = &mut weights[row * padded..][..padded];
                sums[row] = avx512::exp_row(&scores[row * padded..][..padded], self.n_keys, out);
            }
            let result = scratch.result.view_mut::<f32>();
            let values = self.values.view::<u8>().as_ptr();
            let left = weights.as_ptr().cast::<u8>();
            for panel in [0, 2] {
                let (b0, b1) = (
                    values.add(panel * padded * 32),
                    values.add((panel + 1) * padded * 32),
                );
                let out = result.as_mut_ptr().add(panel * 16).cast();
                let below = left.add(16 * padded * 2);
                amx::bf16_32x32(
                    &tiles,
                    left,
                    below,
                    padded * 2,
                    b0,
                    b1,
                    1024,
                    padded / 32,
                    out,
                    HEAD * 4,
                );
            }
            drop(tiles);
            for (row, sum) in result.chunks_exact_mut(HEAD).zip(sums).take(n) {
                for value in row {
                    *value /= sum;
                }
            }
        }
    }
}
