//! Rows of a small stack with made-up weights: however a sequence was fed, its logits are the same.

use super::{CrossCache, Decoder, DecoderLayer, Decoding};
use crate::linear::{Linear, Precision};
use crate::norm::LayerNorm;
use crate::{Isa, Pool};

const WIDTH: usize = 128;
const VOCABULARY: usize = 100;

/// Numbers in `[-scale, scale)` that look random and are the same everywhere.
struct Noise(u32);

impl Noise {
    fn take(&mut self, n: usize, scale: f32) -> Vec<f32> {
        let mut next = || {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((self.0 >> 8) as f32 / 8_388_608.0 - 1.0) * scale
        };
        (0..n).map(|_| next()).collect()
    }
}

fn decoder(precision: Precision, isa: Isa) -> Decoder {
    let mut noise = Noise(7);
    let mut linear = |n_in: usize, n_out: usize| {
        let (weight, bias) = (noise.take(n_in * n_out, 0.15), noise.take(n_out, 0.1));
        Linear::new(precision, isa, &weight, &bias, n_in)
    };
    let norm = || LayerNorm::new(vec![1.0; WIDTH], vec![0.0; WIDTH]);
    let layers = (0..2)
        .map(|_| DecoderLayer {
            self_norm: norm(),
            self_qkv: linear(WIDTH, 3 * WIDTH),
            self_out: linear(WIDTH, WIDTH),
            cross_norm: norm(),
            cross_query: linear(WIDTH, WIDTH),
            cross_kv: linear(WIDTH, 2 * WIDTH),
            cross_out: linear(WIDTH, WIDTH),
            ffn_norm: norm(),
            ffn_in: linear(WIDTH, 4 * WIDTH),
            ffn_out: linear(4 * WIDTH, WIDTH),
        })
        .collect();
    let embedding = Noise(9).take(VOCABULARY * WIDTH, 0.3);
    Decoder {
        embedding: Linear::new(precision, isa, &embedding, &[], WIDTH),
        positions: Noise(11).take(32 * WIDTH, 0.1),
        layers,
        norm: norm(),
        isa,
    }
}

fn windows(decoder: &Decoder, pool: &Pool) -> [CrossCache; 2] {
    [3, 5].map(|seed| CrossCache::new(decoder, pool, &Noise(seed).take(70 * WIDTH, 1.0)))
}

/// Logits after `tokens`, fed all at once to a row of its own.
fn at_once(decoder: &Decoder, pool: &Pool, window: &CrossCache, tokens: &[u32]) -> Vec<f32> {
    Decoding::new(decoder, pool, &[window])
        .feed(&[tokens])
        .to_vec()
}

fn check_same(got: &[f32], wanted: &[f32], tolerance: f32, what: &str) {
    for (got, wanted) in got.iter().zip(wanted) {
        assert!(
            (got - wanted).abs() <= tolerance,
            "{what}: {got} for {wanted}"
        );
    }
}

#[test]
fn one_by_one_or_at_once_is_the_same() {
    let pool = Pool::new(2);
    for isa in Isa::available() {
        for (precision, tolerance) in [(Precision::Float32, 1e-3), (Precision::Int8, 0.1)] {
            let decoder = decoder(precision, isa);
            let [window, _] = windows(&decoder, &pool);
            let tokens = [4, 8, 15, 16, 23, 42];
            let wanted = at_once(&decoder, &pool, &window, &tokens);
            let mut decoding = Decoding::new(&decoder, &pool, &[&window]);
            let mut got = Vec::new();
            for token in tokens {
                got = decoding.feed(&[&[token]]).to_vec();
            }
            check_same(&got, &wanted, tolerance, &format!("{isa} {precision:?}"));
        }
    }
}

#[test]
fn reordered_rows_continue_their_parents() {
    let pool = Pool::new(3);
    let decoder = decoder(Precision::Float32, Isa::detect());
    let [first, second] = windows(&decoder, &pool);
    let mut decoding = Decoding::new(&decoder, &pool, &[&first, &second]);
    decoding.feed(&[&[1, 2], &[3, 4]]);
    // two beams for the first window, three for the second, then some go and some double
    decoding.reorder(&[0, 0, 1, 1, 1]);
    decoding.feed(&[&[10], &[11], &[12], &[13], &[14]]);
    decoding.reorder(&[1, 1, 4, 2]);
    decoding.feed(&[&[20], &[21], &[22], &[23]]);
    decoding.reorder(&[3, 0, 2]);
    assert_eq!(decoding.n_rows(), 3);
    let got = decoding.feed(&[&[30], &[31], &[32]]).to_vec();
    let rows: [(&CrossCache, [u32; 5]); 3] = [
        (&second, [3, 4, 12, 23, 30]),
        (&first, [1, 2, 11, 20, 31]),
        (&second, [3, 4, 14, 22, 32]),
    ];
    for (row, (window, tokens)) in rows.into_iter().enumerate() {
        let wanted = at_once(&decoder, &pool, window, &tokens);
        check_same(
            &got[row * VOCABULARY..],
            &wanted,
            1e-3,
            &format!("row {row}"),
        );
    }
}

#[test]
fn int8_stays_close_to_single_precision() {
    let pool = Pool::new(2);
    let tokens = [5, 6, 7];
    let of = |precision, isa| {
        let decoder = decoder(precision, isa);
        let [window, _] = windows(&decoder, &pool);
        at_once(&decoder, &pool, &window, &tokens)
    };
    let wanted = of(Precision::Float32, Isa::Portable);
    let size = wanted.iter().map(|x| x * x).sum::<f32>();
    for isa in Isa::available() {
        let off: f32 = of(Precision::Int8, isa)
            .iter()
            .zip(&wanted)
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        assert!(
            off < size * 1e-3,
            "{isa}: {} of {}",
            off.sqrt(),
            size.sqrt()
        );
    }
}
