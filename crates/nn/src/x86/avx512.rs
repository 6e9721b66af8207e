//! AVX-512 kernels: integer products with VNNI, and the vector mathematics around tiles.

use std::arch::x86_64::{
    __m512, __m512i, _MM_FROUND_NO_EXC, _MM_FROUND_TO_NEAREST_INT, _mm512_add_ps, _mm512_and_ps,
    _mm512_castps_si512, _mm512_castsi512_ps, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32,
    _mm512_fmadd_ps, _mm512_fnmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mask_storeu_ps,
    _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_mul_ps, _mm512_or_ps, _mm512_rcp14_ps,
    _mm512_roundscale_ps, _mm512_scalef_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_setzero_si512, _mm512_storeu_si512, _mm512_sub_epi32, _mm512_sub_ps,
};

use crate::linear::Then;

/// `e^x` to about 1 ulp of single precision; very small results become zero.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn exp(x: __m512) -> __m512 {
    // Cody–Waite reduction to [-ln2/2, ln2/2], then a polynomial of degree 6 (Cephes expf).
    let x = _mm512_max_ps(x, _mm512_set1_ps(-104.0));
    let n = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(
        _mm512_mul_ps(x, _mm512_set1_ps(std::f32::consts::LOG2_E)),
    );
    let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693_359_4), x);
    let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.121_944_4e-4), r);
    let mut p = _mm512_set1_ps(1.987_569_1e-4);
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_6e-1,
        5e-1,
    ] {
        p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(c));
    }
    let p = _mm512_fmadd_ps(
        _mm512_mul_ps(p, r),
        r,
        _mm512_add_ps(r, _mm512_set1_ps(1.0)),
    );
    _mm512_scalef_ps(p, n)
}

/// `0.5·x·(1 + erf(x/√2))` to 3e-7 (erf after Abramowitz and Stegun 7.1.26).
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(crate) fn gelu(x: __m512) -> __m512 {
    let sign = _mm512_and_ps(x, _mm512_set1_ps(-0.0));
    let z = _mm512_mul_ps(
        _mm512_castsi512_ps(std::arch::x86_64::_mm512_andnot_si512(
            _mm512_castps_si512(_mm512_set1_ps(-0.0)),
            _mm512_castps_si512(x),
        )),
        _mm512_set1_ps(std::f32::consts::FRAC_1_SQRT_2),
    );
    let one = _mm512_set1_ps(1.0);
    // 1/(1 + p·z): an estimate of 14 bits and one step of Newton's; division would take longer than all the rest
    let denominator = _mm512_fmadd_ps(z, _mm512_set1_ps(0.327_591_1), one);
    let estimate = _mm512_rcp14_ps(denominator);
    let two = _mm512_set1_ps(2.0);
    let t = _mm512_mul_ps(estimate, _mm512_fnmadd_ps(denominator, estimate, two));
    let mut p = _mm512_set1_ps(1.061_405_4);
    for c in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(c));
    }
    let decay = exp(_mm512_sub_ps(_mm512_setzero_ps(), _mm512_mul_ps(z, z)));
    let erf = _mm512_fnmadd_ps(_mm512_mul_ps(p, t), decay, one);
    let half = _mm512_mul_ps(x, _mm512_set1_ps(0.5));
    _mm512_fmadd_ps(half, _mm512_or_ps(erf, sign), half)
}

/// Where 32 columns of sums go, and by what they are scaled.
pub(crate) struct Columns {
    /// 32 corrections: 128 times the sum of the column's weights.
    pub(crate) offsets: *const i32,
    /// 32 scales of the columns.
    pub(crate) scales: *const f32,
    /// 32 biases.
    pub(crate) bias: *const f32,
    /// 32 sums of the column's weights: what an input of one everywhere gives.
    pub(crate) weight_sums: *const f32,
    /// How many of the 32 exist.
    pub(crate) n: usize,
}

/// Sums `(n_rows, 32)` and what belongs to their rows.
pub(crate) struct Sums {
    /// Row after row.
    pub(crate) values: *const i32,
    /// Number of rows.
    pub(crate) n_rows: usize,
    /// What a step of each row's inputs is worth.
    pub(crate) scales: *const f32,
    /// What 128 stands for in each row's inputs.
    pub(crate) middles: *const f32,
}

