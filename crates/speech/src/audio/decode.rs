//! Who decodes what, and in which order they are asked.

use std::num::NonZeroU16;

use domain::progress::Monitor;
use domain::units::Seconds;

use super::collected::{Collected, Keep};
use super::cut_off::is_cut_off;
use super::guard::Watch;
use super::native::{self, Failure, Otherwise};
use super::part::Part;
use super::report::{Decoded, Report};
use super::sniff::Content;
use super::source::Input;
use super::view::{Piece, View};
use super::{AudioError, SAMPLE_RATE, Samples, Settings, Source, ffmpeg};

/// Decodes a recording of any kind to mono samples at 16 kHz.
///
/// The content decides how it is read, never the name. What the data hold counts, not what headers say of them. A
/// recording that is cut off or damaged on the way gives what can be decoded, and a note; one of which most cannot be
/// decoded is refused.
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
    let source = source.into();
    let track = source.track;
    let input = Input::open(source, settings, monitor)?;
    let watch = Watch::start(settings, Keep::Samples, monitor);
    let Whole { samples, mut notes } = Whole::decode(&input, track, watch)?;
    if is_cut_off(&mut whole_view(&input, watch)?, input.n_bytes) {
        notes.push(CUT_OFF.to_owned());
    }
    Ok(Recording {
        samples: samples.into_samples(),
        notes,
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
    let source = source.into();
    let track = source.track;
    let input = Input::open(source, settings, monitor)?;
    let watch = Watch::start(settings, Keep::Count, monitor);
    let whole = Whole::decode(&input, track, watch);
    let is_cut_off = is_cut_off(&mut whole_view(&input, watch)?, input.n_bytes);
    let n_samples = match whole {
        // The track may lie in what is missing.
        Err(AudioError::NoAudioTrack) if is_cut_off => 0,
        whole => whole?.samples.len(),
    };
    Ok(Measured {
        duration: Seconds::from_samples(n_samples, SAMPLE_RATE),
        is_cut_off,
    })
}

/// What is said of a file that is shorter than it should be.
const CUT_OFF: &str = "the end of the file is missing: its header announces more";

fn whole_view<'w>(input: &Input, watch: Watch<'w>) -> Result<View<'w>, AudioError> {
    let whole = vec![Piece::File(0..input.n_bytes)];
    Ok(View::new(input.reopen()?, whole, watch))
}

/// All that a file holds.
struct Whole {
    samples: Collected,
    notes: Vec<String>,
}

impl Whole {
    fn decode(
        input: &Input,
        track: Option<NonZeroU16>,
        watch: Watch<'_>,
    ) -> Result<Self, AudioError> {
        let parts = Part::all(input, watch)?;
        let n_parts = parts.len();
        let mut samples: Option<Collected> = None;
        let mut report = Report::default();
        let mut notes = Vec::new();
        let mut first_error = None;
        for (part, number) in parts.iter().zip(1..) {
            let attempt = Attempt { part, track, watch };
            match attempt.run() {
                Ok(decoded) => {
                    notes.extend(decoded.damage_note());
                    report.add(&decoded.report);
                    samples = Some(match samples {
                        None => decoded.samples,
                        Some(before) => before.followed_by(decoded.samples),
                    });
                }
                Err(error) if n_parts == 1 || is_final(&error) => return Err(error),
                Err(error) => {
                    notes.push(format!(
                        "part {number} of the file could not be read: {error}"
                    ));
                    first_error = first_error.or(Some(error));
                }
            }
            if part.is_cut_off {
                notes.push(CUT_OFF.to_owned());
            }
        }
        let Some(samples) = samples else {
            return Err(first_error.unwrap_or(AudioError::Empty));
        };
        let limit = watch.settings().max_duration;
        if Seconds::from_samples(samples.len(), SAMPLE_RATE) > limit {
            return Err(AudioError::too_long(limit));
        }
        if n_parts > 1 {
            notes.push(format!(
                "the file holds {n_parts} recordings, one behind the other; all were read"
            ));
        }
        notes.extend(report.notes());
        notes.extend(silence_note(&parts, &report, watch)?);
        Ok(Self { samples, notes })
    }
}

