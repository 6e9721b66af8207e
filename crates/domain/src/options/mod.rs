//! Options of a request, one file a stage.

mod align;
mod asr;
mod check;
mod diarize;
mod vad;

pub use align::{AlignOptions, AlignRules, Interpolation};
pub use asr::{
    AsrOptions, AsrTask, ComputeType, UnknownComputeType, WordTimes, temperature_ladder,
};
pub use check::OptionProblem;
pub use diarize::{DiarizeOptions, SpeakerRange};
pub use vad::{LONGEST_CHUNK, VadOptions};
