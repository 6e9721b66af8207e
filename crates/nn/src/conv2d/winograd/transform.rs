//! Tiles to the 36 places and back, a vector of channels at a time.
//!
//! With the rows of a tile as columns of a matrix `d`, places are `Bᵀ·d·B`; with products `m`, results are `Aᵀ·m·A`;
//! filters `g` become `G·g·Gᵀ` (the points 0, ±1, ±2 and infinity).
#![expect(
    unsafe_code,
    reason = "vectors are read and written at addresses that are checked first"
)]

use super::super::Target;
use crate::vector::{Kernel, Vector};

/// Rows and columns that a tile sees.
pub(super) const TILE_IN: usize = 6;
/// Rows and columns that are made of them.
pub(super) const TILE_OUT: usize = 4;

/// Tiles whose columns are kept between the two directions.
const TILES: usize = 8;
const COLUMNS: usize = TILE_OUT * TILES + 2;

/// Six of an expression of an index. Arrays of vectors must not go through closures: those are compiled without the
/// instructions of their family.
macro_rules! six {
    (|$i:ident| $of:expr) => {
        [
            {
                let $i = 0_usize;
                $of
            },
            {
                let $i = 1_usize;
                $of
            },
            {
                let $i = 2_usize;
                $of
            },
            {
                let $i = 3_usize;
                $of
            },
            {
                let $i = 4_usize;
                $of
            },
            {
                let $i = 5_usize;
                $of
            },
        ]
    };
}

