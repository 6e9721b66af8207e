//! AVX2 kernels: integer products of 16-bit pairs, whose sums are exact, and the vector mathematics around them.
//!
//! Without VNNI the products of bytes (`vpmaddubsw`) sum pairs in 16 bits, where they overflow, unless a bit of the
//! inputs is given up. Pairs of 16-bit numbers (`vpmaddwd`) sum in 32, at the same number of products a cycle.

use std::arch::x86_64::{
    __m256, __m256i, _MM_FROUND_NO_EXC, _MM_FROUND_TO_NEAREST_INT, _mm_loadu_si128,
    _mm256_add_epi32, _mm256_add_ps, _mm256_and_ps, _mm256_andnot_ps, _mm256_castsi256_ps,
    _mm256_cvtepi8_epi16, _mm256_cvtepi32_ps, _mm256_cvtepu8_epi16, _mm256_cvtps_epi32,
    _mm256_fmadd_ps, _mm256_fnmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps, _mm256_or_ps, _mm256_packs_epi32,
    _mm256_permute4x64_epi64, _mm256_rcp_ps, _mm256_round_ps, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256, _mm256_slli_epi32, _mm256_storeu_ps,
    _mm256_storeu_si256, _mm256_sub_epi16, _mm256_sub_ps,
};

use crate::linear::Then;

/// Columns of a panel.
pub(crate) const PANEL: usize = 16;
/// Rows whose sums fit the registers.
pub(crate) const ROWS: usize = 6;

/// `e^x` for `x ≤ 88` to about 1 ulp of single precision; below −87 it is zero.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn exp(x: __m256) -> __m256 {
    // Cody–Waite reduction to [-ln2/2, ln2/2], then a polynomial of degree 6 (Cephes expf).
    let x = _mm256_max_ps(x, _mm256_set1_ps(-88.0));
    let n = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(_mm256_mul_ps(
        x,
        _mm256_set1_ps(std::f32::consts::LOG2_E),
    ));
    let r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693_359_4), x);
    let r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.121_944_4e-4), r);
    let mut p = _mm256_set1_ps(1.987_569_1e-4);
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_6e-1,
        5e-1,
    ] {
        p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(c));
    }
    let p = _mm256_fmadd_ps(
        _mm256_mul_ps(p, r),
        r,
        _mm256_add_ps(r, _mm256_set1_ps(1.0)),
    );
    // 2^n by its exponent: −127 at least, which is the zero that was wanted
    let power = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    _mm256_mul_ps(p, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(power)))
}

/// `0.5·x·(1 + erf(x/√2))` to 3e-7 (erf after Abramowitz and Stegun 7.1.26).
#[inline]
#[target_feature(enable = "avx2,fma")]
fn gelu(x: __m256) -> __m256 {
    let minus = _mm256_set1_ps(-0.0);
    let sign = _mm256_and_ps(x, minus);
    let z = _mm256_mul_ps(
        _mm256_andnot_ps(minus, x),
        _mm256_set1_ps(std::f32::consts::FRAC_1_SQRT_2),
    );
    let one = _mm256_set1_ps(1.0);
    // 1/(1 + p·z): an estimate of 12 bits and one step of Newton's
    let denominator = _mm256_fmadd_ps(z, _mm256_set1_ps(0.327_591_1), one);
    let estimate = _mm256_rcp_ps(denominator);
    let two = _mm256_set1_ps(2.0);
    let t = _mm256_mul_ps(estimate, _mm256_fnmadd_ps(denominator, estimate, two));
    let mut p = _mm256_set1_ps(1.061_405_4);
    for c in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(c));
    }
    let decay = exp(_mm256_sub_ps(_mm256_setzero_ps(), _mm256_mul_ps(z, z)));
    let erf = _mm256_fnmadd_ps(_mm256_mul_ps(p, t), decay, one);
    let half = _mm256_mul_ps(x, _mm256_set1_ps(0.5));
    _mm256_fmadd_ps(half, _mm256_or_ps(erf, sign), half)
}

/// Bytes as 16-bit numbers, less 128.
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn centre_bytes(bytes: &[u8], out: &mut [i16]) {
    assert_eq!(bytes.len(), out.len());
    let (chunks, rest) = bytes.as_chunks::<16>();
    let (out, out_rest) = out.as_chunks_mut::<16>();
    for (chunk, out) in chunks.iter().zip(out) {
        // SAFETY: both are 16 elements long.
        unsafe {
            let wide = _mm256_cvtepu8_epi16(_mm_loadu_si128(chunk.as_ptr().cast()));
            let centred = _mm256_sub_epi16(wide, _mm256_set1_epi16(128));
            _mm256_storeu_si256(out.as_mut_ptr().cast(), centred);
        }
    }
    for (byte, out) in rest.iter().zip(out_rest) {
        *out = i16::from(*byte) - 128;
    }
}

