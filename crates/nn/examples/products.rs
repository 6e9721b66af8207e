//! How fast the kernels are, alone: `products [THREADS]`. Prints 10⁹ operations a second for each family that runs here.

use std::io::Write;
use std::time::Instant;

use nn::encoder::{Encoder, EncoderLayer, NormOrder};
use nn::linear::{Linear, Rows, Then};
use nn::norm::LayerNorm;
use nn::{Isa, Pool, Precision};

/// Numbers that look random.
fn noise(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..n).map(|_| next() * 0.05).collect()
}

/// Seconds of the fastest of some rounds.
fn fastest(mut work: impl FnMut()) -> f64 {
    let rounds = (0..7).map(|_| {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64()
    });
    rounds.fold(f64::INFINITY, f64::min)
}

/// One product on one thread.
fn product(isa: Isa, precision: Precision, n_rows: usize, n_in: usize, n_out: usize) -> f64 {
    let layer = Linear::new(precision, isa, &noise(n_in * n_out, 1), &[], n_in);
    let mut rows = Rows::default();
    rows.set(precision, &noise(n_rows * n_in, 2), n_in);
    let mut output = vec![0.0; n_rows * n_out];
    let repeats = (200_000_000 / (n_rows * n_in * n_out)).max(1);
    let seconds =
        fastest(|| (0..repeats).for_each(|_| layer.forward_rows(&rows, &mut output, Then::Store)));
    2.0 * (repeats * n_rows * n_in * n_out) as f64 / seconds / 1e9
}

/// A block of the encoder of `base` over 1500 frames, in seconds.
fn block(isa: Isa, precision: Precision, pool: &Pool) -> f64 {
    let width = 512;
    let linear =
        |n_in: usize, n_out: usize| Linear::new(precision, isa, &noise(n_in * n_out, 3), &[], n_in);
    let norm = || LayerNorm::new(vec![1.0; width], vec![0.0; width]);
    let encoder = Encoder {
        layers: vec![EncoderLayer {
            attention_norm: norm(),
            qkv: linear(width, 3 * width),
            attention_out: linear(width, width),
            ffn_norm: norm(),
            ffn_in: linear(width, 4 * width),
            ffn_out: linear(4 * width, width),
            adapter: None,
        }],
        norm: norm(),
        order: NormOrder::Before,
        n_heads: 8,
        isa,
    };
    let x = noise(1500 * width, 4);
    fastest(|| {
        let mut x = x.clone();
        encoder.forward(pool, &mut x);
    })
}

fn main() -> std::io::Result<()> {
    let threads = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let pool = Pool::new(threads);
    let mut out = std::io::stdout();
    for isa in Isa::available() {
        for precision in [Precision::Float32, Precision::Int8] {
            writeln!(out, "{isa} {precision:?}")?;
            for (n_rows, n_in, n_out) in [
                (1, 512, 2048),
                (5, 512, 2048),
                (40, 512, 2048),
                (64, 512, 2048),
                (64, 2048, 512),
            ] {
                let speed = product(isa, precision, n_rows, n_in, n_out);
                writeln!(out, "  {n_rows} x {n_in} x {n_out}: {speed:.0}")?;
            }
            let seconds = block(isa, precision, &pool);
            writeln!(out, "  block of 1500 frames: {:.1} ms", seconds * 1e3)?;
        }
    }
    Ok(())
}
