//! Tests of the crate from outside; one binary, one module a room.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::print_stdout,
    reason = "numbers are small, a test that cannot go on stops, and one that is skipped says so"
)]

mod asr;
mod audio;
mod diarize;
mod models;
mod pipeline;
