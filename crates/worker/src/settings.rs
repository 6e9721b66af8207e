//! How tasks are run and callbacks delivered.

use std::time::Duration;

use standardwebhooks::Webhook;

use crate::failpoint::Failpoints;

/// How tasks are run.
#[derive(Debug)]
pub struct Settings {
    /// The name of this worker in leases, unique to this process.
    pub name: String,
    /// Tasks that compute at once; at least 1.
    pub n_at_once: usize,
    /// How long a lease lasts that nobody renews; it is renewed at a third of that.
    pub lease_time: Duration,
    /// Attempts a task has, whether they fail for a passing reason or end with the process; at least 1.
    pub max_attempts: u32,
    /// The most an attempt may take; `None` is no limit.
    pub task_timeout: Option<Duration>,
    /// How long running tasks may go on after the service was asked to stop.
    pub grace: Duration,
    /// How callbacks are delivered.
    pub callbacks: CallbackSettings,
    /// Where the process ends by itself: for tests.
    pub failpoints: Failpoints,
}

/// How callbacks are delivered.
pub struct CallbackSettings {
    /// Attempts for each, in all; 0 sends none.
    pub max_attempts: u32,
    /// The most that an attempt takes, by which its lease is measured.
    pub timeout: Duration,
    /// Deliveries that go on at once.
    pub n_at_once: usize,
    /// Signs messages by the Standard Webhooks scheme; `None` sends them unsigned.
    pub signer: Option<Webhook>,
}

impl std::fmt::Debug for CallbackSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallbackSettings")
            .field("max_attempts", &self.max_attempts)
            .field("timeout", &self.timeout)
            .field("n_at_once", &self.n_at_once)
            .field("signs", &self.signer.is_some())
            .finish()
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Settings with which tests are quick.
    pub(crate) fn settings() -> Settings {
        Settings {
            name: "worker".to_owned(),
            n_at_once: 1,
            lease_time: Duration::from_secs(30),
            max_attempts: 3,
            task_timeout: None,
            grace: Duration::from_secs(5),
            callbacks: CallbackSettings {
                max_attempts: 3,
                timeout: Duration::from_secs(1),
                n_at_once: 8,
                signer: None,
            },
            failpoints: Failpoints::default(),
        }
    }
}
