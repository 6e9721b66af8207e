//! Two-dimensional convolutions three by three, over images `(height, width, channels)` with a border of zeros.
//!
//! With AVX-512 a few pixels at a time are summed in registers; with AMX, where single precision is not asked for, images
//! and filters are bfloat16, and a tap is a tile. Otherwise each row of the filters is a product.

mod image;
mod single;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod tiled;

pub use image::Image;

use crate::Isa;
use crate::linear::{Precision, Rows};
use crate::math::scale_to_bf16;
use image::Number;
use single::SingleFilters;

const KERNEL: usize = 3;

/// What is added to the sums of a convolution before they are rectified (He et al. 2016).
#[derive(Debug, Clone, Copy)]
pub enum Shortcut<'a> {
    /// Nothing.
    None,
    /// An image of the output's size.
    Same(&'a Image),
    /// What the convolution's projection makes of an image.
    Projected(&'a Image),
}

/// A convolution three by three with a bias, and the rectifier after it. Strides go along the height.
#[derive(Debug)]
pub struct Conv3x3 {
    filters: Filters,
    n_in: usize,
    n_out: usize,
    stride: usize,
    output: Number,
    projection_stride: usize,
}

#[derive(Debug)]
enum Filters {
    Single(Box<SingleFilters>),
    #[cfg(target_arch = "x86_64")]
    Tiled(tiled::TiledFilters),
}

/// The arrays of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct Conv3x3Weights<'a> {
    /// `(n_out, n_in, 3, 3)`
    pub weight: &'a [f32],
    /// `(n_out)`
    pub bias: &'a [f32],
    /// Rows of the input for each of the output.
    pub stride: usize,
    /// The weight `(n_out, n_in)` and the stride of a projection.
    pub projection: Option<(&'a [f32], usize)>,
}

impl Conv3x3 {
    /// Packs the weights. Where `precision` is not single, bfloat16 serves if the processor has tiles for it.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    pub fn new(precision: Precision, isa: Isa, weights: Conv3x3Weights<'_>) -> Self {
        let Conv3x3Weights {
            weight,
            bias,
            stride,
            projection,
        } = weights;
        let n_out = bias.len();
        let n_in = weight.len() / (n_out * KERNEL * KERNEL);
        assert_eq!(weight.len(), n_out * n_in * KERNEL * KERNEL, "filters");
        let projected = projection.map(|(weight, _)| weight);
        assert!(
            projected.is_none_or(|weight| weight.len() == n_out * n_in),
            "projection"
        );
        let is_half = precision != Precision::Float32 && isa == Isa::Amx && n_out == 32;
        let filters = match n_in {
            #[cfg(target_arch = "x86_64")]
            32 if is_half => Filters::Tiled(tiled::TiledFilters::new(weight, bias, projected)),
            _ => {
                let filters = SingleFilters::new(isa, weight, bias, projected);
                Filters::Single(Box::new(filters))
            }
        };
        Self {
            filters,
            n_in,
            n_out,
            stride,
            output: if is_half {
                Number::Half
            } else {
                Number::Single
            },
            projection_stride: projection.map_or(1, |(_, stride)| stride),
        }
    }

    /// Rows of the output for so many rows of the input.
    pub fn n_rows(&self, n_input_rows: usize) -> usize {
        n_input_rows.div_ceil(self.stride)
    }

    /// Convolves `input` into `output`, which becomes an image of the right size, on the calling thread.
    ///
    /// # Panics
    /// When the shapes or the precision of the images do not fit.
    pub fn forward(
        &self,
        scratch: &mut Scratch,
        input: &Image,
        shortcut: Shortcut<'_>,
        output: &mut Image,
    ) {
        assert_eq!(input.channels, self.n_in, "channels");
        let n_rows = self.n_rows(input.height);
        output.become_of(self.output, n_rows, input.width, self.n_out);
        let (first, pitch) = (output.start(0), output.pitch());
        match &self.filters {
            #[cfg(target_arch = "x86_64")]
            Filters::Tiled(filters) => {
                let halves = &mut output.halves_mut()[first..];
                let mut out = tiled::Output::Pixels(halves, pitch);
                filters.forward(self, input, shortcut, &mut out);
            }
            Filters::Single(filters) => {
                for row in 0..n_rows {
                    let at = first + row * pitch..first + row * pitch + input.width * self.n_out;
                    match self.output {
                        Number::Single => {
                            let out = &mut output.singles_mut()[at];
                            filters.row(self, &mut scratch.rows, input, shortcut, row, out);
                        }
                        Number::Half => {
                            let sums = &mut scratch.sums;
                            sums.resize(at.len(), 0.0);
                            filters.row(self, &mut scratch.rows, input, shortcut, row, sums);
                            scale_to_bf16(sums, 1.0, &mut output.halves_mut()[at]);
                        }
                    }
                }
            }
        }
    }

    /// Convolves `input` into rows `stride` apart: pixel `(height, width)` of the result, its channels side by side, goes
    /// to `output[width·stride + height·n_out..]`.
    ///
    /// # Panics
    /// As [`Self::forward`].
    pub fn forward_columns(
        &self,
        scratch: &mut Scratch,
        input: &Image,
        output: &mut [f32],
        stride: usize,
    ) {
        let n_rows = self.n_rows(input.height);
        assert!(input.channels == self.n_in && n_rows * self.n_out <= stride);
        assert!((input.width - 1) * stride + n_rows * self.n_out <= output.len());
        match &self.filters {
            #[cfg(target_arch = "x86_64")]
            Filters::Tiled(filters) => {
                let mut out = tiled::Output::Columns(output, stride);
                filters.forward(self, input, Shortcut::None, &mut out);
            }
            Filters::Single(filters) => {
                let sums = &mut scratch.sums;
                sums.resize(input.width * self.n_out, 0.0);
                for row in 0..n_rows {
                    filters.row(self, &mut scratch.rows, input, Shortcut::None, row, sums);
                    let pixels = sums.chunks_exact(self.n_out);
                    for (pixel, out) in pixels.zip(output.chunks_mut(stride)) {
                        out[row * self.n_out..][..self.n_out].copy_from_slice(pixel);
                    }
                }
            }
        }
    }
}

/// What a thread keeps between convolutions.
#[derive(Debug, Default)]
pub struct Scratch {
    rows: Rows,
    sums: Vec<f32>,
}
