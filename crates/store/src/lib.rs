//! All that survives a restart: tasks, leases, results, the outbox and uploaded files.
//!
//! The table `tasks` is the queue. Submitting inserts a row; a worker [claims](Store::claim) it and gets a [`Lease`],
//! which names task and attempt. **Every write of a worker names its lease**, so that a worker that lost it changes
//! nothing. [`Store::finish`] stores the outcome and the message to the task's callback in one transaction.

mod document;
mod error;
mod media;
mod outbox;
mod queue;
mod settings;
mod store;
mod tasks;

pub use error::{InsertError, MediaError, StoreError};
pub use media::{Media, MediaKey, MediaStore, MediaWriter};
pub use outbox::{Delivery, DeliveryAttempt, DeliveryOutcome};
pub use queue::{Claimed, Ending, Lease, Recovered, Retried};
pub use settings::{DatabaseUrl, QueueLimits, Settings, UnusableUrl};
pub use store::{Event, Store};
pub use tasks::{Callback, NewTask, QueueFigures, Task, TaskSummary};
