//! Vectors of single precision, so that a kernel is written once and compiled for each family.
#![expect(
    unsafe_code,
    reason = "loads and stores through addresses, and calls of functions that need a family of instructions"
)]

use crate::Isa;

/// Some numbers that are worked on side by side.
///
/// The methods inline into whoever calls them: only a caller that [`run`] compiled for the family becomes vector
/// instructions.
pub(crate) trait Vector: Copy {
    /// Numbers in it.
    const COUNT: usize;
    /// Rows of two vectors that the registers hold as sums, besides what is multiplied.
    const ROWS: usize;

    /// Reads [`Self::COUNT`] numbers.
    ///
    /// # Safety
    /// They are there, and the processor has the family.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes [`Self::COUNT`] numbers.
    ///
    /// # Safety
    /// There is room for them that nobody else uses, and the processor has the family.
    unsafe fn store(self, to: *mut f32);
    /// The same number everywhere.
    fn splat(x: f32) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    /// `self + a·b`.
    fn plus(self, a: Self, b: Self) -> Self;
    /// The larger of each two.
    fn max(self, other: Self) -> Self;
}

/// What can be done with vectors of any family.
pub(crate) trait Kernel {
    /// Does it.
    ///
    /// # Safety
    /// The processor has the family of `V`.
    unsafe fn run<V: Vector>(self);
}

/// The family that vectors are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// What the compiler makes of loops over eight numbers.
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Family {
    pub(crate) fn of(isa: Isa) -> Self {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => Self::Avx2,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni | Isa::Amx => Self::Avx512,
            _ => Self::Plain,
        }
    }

    /// Numbers in a vector.
    pub(crate) fn count(self) -> usize {
        match self {
            Self::Plain => Plain::COUNT,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => x86::Avx2::COUNT,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => x86::Avx512::COUNT,
        }
    }
}

/// Runs a kernel with the vectors of a family.
pub(crate) fn run(family: Family, kernel: impl Kernel) {
    // SAFETY: an `Isa` is only made where the processor has it, and families are made of those.
    unsafe {
        match family {
            Family::Plain => kernel.run::<Plain>(),
            #[cfg(target_arch = "x86_64")]
            Family::Avx2 => x86::run_avx2(kernel),
            #[cfg(target_arch = "x86_64")]
            Family::Avx512 => x86::run_avx512(kernel),
        }
    }
}

/// Eight numbers of any processor.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f32; 8]);

impl Plain {
    #[inline(always)]
    fn with(self, other: Self, both: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self;
        for (out, other) in out.0.iter_mut().zip(other.0) {
            *out = both(*out, other);
        }
        out
    }
}

impl Vector for Plain {
    const COUNT: usize = 8;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the caller's promise.
        Self(unsafe { from.cast::<[f32; 8]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the caller's promise.
        unsafe { to.cast::<[f32; 8]>().write(self.0) };
    }

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 8])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    #[inline(always)]
    fn plus(self, a: Self, b: Self) -> Self {
        let mut out = self;
        for ((out, a), b) in out.0.iter_mut().zip(a.0).zip(b.0) {
            // one instruction on ARM, a call of the C library elsewhere
            *out = if cfg!(target_arch = "aarch64") {
                a.mul_add(b, *out)
            } else {
                *out + a * b
            };
        }
        out
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.with(other, f32::max)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! Vectors of 256 and 512 bits.

    use std::arch::x86_64::{
        __m256, __m512, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps,
        _mm256_set1_ps, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_fmadd_ps,
        _mm512_loadu_ps, _mm512_max_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
    };

    use super::{Kernel, Vector};

    pub(super) type Avx2 = __m256;
    pub(super) type Avx512 = __m512;

    /// # Safety
    /// The processor has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn run_avx2(kernel: impl Kernel) {
        // SAFETY: by the caller's promise.
        unsafe { kernel.run::<Avx2>() };
    }

    /// # Safety
    /// The processor has AVX-512.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,fma")]
    pub(super) unsafe fn run_avx512(kernel: impl Kernel) {
        // SAFETY: by the caller's promise.
        unsafe { kernel.run::<Avx512>() };
    }

    macro_rules! vector {
        ($type:ty, $count:expr, $rows:expr, $load:ident, $store:ident, $splat:ident, $add:ident, $sub:ident, $plus:ident, $max:ident) => {
            impl Vector for $type {
                const COUNT: usize = $count;
                const ROWS: usize = $rows;

                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: by the caller's promise.
                    unsafe { $load(from) }
                }

                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: by the caller's promise.
                    unsafe { $store(to, self) }
                }

                #[inline(always)]
                fn splat(x: f32) -> Self {
                    // SAFETY: `run` runs kernels only where the processor has the family.
                    unsafe { $splat(x) }
                }

                #[inline(always)]
                fn add(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $add(self, other) }
                }

                #[inline(always)]
                fn sub(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $sub(self, other) }
                }

                #[inline(always)]
                fn plus(self, a: Self, b: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $plus(a, b, self) }
                }

                #[inline(always)]
                fn max(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $max(self, other) }
                }
            }
        };
    }

    vector!(
        __m256,
        8,
        6,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_fmadd_ps,
        _mm256_max_ps
    );
    vector!(
        __m512,
        16,
        12,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_fmadd_ps,
        _mm512_max_ps
    );
}
