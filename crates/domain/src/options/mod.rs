//! Options of a request, one file a stage.

mod asr;
mod check;

pub use asr::{AsrOptions, AsrTask, ComputeType, temperature_ladder};
pub use check::OptionProblem;
