//! The words and rules of Scriven: plain data without IO.
//!
//! Every other room speaks in these types; this one names nobody.

pub mod align_model;
pub mod aligned;
pub mod diarization;
pub mod document;
pub mod export;
pub mod language;
pub mod model;
pub mod options;
pub mod progress;
pub mod transcript;
pub mod units;
