//! Audio in, transcript out. Knows no task, no SQL, no HTTP.

pub mod align;
pub mod asr;
pub mod assign;
pub mod audio;
pub mod diarize;
pub mod embedding;
pub mod models;
pub mod pipeline;
pub mod pyannet;
mod segments;
#[cfg(test)]
pub(crate) mod testing;
pub mod vad;
pub mod weights;

use domain::options::ComputeType;
pub use nn::Pool;
use nn::Precision;

/// The arithmetic of kernels that an option names.
fn precision(compute: ComputeType) -> Precision {
    match compute {
        ComputeType::Float32 => Precision::Float32,
        ComputeType::Int8 => Precision::Int8,
    }
}
