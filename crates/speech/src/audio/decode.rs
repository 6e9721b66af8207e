//! Who decodes what, and in which order they are asked.

use domain::progress::Monitor;
use domain::units::Seconds;

use super::collected::{Collected, Keep};
use super::cut_off::is_cut_off;
use super::guard::{Watch, WatchedFile};
use super::native::{self, Decoded, Failure, HeAac};
use super::sniff::{Content, sniff};
use super::source::Input;
use super::{AudioError, SAMPLE_RATE, Samples, Settings, Source, ffmpeg};

/// Decodes a recording of any kind to mono samples at 16 kHz.
///
/// The content decides how it is read, never the name. Of several audio tracks the first counts. A recording that is
/// cut off or damaged on the way gives what can be decoded. A valid file without any sound in it gives no samples.
///
/// Blocks until done; reports [`Stage::Decode`](domain::progress::Stage::Decode) to `monitor` about once per second of
/// audio, and stops soon after it says so.
///
/// # Errors
///
/// Each variant of [`AudioError`] says what is wrong with the recording, or what is missing to read it.
pub fn decode(
    source: impl Into<Source>,
    settings: &Settings,
    monitor: &dyn Monitor,
) -> Result<Recording, AudioError> {
    let input = Input::open(source.into(), settings, monitor)?;
    let watch = Watch::start(settings, Keep::Samples, monitor);
    Ok(Recording {
        samples: read(&input, watch)?.into_samples(),
        notes: Vec::new(),
    })
}

/// A decoded recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Its sound.
    pub samples: Samples,
    /// What was lost or chosen while it was decoded, each a sentence without a full stop.
    pub notes: Vec<String>,
}

/// What is known of a recording that was decoded and not kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// How long it lasts.
    pub duration: Seconds,
    /// Whether its end is missing, as far as its format says that.
    pub is_cut_off: bool,
}

/// Decodes a recording as [`decode`] does and keeps nothing: says whether it can be decoded, and how long it lasts.
///
/// # Errors
///
/// As [`decode`].
pub fn measure(
    source: impl Into<Source>,
    settings: &Settings,
    monitor: &dyn Monitor,
) -> Result<Measured, AudioError> {
    let input = Input::open(source.into(), settings, monitor)?;
    let watch = Watch::start(settings, Keep::Count, monitor);
    let collected = read(&input, watch);
    let mut file = WatchedFile {
        file: input.reopen()?,
        watch,
    };
    let is_cut_off = is_cut_off(&mut file, input.n_bytes);
    let n_samples = match collected {
        // The track may lie in what is missing.
        Err(AudioError::NoAudioTrack) if is_cut_off => 0,
        collected => collected?.len(),
    };
    Ok(Measured {
        duration: Seconds::from_samples(n_samples, SAMPLE_RATE),
        is_cut_off,
    })
}

fn read(input: &Input, watch: Watch<'_>) -> Result<Collected, AudioError> {
    match sniff(&input.head) {
        Content::NotMedia(looks_like) => Err(AudioError::NotAudio { looks_like }),
        Content::Foreign(format) => ffmpeg::decode(input, format, watch),
        Content::Native(format) => Attempt {
            input,
            format: Some(format),
            watch,
        }
        .run(),
        Content::Unknown => Attempt {
            input,
            format: None,
            watch,
        }
        .run(),
    }
}

/// The decode of a recording that is first tried in this process.
struct Attempt<'a> {
    input: &'a Input,
    /// What its first bytes say; `None` where they say nothing.
    format: Option<&'static str>,
    watch: Watch<'a>,
}

impl Attempt<'_> {
    fn run(&self) -> Result<Collected, AudioError> {
        match native::decode(self.input, HeAac::Refuse, self.watch) {
            Ok(Decoded {
                samples,
                damage: None,
            }) => Ok(samples),
            Ok(Decoded {
                samples,
                damage: Some(_),
            }) => self.salvage(samples),
            Err(Failure::Final(error)) => Err(error),
            Err(Failure::CoreOnly(codec)) => {
                self.ask_ffmpeg(codec).or_else(|error| self.core_or(error))
            }
            Err(Failure::Foreign(codec)) => {
                self.ask_ffmpeg(&codec).or_else(|error| self.core_or(error))
            }
            Err(Failure::Broken(reason)) => self.second_opinion(reason),
        }
    }

    fn ask_ffmpeg(&self, codec: &str) -> Result<Collected, AudioError> {
        ffmpeg::decode(
            self.input,
            &format!(
                "{codec} in {}",
                self.format.unwrap_or("a file of unknown format")
            ),
            self.watch,
        )
    }

    /// Without `ffmpeg`, the core of HE-AAC or a later track that is readable here is better than nothing.
    fn core_or(&self, error: AudioError) -> Result<Collected, AudioError> {
        if !matches!(
            error,
            AudioError::FfmpegMissing { .. } | AudioError::FfmpegFailed { .. }
        ) {
            return Err(error);
        }
        match native::decode(self.input, HeAac::Core, self.watch) {
            Ok(decoded) => Ok(decoded.samples),
            Err(Failure::Final(final_error)) => Err(final_error),
            Err(_) => Err(error),
        }
    }

    /// The decoder here gave up on the way; `ffmpeg` may get further. Only one result is held at a time.
    fn salvage(&self, samples: Collected) -> Result<Collected, AudioError> {
        let n_samples = samples.len();
        drop(samples);
        match self.ask_ffmpeg("sound") {
            Ok(longer) if longer.len() >= n_samples => return Ok(longer),
            Err(error) if is_final(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
        match native::decode(self.input, HeAac::Refuse, self.watch) {
            Ok(decoded) => Ok(decoded.samples),
            Err(Failure::Final(error)) => Err(error),
            Err(_) => Err(self.broken("it is damaged".into())),
        }
    }

    /// The decoder here read nothing; `ffmpeg` may.
    fn second_opinion(&self, reason: String) -> Result<Collected, AudioError> {
        match self.ask_ffmpeg("sound") {
            Err(error) if is_final(&error) => Err(error),
            Err(error) => Err(match (self.format, error) {
                (Some(_), _) => self.broken(reason),
                (None, AudioError::FfmpegFailed { .. }) => AudioError::NotAudio {
                    looks_like: "its format is not known, or its beginning is damaged",
                },
                (None, missing) => missing,
            }),
            Ok(samples) => Ok(samples),
        }
    }

    fn broken(&self, reason: String) -> AudioError {
        AudioError::Broken {
            format: self.format.unwrap_or("audio"),
            reason,
        }
    }
}

/// True for what stands however else one tries.
fn is_final(error: &AudioError) -> bool {
    !matches!(
        error,
        AudioError::FfmpegMissing { .. } | AudioError::FfmpegFailed { .. }
    )
}
