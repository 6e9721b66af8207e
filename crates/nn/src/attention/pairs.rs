//! Attention in 16-bit whole numbers for AVX2: twice the products a cycle of single precision, and sums that are exact.
//!
//! Every query, key and value has a scale of its own; that of a value goes into the weight it is multiplied with. What they
//! may reach at most follows from the 32 bits of a sum: 12 bits and more for each of them, where bfloat16 has 8.
#![expect(
    unsafe_code,
    reason = "kernels work on raw panels; the shapes are checked here"
)]

use super::{HeadRows, QUERY_BLOCK, Scratch};
use crate::math::{Line, multiversion, numbers, numbers_mut, round_up};
use crate::x86::avx2::{self, PANEL, ROWS};

/// Values go up to this: 12 bits and a sign.
const MOST_VALUE: f32 = 4095.0;

/// How the keys and values of one head lie in lines: keys, values, what a step of each key is worth, the same of values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadShape {
    width: usize,
    n_keys: usize,
}

/// Keys and values of one head as 16-bit panels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PairedHead<'a> {
    shape: HeadShape,
    /// Blocks of 16 keys: `[block][width/2][16][2]`.
    keys: &'a [i16],
    /// Panels of 16 columns: `[panel][keys/2][16][2]`, keys in whole blocks.
    values: &'a [i16],
    key_scales: &'a [f32],
    value_scales: &'a [f32],
}

impl HeadShape {
    /// `n_keys` keys and values of `width`, a multiple of 16.
    pub(crate) fn new(width: usize, n_keys: usize) -> Self {
        assert!(Self::serves(width), "a head of {width}");
        Self { width, n_keys }
    }

    /// Whether heads of this width can be packed.
    pub(crate) fn serves(width: usize) -> bool {
        width.is_multiple_of(PANEL)
    }

    /// Keys in whole blocks.
    fn padded(self) -> usize {
        round_up(self.n_keys, PANEL)
    }

    /// Lines of the keys, or of the values.
    fn n_panel_lines(self) -> usize {
        self.padded() * self.width * size_of::<i16>() / size_of::<Line>()
    }

    /// Lines of the keys' scales, or of the values'.
    fn n_scale_lines(self) -> usize {
        self.padded() * size_of::<f32>() / size_of::<Line>()
    }

    /// Lines in all.
    pub(crate) fn n_lines(self) -> usize {
        2 * (self.n_panel_lines() + self.n_scale_lines())
    }

    /// What lies in `lines`.
    pub(crate) fn view(self, lines: &[Line]) -> PairedHead<'_> {
        let (keys, rest) = lines.split_at(self.n_panel_lines());
        let (values, rest) = rest.split_at(self.n_panel_lines());
        let (key_scales, value_scales) = rest.split_at(self.n_scale_lines());
        PairedHead {
            shape: self,
            keys: numbers(keys),
            values: numbers(values),
            key_scales: numbers(key_scales),
            value_scales: numbers(value_scales),
        }
    }

    /// Packs keys and values from number `first` on, which is even, into `lines` that were zero.
    pub(crate) fn put(
        self,
        lines: &mut [Line],
        first: usize,
        keys: HeadRows<'_>,
        values: HeadRows<'_>,
    ) {
        assert!(first.is_multiple_of(2) && first + keys.n_rows <= self.n_keys);
        let (key_lines, rest) = lines.split_at_mut(self.n_panel_lines());
        let (value_lines, rest) = rest.split_at_mut(self.n_panel_lines());
        let (key_scales, value_scales) = rest.split_at_mut(self.n_scale_lines());
        let (key_panels, key_scales) = (numbers_mut(key_lines), numbers_mut(key_scales));
        let (value_panels, value_scales) = (numbers_mut(value_lines), numbers_mut(value_scales));
        let most = most_key(self.width);
        let mut rows = [vec![0; self.width], vec![0; self.width]];
        for row in 0..keys.n_rows {
            let key = first + row;
            key_scales[key] = quantise_row(keys.row(row), most, &mut rows[0]);
            self.put_key(key_panels, key, &rows[0]);
        }
        for pair in (0..values.n_rows).step_by(2) {
            for (row, out) in (pair..pair + 2).zip(&mut rows) {
                if row < values.n_rows {
                    value_scales[first + row] = quantise_row(values.row(row), MOST_VALUE, out);
                } else {
                    out.fill(0);
                }
            }
            self.put_values(value_panels, first + pair, &rows);
        }
    }

    fn put_key(self, panels: &mut [i16], key: usize, row: &[i16]) {
        let block = &mut panels[key / PANEL * PANEL * self.width..][..PANEL * self.width];
        let lines = block.as_chunks_mut::<{ 2 * PANEL }>().0;
        for (pair, line) in row.as_chunks::<2>().0.iter().zip(lines) {
            line[key % PANEL * 2..][..2].copy_from_slice(pair);
        }
    }

    /// Two values side by side, the first of an even key.
    fn put_values(self, panels: &mut [i16], key: usize, rows: &[Vec<i16>; 2]) {
        let padded = self.padded();
        let [first, second] = rows.each_ref().map(|row| row.as_chunks::<PANEL>().0);
        for (panel, (first, second)) in first.iter().zip(second).enumerate() {
            let line = &mut panels[(panel * padded + key) * PANEL..][..2 * PANEL];
            let pairs = line.as_chunks_mut::<2>().0.iter_mut();
            for ((pair, a), b) in pairs.zip(first).zip(second) {
                *pair = [*a, *b];
            }
        }
    }
}

