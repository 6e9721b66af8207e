//! Takes tasks from the queue, runs them, stores what comes of it, and delivers callbacks.
//!
//! [`Worker::run`] is the room's one way in. Beside the [`runner`](Worker), which holds leases and watches over the
//! threads that compute, two loops go their own way: one delivers callbacks, one cleans up.

mod callbacks;
pub mod engine;
mod error;
mod events;
mod failpoint;
mod janitor;
mod progress;
mod runner;
mod settings;
mod start;
mod supervisor;

pub use error::TaskFailure;
pub use failpoint::{Failpoint, Failpoints, UnknownFailpoint};
pub use runner::{Shutdown, Worker};
pub use settings::{CallbackSettings, Settings};
