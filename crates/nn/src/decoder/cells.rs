//! The numbers of a cache: single precision, or bfloat16 where memory bandwidth is what a step waits for.

use crate::math::{from_bf16, to_bf16};

/// A number as a cache stores it.
pub(super) trait Cell: Copy + Default + Send + Sync {
    fn store(value: f32) -> Self;
    fn load(self) -> f32;
}

impl Cell for f32 {
    #[inline(always)]
    fn store(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn load(self) -> f32 {
        self
    }
}

impl Cell for u16 {
    #[inline(always)]
    fn store(value: f32) -> Self {
        to_bf16(value)
    }

    #[inline(always)]
    fn load(self) -> f32 {
        from_bf16(self)
    }
}
