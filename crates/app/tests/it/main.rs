//! The binary from outside: what it prints, where, and how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that fails is a failed test"
)]

mod align;
mod align_sizes;
mod broken_files;
mod check_config;
mod combine;
mod command;
mod documents;
mod field;
#[path = "../common/fixtures.rs"]
mod fixtures;
mod help;
mod interrupt;
mod models;
mod music;
mod output;
#[path = "../common/places.rs"]
mod places;
mod players;
mod recordings;
mod speakers;
mod speech;
mod unrun;
mod usage;
#[path = "../common/wav.rs"]
mod wav;
