//! How fast convolutions over images are, alone, on one thread: `convolutions`. Prints for each family that runs here
//! and each shape what one takes, and 10⁹ operations a second as the definition counts them.

use std::io::Write;
use std::time::Instant;

use nn::conv2d::{Conv3x3, Conv3x3Weights, Image, Scratch, Shortcut, Stride};
use nn::{Isa, Precision};

/// Channels in and out, height, width, stride down and across: those of both speaker networks.
const SHAPES: [[usize; 6]; 9] = [
    [1, 32, 80, 998, 1, 1],
    [32, 32, 80, 998, 1, 1],
    [32, 64, 80, 998, 2, 2],
    [64, 64, 40, 499, 1, 1],
    [128, 128, 20, 250, 1, 1],
    [256, 256, 10, 125, 1, 1],
    [32, 32, 40, 148, 1, 1],
    [32, 32, 20, 148, 1, 1],
    [32, 32, 80, 148, 2, 1],
];

/// Numbers that look random.
fn noise(n: usize, size: f32) -> Vec<f32> {
    let value = |i: usize| ((i * 7919) % 1013) as f32 / 506.0 - 1.0;
    (0..n).map(|i| value(i) * size).collect()
}

/// Seconds of the fastest of some rounds.
fn fastest(mut work: impl FnMut()) -> f64 {
    let rounds = (0..9).map(|_| {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64()
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    for isa in Isa::available()
        .into_iter()
        .filter(|isa| *isa > Isa::Portable)
    {
        for [n_in, n_out, height, width, down, across] in SHAPES {
            let conv = Conv3x3::new(
                Precision::Float32,
                isa,
                Conv3x3Weights {
                    weight: &noise(n_out * n_in * 9, 0.05),
                    bias: &noise(n_out, 0.1),
                    stride: Stride { down, across },
                    projection: None,
                },
            );
            let (mut input, mut output) = (Image::default(), Image::default());
            input.resize(height, width, n_in);
            for row in 0..height {
                let values = noise(width * n_in, 1.0);
                input.row_mut(row).copy_from_slice(&values);
            }
            let mut scratch = Scratch::default();
            let seconds =
                fastest(|| conv.forward(&mut scratch, &input, Shortcut::None, &mut output));
            let n_outputs = output.height() * output.width() * n_out;
            let operations = 2.0 * (n_outputs * n_in * 9) as f64 / 1e9;
            writeln!(
                out,
                "{isa} {n_in} to {n_out}, {height} by {width}, stride {down} {across}: {:.2} ms, {:.0}",
                seconds * 1e3,
                operations / seconds
            )?;
        }
    }
    Ok(())
}
