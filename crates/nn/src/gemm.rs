//! The multipliers of `rten-gemm`, one of each kind in a process.
//!
//! They only know which kernel suits the processor. Layers borrow them: they may be used from any thread, but not be given to another.

use std::sync::OnceLock;

use rten_gemm::GemmExecutor;

/// Multiplies numbers of single precision.
pub(crate) type Float = GemmExecutor<f32, f32, f32>;
/// Multiplies unsigned by signed bytes.
pub(crate) type Bytes = GemmExecutor<u8, i8, i32>;

pub(crate) fn float() -> &'static Float {
    static MULTIPLIER: OnceLock<&Float> = OnceLock::new();
    MULTIPLIER.get_or_init(|| Box::leak(Box::new(Float::new())))
}

pub(crate) fn bytes() -> &'static Bytes {
    static MULTIPLIER: OnceLock<&Bytes> = OnceLock::new();
    MULTIPLIER.get_or_init(|| Box::leak(Box::new(Bytes::new())))
}
