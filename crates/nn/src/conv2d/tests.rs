//! Convolutions against plain arithmetic.

use super::*;

fn noise(n: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + seed * 104_729) % 1013) as f32 / 506.0 - 1.0;
    (0..n).map(value).collect()
}

fn image(number: Number, height: usize, width: usize, channels: usize) -> Image {
    let mut image = Image::default();
    image.become_of(number, height, width, channels);
    let values = noise(height * width * channels, 3);
    for (row, values) in values.chunks_exact(width * channels).enumerate() {
        let start = image.start(row);
        match number {
            Number::Single => image.row_mut(row).copy_from_slice(values),
            Number::Half => {
                let out = &mut image.halves_mut()[start..start + values.len()];
                scale_to_bf16(values, 1.0, out);
            }
        }
    }
    image
}

/// A number of an image whose border counts too, so that everything is one further.
fn bordered(image: &Image, row: usize, column: usize, channel: usize) -> f32 {
    let at = row * image.pitch() + column * image.channels + channel;
    match image.number {
        Number::Single => image.singles()[at],
        Number::Half => f32::from_bits(u32::from(image.halves()[at]) << 16),
    }
}

struct Case {
    n_in: usize,
    n_out: usize,
    height: usize,
    width: usize,
    stride: [usize; 2],
}

fn check(precision: Precision, isa: Isa, case: &Case) {
    let Case {
        n_in,
        n_out,
        height,
        width,
        stride,
    } = *case;
    let [down, across] = stride;
    let stride = Stride { down, across };
    let (weight, bias) = (noise(n_out * n_in * 9, 1), noise(n_out, 2));
    let projection = noise(n_out * n_in, 4);
    let conv = Conv3x3::new(
        precision,
        isa,
        Conv3x3Weights {
            weight: &weight,
            bias: &bias,
            stride,
            projection: Some((&projection, stride)),
        },
    );
    let number = if n_in == 1 {
        Number::Single
    } else {
        conv.output
    };
    let input = image(number, height, width, n_in);
    let [n_rows, n_columns] = [height.div_ceil(down), width.div_ceil(across)];
    let added = image(conv.output, n_rows, n_columns, n_out);
    let (mut scratch, mut output) = (Scratch::default(), Image::default());
    let mut columns = vec![0.0; n_columns * n_rows * n_out];
    conv.forward_columns(&mut scratch, &input, &mut columns, n_rows * n_out);
    let close = |got: f32, wanted: f32| {
        let tolerance = match conv.output {
            // the largest sums are about 50, and tiles take them through numbers ten times as large
            Number::Single => 5e-4,
            Number::Half => 0.1 + wanted / 128.0,
        };
        assert!(
            (got - wanted).abs() < tolerance,
            "{isa} {precision:?}, {n_in} to {n_out}, {height} by {width}: {got} is not {wanted}"
        );
    };
    for shortcut in [
        Shortcut::None,
        Shortcut::Output,
        Shortcut::Projected(&input),
    ] {
        if n_in == 1 && !matches!(shortcut, Shortcut::None) {
            continue;
        }
        if matches!(shortcut, Shortcut::Output) {
            output.clone_from(&added);
        }
        conv.forward(&mut scratch, &input, shortcut, &mut output);
        assert_eq!((output.height(), output.width()), (n_rows, n_columns));
        for (row, column, filter) in (0..n_rows * n_columns * n_out)
            .map(|i| (i / n_out / n_columns, i / n_out % n_columns, i % n_out))
        {
            let mut sum = bias[filter];
            for (tap, channel) in (0..9 * n_in).map(|i| (i / n_in, i % n_in)) {
                let (down, across) = (row * down + tap / 3, column * across + tap % 3);
                let weight = weight[(filter * n_in + channel) * 9 + tap];
                sum += bordered(&input, down, across, channel) * weight;
            }
            if matches!(shortcut, Shortcut::None) {
                let at = (column * n_rows + row) * n_out + filter;
                close(columns[at], sum.max(0.0));
            }
            sum += match shortcut {
                Shortcut::None => 0.0,
                Shortcut::Output => bordered(&added, row + 1, column + 1, filter),
                Shortcut::Projected(image) => (0..n_in)
                    .map(|channel| {
                        let x = bordered(image, row * down + 1, column * across + 1, channel);
                        x * projection[filter * n_in + channel]
                    })
                    .sum(),
            };
            let got = bordered(&output, row + 1, column + 1, filter);
            close(got, sum.max(0.0));
        }
        for column in 0..n_columns + 2 {
            assert_eq!(bordered(&output, 0, column, 0).to_bits(), 0);
            assert_eq!(bordered(&output, n_rows + 1, column, 0).to_bits(), 0);
        }
    }
}

#[test]
fn every_pixel_sees_its_neighbours() {
    for (n_in, n_out, height, width, stride) in [
        (1, 32, 6, 5, [1, 1]),
        (32, 32, 7, 148, [2, 1]),
        (32, 32, 4, 33, [1, 1]),
        (32, 32, 4, 16, [2, 1]),
        (32, 32, 1, 1, [1, 1]),
        (3, 5, 4, 1, [2, 1]),
        (3, 19, 5, 6, [1, 1]),
        (32, 64, 9, 37, [2, 2]),
        (64, 32, 3, 18, [1, 2]),
        (16, 48, 10, 9, [1, 1]),
        (48, 16, 13, 413, [1, 1]),
    ] {
        let case = Case {
            n_in,
            n_out,
            height,
            width,
            stride,
        };
        for isa in Isa::available() {
            for precision in [Precision::Float32, Precision::Int8] {
                check(precision, isa, &case);
            }
        }
    }
}
