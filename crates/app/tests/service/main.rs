//! The service from outside: `scriven serve` listens on a real socket, keeps a real database, and is spoken to as its
//! clients do. A test's name carries the number of the statement of the API contract that it shows.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that fails is a failed test"
)]

mod answer;
mod app;
mod audio;
mod callbacks;
mod crashes;
mod database;
mod failures;
mod lifecycle;
mod load;
mod old_files;
mod policy;
mod receiver;
mod section_8;
mod sqlite;