/// Turns sums into numbers: `finish((sum − offset)·row_scale·scale + bias + middle·weight_sum)`.
///
/// # Safety
/// The pointers of `rows` have as many rows as it says; `out` has `n_rows` rows of `columns.n`, `out_stride` apart, that
/// nobody else uses; the pointers of `columns` have 32 entries each.
#[target_feature(enable = "avx512f,avx512dq")]
pub(crate) unsafe fn finish(
    rows: &Sums,
    columns: &Columns,
    out: *mut f32,
    out_stride: usize,
    then: Then,
) {
    // SAFETY: in bounds by the caller's promises; masks keep loads and stores of `out` within `columns.n`.
    unsafe {
        for half in 0..2 {
            let at = half * 16;
            if at >= columns.n {
                break;
            }
            let mask = if columns.n - at >= 16 {
                0xffff
            } else {
                (1_u16 << (columns.n - at)) - 1
            };
            let offset = _mm512_loadu_si512(columns.offsets.add(at).cast());
            let scale = _mm512_loadu_ps(columns.scales.add(at));
            let bias = _mm512_loadu_ps(columns.bias.add(at));
            let weight_sum = _mm512_loadu_ps(columns.weight_sums.add(at));
            for row in 0..rows.n_rows {
                let sum: __m512i = _mm512_loadu_si512(rows.values.add(row * 32 + at).cast());
                let scale = _mm512_mul_ps(scale, _mm512_set1_ps(*rows.scales.add(row)));
                let bias =
                    _mm512_fmadd_ps(weight_sum, _mm512_set1_ps(*rows.middles.add(row)), bias);
                let value = _mm512_fmadd_ps(
                    _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, offset)),
                    scale,
                    bias,
                );
                let place = out.add(row * out_stride + at);
                let value = match then {
                    Then::Store => value,
                    Then::Gelu => gelu(value),
                    Then::Relu => _mm512_max_ps(value, _mm512_setzero_ps()),
                    Then::Add => _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, place)),
                };
                _mm512_mask_storeu_ps(place, mask, value);
            }
        }
    }
}

/// `out (n_rows, 32) i32 = A (n_rows, depth) u8 · B (depth, 32) i8`, `N ≤ 12` rows at a time.
///
/// # Safety
/// `a` has `N` rows of `4·n_groups` bytes, `a_stride` apart; `b0` and `b1` `n_groups` lines each; `out` `N` rows of 32.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(crate) unsafe fn u8i8_nx32<const N: usize>(
    a: *const u8,
    a_stride: usize,
    b0: *const u8,
    b1: *const u8,
    n_groups: usize,
    out: *mut i32,
) {
    // SAFETY: in bounds by the caller's promises.
    unsafe {
        let mut sums = [[_mm512_setzero_si512(); 2]; N];
        for group in 0..n_groups {
            let left = _mm512_loadu_si512(b0.add(group * 64).cast());
            let right = _mm512_loadu_si512(b1.add(group * 64).cast());
            for (row, sum) in sums.iter_mut().enumerate() {
                let four = _mm512_set1_epi32(
                    a.add(row * a_stride + group * 4)
                        .cast::<i32>()
                        .read_unaligned(),
                );
                sum[0] = _mm512_dpbusd_epi32(sum[0], four, left);
                sum[1] = _mm512_dpbusd_epi32(sum[1], four, right);
            }
        }
        for (row, sum) in sums.iter().enumerate() {
            _mm512_storeu_si512(out.add(row * 32).cast(), sum[0]);
            _mm512_storeu_si512(out.add(row * 32 + 16).cast(), sum[1]);
        }
    }
}

