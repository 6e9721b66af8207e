//! Whisper: features, tokens, network, search, and the long-form algorithm.

pub mod error;
pub mod mel;
pub mod network;
pub mod prompt;
pub mod search;
pub mod special;
pub mod suppress;
pub mod tokenizer;
pub mod weights;
pub mod whisper;

pub use whisper::Whisper;
