//! Two-dimensional convolutions three by three, over images `(height, width, channels)` with a border of zeros.
//!
//! Those of stride one take a quarter of the multiplications (`winograd`), others sum a few pixels at a time in
//! registers (`product`). With AMX, where single precision is not asked for, images and filters of 32 channels are
//! bfloat16, and a tap is a tile.

mod image;
mod product;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod tiled;
mod winograd;

pub use image::Image;

use crate::Isa;
use crate::linear::Precision;
use crate::math::scale_to_bf16;
use crate::vector::Family;
use image::Number;
use product::{Finish, Panels, Seen};
use winograd::Winograd;

const KERNEL: usize = 3;
const TAPS: usize = KERNEL * KERNEL;

/// What is added to the sums of a convolution before they are rectified (He et al. 2016).
#[derive(Debug, Clone, Copy)]
pub enum Shortcut<'a> {
    /// Nothing.
    None,
    /// What the output holds, an image of the right size.
    Output,
    /// What the convolution's projection makes of an image.
    Projected(&'a Image),
}

/// Pixels of the input from one of the output to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stride {
    /// Along the height.
    pub down: usize,
    /// Along the width.
    pub across: usize,
}

impl Stride {
    /// Every pixel.
    pub const ONE: Self = Self { down: 1, across: 1 };

    /// Height and width of what comes out of an image.
    fn size(self, input: &Image) -> [usize; 2] {
        [
            input.height.div_ceil(self.down),
            input.width.div_ceil(self.across),
        ]
    }
}

/// A convolution three by three with a bias, and the rectifier after it.
#[derive(Debug)]
pub struct Conv3x3 {
    filters: Filters,
    projection: Option<Panels>,
    n_in: usize,
    n_out: usize,
    stride: Stride,
    output: Number,
    projection_stride: Stride,
}

#[derive(Debug)]
enum Filters {
    Direct(Panels),
    Winograd(Box<Winograd>),
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
    /// Pixels of the input for each of the output.
    pub stride: Stride,
    /// The weight `(n_out, channels of the image)` and the stride of a projection.
    pub projection: Option<(&'a [f32], Stride)>,
}

/// Numbers to write: pixels of a row stand `across` apart, rows `down`.
#[derive(Debug)]
struct Target<'a> {
    values: &'a mut [f32],
    down: usize,
    across: usize,
}

