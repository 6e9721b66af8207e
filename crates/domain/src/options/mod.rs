//! Options of a request, one file a stage.

mod asr;

pub use asr::{AsrOptions, AsrTask, ComputeType};
