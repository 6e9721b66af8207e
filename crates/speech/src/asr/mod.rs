//! Whisper: features, tokens, network, search, and the long-form algorithm.

pub mod network;
pub mod special;
pub mod tokenizer;