impl Target<'_> {
    /// Those from a pixel on.
    fn part(&mut self, row: usize, column: usize) -> Target<'_> {
        Target {
            values: &mut self.values[row * self.down + column * self.across..],
            ..*self
        }
    }
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
        let n_in = weight.len() / (n_out * TAPS);
        assert_eq!(weight.len(), n_out * n_in * TAPS, "filters");
        let family = Family::of(isa);
        let project = |(weight, _): (&[f32], Stride)| {
            let depth = weight.len() / n_out;
            assert_eq!(weight.len(), n_out * depth, "projection");
            let at = |filter, channel| weight[filter * depth + channel];
            Panels::new(family, n_out, depth, &[], at)
        };
        let is_half = precision != Precision::Float32
            && isa == Isa::Amx
            && n_out == 32
            && stride.across == 1
            && projection
                .is_none_or(|(weight, stride)| weight.len() == n_out * n_out && stride.across == 1);
        let filters = match n_in {
            #[cfg(target_arch = "x86_64")]
            32 if is_half => {
                let projected = projection.map(|(weight, _)| weight);
                Filters::Tiled(tiled::TiledFilters::new(weight, bias, projected))
            }
            _ if stride == Stride::ONE && Winograd::fits(family, n_in, n_out) => {
                Filters::Winograd(Box::new(Winograd::new(family, weight, bias)))
            }
            _ => {
                // a row of filters runs over three pixels: (3, 3, n_in)
                let at = |filter: usize, index: usize| {
                    let (tap, channel) = (index / n_in, index % n_in);
                    weight[(filter * n_in + channel) * TAPS + tap]
                };
                Filters::Direct(Panels::new(family, n_out, TAPS * n_in, bias, at))
            }
        };
        Self {
            filters,
            projection: projection.map(project),
            n_in,
            n_out,
            stride,
            output: if is_half {
                Number::Half
            } else {
                Number::Single
            },
            projection_stride: projection.map_or(Stride::ONE, |(_, stride)| stride),
        }
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
        let [height, width] = self.stride.size(input);
        let is_there = (output.height, output.width, output.number) == (height, width, self.output);
        assert!(
            is_there || !matches!(shortcut, Shortcut::Output),
            "an output to add to"
        );
        output.become_of(self.output, height, width, self.n_out);
        let (first, pitch) = (output.start(0), output.pitch());
        match (&self.filters, self.output) {
            #[cfg(target_arch = "x86_64")]
            (Filters::Tiled(filters), _) => {
                let halves = &mut output.halves_mut()[first..];
                let mut out = tiled::Output::Pixels(halves, pitch);
                filters.forward(self, input, shortcut, &mut out);
            }
            (_, Number::Single) => {
                let mut target = Target {
                    values: &mut output.singles_mut()[first..],
                    down: pitch,
                    across: self.n_out,
                };
                self.forward_singles(scratch, input, shortcut, &mut target);
            }
            (_, Number::Half) => {
                let row_len = width * self.n_out;
                let mut sums = std::mem::take(&mut scratch.sums);
                sums.resize(height * row_len, 0.0);
                assert!(
                    !matches!(shortcut, Shortcut::Output),
                    "sums are made elsewhere"
                );
                let mut target = Target {
                    values: &mut sums,
                    down: row_len,
                    across: self.n_out,
                };
                self.forward_singles(scratch, input, shortcut, &mut target);
                for (row, sums) in sums.chunks_exact(row_len).enumerate() {
                    let start = first + row * pitch;
                    scale_to_bf16(sums, 1.0, &mut output.halves_mut()[start..start + row_len]);
                }
                scratch.sums = sums;
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
        let [height, width] = self.stride.size(input);
        assert!(input.channels == self.n_in && height * self.n_out <= stride);
        assert!((width - 1) * stride + height * self.n_out <= output.len());
        match &self.filters {
            #[cfg(target_arch = "x86_64")]
            Filters::Tiled(filters) => {
                let mut out = tiled::Output::Columns(output, stride);
                filters.forward(self, input, Shortcut::None, &mut out);
            }
            _ => {
                let mut target = Target {
                    values: output,
                    down: self.n_out,
                    across: stride,
                };
                self.forward_singles(scratch, input, Shortcut::None, &mut target);
            }
        }
    }

    fn forward_singles(
        &self,
        scratch: &mut Scratch,
        input: &Image,
        shortcut: Shortcut<'_>,
        target: &mut Target<'_>,
    ) {
        let size = self.stride.size(input);
        if let Shortcut::Projected(image) = shortcut {
            assert_eq!(self.projection_stride.size(image), size, "a shortcut");
            self.project(image, size, target);
        }
        let is_added = !matches!(shortcut, Shortcut::None);
        match &self.filters {
            Filters::Winograd(filters) => {
                filters.forward(&mut scratch.winograd, input, is_added, target);
            }
            Filters::Direct(panels) => self.direct(panels, input, is_added, size, target),
            #[cfg(target_arch = "x86_64")]
            Filters::Tiled(_) => unreachable!("tiles have bfloat16 in and out"),
        }
    }

    /// What the projection makes of an image.
    fn project(&self, image: &Image, [height, width]: [usize; 2], target: &mut Target<'_>) {
        let panels = self.projection.as_ref().expect("a projection");
        let Stride { down, across } = self.projection_stride;
        for row in 0..height {
            let seen = Seen {
                values: &image.singles()[image.start(row * down)..],
                step: across * image.channels,
                runs: 1,
                pitch: 0,
            };
            let out = target.part(row, 0);
            panels.multiply(seen, width, out.values, out.across, Finish::Store);
        }
    }

    fn direct(
        &self,
        panels: &Panels,
        input: &Image,
        is_added: bool,
        [height, width]: [usize; 2],
        target: &mut Target<'_>,
    ) {
        for row in 0..height {
            let out = target.part(row, 0);
            let finish = if is_added {
                Finish::AddAndRectify
            } else {
                Finish::Rectify
            };
            let seen = Seen {
                values: &input.singles()[row * self.stride.down * input.pitch()..],
                step: self.stride.across * self.n_in,
                runs: KERNEL,
                pitch: input.pitch(),
            };
            panels.multiply(seen, width, out.values, out.across, finish);
        }
    }
}

/// What a thread keeps between convolutions.
#[derive(Debug, Default)]
pub struct Scratch {
    winograd: winograd::Scratch,
    sums: Vec<f32>,
}
