//! Whisper: features, tokens, network, search, and the long-form algorithm.

pub mod network;