/// Takes a filter there.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the arithmetic goes on in single precision"
)]
pub(super) fn filter(taps: &[f32; 9]) -> [f32; TILE_IN * TILE_IN] {
    const G: [[f64; 3]; TILE_IN] = [
        [1.0 / 4.0, 0.0, 0.0],
        [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
        [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
        [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
        [0.0, 0.0, 1.0],
    ];
    std::array::from_fn(|place| {
        let (down, across) = (G[place / TILE_IN], G[place % TILE_IN]);
        let tap = |i: usize| f64::from(taps[i]) * down[i / 3] * across[i % 3];
        (0..9).map(tap).sum::<f64>() as f32
    })
}

/// `Bᵀ` times six numbers.
#[inline(always)]
fn there<V: Vector>(d: [V; TILE_IN]) -> [V; TILE_IN] {
    let (two, four) = (V::splat(2.0), V::splat(4.0));
    let (minus_four, minus_five) = (V::splat(-4.0), V::splat(-5.0));
    // what the points 1 and −1 have in common, and 2 and −2
    let ones = [d[4].plus(minus_four, d[2]), d[3].plus(minus_four, d[1])];
    let twos = [d[4].sub(d[2]), d[3].sub(d[1])];
    [
        d[4].plus(four, d[0]).plus(minus_five, d[2]),
        ones[0].add(ones[1]),
        ones[0].sub(ones[1]),
        twos[0].plus(two, twos[1]),
        twos[0].plus(two, d[1].sub(d[3])),
        d[5].plus(four, d[1]).plus(minus_five, d[3]),
    ]
}

/// `Aᵀ` times six numbers.
#[inline(always)]
fn back<V: Vector>(m: [V; TILE_IN]) -> [V; TILE_OUT] {
    let (two, four, eight) = (V::splat(2.0), V::splat(4.0), V::splat(8.0));
    let (ones, twos) = (m[1].add(m[2]), m[3].add(m[4]));
    let (minus_ones, minus_twos) = (m[1].sub(m[2]), m[3].sub(m[4]));
    [
        m[0].add(ones).add(twos),
        minus_ones.plus(two, minus_twos),
        ones.plus(four, twos),
        m[5].add(minus_ones).plus(eight, minus_twos),
    ]
}

/// Takes tiles that lie side by side there.
pub(super) struct ToPlaces<'a> {
    rows: [Option<&'a [f32]>; TILE_IN],
    n_columns: usize,
    width: usize,
    n_tiles: usize,
    places: *mut f32,
    stride: usize,
}

impl<'a> ToPlaces<'a> {
    /// `rows` are pixels of `width` channels, none meaning zeros, as what is behind their end does; the numbers of tile
    /// `t` in place `p` go to `places[p·stride + t·width..]`.
    ///
    /// # Panics
    /// When rows differ in length or places are too short.
    pub(super) fn new(
        rows: [Option<&'a [f32]>; TILE_IN],
        width: usize,
        n_tiles: usize,
        places: &'a mut [f32],
        stride: usize,
    ) -> Self {
        let len = rows.iter().flatten().map(|row| row.len()).next();
        let len = len.unwrap_or(0);
        assert!(rows.iter().flatten().all(|row| row.len() == len), "rows");
        let last = (TILE_IN * TILE_IN - 1) * stride;
        assert!(last + n_tiles * width <= places.len(), "places");
        Self {
            rows,
            n_columns: len / width,
            width,
            n_tiles,
            places: places.as_mut_ptr(),
            stride,
        }
    }

    /// The vector of a pixel.
    ///
    /// # Safety
    /// The processor has the family; there is a vector from `channel` on.
    #[inline(always)]
    unsafe fn pixel<V: Vector>(&self, row: usize, column: usize, channel: usize) -> V {
        match self.rows[row] {
            // SAFETY: the row has this column; the rest is the caller's promise.
            Some(row) if column < self.n_columns => unsafe {
                V::load(row.as_ptr().add(column * self.width + channel))
            },
            _ => V::splat(0.0),
        }
    }

    /// Some tiles from `first` on, a vector of channels.
    ///
    /// # Safety
    /// As [`Self::pixel`], and so many tiles are there.
    #[expect(clippy::needless_range_loop, reason = "columns of an array of rows")]
    #[inline(always)]
    unsafe fn some<V: Vector>(
        &self,
        between: &mut [[V; TILE_IN]; COLUMNS],
        first: usize,
        n: usize,
        channel: usize,
    ) {
        // SAFETY: by the caller's promise.
        unsafe {
            let columns = between.iter_mut().take(TILE_OUT * n + 2);
            for (column, between) in (TILE_OUT * first..).zip(columns) {
                *between = there(six!(|row| self.pixel::<V>(row, column, channel)));
            }
            for tile in 0..n {
                let at = (first + tile) * self.width + channel;
                for down in 0..TILE_IN {
                    let column = TILE_OUT * tile;
                    let places = there(six!(|across| between[column + across][down]));
                    let out = self.places.add(down * TILE_IN * self.stride + at);
                    for (across, value) in places.iter().enumerate() {
                        value.store(out.add(across * self.stride));
                    }
                }
            }
        }
    }
}

impl Kernel for ToPlaces<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let mut between = [[V::splat(0.0); TILE_IN]; COLUMNS];
        for first in (0..self.n_tiles).step_by(TILES) {
            let n = TILES.min(self.n_tiles - first);
            for channel in (0..self.width).step_by(V::COUNT) {
                // SAFETY: channels are a multiple of a vector (`Winograd::fits`), and `new` has measured the rest.
                unsafe { self.some::<V>(&mut between, first, n, channel) };
            }
        }
    }
}

/// Takes tiles that lie side by side back.
pub(super) struct FromPlaces<'a> {
    places: &'a [f32],
    stride: usize,
    bias: &'a [f32],
    is_added: bool,
    output: *mut f32,
    /// From row to row and from pixel to pixel.
    strides: [usize; 2],
    size: [usize; 2],
}

impl<'a> FromPlaces<'a> {
    /// The numbers of tile `t` in place `p` stand at `places[p·stride + t·bias.len()..]`; `size` is how many rows and
    /// columns of the output there are.
    ///
    /// # Panics
    /// When something is too short.
    pub(super) fn new(
        places: &'a [f32],
        stride: usize,
        bias: &'a [f32],
        is_added: bool,
        output: &mut Target<'_>,
        size: [usize; 2],
    ) -> Self {
        let [rows, columns] = size;
        assert!((1..=TILE_OUT).contains(&rows) && columns > 0, "size");
        let width = bias.len();
        let last = (TILE_IN * TILE_IN - 1) * stride;
        assert!(last + columns.div_ceil(TILE_OUT) * width <= places.len());
        let (down, across) = (output.down, output.across);
        let len = (rows - 1) * down + (columns - 1) * across + width;
        assert!(len <= output.values.len(), "output");
        Self {
            places,
            stride,
            bias,
            is_added,
            output: output.values.as_mut_ptr(),
            strides: [down, across],
            size,
        }
    }

    /// A tile, a vector of channels.
    ///
    /// # Safety
    /// The processor has the family; the tile and the channels are there.
    #[expect(clippy::needless_range_loop, reason = "columns of an array of rows")]
    #[inline(always)]
    unsafe fn one<V: Vector>(&self, tile: usize, channel: usize) {
        let [rows, columns] = self.size;
        // SAFETY: by the caller's promise; `new` has measured all slices.
        unsafe {
            let places = (self.places.as_ptr()).add(tile * self.bias.len() + channel);
            let mut between = [[V::splat(0.0); TILE_OUT]; TILE_IN];
            for (down, between) in between.iter_mut().enumerate() {
                let places = places.add(down * TILE_IN * self.stride);
                *between = back(six!(|across| V::load(places.add(across * self.stride))));
            }
            let bias = V::load(self.bias.as_ptr().add(channel));
            for across in 0..TILE_OUT.min(columns - TILE_OUT * tile) {
                let column = TILE_OUT * tile + across;
                let sums = back(six!(|down| between[down][across]));
                for (row, sum) in sums.iter().enumerate().take(rows) {
                    let [down, across] = self.strides;
                    let out = self.output.add(row * down + column * across + channel);
                    let mut sum = sum.add(bias);
                    if self.is_added {
                        sum = sum.add(V::load(out));
                    }
                    sum.max(V::splat(0.0)).store(out);
                }
            }
        }
    }
}

impl Kernel for FromPlaces<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for tile in 0..self.size[1].div_ceil(TILE_OUT) {
            for channel in (0..self.bias.len()).step_by(V::COUNT) {
                // SAFETY: channels are a multiple of a vector (`Winograd::fits`).
                unsafe { self.one::<V>(tile, channel) };
            }
        }
    }
}