/// `e^(x − max)` of the first `n` scores as bf16, zero for the rest; returns the sum of what was written.
///
/// # Safety
/// The processor has AVX-512 with bf16.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")]
pub(crate) unsafe fn exp_row(scores: &[f32], n: usize, out: &mut [u16]) -> f32 {
    use std::arch::x86_64::{
        _mm256_storeu_si256, _mm512_cvtneps_pbh, _mm512_mask_mov_ps, _mm512_reduce_add_ps,
        _mm512_reduce_max_ps,
    };
    assert!(n <= scores.len() && scores.len() == out.len() && scores.len().is_multiple_of(16));
    let mask = |at: usize| {
        if n >= at + 16 {
            0xffff
        } else {
            (1_u32 << n.saturating_sub(at)) as u16 - 1
        }
    };
    let lowest = _mm512_set1_ps(f32::MIN);
    // SAFETY: steps of 16 within slices whose length is a multiple of 16.
    unsafe {
        let mut largest = lowest;
        for at in (0..n).step_by(16) {
            let x = _mm512_mask_mov_ps(lowest, mask(at), _mm512_loadu_ps(scores.as_ptr().add(at)));
            largest = _mm512_max_ps(largest, x);
        }
        let largest = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
        let mut sum = _mm512_setzero_ps();
        for at in (0..scores.len()).step_by(16) {
            let x = exp(_mm512_sub_ps(
                _mm512_loadu_ps(scores.as_ptr().add(at)),
                largest,
            ));
            let x = _mm512_mask_mov_ps(_mm512_setzero_ps(), mask(at), x);
            sum = _mm512_add_ps(sum, x);
            let half = std::mem::transmute::<std::arch::x86_64::__m256bh, std::arch::x86_64::__m256i>(
                _mm512_cvtneps_pbh(x),
            );
            _mm256_storeu_si256(out.as_mut_ptr().add(at).cast(), half);
        }
        _mm512_reduce_add_ps(sum)
    }
}

/// `max(0, sums + bias + added)` of rows of 32 as bf16; `added` is bf16 too.
///
/// # Safety
/// The processor has AVX-512 with bf16.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub(crate) unsafe fn rectify_to_bf16(
    sums: &[f32],
    bias: &[f32; 32],
    added: Option<&[u16]>,
    out: &mut [u16],
) {
    use std::arch::x86_64::{
        __m512bh, _mm256_loadu_si256, _mm512_cvtepu16_epi32, _mm512_cvtne2ps_pbh, _mm512_slli_epi32,
    };
    assert!(sums.len() == out.len() && out.len().is_multiple_of(32));
    assert!(added.is_none_or(|added| added.len() == out.len()));
    // SAFETY: steps of 32 within slices whose length is a multiple of 32.
    unsafe {
        let zero = _mm512_setzero_ps();
        let bias = [
            _mm512_loadu_ps(bias.as_ptr()),
            _mm512_loadu_ps(bias.as_ptr().add(16)),
        ];
        for at in (0..out.len()).step_by(32) {
            let mut halves = [zero; 2];
            for (half, value) in halves.iter_mut().enumerate() {
                let at = at + half * 16;
                *value = _mm512_add_ps(_mm512_loadu_ps(sums.as_ptr().add(at)), bias[half]);
                if let Some(added) = added {
                    let added = _mm256_loadu_si256(added.as_ptr().add(at).cast());
                    let added = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(added));
                    *value = _mm512_add_ps(*value, _mm512_castsi512_ps(added));
                }
                *value = _mm512_max_ps(*value, zero);
            }
            let pixel = _mm512_cvtne2ps_pbh(halves[1], halves[0]);
            let pixel = std::mem::transmute::<__m512bh, __m512i>(pixel);
            _mm512_storeu_si512(out.as_mut_ptr().add(at).cast(), pixel);
        }
    }
}

/// `max(0, sums + bias)` of rows of 32, written `stride` apart.
///
/// # Safety
/// The processor has AVX-512.
#[target_feature(enable = "avx512f")]
pub(crate) unsafe fn rectify_apart(sums: &[f32], bias: &[f32; 32], out: &mut [f32], stride: usize) {
    for (row, sums) in sums.chunks_exact(32).enumerate() {
        let out = &mut out[row * stride..][..32];
        for ((out, sum), bias) in out.iter_mut().zip(sums).zip(bias) {
            *out = (sum + bias).max(0.0);
        }
    }
}