/// Bytes as 16-bit numbers.
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn widen(bytes: &[i8], out: &mut [i16]) {
    assert!(bytes.len() == out.len() && bytes.len().is_multiple_of(16));
    for (bytes, out) in (bytes.as_chunks::<16>().0.iter()).zip(out.as_chunks_mut::<16>().0) {
        // SAFETY: both are 16 elements long.
        unsafe {
            let wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(bytes.as_ptr().cast()));
            _mm256_storeu_si256(out.as_mut_ptr().cast(), wide);
        }
    }
}

/// Where the right side of a product lies: pairs of depth of 16 columns, `[depth/2][16][2]`.
pub(crate) trait Right: Copy {
    /// Pair `index` of columns 0..8 and 8..16.
    ///
    /// # Safety
    /// The panel has that pair, and the processor AVX2.
    unsafe fn pair(self, index: usize) -> [__m256i; 2];
}

impl Right for *const i16 {
    #[inline(always)]
    unsafe fn pair(self, index: usize) -> [__m256i; 2] {
        // SAFETY: by the caller's promise.
        unsafe {
            [
                _mm256_loadu_si256(self.add(index * 32).cast()),
                _mm256_loadu_si256(self.add(index * 32 + 16).cast()),
            ]
        }
    }
}

impl Right for *const i8 {
    #[inline(always)]
    unsafe fn pair(self, index: usize) -> [__m256i; 2] {
        // SAFETY: by the caller's promise.
        unsafe {
            [
                _mm256_cvtepi8_epi16(_mm_loadu_si128(self.add(index * 32).cast())),
                _mm256_cvtepi8_epi16(_mm_loadu_si128(self.add(index * 32 + 16).cast())),
            ]
        }
    }
}

/// `out (N, 16) i32 = A (N, depth) · B (depth, 16)`, for `N ≤ 6`; rows of `out` are 16 long.
///
/// # Safety
/// The processor has AVX2; `a` has `N` rows of `2·n_pairs` numbers, `a_stride` apart; `b` is a panel of `n_pairs` pairs;
/// `out` has room for `N` rows.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn product<const N: usize, B: Right>(
    a: *const i16,
    a_stride: usize,
    b: B,
    n_pairs: usize,
    out: *mut i32,
) {
    // SAFETY: in bounds by the caller's promises.
    unsafe {
        let mut sums = [[_mm256_setzero_si256(); 2]; N];
        for index in 0..n_pairs {
            let [left, right] = b.pair(index);
            for (row, sum) in sums.iter_mut().enumerate() {
                let two = a.add(row * a_stride + 2 * index).cast::<i32>();
                let two = _mm256_set1_epi32(two.read_unaligned());
                sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(two, left));
                sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(two, right));
            }
        }
        for (row, sum) in sums.iter().enumerate() {
            _mm256_storeu_si256(out.add(row * PANEL).cast(), sum[0]);
            _mm256_storeu_si256(out.add(row * PANEL + 8).cast(), sum[1]);
        }
    }
}

/// [`product`] of `n ≤ 6` rows.
///
/// # Safety
/// As [`product`] with `n` rows.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn product_of<B: Right>(
    n: usize,
    a: *const i16,
    a_stride: usize,
    b: B,
    n_pairs: usize,
    out: *mut i32,
) {
    // SAFETY: by the caller's promises.
    unsafe {
        match n {
            1 => product::<1, B>(a, a_stride, b, n_pairs, out),
            2 => product::<2, B>(a, a_stride, b, n_pairs, out),
            3 => product::<3, B>(a, a_stride, b, n_pairs, out),
            4 => product::<4, B>(a, a_stride, b, n_pairs, out),
            5 => product::<5, B>(a, a_stride, b, n_pairs, out),
            _ => product::<6, B>(a, a_stride, b, n_pairs, out),
        }
    }
}

/// What is known of 16 columns of a layer.
pub(crate) struct Columns<'a> {
    pub(crate) scales: &'a [f32; PANEL],
    pub(crate) bias: &'a [f32; PANEL],
    pub(crate) weight_sums: &'a [f32; PANEL],
    /// How many of them there are.
    pub(crate) n: usize,
}

