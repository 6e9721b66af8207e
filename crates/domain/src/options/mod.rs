//! Options of a request, one file a stage.

mod asr;
mod check;
mod vad;

pub use asr::{AsrOptions, AsrTask, ComputeType, temperature_ladder};
pub use check::OptionProblem;
pub use vad::{LONGEST_CHUNK, VadOptions};
