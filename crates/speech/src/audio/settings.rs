//! Limits and helpers of the decoder.

use std::path::PathBuf;
use std::time::Duration;

use domain::units::Seconds;

/// How far a decoder may go, and which `ffmpeg` it may ask.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The `ffmpeg` program: a path, or a name to look up in `PATH`. Default `ffmpeg`.
    pub ffmpeg: PathBuf,
    /// The longest recording that is accepted; memory grows by 115 MB an hour. Default 12 hours.
    pub max_duration: Seconds,
    /// The most bytes that are taken from standard input or a pipe, which are kept in a temporary file. Default 16 GiB.
    pub max_piped_bytes: u64,
    /// The longest that decoding one file may take, by the clock and in CPU time. Default 30 minutes.
    pub time_limit: Duration,
    /// The most address space that `ffmpeg` may take, in bytes (only Linux can limit it). Default 4 GiB.
    pub max_ffmpeg_memory_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ffmpeg: PathBuf::from("ffmpeg"),
            max_duration: Seconds(12.0 * 3600.0),
            max_piped_bytes: 16 << 30,
            time_limit: Duration::from_mins(30),
            max_ffmpeg_memory_bytes: 4 << 30,
        }
    }
}
