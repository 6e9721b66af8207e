//! Array kernels and layers for inference on a CPU. Knows no model.
//!
//! Arrays are row-major slices; a shape is written `(rows, columns)`. Work is spread over a [`Pool`] of threads that
//! run one closure side by side and meet at barriers. Which kernels run is decided once, by [`Isa::detect`].
#![expect(
    clippy::inline_always,
    reason = "what a `multiversion!` function calls must be compiled inside it"
)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "quantising cuts numbers on purpose"
)]

pub mod attention;
pub mod batch_norm;
pub mod conv;
pub mod conv2d;
pub mod decoder;
pub mod dense;
pub mod encoder;
pub mod linear;
pub mod logits;
pub mod lstm;
pub mod norm;
pub mod pooling;
pub mod wave;

mod gemm;
mod isa;
mod math;
mod memory;
mod pool;
mod shared;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use isa::Isa;
pub use linear::Precision;
pub use pool::{Pool, Worker};
