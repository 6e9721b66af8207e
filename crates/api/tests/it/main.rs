//! The API from outside: a listening socket, a real store on a temporary file, scripted recordings, and nobody who works.
//!
//! Names of tests begin with the section of the contract, or the row of its audit, that they show.

#![expect(clippy::unwrap_used, reason = "what a test needs and has not, ends it")]

mod documents;
mod early;
mod framework;
mod health;
mod limits;
mod logs;
mod names;
mod openapi;
mod queries;
mod queue;
mod results;
mod services;
mod speech;
mod support;
mod tasks;
mod tracks;
mod urls;
