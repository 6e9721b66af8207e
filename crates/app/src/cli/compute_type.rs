//! `--compute-type` of the commands that know no other arithmetic than ours.

use clap::ValueEnum;
use domain::options::ComputeType;

/// Values of `--compute-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ComputeTypeArg {
    /// Fast and small
    Int8,
    /// Slower, and as exact as the model was made
    Float32,
}

impl From<ComputeTypeArg> for ComputeType {
    fn from(compute_type: ComputeTypeArg) -> Self {
        match compute_type {
            ComputeTypeArg::Int8 => Self::Int8,
            ComputeTypeArg::Float32 => Self::Float32,
        }
    }
}
