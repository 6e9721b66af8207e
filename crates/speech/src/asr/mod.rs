//! Whisper: features, tokens, network, search, and the long-form algorithm.

pub mod error;
pub mod network;
pub mod search;
pub mod special;
pub mod tokenizer;
pub mod weights;
pub mod whisper;

pub use whisper::Whisper;