/// Turns a row of sums into numbers: `finish(sum·row_scale·scale + bias + middle·weight_sum)`.
///
/// # Safety
/// The processor has AVX2 and FMA; `out` has `columns.n` numbers that nobody else uses.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn finish(
    sums: &[i32; PANEL],
    row_scale: f32,
    middle: f32,
    columns: &Columns<'_>,
    out: *mut f32,
    then: Then,
) {
    let mut rest = [0.0_f32; PANEL];
    let is_whole = columns.n == PANEL;
    // SAFETY: a row that is not whole goes through `rest`, which is; all else are arrays of 16.
    unsafe {
        if !is_whole && then == Then::Add {
            out.copy_to_nonoverlapping(rest.as_mut_ptr(), columns.n);
        }
        let place = if is_whole { out } else { rest.as_mut_ptr() };
        for at in [0, 8] {
            let sum = _mm256_loadu_si256(sums.as_ptr().add(at).cast());
            let scale = _mm256_loadu_ps(columns.scales.as_ptr().add(at));
            let scale = _mm256_mul_ps(scale, _mm256_set1_ps(row_scale));
            let bias = _mm256_fmadd_ps(
                _mm256_loadu_ps(columns.weight_sums.as_ptr().add(at)),
                _mm256_set1_ps(middle),
                _mm256_loadu_ps(columns.bias.as_ptr().add(at)),
            );
            let value = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), scale, bias);
            let place = place.add(at);
            let value = match then {
                Then::Store => value,
                Then::Gelu => gelu(value),
                Then::Relu => _mm256_max_ps(value, _mm256_setzero_ps()),
                Then::Add => _mm256_add_ps(value, _mm256_loadu_ps(place)),
            };
            _mm256_storeu_ps(place, value);
        }
        if !is_whole {
            out.copy_from_nonoverlapping(rest.as_ptr(), columns.n);
        }
    }
}

/// A row of 16 sums times `row_scale` and the columns' scales.
///
/// # Safety
/// The processor has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn scale_sums(
    sums: &[i32; PANEL],
    row_scale: f32,
    scales: &[f32; PANEL],
    out: &mut [f32; PANEL],
) {
    // SAFETY: arrays of 16.
    unsafe {
        for at in [0, 8] {
            let sum = _mm256_cvtepi32_ps(_mm256_loadu_si256(sums.as_ptr().add(at).cast()));
            let scale = _mm256_loadu_ps(scales.as_ptr().add(at));
            let scale = _mm256_mul_ps(scale, _mm256_set1_ps(row_scale));
            _mm256_storeu_ps(out.as_mut_ptr().add(at), _mm256_mul_ps(sum, scale));
        }
    }
}

/// Replaces scores by `e^(x − the largest)`; returns their sum. There are a multiple of 8, and one is finite.
///
/// # Safety
/// The processor has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn exponentials(scores: &mut [f32]) -> f32 {
    assert!(scores.len().is_multiple_of(8));
    let scores = scores.as_chunks_mut::<8>().0;
    let mut largest = _mm256_set1_ps(f32::MIN);
    let mut sum = _mm256_setzero_ps();
    // SAFETY: eight numbers each.
    unsafe {
        for eight in &*scores {
            largest = _mm256_max_ps(largest, _mm256_loadu_ps(eight.as_ptr()));
        }
        let largest = _mm256_set1_ps(lanes(largest).into_iter().fold(f32::MIN, f32::max));
        for eight in scores {
            let x = exp(_mm256_sub_ps(_mm256_loadu_ps(eight.as_ptr()), largest));
            sum = _mm256_add_ps(sum, x);
            _mm256_storeu_ps(eight.as_mut_ptr(), x);
        }
    }
    lanes(sum).iter().sum()
}

#[inline]
#[target_feature(enable = "avx2")]
fn lanes(value: __m256) -> [f32; 8] {
    let mut lanes = [0.0; 8];
    // SAFETY: eight numbers.
    unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), value) };
    lanes
}

/// `round(x·scale)` as 16-bit numbers, none beyond ±32767. There are a multiple of 16.
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn quantise(values: &[f32], scale: f32, out: &mut [i16]) {
    assert!(values.len() == out.len() && values.len().is_multiple_of(16));
    let (scale, most) = (_mm256_set1_ps(scale), _mm256_set1_ps(32_767.0));
    let least = _mm256_set1_ps(-32_767.0);
    for (values, out) in (values.as_chunks::<16>().0.iter()).zip(out.as_chunks_mut::<16>().0) {
        // SAFETY: both are 16 elements long.
        unsafe {
            let whole = |at: usize| {
                let x = _mm256_mul_ps(_mm256_loadu_ps(values.as_ptr().add(at)), scale);
                _mm256_cvtps_epi32(_mm256_max_ps(_mm256_min_ps(x, most), least))
            };
            // packing works in halves of a register: put the quarters back in order
            let packed = _mm256_packs_epi32(whole(0), whole(8));
            let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
            _mm256_storeu_si256(out.as_mut_ptr().cast(), ordered);
        }
    }
}
