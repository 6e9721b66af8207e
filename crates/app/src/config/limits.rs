//! How much is taken at once.

use std::time::Duration;

use super::reader::Reader;
use super::setting::section;

section! {
    /// How large and how long what comes in may be, and how much may wait.
    Limits in &["limits"];

    /// Bytes of an upload or a download; more is answered with 413.
    MAX_UPLOAD_BYTES => upload_bytes: u64 = Given("5368709120"), from 1;
    /// Bytes of a transcript that is sent as JSON; more is answered with 413.
    MAX_JSON_BYTES => json_bytes: u64 = Given("67108864"), from 1;
    /// Seconds that a recording may last; a longer one is answered with 413.
    MAX_AUDIO_SECONDS => audio_seconds: u64 = Given("43200"), from 1 to 1_000_000_000;
    /// Tasks that may wait; one more is answered with 429.
    MAX_QUEUE_SIZE => queue_size: u32 = Given("256"), from 1;
    /// Seconds of recordings that may wait; a task that would exceed them is answered with 429.
    MAX_QUEUE_AUDIO_SECONDS => queue_audio_seconds: Option<u64> = Unset(
        "360000, which is 100 hours, or MAX_AUDIO_SECONDS if that is more"
    ), from 1 to 1_000_000_000;
    /// Seconds to connect for a download.
    DOWNLOAD_CONNECT_TIMEOUT => connect_timeout: Duration = Given("10"), from 1;
    /// Seconds that a download may stand still.
    DOWNLOAD_READ_TIMEOUT => read_timeout: Duration = Given("30"), from 1;
    /// Seconds for a whole download, redirects included.
    DOWNLOAD_TOTAL_TIMEOUT => total_timeout: Duration = Given("600"), from 1;
}

/// A hundred hours.
const QUEUE_AUDIO_SECONDS: u64 = 360_000;

impl Limits {
    /// Refuses a queue into which the longest recording would never fit.
    pub(super) fn check(mut self, reader: &mut Reader) -> Option<Self> {
        let longest = self.audio_seconds;
        let queued = self
            .queue_audio_seconds
            .get_or_insert(QUEUE_AUDIO_SECONDS.max(longest));
        if *queued < longest {
            let reason =
                format!("must be at least MAX_AUDIO_SECONDS, which is {longest}, not {queued}");
            reader.refuse("MAX_QUEUE_AUDIO_SECONDS", reason);
            return None;
        }
        Some(self)
    }

    /// How much may wait.
    pub(crate) fn queue_limits(&self) -> store::QueueLimits {
        let audio_seconds = self.queue_audio_seconds.unwrap_or(QUEUE_AUDIO_SECONDS);
        store::QueueLimits {
            n_tasks: self.queue_size,
            audio_seconds: audio_seconds as f64,
        }
    }

    /// How long and how large a download may be.
    pub(crate) fn download_limits(&self) -> outbound::DownloadLimits {
        outbound::DownloadLimits {
            max_bytes: self.upload_bytes,
            connect_timeout: self.connect_timeout,
            read_timeout: self.read_timeout,
            total_timeout: self.total_timeout,
        }
    }
}
