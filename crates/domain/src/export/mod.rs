//! Output formats: one file each.
//!
//! [`write()`] turns a [`Transcript`] into the text of one file. The bytes follow whisperX's writers, with these
//! differences: line breaks inside a text become spaces, so that no text can end its own line or cue; WebVTT escapes what
//! would be markup; lines of subtitles are counted as they stand in the file; words stand apart as they do in their text; a
//! segment without words still gives a cue; cues never end before they begin, and hold what one person says; JSON holds no
//! `NaN`.

mod aud;
mod cue;
mod json;
mod markup;
mod md;
mod options;
mod paragraphs;
mod srt;
mod subtitles;
mod timestamp;
mod tsv;
mod txt;
mod vtt;

use std::fmt;
use std::str::FromStr;

use self::cue::Cue;
use self::markup::Markup;
pub use self::options::{
    ExportOptions, GAP, MAX_CPS, MAX_DURATION, MAX_LINE_COUNT, MAX_LINE_WIDTH, MIN_DURATION,
    OptionRange, SpeakerLabels, SubtitleStyle, TextStyle,
};
pub use self::paragraphs::{Paragraph, paragraphs};
use crate::transcript::{Segment, Transcript};

/// A kind of output file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Plain text, a line per segment, or paragraphs.
    Txt,
    /// WebVTT subtitles.
    Vtt,
    /// SubRip subtitles.
    Srt,
    /// Tab-separated start, end (both in milliseconds) and text.
    Tsv,
    /// The whole transcript as one JSON document on one line.
    Json,
    /// Labels for Audacity.
    Aud,
    /// Markdown, with a heading where the speaker changes.
    Md,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Txt,
        Self::Vtt,
        Self::Srt,
        Self::Tsv,
        Self::Json,
        Self::Aud,
        Self::Md,
    ];

    /// What people get who ask for `all`: every format but Audacity's and Markdown.
    pub const COMMON: [Self; 5] = [Self::Txt, Self::Vtt, Self::Srt, Self::Tsv, Self::Json];

    /// The extension of its files without the dot; also its name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Txt => "txt",
            Self::Vtt => "vtt",
            Self::Srt => "srt",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Aud => "aud",
            Self::Md => "md",
        }
    }

    /// True where subtitles are the result, which most of [`ExportOptions`] shape.
    pub fn is_subtitles(self) -> bool {
        matches!(self, Self::Vtt | Self::Srt)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

/// The text names no output format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an output format; choose one of txt, vtt, srt, tsv, json, aud, md")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// The transcript cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ExportError {
    /// A segment's time is negative or no number.
    #[error(
        "segment {number} lies at {start} to {end} s, but times must be numbers from 0 upwards"
    )]
    Time {
        /// Which segment, counted from 1.
        number: usize,
        /// Its start in seconds.
        start: f64,
        /// Its end in seconds.
        end: f64,
    },
}

/// The text of the file in which `transcript` is kept as `format`; UTF-8, lines ending in `\n`.
///
/// # Errors
/// If a segment's time is negative or not finite. Such times of words and characters are left out instead.
#[expect(clippy::missing_panics_doc, reason = "a String takes everything")]
pub fn write(
    format: Format,
    transcript: &Transcript,
    options: &ExportOptions,
) -> Result<String, ExportError> {
    let transcript = checked(transcript)?;
    let mut out = String::new();
    match format {
        Format::Txt => txt::write(&transcript, options.text_style, &mut out),
        Format::Vtt => vtt::write(&transcript, options, &mut out),
        Format::Srt => srt::write(&transcript, options, &mut out),
        Format::Tsv => tsv::write(&transcript, &mut out),
        Format::Json => json::write(&transcript, &mut out),
        Format::Aud => aud::write(&transcript, &mut out),
        Format::Md => md::write(&transcript, &mut out),
    }
    .expect("a String takes everything");
    Ok(out)
}

/// The cues of a transcript in the style that is asked for.
fn cues(transcript: &Transcript, options: &ExportOptions, markup: Markup) -> Vec<Cue> {
    match options.subtitle_style {
        SubtitleStyle::Broadcast => subtitles::cues(transcript, options, markup),
        SubtitleStyle::Sentences => cue::cues(transcript, options, markup),
    }
}

/// A copy whose times can all be written: finite and not negative.
fn checked(transcript: &Transcript) -> Result<Transcript, ExportError> {
    let mut transcript = transcript.clone();
    for (segment, number) in transcript.segments.iter_mut().zip(1..) {
        let (start, end) = (segment.start.0, segment.end.0);
        if !is_time(start) || !is_time(end) {
            return Err(ExportError::Time { number, start, end });
        }
        for word in segment.words.iter_mut().flatten() {
            word.start = word.start.filter(|time| is_time(time.0));
            word.end = word.end.filter(|time| is_time(time.0));
        }
        for character in segment.chars.iter_mut().flatten() {
            character.start = character.start.filter(|time| is_time(time.0));
            character.end = character.end.filter(|time| is_time(time.0));
        }
    }
    Ok(transcript)
}

fn is_time(seconds: f64) -> bool {
    seconds.is_finite() && seconds >= 0.0
}

/// The text on one line: stripped, with line breaks turned into spaces.
fn one_line(text: &str) -> String {
    let lines: Vec<_> = text
        .split(LINE_BREAKS)
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

/// What readers of text files take for the end of a line.
const LINE_BREAKS: [char; 10] = [
    '\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}',
];

/// The speaker's name on one line; `None` where there is none.
fn speaker(segment: &Segment) -> Option<String> {
    let name = segment.speaker.as_deref().map(one_line);
    name.filter(|name| !name.is_empty())
}

/// `[SPEAKER]: ` where the speaker is known.
fn speaker_prefix(segment: &Segment) -> String {
    speaker(segment).map_or_else(String::new, |speaker| format!("[{speaker}]: "))
}

#[cfg(test)]
mod tests;
