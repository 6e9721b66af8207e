//! AVX2 kernels: products of bytes and of 16-bit numbers, whose sums are exact, and the vector mathematics around them.

use std::arch::x86_64::{
    __m256, _MM_FROUND_NO_EXC, _MM_FROUND_TO_NEAREST_INT, _mm256_add_epi32, _mm256_add_ps,
    _mm256_and_ps, _mm256_andnot_ps, _mm256_castsi256_ps, _mm256_cvtepi32_ps, _mm256_cvtps_epi32,
    _mm256_fmadd_ps, _mm256_fnmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps, _mm256_or_ps,
    _mm256_packs_epi32, _mm256_permute4x64_epi64, _mm256_rcp_ps, _mm256_round_ps,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256,
    _mm256_slli_epi32, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_ps,
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

/// `out (N, 16) i32 = A (N, depth) · B (depth, 16)`, for `N ≤ 6`; rows of `out` are 16 long.
///
/// # Safety
/// The processor has AVX2; `a` has `N` rows of `2·n_pairs` numbers, `a_stride` apart; `b` is a panel of `n_pairs` pairs;
/// `out` has room for `N` rows.
#[target_feature(enable = "avx2")]
unsafe fn product<const N: usize>(
    a: *const i16,
    a_stride: usize,
    b: *const i16,
    n_pairs: usize,
    out: *mut i32,
) {
    // SAFETY: in bounds by the caller's promises.
    unsafe {
        let mut sums = [[_mm256_setzero_si256(); 2]; N];
        for index in 0..n_pairs {
            let left = _mm256_loadu_si256(b.add(index * 32).cast());
            let right = _mm256_loadu_si256(b.add(index * 32 + 16).cast());
            for (row, sum) in sums.iter_mut().enumerate() {
                let two = a.add(row * a_stride + 2 * index).cast::<[i16; 2]>();
                let two = _mm256_set1_epi32(whole(two.read()));
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

/// Two numbers as they lie in memory.
#[inline(always)]
fn whole([low, high]: [i16; 2]) -> i32 {
    i32::from(high) << 16 | i32::from(low) & 0xffff
}

/// [`product`] of `n ≤ 6` rows.
///
/// # Safety
/// As [`product`] with `n` rows.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn product_of(
    n: usize,
    a: *const i16,
    a_stride: usize,
    b: *const i16,
    n_pairs: usize,
    out: *mut i32,
) {
    // SAFETY: by the caller's promises.
    unsafe {
        match n {
            1 => product::<1>(a, a_stride, b, n_pairs, out),
            2 => product::<2>(a, a_stride, b, n_pairs, out),
            3 => product::<3>(a, a_stride, b, n_pairs, out),
            4 => product::<4>(a, a_stride, b, n_pairs, out),
            5 => product::<5>(a, a_stride, b, n_pairs, out),
            _ => product::<6>(a, a_stride, b, n_pairs, out),
        }
    }
}

/// `sums (n, 16) = A (n, depth) u8 · B (depth, 16) i8` for `n ≤ 6` rows that begin `stride` apart; B is a panel
/// `[depth/4][16][4]`, no two neighbours of which can overflow 16 bits.
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn byte_product(
    n: usize,
    bytes: &[u8],
    stride: usize,
    panel: &[i8],
    sums: &mut [[i32; PANEL]; ROWS],
) {
    let n_groups = panel.len() / (4 * PANEL);
    assert!((1..=ROWS).contains(&n) && bytes.len() >= n * stride && stride >= 4 * n_groups);
    let (a, b, out) = (bytes.as_ptr(), panel.as_ptr(), sums.as_mut_ptr().cast());
    // SAFETY: both sides were just measured; the sums have room for six rows.
    unsafe {
        match n {
            1 => byte_product_of::<1>(a, stride, b, n_groups, out),
            2 => byte_product_of::<2>(a, stride, b, n_groups, out),
            3 => byte_product_of::<3>(a, stride, b, n_groups, out),
            4 => byte_product_of::<4>(a, stride, b, n_groups, out),
            5 => byte_product_of::<5>(a, stride, b, n_groups, out),
            _ => byte_product_of::<6>(a, stride, b, n_groups, out),
        }
    }
}

/// # Safety
/// The processor has AVX2; `a` has `N` rows of `4·n_groups` bytes, `stride` apart; `b` a panel of as many groups; `out`
/// room for `N` rows of 16.
#[target_feature(enable = "avx2")]
unsafe fn byte_product_of<const N: usize>(
    a: *const u8,
    stride: usize,
    b: *const i8,
    n_groups: usize,
    out: *mut i32,
) {
    // SAFETY: in bounds by the caller's promises.
    unsafe {
        let ones = _mm256_set1_epi16(1);
        let mut sums = [[_mm256_setzero_si256(); 2]; N];
        for group in 0..n_groups {
            let left = _mm256_loadu_si256(b.add(group * 64).cast());
            let right = _mm256_loadu_si256(b.add(group * 64 + 32).cast());
            for (row, sum) in sums.iter_mut().enumerate() {
                let four = a.add(row * stride + 4 * group).cast::<[u8; 4]>();
                let four = _mm256_set1_epi32(i32::from_le_bytes(four.read()));
                let pairs = [left, right].map(|b| _mm256_maddubs_epi16(four, b));
                sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(pairs[0], ones));
                sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(pairs[1], ones));
            }
        }
        for (row, sum) in sums.iter().enumerate() {
            _mm256_storeu_si256(out.add(row * PANEL).cast(), sum[0]);
            _mm256_storeu_si256(out.add(row * PANEL + 8).cast(), sum[1]);
        }
    }
}

/// What is known of 16 columns of a layer.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) scales: &'a [f32; PANEL],
    pub(crate) bias: &'a [f32; PANEL],
    pub(crate) weight_sums: &'a [f32; PANEL],
    /// How many of them there are.
    pub(crate) n: usize,
}

/// Sums `(n, 16)` for `n ≤ 6`, and what belongs to their rows.
pub(crate) struct Sums<'a> {
    pub(crate) values: &'a [[i32; PANEL]; ROWS],
    /// What is added to them.
    pub(crate) corrections: &'a [[i32; PANEL]; ROWS],
    /// What a step of each row's inputs is worth, `(n)`.
    pub(crate) scales: &'a [f32],
    /// What 128 stands for in each row's inputs, `(n)`.
    pub(crate) middles: &'a [f32],
}

