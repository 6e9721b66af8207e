//! Two-dimensional convolutions three by three, over images `(height, width, channels)` with a border of zeros.

use crate::linear::{Linear, Precision, Rows, Then};
use crate::{Isa, math::multiversion};

/// Pixels on each side of an image.
const BORDER: usize = 1;
const KERNEL: usize = 3;

/// Pixels in rows, each with its channels side by side, and one pixel of zeros around all of them.
#[derive(Debug, Default, Clone)]
pub struct Image {
    height: usize,
    width: usize,
    channels: usize,
    data: Vec<f32>,
}

impl Image {
    /// Becomes an image of this size; what is in it is left over from before, the border is zero.
    pub fn resize(&mut self, height: usize, width: usize, channels: usize) {
        if (self.height, self.width, self.channels) == (height, width, channels) {
            return;
        }
        (self.height, self.width, self.channels) = (height, width, channels);
        self.data.clear();
        self.data.resize((height + 2 * BORDER) * self.pitch(), 0.0);
    }

    /// Rows of pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Pixels of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The pixels `(width, channels)` of a row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.data[self.start(row)..][..self.width * self.channels]
    }

    /// The pixels `(width, channels)` of a row, to write.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let start = self.start(row);
        &mut self.data[start..][..self.width * self.channels]
    }

    fn start(&self, row: usize) -> usize {
        (row + BORDER) * self.pitch() + BORDER * self.channels
    }

    /// Numbers from one row to the next.
    fn pitch(&self) -> usize {
        (self.width + 2 * BORDER) * self.channels
    }
}

/// What is added to the sums of a convolution before they are rectified (He et al. 2016).
#[derive(Debug, Clone, Copy)]
pub enum Shortcut<'a> {
    /// Nothing.
    None,
    /// An image of the output's size.
    Same(&'a Image),
    /// What a layer makes of the pixels of an image of which the strides of a convolution `stride` take every one.
    Projected(&'a Linear, &'a Image, usize),
}

/// A convolution three by three with a bias, and the rectifier after it. Strides go along the height.
#[derive(Debug)]
pub struct Conv3x3 {
    /// One product for each row of the filters.
    products: [Linear; KERNEL],
    n_in: usize,
    stride: usize,
}

impl Conv3x3 {
    /// Packs `weight (n_out, n_in, 3, 3)` and `bias (n_out)`.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    pub fn new(weight: &[f32], bias: &[f32], stride: usize) -> Self {
        let n_out = bias.len();
        let n_in = weight.len() / (n_out * KERNEL * KERNEL);
        assert_eq!(weight.len(), n_out * n_in * KERNEL * KERNEL, "filters");
        let isa = Isa::detect();
        let products = std::array::from_fn(|down| {
            let mut rows = Vec::with_capacity(n_out * n_in * KERNEL);
            for filter in weight.chunks_exact(n_in * KERNEL * KERNEL) {
                for across in 0..KERNEL {
                    let taps = filter.chunks_exact(KERNEL * KERNEL);
                    rows.extend(taps.map(|taps| taps[down * KERNEL + across]));
                }
            }
            let bias = if down == 0 { bias } else { &[] };
            Linear::new(Precision::Float32, isa, &rows, bias, n_in * KERNEL)
        });
        Self {
            products,
            n_in,
            stride,
        }
    }

    /// Channels of the output.
    pub fn n_out(&self) -> usize {
        self.products[0].n_out()
    }

    /// Rows of the output for so many rows of the input.
    pub fn n_rows(&self, n_input_rows: usize) -> usize {
        n_input_rows.div_ceil(self.stride)
    }

    /// Convolves `input` into `output`, which becomes an image of the right size.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn forward(
        &self,
        rows: &mut Rows,
        input: &Image,
        shortcut: Shortcut<'_>,
        output: &mut Image,
    ) {
        output.resize(self.n_rows(input.height), input.width, self.n_out());
        for index in 0..output.height {
            let out = output.row_mut(index);
            match shortcut {
                Shortcut::None => out.fill(0.0),
                Shortcut::Same(image) => out.copy_from_slice(image.row(index)),
                Shortcut::Projected(layer, image, stride) => {
                    rows.set(layer.precision(), image.row(index * stride), layer.n_in());
                    layer.forward_rows(rows, out, Then::Store);
                }
            }
            self.add_row(rows, input, index, out);
            rectify(out);
        }
    }

    /// Convolves `input` into rows `stride` apart: pixel `(height, width)` of the result, its channels side by side, goes
    /// to `output[width·stride + height·n_out..]`.
    pub fn forward_columns(
        &self,
        rows: &mut Rows,
        input: &Image,
        output: &mut [f32],
        stride: usize,
    ) {
        let n_out = self.n_out();
        let mut row = vec![0.0; input.width * n_out];
        for index in 0..self.n_rows(input.height) {
            row.fill(0.0);
            self.add_row(rows, input, index, &mut row);
            rectify(&mut row);
            for (pixel, out) in row.chunks_exact(n_out).zip(output.chunks_mut(stride)) {
                out[index * n_out..][..n_out].copy_from_slice(pixel);
            }
        }
    }

    fn add_row(&self, rows: &mut Rows, input: &Image, index: usize, out: &mut [f32]) {
        assert_eq!(input.channels, self.n_in, "channels");
        for (down, product) in self.products.iter().enumerate() {
            let start = (index * self.stride + down) * input.pitch();
            rows.set_strided(
                Precision::Float32,
                &input.data[start..],
                KERNEL * self.n_in,
                self.n_in,
                input.width,
            );
            product.forward_rows(rows, out, Then::Add);
        }
    }
}

