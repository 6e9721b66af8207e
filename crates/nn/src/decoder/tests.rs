//! Rows of a small stack with made-up weights: however a sequence was fed, its logits are the same.

use super::{CrossCache, Decoder, DecoderLayer, Decoding, Reading, Sequence, read};
use crate::linear::{Linear, Precision};
use crate::norm::LayerNorm;
use crate::{Isa, Pool};

const WIDTH: usize = 128;
const VOCABULARY: usize = 100;

/// Numbers in `[-2·scale, 2·scale)`, most of them small as weights are, that look random and are the same everywhere.
struct Noise(u32);

impl Noise {
    fn take(&mut self, n: usize, scale: f32) -> Vec<f32> {
        let mut next = || {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..n)
            .map(|_| (next() + next() + next() + next()) * 0.5 * scale)
            .collect()
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

/// Ids below this share the probability.
const N_IDS: usize = 90;
const HEADS: [(usize, usize); 3] = [(1, 0), (0, 1), (1, 1)];

#[test]
fn a_sequence_read_at_once_is_as_likely_as_token_by_token() {
    let pool = Pool::new(2);
    for isa in Isa::available() {
        for (precision, tolerance) in [(Precision::Float32, 1e-4), (Precision::Int8, 0.02)] {
            let decoder = decoder(precision, isa);
            let [window, _] = windows(&decoder, &pool);
            let tokens = [4, 8, 15, 95, 23, 42];
            let sequence = Sequence {
                window: &window,
                tokens: &tokens,
                n_frames: 70,
            };
            let reading = read(&decoder, &pool, &[sequence], &HEADS, N_IDS).remove(0);
            let mut decoding = Decoding::new(&decoder, &pool, &[&window]);
            let mut wanted = Vec::new();
            for (token, next) in tokens.iter().zip(&tokens[1..]) {
                let logits = &decoding.feed(&[&[*token]])[..N_IDS];
                let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
                wanted.push(
                    logits
                        .get(*next as usize)
                        .map_or(0.0, |logit| logit.exp() / sum),
                );
            }
            assert!(wanted[2] < f32::EPSILON, "95 is beyond the bound");
            check_same(
                &reading.probabilities,
                &wanted,
                tolerance,
                &format!("{isa} {precision:?}"),
            );
        }
    }
}

#[test]
fn sequences_of_one_batch_do_not_see_each_other() {
    let pool = Pool::new(3);
    for precision in [Precision::Float32, Precision::Int8] {
        let decoder = decoder(precision, Isa::detect());
        let [first, second] = windows(&decoder, &pool);
        let long: Vec<u32> = (0..32).map(|i| i * 3 % 89).collect();
        let batch = [
            (&first, &long[..], 70),
            (&second, &[7][..], 33),
            (&first, &[1, 2, 3][..], 0),
            (&second, &long[5..22], 50),
        ]
        .map(|(window, tokens, n_frames)| Sequence {
            window,
            tokens,
            n_frames,
        });
        let together = read(&decoder, &pool, &batch, &HEADS, N_IDS);
        for (reading, sequence) in together.iter().zip(batch) {
            let alone = read(&decoder, &pool, &[sequence], &HEADS, N_IDS).remove(0);
            let Reading {
                attention,
                probabilities,
            } = alone;
            assert_eq!(
                reading.attention.len(),
                3 * sequence.tokens.len() * sequence.n_frames
            );
            check_same(&reading.attention, &attention, 1e-5, "attention");
            check_same(
                &reading.probabilities,
                &probabilities,
                1e-5,
                "probabilities",
            );
            for row in attention.chunks(sequence.n_frames.max(1)) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            }
        }
    }
    assert_eq!(
        read(
            &decoder(Precision::Int8, Isa::detect()),
            &pool,
            &[],
            &HEADS,
            N_IDS
        ),
        []
    );
}

#[test]
fn attention_is_the_softmax_of_scaled_products() {
    let pool = Pool::new(1);
    let decoder = decoder(Precision::Float32, Isa::detect());
    let encoded = Noise(3).take(70 * WIDTH, 1.0);
    let window = CrossCache::new(&decoder, &pool, &encoded);
    let sequence = Sequence {
        window: &window,
        tokens: &[5],
        n_frames: 41,
    };
    let reading = read(&decoder, &pool, &[sequence], &[(0, 1)], N_IDS).remove(0);
    // One token attends to itself alone, so that its query follows from plain products.
    let layer = &decoder.layers[0];
    let product = |layer: &Linear, input: &[f32]| {
        let mut output = vec![0.0; input.len() / layer.n_in() * layer.n_out()];
        layer.forward(input, &mut output, crate::linear::Then::Store);
        output
    };
    let mut x = vec![0.0; WIDTH];
    decoder.embedding.copy_weights_of(5, &mut x);
    x.iter_mut()
        .zip(&decoder.positions)
        .for_each(|(x, position)| *x += position);
    let mut normal = vec![0.0; WIDTH];
    layer.self_norm.forward(&x, &mut normal);
    let found = product(
        &layer.self_out,
        &product(&layer.self_qkv, &normal)[2 * WIDTH..],
    );
    x.iter_mut().zip(found).for_each(|(x, found)| *x += found);
    layer.cross_norm.forward(&x, &mut normal);
    let query = product(&layer.cross_query, &normal);
    let keys = product(&layer.cross_kv, &encoded);
    let scores: Vec<f32> = (keys.chunks(2 * WIDTH).take(41))
        .map(|keys| {
            keys[64..128]
                .iter()
                .zip(&query[64..])
                .map(|(k, q)| k * q)
                .sum::<f32>()
                / 8.0
        })
        .collect();
    let sum: f32 = scores.iter().map(|score| score.exp()).sum();
    let wanted: Vec<f32> = scores.iter().map(|score| score.exp() / sum).collect();
    assert_eq!(reading.attention.len(), 41);
    check_same(&reading.attention, &wanted, 1e-5, "attention");
}
