//! Pixels by filters, a few of each at a time in registers.
#![expect(
    unsafe_code,
    reason = "vectors are read and written at addresses that are checked first"
)]

use crate::vector::{Family, Kernel, Vector, run};

/// Pixels that see the same filters before those change: what they see stays in the second-level cache.
const BLOCK: usize = 96;
/// Numbers of the largest vector.
const LARGEST: usize = 16;

/// Filters packed for a family: `(panels, depth, two vectors)`, the last panel filled up with zeros.
#[derive(Debug)]
pub(super) struct Panels {
    family: Family,
    depth: usize,
    n_filters: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

/// What pixels see of an image, each its own `runs` runs of numbers that begin `pitch` apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    /// From the first pixel's first number on.
    pub(super) values: &'a [f32],
    /// Numbers from one pixel to the next.
    pub(super) step: usize,
    /// Runs of a pixel.
    pub(super) runs: usize,
    /// Numbers from one run to the next.
    pub(super) pitch: usize,
}

/// What becomes of the sums.
#[derive(Debug, Clone, Copy)]
pub(super) enum Finish {
    /// They are written.
    Store,
    /// The bias is added, and what is above zero is written.
    Rectify,
    /// The bias and what was there are added, and what is above zero is written.
    AddAndRectify,
}

impl Panels {
    /// Packs `weight(filter, index)` and `bias (n_filters)`, empty for none.
    pub(super) fn new(
        family: Family,
        n_filters: usize,
        depth: usize,
        bias: &[f32],
        weight: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let width = 2 * family.count();
        let mut weights = vec![0.0; n_filters.next_multiple_of(width) * depth];
        for filter in 0..n_filters {
            let panel = &mut weights[filter / width * width * depth..];
            for index in 0..depth {
                panel[index * width + filter % width] = weight(filter, index);
            }
        }
        let mut biases = vec![0.0; n_filters.next_multiple_of(width)];
        biases[..bias.len()].copy_from_slice(bias);
        Self {
            family,
            depth,
            n_filters,
            weights,
            bias: biases,
        }
    }

    /// What `n_pixels` pixels come to, each to `n_filters` numbers of `out`, `stride` apart.
    ///
    /// # Panics
    /// When something is too short.
    pub(super) fn multiply(
        &self,
        seen: Seen<'_>,
        n_pixels: usize,
        out: &mut [f32],
        stride: usize,
        finish: Finish,
    ) {
        assert!(self.depth.is_multiple_of(seen.runs), "runs");
        if n_pixels == 0 {
            return;
        }
        let run_len = self.depth / seen.runs;
        let last = (n_pixels - 1) * seen.step + (seen.runs - 1) * seen.pitch;
        assert!(last + run_len <= seen.values.len(), "pixels");
        assert!((n_pixels - 1) * stride + self.n_filters <= out.len(), "out");
        let product = Product {
            panels: self,
            seen,
            run_len,
            n_pixels,
            out: out.as_mut_ptr(),
            stride,
            finish,
        };
        run(self.family, product);
    }
}

/// A checked product.
struct Product<'a> {
    panels: &'a Panels,
    seen: Seen<'a>,
    run_len: usize,
    n_pixels: usize,
    out: *mut f32,
    stride: usize,
    finish: Finish,
}

impl Kernel for Product<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let width = 2 * V::COUNT;
        for first in (0..self.n_pixels).step_by(BLOCK) {
            let end = (first + BLOCK).min(self.n_pixels);
            for filter in (0..self.panels.n_filters).step_by(width) {
                let mut pixel = first;
                while pixel < end {
                    // SAFETY: these pixels and filters exist, and `Panels::multiply` has measured everything.
                    pixel += unsafe { self.some::<V>(pixel, end - pixel, filter) };
                }
            }
        }
    }
}

impl Product<'_> {
    /// As many of `n` pixels as registers hold, by one panel; returns how many those were.
    ///
    /// # Safety
    /// The pixels and the filter exist, and the processor has the family.
    #[inline(always)]
    unsafe fn some<V: Vector>(&self, pixel: usize, n: usize, filter: usize) -> usize {
        // SAFETY: by the caller's promise.
        unsafe {
            match n {
                12.. if V::ROWS >= 12 => self.pixels::<V, 12>(pixel, filter),
                6.. if V::ROWS >= 6 => self.pixels::<V, 6>(pixel, filter),
                4.. => self.pixels::<V, 4>(pixel, filter),
                2.. => self.pixels::<V, 2>(pixel, filter),
                _ => self.pixels::<V, 1>(pixel, filter),
            }
        }
    }

    /// # Safety
    /// As [`Self::some`] with `N` pixels.
    #[inline(always)]
    unsafe fn pixels<V: Vector, const N: usize>(&self, pixel: usize, filter: usize) -> usize {
        let Seen {
            values,
            step,
            runs,
            pitch,
        } = self.seen;
        // SAFETY: by the caller's promise.
        unsafe {
            let seen = values.as_ptr().add(pixel * step);
            let mut weight = (self.panels.weights.as_ptr()).add(filter * self.panels.depth);
            let mut sums = [[V::splat(0.0); 2]; N];
            for run in 0..runs {
                let seen = seen.add(run * pitch);
                for index in 0..self.run_len {
                    let (left, right) = (V::load(weight), V::load(weight.add(V::COUNT)));
                    weight = weight.add(2 * V::COUNT);
                    for (row, sum) in sums.iter_mut().enumerate() {
                        let x = V::splat(*seen.add(row * step + index));
                        *sum = [sum[0].plus(x, left), sum[1].plus(x, right)];
                    }
                }
            }
            for (row, sum) in sums.iter().enumerate() {
                self.finish(pixel + row, filter, sum);
            }
        }
        N
    }

    /// Writes the sums of a pixel by a panel.
    ///
    /// # Safety
    /// As [`Self::some`].
    #[inline(always)]
    unsafe fn finish<V: Vector>(&self, pixel: usize, filter: usize, sums: &[V; 2]) {
        for (half, sum) in sums.iter().enumerate() {
            let filter = filter + half * V::COUNT;
            let n = self.panels.n_filters.saturating_sub(filter);
            // SAFETY: by the caller's promise; where a vector is not whole, it goes by way of one that is.
            unsafe {
                let out = self.out.add(pixel * self.stride + filter);
                if n >= V::COUNT {
                    self.finished(filter, *sum, out).store(out);
                } else if n > 0 {
                    let mut whole = [0.0; LARGEST];
                    out.copy_to_nonoverlapping(whole.as_mut_ptr(), n);
                    let value = self.finished(filter, *sum, whole.as_ptr());
                    value.store(whole.as_mut_ptr());
                    out.copy_from_nonoverlapping(whole.as_ptr(), n);
                }
            }
        }
    }

    /// # Safety
    /// A vector can be read from `before`; the processor has the family.
    #[inline(always)]
    unsafe fn finished<V: Vector>(&self, filter: usize, sum: V, before: *const f32) -> V {
        // SAFETY: biases are as many as all panels have filters; the rest is the caller's promise.
        let (bias, before) = unsafe {
            let bias = self.panels.bias.as_ptr().add(filter);
            match self.finish {
                Finish::Store => return sum,
                Finish::Rectify => (V::load(bias), V::splat(0.0)),
                Finish::AddAndRectify => (V::load(bias), V::load(before)),
            }
        };
        sum.add(bias).add(before).max(V::splat(0.0))
    }
}
