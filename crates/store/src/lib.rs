//! All that survives a restart: tasks, leases, results, the outbox and uploaded files.
//!
//! The table `tasks` is the queue. Submitting inserts a row; a worker [claims](Store::claim) it and gets a [`Lease`],
//! which names one claim of one task. **Every write of a worker names its lease**, so that a worker that lost it changes
//! nothing. [`Store::finish`] stores the outcome and the message to the task's callback in one transaction.
//!
//! The columns of the reference service keep their names and formats, so that its files are opened here and its tools
//! read ours.

mod accept;
mod claim;
mod document;
mod ending;
mod error;
mod file;
mod lock;
mod media;
mod opened;
mod outbox;
mod queue;
mod recover;
mod rows;
mod settings;
mod store;
mod tasks;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use accept::QueueFigures;
pub use error::{InsertError, LockError, MediaError, StoreError};
pub use media::{Media, MediaKey, MediaStore, MediaWriter, NotAMediaKey};
pub use outbox::{Delivery, DeliveryAttempt, DeliveryOutcome};
pub use queue::{Claimed, Ending, Lease, Retried};
pub use recover::Recovered;
pub use settings::{DatabaseUrl, QueueLimits, Settings, UnusableUrl};
pub use store::{Event, Store};
pub use tasks::{Callback, NewTask, Task, TaskSummary};
