//! Why a recording could not be decoded, in words for the person who sent it.

use std::io;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use domain::units::Seconds;

/// What is read without `ffmpeg`; named in the advice for when it is missing.
pub(super) const FORMATS_WITHOUT_FFMPEG: &str = "WAV, FLAC, MP3, AAC (M4A, MP4, MOV), Ogg Vorbis, AIFF, CAF, and MKV or WebM with one of these codecs";

/// A recording could not be turned into samples.
///
/// The text leaves out the file's name where the caller knows it already, and has no final full stop.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// Nothing lies at the path.
    #[error("there is no file {path:?}; check the path")]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// The path is a folder.
    #[error("{path:?} is a folder, not a recording; name the files in it")]
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// The file may not be opened.
    #[error("{path:?} cannot be opened: {source}")]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// Why, as the system says it.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("the file is empty (0 bytes); check that its upload or copy finished")]
    Empty,
    /// The bytes are not audio or video in any format that is known here.
    #[error("this is not an audio or video file ({looks_like})")]
    NotAudio {
        /// What the content seems to be instead.
        looks_like: &'static str,
    },
    /// A video or container without sound.
    #[error("the file has no audio track (a video without sound?)")]
    NoAudioTrack,
    /// The track that was asked for is not there.
    #[error("the file has no audio track {track}: {}", match n_tracks {
        0 => "it has none".to_owned(),
        1 => "it has one, number 1".to_owned(),
        n => format!("it has {n}, numbered 1 to {n}"),
    })]
    NoSuchTrack {
        /// The track that was asked for, counted from 1.
        track: NonZeroU16,
        /// How many audio tracks the file has.
        n_tracks: usize,
    },
    /// The format is known, but nothing could be decoded.
    #[error("the {format} file is damaged or cut off, and no sound can be read from it: {reason}")]
    Broken {
        /// The format, such as `MP4`.
        format: &'static str,
        /// The first thing that was wrong.
        reason: String,
    },
    /// Only `ffmpeg` reads this, and it is not there.
    #[error(
        "decoding {content} needs ffmpeg, and {program:?} is not installed or cannot be run ({source}); install it \
         (for example `apt-get install ffmpeg` or `brew install ffmpeg`) or name it in FFMPEG_BINARY; \
         without ffmpeg these still work: {FORMATS_WITHOUT_FFMPEG}"
    )]
    FfmpegMissing {
        /// What is in the file, such as `Opus in Ogg`.
        content: String,
        /// The program that was looked for.
        program: PathBuf,
        /// Why it could not be started.
        source: io::Error,
    },
    /// `ffmpeg` could not decode the file either.
    #[error("ffmpeg could not decode the file ({content}): {reason}")]
    FfmpegFailed {
        /// What is in the file, as far as it is known.
        content: String,
        /// The last thing that `ffmpeg` said.
        reason: String,
    },
    /// Decoding took longer than allowed.
    #[error("decoding took longer than the limit of {} s and was stopped; the file may be damaged", limit.as_secs())]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// The recording lasts longer than allowed.
    #[error(
        "the recording is longer than the limit of {limit_hours} hours; split it, or raise the limit"
    )]
    TooLong {
        /// The limit in hours.
        limit_hours: f64,
    },
    /// More bytes came through the pipe than allowed.
    #[error(
        "more than {limit_bytes} bytes came through the pipe, which is the limit; pass the recording as a file"
    )]
    TooManyBytes {
        /// The limit.
        limit_bytes: u64,
    },
    /// Most values in a floating-point file are no numbers.
    #[error(
        "{n_bad} of the file's {n_total} sample values are not numbers (NaN or infinite); export it again"
    )]
    NotFinite {
        /// How many values are NaN or infinite.
        n_bad: u64,
        /// How many there are in all.
        n_total: u64,
    },
    /// The caller asked to stop.
    #[error("decoding was cancelled")]
    Cancelled,
    /// Reading, or writing the temporary copy of a pipe, failed.
    #[error("{action} failed: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// Why, as the system says it.
        source: io::Error,
    },
}

impl AudioError {
    /// The recording is longer than `limit`.
    pub(super) fn too_long(limit: Seconds) -> Self {
        Self::TooLong {
            limit_hours: limit.0 / 3600.0,
        }
    }

    /// For `map_err`: an input or output error while doing `action`.
    pub(super) fn io(action: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}
