//! Models on disk and on a hub, from outside: real folders, and a real server on the loopback address.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that fails is a failed test"
)]

mod hub;
mod locate;
mod places;
mod pull;
mod verify;
