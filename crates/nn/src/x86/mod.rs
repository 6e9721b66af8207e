//! Kernels for x86-64 processors with AVX2 and more.
#![expect(
    unsafe_code,
    reason = "vector and tile instructions; each function says what it needs"
)]

pub(crate) mod amx;
pub(crate) mod avx2;
pub(crate) mod avx512;
