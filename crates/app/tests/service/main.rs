//! The service from outside: `scriven serve` listens on a real socket, keeps a real database, and is spoken to as its
//! clients do. A test's name carries the number of the statement of the API contract that it shows.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that fails is a failed test"
)]
#![expect(
    clippy::print_stderr,
    reason = "tests tell what they skip, and what the service wrote when one fails"
)]

mod answer;
mod app;
mod audio;
mod callbacks;
mod connections;
mod crashes;
mod database;
mod decoding;
mod documents;
mod downloads;
mod failures;
mod files;
#[path = "../common/fixtures.rs"]
mod fixtures;
mod installation;
mod lifecycle;
mod load;
mod memory;
mod models;
mod notes;
mod old_files;
#[path = "../common/places.rs"]
mod places;
mod policy;
mod raw;
mod receiver;
mod records;
mod results;
mod secrets;
mod section_8;
mod settings;
mod sqlite;
#[path = "../common/wav.rs"]
mod wav;