multiversion! {
    fn rectify(values: &mut [f32]) {
        for value in values {
            *value = value.max(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * 7919 + 13) % 1013) as f32 / 506.0 - 1.0)
            .collect()
    }

    fn image(height: usize, width: usize, channels: usize) -> Image {
        let mut image = Image::default();
        image.resize(height, width, channels);
        let values = noise(height * width * channels);
        for (row, values) in values.chunks_exact(width * channels).enumerate() {
            image.row_mut(row).copy_from_slice(values);
        }
        image
    }

    /// A number of an image whose border counts too, so that everything is one further.
    fn bordered(image: &Image, row: usize, column: usize, channel: usize) -> f32 {
        let (Some(row), Some(column)) = (row.checked_sub(1), column.checked_sub(1)) else {
            return 0.0;
        };
        if row >= image.height || column >= image.width {
            return 0.0;
        }
        image.row(row)[column * image.channels + channel]
    }

    #[test]
    fn every_pixel_sees_its_neighbours() {
        for (n_in, n_out, height, width, stride) in [
            (1, 32, 6, 5, 1),
            (32, 32, 7, 148, 2),
            (32, 32, 10, 33, 1),
            (32, 32, 4, 16, 2),
            (3, 5, 4, 1, 2),
        ] {
            let (weight, bias) = (noise(n_out * n_in * 9), noise(n_out));
            let input = image(height, width, n_in);
            let conv = Conv3x3::new(&weight, &bias, stride);
            let added = image(conv.n_rows(height), width, n_out);
            let projection = noise(n_out * n_in);
            let projection = Linear::new(Precision::Float32, Isa::detect(), &projection, &[], n_in);
            let mut output = Image::default();
            let mut columns = vec![0.0; width * conv.n_rows(height) * n_out];
            conv.forward_columns(
                &mut Rows::default(),
                &input,
                &mut columns,
                conv.n_rows(height) * n_out,
            );
            for shortcut in [
                Shortcut::None,
                Shortcut::Same(&added),
                Shortcut::Projected(&projection, &input, stride),
            ] {
                conv.forward(&mut Rows::default(), &input, shortcut, &mut output);
                assert_eq!(output.height(), height.div_ceil(stride));
                for row in 0..output.height() {
                    for column in 0..width {
                        for filter in 0..n_out {
                            let mut sum = bias[filter];
                            for tap in 0..9 {
                                for channel in 0..n_in {
                                    let (down, across) = (tap / 3, tap % 3);
                                    let (down, across) = (row * stride + down, column + across);
                                    let x = bordered(&input, down, across, channel);
                                    sum += x * weight[(filter * n_in + channel) * 9 + tap];
                                }
                            }
                            let plain = sum.max(0.0);
                            let got =
                                columns[column * output.height() * n_out + row * n_out + filter];
                            assert!((got - plain).abs() < 1e-3, "{got} is not {plain}");
                            sum += match shortcut {
                                Shortcut::None => 0.0,
                                Shortcut::Same(image) => image.row(row)[column * n_out + filter],
                                Shortcut::Projected(layer, image, stride) => {
                                    let pixels = &image.row(row * stride)[column * n_in..][..n_in];
                                    let mut out = vec![0.0; n_out];
                                    layer.forward(pixels, &mut out, Then::Store);
                                    out[filter]
                                }
                            };
                            let wanted = sum.max(0.0);
                            let got = output.row(row)[column * n_out + filter];
                            assert!(
                                (got - wanted).abs() < 1e-3,
                                "{n_in} to {n_out}, {height} by {width} at {row}, {column}, {filter}: {got} is not {wanted}"
                            );
                        }
                    }
                }
            }
        }
    }
}
