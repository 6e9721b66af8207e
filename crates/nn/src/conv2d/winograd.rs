//! Convolutions of stride one with a quarter of the multiplications: F(4×4, 3×3) of Lavin and Gray (2015), after Winograd.
//!
//! A tile is six by six numbers of the input, of which four by four of the output are made. Both and the filters are
//! taken to where a convolution is a product number by number: the 36 places of a tile are 36 products of
//! `(tiles, n_in)` by `(n_in, n_out)`.

mod transform;

use std::ops::Range;

use super::image::Image;
use super::product::{Finish, Panels, Seen};
use super::{KERNEL, Target};
use crate::math::Aligned;
use crate::vector::{Family, run};
use transform::{FromPlaces, TILE_IN, TILE_OUT, ToPlaces};

/// Places of a tile.
const PLACES: usize = TILE_IN * TILE_IN;
/// Tiles that are taken there and back at once.
const TILES: usize = 96;

/// Filters of stride one, taken to the 36 places.
#[derive(Debug)]
pub(super) struct Winograd {
    family: Family,
    n_in: usize,
    n_out: usize,
    places: Vec<Panels>,
    bias: Vec<f32>,
}

/// What a thread keeps between convolutions.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    seen: Aligned,
    sums: Aligned,
}

/// Tiles of a row of them, and where they begin in their chunk.
struct Stretch {
    row: usize,
    tiles: Range<usize>,
    at: usize,
}

impl Winograd {
    /// Whether filters of so many channels can be taken there.
    pub(super) fn fits(family: Family, n_in: usize, n_out: usize) -> bool {
        n_in.is_multiple_of(family.count()) && n_out.is_multiple_of(family.count())
    }

    /// `weight (n_out, n_in, 3, 3)`, `bias (n_out)`
    pub(super) fn new(family: Family, weight: &[f32], bias: &[f32]) -> Self {
        let n_out = bias.len();
        let n_in = weight.len() / (n_out * KERNEL * KERNEL);
        let filters = weight.as_chunks::<{ KERNEL * KERNEL }>().0;
        let taken: Vec<[f32; PLACES]> = filters.iter().map(transform::filter).collect();
        let panels = |place: usize| {
            Panels::new(family, n_out, n_in, &[], |filter, channel| {
                taken[filter * n_in + channel][place]
            })
        };
        Self {
            family,
            n_in,
            n_out,
            places: (0..PLACES).map(panels).collect(),
            bias: bias.to_vec(),
        }
    }

    /// Convolves `input` into an output of its size, to what that holds if it counts.
    pub(super) fn forward(
        &self,
        scratch: &mut Scratch,
        input: &Image,
        is_added: bool,
        output: &mut Target<'_>,
    ) {
        let per_row = input.width.div_ceil(TILE_OUT);
        let n_tiles = input.height.div_ceil(TILE_OUT) * per_row;
        // chunks of about one size, so that none is too small for the registers
        let chunk = n_tiles.div_ceil(n_tiles.div_ceil(TILES));
        let strides = [self.n_in, self.n_out].map(|width| place_stride(chunk, width));
        scratch.seen.reserve(PLACES * strides[0] * size_of::<f32>());
        scratch.sums.reserve(PLACES * strides[1] * size_of::<f32>());
        for first in (0..n_tiles).step_by(chunk) {
            let tiles = first..(first + chunk).min(n_tiles);
            for stretch in stretches(tiles.clone(), per_row) {
                self.take_there(input, &stretch, scratch.seen.view_mut(), strides[0]);
            }
            self.multiply(scratch, tiles.len(), strides);
            for stretch in stretches(tiles, per_row) {
                let sums = scratch.sums.view();
                self.take_back(input, &stretch, sums, strides[1], is_added, output);
            }
        }
    }

    fn take_there(&self, input: &Image, stretch: &Stretch, seen: &mut [f32], stride: usize) {
        let tiles = stretch.tiles.clone();
        let columns = TILE_OUT * tiles.start..(TILE_OUT * tiles.end + 2).min(input.width + 2);
        let rows = std::array::from_fn(|down| {
            let row = TILE_OUT * stretch.row + down;
            // what is below the border is as empty as the border
            (row < input.height + 2).then(|| {
                let start = row * input.pitch();
                &input.singles()[start + columns.start * self.n_in..start + columns.end * self.n_in]
            })
        });
        let seen = &mut seen[stretch.at * self.n_in..];
        let there = ToPlaces::new(rows, self.n_in, tiles.len(), seen, stride);
        run(self.family, there);
    }

    fn multiply(&self, scratch: &mut Scratch, n_tiles: usize, strides: [usize; 2]) {
        let seen = scratch.seen.view();
        let sums = scratch.sums.view_mut();
        let places = seen.chunks(strides[0]).zip(sums.chunks_mut(strides[1]));
        for (panels, (values, out)) in self.places.iter().zip(places) {
            let seen = Seen {
                values,
                step: self.n_in,
                runs: 1,
                pitch: 0,
            };
            panels.multiply(seen, n_tiles, out, self.n_out, Finish::Store);
        }
    }

    fn take_back(
        &self,
        size: &Image,
        stretch: &Stretch,
        sums: &[f32],
        stride: usize,
        is_added: bool,
        output: &mut Target<'_>,
    ) {
        let (row, column) = (TILE_OUT * stretch.row, TILE_OUT * stretch.tiles.start);
        let rows = TILE_OUT.min(size.height - row);
        let columns = (TILE_OUT * stretch.tiles.len()).min(size.width - column);
        let back = FromPlaces::new(
            &sums[stretch.at * self.n_out..],
            stride,
            &self.bias,
            is_added,
            &mut output.part(row, column),
            [rows, columns],
        );
        run(self.family, back);
    }
}

/// Numbers from the `n_tiles` tiles of a place to those of the next: an odd number of cache lines, so that the places of
/// a tile do not all fall into a few sets of the cache.
fn place_stride(n_tiles: usize, width: usize) -> usize {
    const LINE: usize = 16;
    ((n_tiles * width).div_ceil(LINE) | 1) * LINE
}

/// The parts of `tiles` that lie in one row of tiles each.
fn stretches(tiles: Range<usize>, per_row: usize) -> impl Iterator<Item = Stretch> {
    let rows = tiles.start / per_row..tiles.end.div_ceil(per_row);
    rows.map(move |row| {
        let start = tiles.start.max(row * per_row);
        let end = tiles.end.min((row + 1) * per_row);
        Stretch {
            row,
            tiles: start - row * per_row..end - row * per_row,
            at: start - tiles.start,
        }
    })
}
