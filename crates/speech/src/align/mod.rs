//! Forced alignment: when each word of a known text is said (wav2vec2 emissions and a CTC path through the text).
//!
//! [`Aligner::load`] reads a model, [`align`] gives every word of a transcript its time. Words that the model cannot
//! hear (digits, symbols, letters of another script) are found by what no letter explains; what is not spoken at all
//! gets a time between its neighbours and no score. Nothing of the text is dropped.

pub mod error;

mod aligner;
mod dictionary;
mod ear;
mod emissions;
pub(crate) mod fill;
mod group;
mod labels;
mod listen;
mod path;
mod run;
pub(crate) mod sentences;
#[cfg(test)]
mod testing;
mod wav2vec2;
mod whisperx;

pub use aligner::{Aligner, align};
pub use emissions::Emissions;
pub use wav2vec2::LoadError;
