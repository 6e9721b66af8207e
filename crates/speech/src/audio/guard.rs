//! The watch over one decode: has the caller given up, is the time over?

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Instant;

use domain::progress::Monitor;
use symphonia::core::io::MediaSource;

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

/// A file whose reads fail once the watch says stop, so that no parser runs on over a hostile file.
pub(super) struct WatchedFile<'a> {
    pub(super) file: File,
    pub(super) watch: Watch<'a>,
}

impl WatchedFile<'_> {
    fn check(&self) -> io::Result<()> {
        self.watch.check().map_err(io::Error::other)
    }
}

impl Read for WatchedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.file.read(buffer)
    }
}

impl Seek for WatchedFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.check()?;
        self.file.seek(to)
    }
}

impl MediaSource for WatchedFile<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        self.file.metadata().ok().map(|metadata| metadata.len())
    }
}
