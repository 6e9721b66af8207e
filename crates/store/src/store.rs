//! The database itself: opened, migrated, watched.

use std::sync::Arc;

use domain::clock::Clock;
use domain::task::TaskId;
use tokio::sync::broadcast;

use crate::error::StoreError;
use crate::settings::Settings;

/// The database. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Store {
    clock: Arc<dyn Clock>,
}

/// Something that others wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A task may be claimed.
    TaskQueued,
    /// The task was deleted.
    Deleted(TaskId),
    /// A message may be due.
    DeliveryQueued,
}

impl Store {
    /// The database that `settings` name. Nothing is opened yet: each call does that when it must, so that the service
    /// starts without its database, and finds it when it comes back.
    pub fn new(_settings: Settings, _clock: Arc<dyn Clock>) -> Self {
        unimplemented!()
    }

    /// Opens the database and brings its tables up to date, unless that was done.
    ///
    /// # Errors
    /// It cannot be opened, or its tables are newer than this program.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// Whether tasks can be read now, within two seconds.
    ///
    /// # Errors
    /// They cannot.
    pub async fn check(&self) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// What happens from now on in this process.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        unimplemented!()
    }

    /// Where "now" comes from.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Ends all connections; what was written is in the file, without a log beside it.
    pub async fn close(&self) {
        unimplemented!()
    }
}
