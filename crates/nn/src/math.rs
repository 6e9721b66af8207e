//! Plain helpers shared by the kernels.

/// Compiles a function once for each vector extension and calls the best that the processor has.
///
/// The body must inline everything it calls (`#[inline(always)]`), so that it is all compiled for that extension.
macro_rules! multiversion {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$doc])*
        $vis fn $name($($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body($($arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "called only where the processor has the features")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,fma")]
                fn avx512($($arg: $type),*) $(-> $result)? { body($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $type),*) $(-> $result)? { body($($arg),*) }

                if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl") {
                    // SAFETY: just detected.
                    return unsafe { avx512($($arg),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: just detected.
                    return unsafe { avx2($($arg),*) };
                }
            }
            body($($arg),*)
        }
    };
}
pub(crate) use multiversion;

/// `n` rounded up to a multiple of `step`.
pub(crate) const fn round_up(n: usize, step: usize) -> usize {
    n.div_ceil(step) * step
}

/// 64 bytes that start on a cache line, so that no vector or tile row is split between two.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [u8; 64]);

impl Line {
    pub(crate) const ZERO: Self = Self([0; 64]);
}

/// Bytes on cache-line boundaries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Aligned(Vec<Line>);

impl Aligned {
    pub(crate) fn zeroed(n_bytes: usize) -> Self {
        Self(vec![Line::ZERO; n_bytes.div_ceil(64)])
    }

    /// Makes room for `n_bytes`; what was there before may be lost.
    pub(crate) fn reserve(&mut self, n_bytes: usize) {
        if self.0.len() * 64 < n_bytes {
            self.0 = vec![Line::ZERO; n_bytes.div_ceil(64)];
        }
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.0.len() * 64
    }

    /// All lines.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn lines(&self) -> &[Line] {
        &self.0
    }

    /// All lines, to write.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn lines_mut(&mut self) -> &mut [Line] {
        &mut self.0
    }

    /// The bytes as numbers.
    pub(crate) fn view<T: Plain>(&self) -> &[T] {
        numbers(&self.0)
    }

    /// The bytes as numbers, to write.
    pub(crate) fn view_mut<T: Plain>(&mut self) -> &mut [T] {
        numbers_mut(&mut self.0)
    }
}

/// Lines as numbers.
#[expect(
    unsafe_code,
    reason = "lines are plain bytes and may be read as numbers"
)]
pub(crate) fn numbers<T: Plain>(lines: &[Line]) -> &[T] {
    let len = size_of_val(lines) / size_of::<T>();
    // SAFETY: `Plain` types have no invalid bit patterns, and a line is more strictly aligned than any of them.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), len) }
}

/// Lines as numbers, to write.
#[expect(
    unsafe_code,
    reason = "lines are plain bytes and may be written as numbers"
)]
pub(crate) fn numbers_mut<T: Plain>(lines: &mut [Line]) -> &mut [T] {
    let len = size_of_val(lines) / size_of::<T>();
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), len) }
}

/// Numbers that any bytes are.
pub(crate) trait Plain: Copy {}
impl Plain for u8 {}
impl Plain for i8 {}
impl Plain for u16 {}
impl Plain for i16 {}
impl Plain for i32 {}
impl Plain for f32 {}

/// Single precision cut to its upper half (bfloat16), rounded to nearest even.
#[inline(always)]
pub(crate) fn to_bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

multiversion! {
    /// Cuts `scale·values` to bfloat16.
    pub(crate) fn scale_to_bf16(values: &[f32], scale: f32, out: &mut [u16]) {
        for (out, value) in out.iter_mut().zip(values) {
            *out = to_bf16(value * scale);
        }
    }
}

/// The value of a bfloat16.
#[inline(always)]
pub(crate) fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// Lanes that the portable loops work on side by side.
pub(crate) const LANES: usize = 16;

/// Folds a slice into one number lane by lane, so that the compiler can use vectors.
#[inline(always)]
pub(crate) fn fold(
    values: &[f32],
    start: f32,
    step: impl Fn(f32, f32) -> f32,
    join: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut lanes = [start; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = step(*lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = step(*lane, *value);
    }
    lanes.into_iter().fold(start, join)
}

/// `e^x` to about 2 ulp for `x ≤ 88`; very small results become zero. A form that compilers turn into vectors.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0; // 1.5·2^23: adding it rounds to a whole number
    let x = x.max(-87.3);
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_6e-1,
        5e-1,
    ] {
        p = p * r + c;
    }
    let p = p * r * r + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    if x <= -87.3 { 0.0 } else { p * power }
}

/// `1/(1 + e^−x)`, to about 1e-7.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp((-x).min(80.0)))
}

/// The hyperbolic tangent, to about 1e-7.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    2.0 / (1.0 + exp((-2.0 * x).min(80.0))) - 1.0
}

/// The least and the largest of the values, as comparisons find them: what is no number is passed over.
#[inline(always)]
pub(crate) fn extremes(values: &[f32]) -> (f32, f32) {
    // `f32::max` would look at each value twice, for the sake of what is no number
    let smaller = |a: f32, b: f32| if b < a { b } else { a };
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (mut least, mut most) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for ((least, most), x) in least.iter_mut().zip(&mut most).zip(chunk) {
            (*least, *most) = (smaller(*least, *x), larger(*most, *x));
        }
    }
    for ((least, most), x) in least.iter_mut().zip(&mut most).zip(rest) {
        (*least, *most) = (smaller(*least, *x), larger(*most, *x));
    }
    let least = least.into_iter().fold(f32::INFINITY, smaller);
    (least, most.into_iter().fold(f32::NEG_INFINITY, larger))
}