impl PairedHead<'_> {
    /// Attention of `n` queries from `start` on into `scratch.result`, rows of `width`.
    pub(crate) fn attend(
        &self,
        queries: HeadRows<'_>,
        start: usize,
        n: usize,
        scratch: &mut Scratch,
    ) {
        let padded = self.shape.padded();
        self.score(queries, start, n, scratch);
        scratch.weights.reserve(QUERY_BLOCK * padded * 2);
        scratch.result.reserve(QUERY_BLOCK * self.shape.width * 4);
        let scores = &mut scratch.scores.view_mut::<f32>()[..n * padded];
        let weights = &mut scratch.weights.view_mut::<i16>()[..n * padded];
        let mut scales = [0.0; QUERY_BLOCK];
        for (row, scores) in scores.chunks_exact_mut(padded).enumerate() {
            scales[row] = self.to_weights(scores, &mut weights[row * padded..][..padded]);
        }
        let result = &mut scratch.result.view_mut::<f32>()[..n * self.shape.width];
        self.mix(weights, &scales, result);
    }

    /// What queries look at: softmax over the first keys, `(queries, keys)` into `out`.
    pub(crate) fn weigh(&self, queries: HeadRows<'_>, out: &mut [f32], scratch: &mut Scratch) {
        let (n, padded) = (queries.n_rows, self.key_scales.len());
        let n_keys = out.len() / n;
        assert!(
            n_keys <= self.shape.n_keys,
            "{n_keys} of {} keys",
            self.shape.n_keys
        );
        self.score(queries, 0, n, scratch);
        let scores = &mut scratch.scores.view_mut::<f32>()[..n * padded];
        for (scores, out) in (scores.chunks_exact_mut(padded)).zip(out.chunks_exact_mut(n_keys)) {
            scores[n_keys..].fill(f32::NEG_INFINITY);
            // SAFETY: this kind of head is only made where the processor has AVX2 and FMA.
            let sum = unsafe { avx2::exponentials(scores) };
            (out.iter_mut().zip(scores)).for_each(|(out, x)| *out = *x / sum);
        }
    }

    /// Scores of `n` queries from `start` on into `scratch.scores`: `(n, padded keys)`, those of no key included.
    fn score(&self, queries: HeadRows<'_>, start: usize, n: usize, scratch: &mut Scratch) {
        assert!(n <= QUERY_BLOCK && queries.width == self.shape.width);
        let padded = self.shape.padded();
        scratch.queries.reserve(QUERY_BLOCK * self.shape.width * 2);
        scratch.scores.reserve(QUERY_BLOCK * padded * 4);
        let mut scales = [0.0; QUERY_BLOCK];
        let left = &mut scratch.queries.view_mut::<i16>()[..n * self.shape.width];
        for (row, out) in left.chunks_exact_mut(self.shape.width).enumerate() {
            scales[row] = quantise_row(queries.row(start + row), most_key(self.shape.width), out);
            scales[row] /= (self.shape.width as f32).sqrt();
        }
        let scores = scratch.scores.view_mut::<f32>();
        let blocks = self.keys.chunks_exact(PANEL * self.shape.width);
        let of_blocks = self.key_scales.as_chunks::<PANEL>().0;
        for (block, (keys, key_scales)) in blocks.zip(of_blocks).enumerate() {
            let write = |row: usize, sums: &[i32; PANEL]| {
                let out = &mut scores[row * padded + block * PANEL..].as_chunks_mut().0[0];
                // SAFETY: as above.
                unsafe { avx2::scale_sums(sums, scales[row], key_scales, out) };
            };
            products(left, self.shape.width, keys, write);
        }
    }

    /// Turns scores into weights of whole numbers, each times its value's scale; returns what one of them is worth.
    fn to_weights(self, scores: &mut [f32], weights: &mut [i16]) -> f32 {
        scores[self.shape.n_keys..].fill(f32::NEG_INFINITY);
        // each may be rounded up: they must not add up to more than a sum of values can hold
        let most = i32::MAX as f32 * 0.99 / MOST_VALUE - self.shape.n_keys as f32;
        // SAFETY: as above.
        unsafe {
            let sum = avx2::exponentials(scores);
            let (largest, scaled_sum) = avx2::scale_each(scores, self.value_scales);
            let scale = (most / scaled_sum).min(32_767.0 / largest);
            avx2::quantise(scores, scale, weights);
            1.0 / (scale * sum)
        }
    }

    /// Sums of values by weights `(n, padded keys)`: `(n, width)`.
    fn mix(&self, weights: &[i16], scales: &[f32], result: &mut [f32]) {
        let padded = self.shape.padded();
        let panels = self.values.chunks_exact(PANEL * padded);
        for (panel, values) in panels.enumerate() {
            let write = |row: usize, sums: &[i32; PANEL]| {
                let out = &mut result[row * self.shape.width + panel * PANEL..]
                    .as_chunks_mut()
                    .0[0];
                // SAFETY: as above.
                unsafe { avx2::scale_sums(sums, scales[row], &[1.0; PANEL], out) };
            };
            products(weights, padded, values, write);
        }
    }
}

