//! The words and rules of Scriven: plain data without IO.
//!
//! Every other room speaks in these types; this one names nobody.

pub mod align_model;
pub mod aligned;
pub mod clock;
pub mod diarization;
pub mod document;
pub mod export;
pub mod language;
pub mod media;
pub mod model;
pub mod options;
pub mod progress;
pub mod request;
pub mod results;
pub mod service;
pub mod task;
pub mod transcript;
pub mod transcript_input;
pub mod turns_input;
pub mod units;
pub mod words;