/// Says so where the track that was taken is silent and another one is not.
fn silence_note(
    parts: &[Part<'_>],
    report: &Report,
    watch: Watch<'_>,
) -> Result<Option<String>, AudioError> {
    let ([part], false, Some(choice)) = (parts, report.has_sound, report.choice) else {
        return Ok(None);
    };
    for index in (0..choice.n_tracks).filter(|index| *index != choice.index) {
        let track = u16::try_from(index + 1).ok().and_then(NonZeroU16::new);
        let watch = watch.counting();
        match (Attempt { part, track, watch }).run() {
            Ok(other) if other.report.has_sound => {
                return Ok(Some(format!(
                    "audio track {} is silent, and track {} is not (audio_track chooses)",
                    choice.index + 1,
                    index + 1
                )));
            }
            Err(error) if is_final(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(None)
}

/// The decode of a recording that is first tried in this process.
struct Attempt<'a> {
    part: &'a Part<'a>,
    track: Option<NonZeroU16>,
    watch: Watch<'a>,
}

impl Attempt<'_> {
    fn run(&self) -> Result<Decoded, AudioError> {
        let decoded = match self.part.content {
            Content::NotMedia(looks_like) => return Err(AudioError::NotAudio { looks_like }),
            Content::Foreign(format) => self.ask_ffmpeg(format)?,
            Content::Native(_) | Content::Unknown => self.try_alone()?,
        };
        if decoded.report.losses.are_fatal() {
            return Err(self.broken("most of it cannot be decoded".to_owned()));
        }
        Ok(decoded)
    }

    fn try_alone(&self) -> Result<Decoded, AudioError> {
        match self.alone(Otherwise::Ffmpeg) {
            Ok(decoded) if decoded.damage.is_some() || decoded.report.losses.are_serious() => {
                self.salvage(decoded)
            }
            Ok(decoded) => Ok(decoded),
            Err(Failure::Final(error)) => Err(error),
            Err(Failure::Foreign(codec)) => {
                let content = format!("{codec} in {}", self.name("a file of unknown format"));
                self.ask_ffmpeg(&content)
                    .or_else(|error| self.alone_or(error))
            }
            Err(Failure::Broken(reason)) => self.second_opinion(reason),
        }
    }

    fn alone(&self, otherwise: Otherwise) -> Result<Decoded, Failure> {
        native::decode(self.part, self.track, otherwise, self.watch)
    }

    fn ask_ffmpeg(&self, content: &str) -> Result<Decoded, AudioError> {
        ffmpeg::decode(self.part, self.track, content, self.watch)
    }

    /// Without `ffmpeg`, the core of HE-AAC or another track that is readable here is better than nothing.
    fn alone_or(&self, error: AudioError) -> Result<Decoded, AudioError> {
        if is_final(&error) {
            return Err(error);
        }
        match self.alone(Otherwise::Nobody) {
            Ok(decoded) => Ok(decoded),
            Err(Failure::Final(final_error)) => Err(final_error),
            Err(_) => Err(error),
        }
    }

    /// The decoder here gave up on the way or lost much; `ffmpeg` may get further. Only one result is held at a time.
    fn salvage(&self, first: Decoded) -> Result<Decoded, AudioError> {
        let losses = first.report.losses;
        drop(first);
        match self.ask_ffmpeg(&self.sound()) {
            Ok(mut other) if other.report.losses.decoded() >= losses.decoded() => {
                // `ffmpeg` passes over what it cannot read without a word.
                let missing = losses.reached().0 - other.report.losses.reached().0;
                other.report.losses.skip(Seconds(missing.max(0.0)));
                return Ok(other);
            }
            Err(error) if is_final(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
        match self.alone(Otherwise::Ffmpeg) {
            Ok(decoded) => Ok(decoded),
            Err(Failure::Final(error)) => Err(error),
            Err(_) => Err(self.broken("it is damaged".into())),
        }
    }

    /// The decoder here read nothing; `ffmpeg` may.
    fn second_opinion(&self, reason: String) -> Result<Decoded, AudioError> {
        let is_known = self.part.format().is_some();
        self.ask_ffmpeg(&self.sound()).map_err(|error| match error {
            error if is_final(&error) => error,
            _ if is_known => self.broken(reason),
            AudioError::FfmpegFailed { .. } => AudioError::NotAudio {
                looks_like: "its format is not known, or its beginning is damaged",
            },
            missing => missing,
        })
    }

    fn sound(&self) -> String {
        format!("sound in {}", self.name("a file of unknown format"))
    }

    fn broken(&self, reason: String) -> AudioError {
        AudioError::Broken {
            format: self.name("audio"),
            reason,
        }
    }

    fn name(&self, unknown: &'static str) -> &'static str {
        match self.part.content {
            Content::Native(format) => format.name(),
            Content::Foreign(name) => name,
            Content::NotMedia(_) | Content::Unknown => unknown,
        }
    }
}

/// True for what stands however else one tries.
fn is_final(error: &AudioError) -> bool {
    !matches!(
        error,
        AudioError::FfmpegMissing { .. }
            | AudioError::FfmpegFailed { .. }
            | AudioError::Broken { .. }
            | AudioError::NoAudioTrack
            | AudioError::NoSuchTrack { .. }
            | AudioError::NotAudio { .. }
            | AudioError::NotFinite { .. }
    )
}
