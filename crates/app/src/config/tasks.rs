//! How long tasks may take, and how often they are tried.

use std::time::Duration;

use super::setting::section;

section! {
    /// How long tasks may take, and how often they are tried.
    Tasks in &["tasks"];

    /// Seconds that one attempt may compute; 0 sets no limit.
    TASK_TIMEOUT_SECONDS => timeout: Duration = Given("0");
    /// Attempts, interrupted ones included, after which a task fails.
    MAX_ATTEMPTS => max_attempts: u32 = Given("3"), from 1 to 100;
    /// Seconds after which a task is taken from a worker that gave no sign of life.
    LEASE_SECONDS => lease: Duration = Given("60"), from 3 to 86400;
    /// Seconds that running tasks get to finish when the service is asked to stop; then they are given back.
    SHUTDOWN_GRACE_SECONDS => shutdown_grace: Duration = Given("30"), from 0 to 86400;
}

impl Tasks {
    /// The most that one attempt may compute, if there is a limit.
    pub(crate) fn time_limit(&self) -> Option<Duration> {
        Some(self.timeout).filter(|limit| !limit.is_zero())
    }
}