/// Turns sums into numbers: `finish((sum + correction)·row_scale·scale + bias + middle·weight_sum)`.
///
/// # Safety
/// The processor has AVX2 and FMA; `out` has `n` rows of `columns.n` numbers, `stride` apart, that nobody else uses.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn finish(
    rows: &Sums<'_>,
    columns: &Columns<'_>,
    out: *mut f32,
    stride: usize,
    then: Then,
) {
    // SAFETY: by the caller's promises.
    unsafe {
        if columns.n < PANEL {
            finish_some(rows, columns, out, stride, then);
            return;
        }
        match then {
            Then::Store => finish_all(rows, columns, out, stride, |value, _| value),
            Then::Gelu => finish_all(rows, columns, out, stride, |value, _| gelu(value)),
            Then::Relu => finish_all(rows, columns, out, stride, |value, _| {
                _mm256_max_ps(value, _mm256_setzero_ps())
            }),
            Then::Add => finish_all(rows, columns, out, stride, |value, place| {
                _mm256_add_ps(value, _mm256_loadu_ps(place))
            }),
        }
    }
}

/// [`finish`] of a whole panel, `last(value, place)` being what is done at the end.
///
/// # Safety
/// As there.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn finish_all(
    rows: &Sums<'_>,
    columns: &Columns<'_>,
    out: *mut f32,
    stride: usize,
    last: impl Fn(__m256, *const f32) -> __m256,
) {
    // SAFETY: arrays of 16; the rest is the caller's promise.
    unsafe {
        for at in [0, 8] {
            let scale = _mm256_loadu_ps(columns.scales.as_ptr().add(at));
            let bias = _mm256_loadu_ps(columns.bias.as_ptr().add(at));
            let weight_sum = _mm256_loadu_ps(columns.weight_sums.as_ptr().add(at));
            let sums = rows.values.iter().zip(rows.corrections);
            let per_row = sums.zip(rows.scales.iter().zip(rows.middles));
            for (row, ((sums, corrections), (row_scale, middle))) in per_row.enumerate() {
                let sum = _mm256_loadu_si256(sums.as_ptr().add(at).cast());
                let scale = _mm256_mul_ps(scale, _mm256_set1_ps(*row_scale));
                let bias = _mm256_fmadd_ps(weight_sum, _mm256_set1_ps(*middle), bias);
                let correction = _mm256_loadu_si256(corrections.as_ptr().add(at).cast());
                let sum = _mm256_cvtepi32_ps(_mm256_add_epi32(sum, correction));
                let place = out.add(row * stride + at);
                _mm256_storeu_ps(place, last(_mm256_fmadd_ps(sum, scale, bias), place));
            }
        }
    }
}

/// [`finish`] of a panel that is not whole, by way of one that is.
///
/// # Safety
/// As there.
#[target_feature(enable = "avx2,fma")]
unsafe fn finish_some(
    rows: &Sums<'_>,
    columns: &Columns<'_>,
    out: *mut f32,
    stride: usize,
    then: Then,
) {
    let mut whole = [[0.0_f32; PANEL]; ROWS];
    let n_rows = rows.scales.len().min(ROWS);
    // SAFETY: by the caller's promises.
    unsafe {
        for (row, values) in whole.iter_mut().enumerate().take(n_rows) {
            out.add(row * stride)
                .copy_to_nonoverlapping(values.as_mut_ptr(), columns.n);
        }
        let columns_of_whole = Columns {
            n: PANEL,
            ..*columns
        };
        finish(
            rows,
            &columns_of_whole,
            whole.as_mut_ptr().cast(),
            PANEL,
            then,
        );
        for (row, values) in whole.iter().enumerate().take(n_rows) {
            out.add(row * stride)
                .copy_from_nonoverlapping(values.as_ptr(), columns.n);
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

/// Multiplies numbers that are not negative by others; returns the largest product and the sum of all. There are a
/// multiple of 8.
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn scale_each(values: &mut [f32], scales: &[f32]) -> (f32, f32) {
    assert!(values.len() == scales.len() && values.len().is_multiple_of(8));
    let (mut largest, mut sum) = (_mm256_set1_ps(f32::MIN_POSITIVE), _mm256_setzero_ps());
    for (values, scales) in
        (values.as_chunks_mut::<8>().0.iter_mut()).zip(scales.as_chunks::<8>().0)
    {
        // SAFETY: eight numbers each.
        unsafe {
            let scales = _mm256_loadu_ps(scales.as_ptr());
            let product = _mm256_mul_ps(_mm256_loadu_ps(values.as_ptr()), scales);
            largest = _mm256_max_ps(largest, product);
            sum = _mm256_add_ps(sum, product);
            _mm256_storeu_ps(values.as_mut_ptr(), product);
        }
    }
    (
        lanes(largest).into_iter().fold(0.0, f32::max),
        lanes(sum).iter().sum(),
    )
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
