//! The watch over one decode: has the caller given up, is the time over?

use std::time::Instant;

use domain::progress::Monitor;

use super::collected::Keep;
use super::{AudioError, Settings};

/// Says when a decode has to stop.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    monitor: &'a dyn Monitor,
    settings: &'a Settings,
    keep: Keep,
    started: Instant,
}

impl<'a> Watch<'a> {
    /// The clock starts now.
    pub(super) fn start(settings: &'a Settings, keep: Keep, monitor: &'a dyn Monitor) -> Self {
        Self {
            monitor,
            settings,
            keep,
            started: Instant::now(),
        }
    }

    pub(super) fn monitor(&self) -> &'a dyn Monitor {
        self.monitor
    }

    pub(super) fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// The same watch over a decode of which nothing is kept.
    pub(super) fn counting(self) -> Self {
        Self {
            keep: Keep::Count,
            ..self
        }
    }

    /// What is to remain of the recording.
    pub(super) fn keep(&self) -> Keep {
        self.keep
    }

    /// # Errors
    ///
    /// `Cancelled` or `TimedOut`, when decoding has to stop.
    pub(super) fn check(&self) -> Result<(), AudioError> {
        let limit = self.settings.time_limit;
        if self.monitor.is_cancelled() {
            Err(AudioError::Cancelled)
        } else if self.started.elapsed() >= limit {
            Err(AudioError::TimedOut { limit })
        } else {
            Ok(())
        }
    }
}
