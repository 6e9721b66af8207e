//! Filters in single precision.

use super::image::Image;
use super::{Conv3x3, KERNEL, Shortcut};
use crate::Isa;
use crate::linear::{Linear, Precision, Rows, Then};
use crate::math::multiversion;

/// Filters for sums in registers or for products.
#[derive(Debug)]
pub(super) struct SingleFilters {
    kernel: Kernel,
    projection: Option<Linear>,
}

#[derive(Debug)]
enum Kernel {
    /// One product for each row of the filters.
    Products(Vec<Linear>),
    /// Weights `(3, 3·n_in, 32)` and biases.
    #[cfg(target_arch = "x86_64")]
    Registers(Vec<f32>, Vec<f32>),
}

impl SingleFilters {
    pub(super) fn new(isa: Isa, weight: &[f32], bias: &[f32], projection: Option<&[f32]>) -> Self {
        let n_out = bias.len();
        let n_in = weight.len() / (n_out * KERNEL * KERNEL);
        // a row of the filters as rows over three pixels: (n_out, 3, n_in)
        let rows = |down: usize| -> Vec<f32> {
            let mut rows = Vec::with_capacity(n_out * n_in * KERNEL);
            for filter in weight.chunks_exact(n_in * KERNEL * KERNEL) {
                for across in 0..KERNEL {
                    let taps = filter.chunks_exact(KERNEL * KERNEL);
                    rows.extend(taps.map(|taps| taps[down * KERNEL + across]));
                }
            }
            rows
        };
        let kernel = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni | Isa::Amx if n_out == 32 => {
                let columns = (0..KERNEL).flat_map(|down| {
                    let rows = rows(down);
                    let depth = n_in * KERNEL;
                    let turned = (0..depth * n_out).map(|i| rows[i % n_out * depth + i / n_out]);
                    turned.collect::<Vec<f32>>()
                });
                Kernel::Registers(columns.collect(), bias.to_vec())
            }
            _ => {
                let product = |down: usize| {
                    let bias = if down == 0 { bias } else { &[] };
                    Linear::new(Precision::Float32, isa, &rows(down), bias, n_in * KERNEL)
                };
                Kernel::Products((0..KERNEL).map(product).collect())
            }
        };
        let project = |weight: &[f32]| Linear::new(Precision::Float32, isa, weight, &[], n_in);
        Self {
            kernel,
            projection: projection.map(project),
        }
    }

    /// One row of the output.
    pub(super) fn row(
        &self,
        conv: &Conv3x3,
        rows: &mut Rows,
        input: &Image,
        shortcut: Shortcut<'_>,
        index: usize,
        out: &mut [f32],
    ) {
        match shortcut {
            Shortcut::None => out.fill(0.0),
            Shortcut::Same(image) => out.copy_from_slice(image.row(index)),
            Shortcut::Projected(image) => {
                let layer = self.projection.as_ref().expect("a projection");
                let row = image.row(index * conv.projection_stride);
                rows.set(layer.precision(), row, layer.n_in());
                layer.forward_rows(rows, out, Then::Store);
            }
        }
        let n_in = conv.n_in;
        let seen = &input.singles()[index * conv.stride * input.pitch()..];
        match &self.kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Registers(weight, bias) => {
                registers::add_row(seen, input.pitch(), n_in, weight, bias, out);
            }
            Kernel::Products(products) => {
                for (down, product) in products.iter().enumerate() {
                    let seen = &seen[down * input.pitch()..];
                    let width = KERNEL * n_in;
                    rows.set_strided(Precision::Float32, seen, width, n_in, input.width);
                    product.forward_rows(rows, out, Then::Add);
                }
                rectify(out);
            }
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

#[cfg(target_arch = "x86_64")]
mod registers {
    //! Sums of some pixels by 32 filters, all in registers.
    #![expect(
        unsafe_code,
        reason = "vector instructions on addresses that are checked first"
    )]

    use std::arch::x86_64::{
        __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_set1_ps,
        _mm512_setzero_ps, _mm512_storeu_ps,
    };

    use super::KERNEL;

    const FILTERS: usize = 32;

    /// `out (pixels, 32) = max(0, out + bias + sums)`, where pixel `i` sees three runs of `3·n_in` numbers `pitch` apart,
    /// from `seen[i·n_in..]` on.
    pub(super) fn add_row(
        seen: &[f32],
        pitch: usize,
        n_in: usize,
        weight: &[f32],
        bias: &[f32],
        out: &mut [f32],
    ) {
        let n = out.len() / FILTERS;
        let depth = KERNEL * n_in;
        assert_eq!(weight.len(), KERNEL * depth * FILTERS, "weights");
        assert_eq!(bias.len(), FILTERS, "biases");
        assert!(2 * pitch + (n - 1) * n_in + depth <= seen.len(), "input");
        let place = Place {
            pitch,
            n_in,
            weight: weight.as_ptr(),
            bias: bias.as_ptr(),
        };
        let mut at = 0;
        while at < n {
            // SAFETY: `Registers` is only made where the processor has AVX-512; the pixels from `at` on are in bounds.
            unsafe {
                let (seen, out) = (
                    seen.as_ptr().add(at * n_in),
                    out.as_mut_ptr().add(at * FILTERS),
                );
                match n - at {
                    12.. => add_pixels::<12>(seen, &place, out),
                    4.. => add_pixels::<4>(seen, &place, out),
                    _ => add_pixels::<1>(seen, &place, out),
                }
            }
            at += match n - at {
                12.. => 12,
                4.. => 4,
                _ => 1,
            };
        }
    }

    struct Place {
        pitch: usize,
        n_in: usize,
        weight: *const f32,
        bias: *const f32,
    }

    /// # Safety
    /// `N` pixels can be read from `seen` and written to `out`; `place` has all weights and biases.
    #[target_feature(enable = "avx512f")]
    unsafe fn add_pixels<const N: usize>(seen: *const f32, place: &Place, out: *mut f32) {
        // SAFETY: by the caller's promises.
        unsafe {
            let mut sums = [[_mm512_setzero_ps(); 2]; N];
            let depth = KERNEL * place.n_in;
            for down in 0..KERNEL {
                let seen = seen.add(down * place.pitch);
                let weight = place.weight.add(down * depth * FILTERS);
                for step in 0..depth {
                    let left: __m512 = _mm512_loadu_ps(weight.add(step * FILTERS));
                    let right = _mm512_loadu_ps(weight.add(step * FILTERS + 16));
                    for (pixel, sum) in sums.iter_mut().enumerate() {
                        let x = _mm512_set1_ps(*seen.add(pixel * place.n_in + step));
                        sum[0] = _mm512_fmadd_ps(x, left, sum[0]);
                        sum[1] = _mm512_fmadd_ps(x, right, sum[1]);
                    }
                }
            }
            for (pixel, sum) in sums.iter().enumerate() {
                for (half, sum) in sum.iter().enumerate() {
                    let out = out.add(pixel * FILTERS + half * 16);
                    let bias = _mm512_loadu_ps(place.bias.add(half * 16));
                    let before = _mm512_add_ps(_mm512_loadu_ps(out), bias);
                    let value = _mm512_max_ps(_mm512_add_ps(*sum, before), _mm512_setzero_ps());
                    _mm512_storeu_ps(out, value);
                }
            }
        }
    }
}