/// Hands each row of `left (rows, depth) · right (depth, 16)` to `write`.
fn products(
    left: &[i16],
    depth: usize,
    right: &[i16],
    mut write: impl FnMut(usize, &[i32; PANEL]),
) {
    assert_eq!(right.len(), depth * PANEL, "a panel");
    let mut sums = [[0; PANEL]; ROWS];
    for (block, rows) in left.chunks(ROWS * depth).enumerate() {
        let n = rows.len() / depth;
        // SAFETY: as above; both sides were just measured.
        unsafe {
            let out = sums.as_mut_ptr().cast();
            avx2::product_of(n, rows.as_ptr(), depth, right.as_ptr(), depth / 2, out);
        }
        for (row, sums) in sums.iter().enumerate().take(n) {
            write(block * ROWS + row, sums);
        }
    }
}

/// What queries and keys may reach, so that a sum over the width of a head fits 32 bits.
fn most_key(width: usize) -> f32 {
    (i32::MAX as f32 / width as f32)
        .sqrt()
        .min(32_767.0)
        .floor()
        - 1.0
}

/// What a step is worth if numbers up to `largest` become whole ones up to `most`, and the inverse.
fn step(largest: f32, most: f32) -> (f32, f32) {
    if largest > 0.0 {
        (largest / most, most / largest)
    } else {
        (0.0, 0.0)
    }
}

multiversion! {
    /// Quantises a row to whole numbers up to `most`; returns what a step is worth.
    fn quantise_row(row: &[f32], most: f32, out: &mut [i16]) -> f32 {
        const SHIFT: f32 = 12_582_912.0; // 1.5·2^23: adding it rounds to a whole number, ties to even
        let largest = crate::math::fold(row, 0.0, |max, x| max.max(x.abs()), f32::max);
        let (scale, inverse) = step(largest, most);
        for (out, x) in out.iter_mut().zip(row) {
            *out = (x * inverse + SHIFT).to_bits() as i16;
        }
        scale
    }
}
