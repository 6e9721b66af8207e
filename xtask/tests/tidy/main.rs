//! The rules of the house that a machine can check.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that fails is a failed test"
)]

mod arrows;
mod licences;
mod sources;
mod tree;
