//! Filters in bfloat16: 32 channels of a pixel are a row of a tile, a tap is a tile, and the tiles of all taps add up.
#![expect(
    unsafe_code,
    reason = "kernels work on raw tiles; the shapes are checked here"
)]

use super::image::Image;
use super::{Conv3x3, KERNEL, Shortcut, TAPS};
use crate::math::{Aligned, to_bf16};
use crate::x86::amx::{self, Tiles};
use crate::x86::avx512;

/// Channels of a pixel, in and out.
const CHANNELS: usize = 32;
/// Bytes of a pixel.
const PIXEL: usize = 2 * CHANNELS;
/// Pixels that are summed at once.
const BLOCK: usize = 32;

/// Filters from 32 to 32 channels.
#[derive(Debug)]
pub(super) struct TiledFilters {
    /// For each tap two tiles, 16 filters each, packed by pairs of channels; the projection is one more tap.
    tiles: Aligned,
    bias: [f32; CHANNELS],
}

/// Where results go.
#[derive(Debug)]
pub(super) enum Output<'a> {
    /// To the pixels of an image, rows so many numbers apart.
    Pixels(&'a mut [u16], usize),
    /// As numbers of single precision to rows so far apart, of which each holds a column of the image.
    Columns(&'a mut [f32], usize),
}

impl TiledFilters {
    pub(super) fn new(weight: &[f32], bias: &[f32], projection: Option<&[f32]>) -> Self {
        let n_taps = TAPS + usize::from(projection.is_some());
        let mut tiles = Aligned::zeroed(n_taps * CHANNELS * PIXEL);
        let halves = tiles.view_mut::<u16>();
        let mut put = |tap: usize, filter: usize, channel: usize, weight: f32| {
            let tile = tap * 2 + filter / 16;
            let at = tile * 512 + channel / 2 * 32 + filter % 16 * 2 + channel % 2;
            halves[at] = to_bf16(weight);
        };
        for (index, weight) in weight.iter().enumerate() {
            let (filter, channel) = (index / TAPS / CHANNELS, index / TAPS % CHANNELS);
            put(index % TAPS, filter, channel, *weight);
        }
        for (index, weight) in projection.unwrap_or_default().iter().enumerate() {
            put(TAPS, index / CHANNELS, index % CHANNELS, *weight);
        }
        let mut biases = [0.0; CHANNELS];
        biases.copy_from_slice(bias);
        Self {
            tiles,
            bias: biases,
        }
    }

    pub(super) fn forward(
        &self,
        conv: &Conv3x3,
        input: &Image,
        shortcut: Shortcut<'_>,
        output: &mut Output<'_>,
    ) {
        let [n_rows, width] = conv.stride.size(input);
        let seen = input.halves();
        let projected = match shortcut {
            Shortcut::Projected(image) => {
                let last = (n_rows - 1) * conv.projection_stride.down;
                assert!(last < image.height && image.width == width && image.channels == CHANNELS);
                assert_eq!(
                    self.tiles.n_bytes(),
                    (TAPS + 1) * CHANNELS * PIXEL,
                    "a projection"
                );
                Some((image.halves(), image))
            }
            _ => None,
        };
        let n_taps = TAPS + usize::from(projected.is_some());
        let mut before = [0; BLOCK * CHANNELS];
        let mut sums = Sums([0.0; BLOCK * CHANNELS]);
        // SAFETY: `TiledFilters` are only made where the processor has AMX.
        let tiles = unsafe { Tiles::configure() };
        for row in 0..n_rows {
            for first in (0..width).step_by(BLOCK) {
                let n = (width - first).min(BLOCK);
                let mut taps = [std::ptr::null(); TAPS + 1];
                for (tap, address) in taps.iter_mut().enumerate().take(TAPS) {
                    let (down, across) = (tap / KERNEL, tap % KERNEL);
                    let at = (row * conv.stride.down + down) * input.pitch()
                        + (first + across) * CHANNELS;
                    // a block beyond the end of a row reads pixels of the next, or what an image has behind its last
                    *address = seen[at..at + BLOCK * CHANNELS].as_ptr().cast();
                }
                if let Some((halves, image)) = projected {
                    let at = image.start(row * conv.projection_stride.down) + first * CHANNELS;
                    taps[TAPS] = halves[at..at + BLOCK * CHANNELS].as_ptr().cast();
                }
                let added = match (shortcut, &*output) {
                    (Shortcut::Output, Output::Pixels(data, pitch)) => {
                        let before = &mut before[..n * CHANNELS];
                        let at = row * pitch + first * CHANNELS;
                        before.copy_from_slice(&data[at..at + n * CHANNELS]);
                        Some(&*before)
                    }
                    _ => None,
                };
                let out = sums.0.as_mut_ptr().cast();
                // SAFETY: every tap has 32 pixels, checked above, and there are two tiles for each.
                unsafe {
                    let filters = self.tiles.view::<u8>().as_ptr();
                    amx::bf16_taps_32x32(&tiles, &taps[..n_taps], PIXEL, filters, out);
                }
                let sums = &sums.0[..n * CHANNELS];
                // SAFETY: a processor with AMX has AVX-512 with bf16.
                unsafe {
                    match output {
                        Output::Pixels(data, pitch) => {
                            let at = row * *pitch + first * CHANNELS;
                            let out = &mut data[at..at + n * CHANNELS];
                            avx512::rectify_to_bf16(sums, &self.bias, added, out);
                        }
                        Output::Columns(data, stride) => {
                            let out = &mut data[first * *stride + row * CHANNELS..];
                            avx512::rectify_apart(sums, &self.bias, out, *stride);
                        }
                    }
                }
            }
        }
    }
}

#[repr(align(64))]
struct Sums([f32; BLOCK * CHANNELS]);
