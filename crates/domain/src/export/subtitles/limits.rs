//! What a subtitle may be: the numbers of the published guides, by script, and what the options say instead.
//!
//! | Limit | Value | Source |
//! | --- | --- | --- |
//! | lines | 2 | Netflix, Timed Text Style Guide: General Requirements; TED Translators; BBC Subtitle Guidelines 3.3 |
//! | characters a line | 42 | Netflix, English Timed Text Style Guide; TED |
//! | … Chinese, Korean, Japanese | 16 | Netflix, style guides of these languages (of Japanese its part on SDH) |
//! | … Thai | 35 | Netflix, Thai Timed Text Style Guide |
//! | characters a second | 20 | Netflix, English guide (adults); TED has 21 |
//! | … Chinese, Japanese, Korean | 11, 7, 14 | Netflix, style guides of these languages, what they say of SDH |
//! | shortest cue | 5/6 s | Netflix, General Requirements |
//! | longest cue | 7 s | Netflix, General Requirements; TED |
//! | gap between cues | 2 frames of 24 a second, 80 ms | Netflix, General Requirements |
//!
//! SDH are subtitles in the language that is spoken, for who cannot hear it: they keep every word, as these do.

use std::num::NonZeroUsize;

use super::tokens::Milliseconds;
use crate::export::{ExportOptions, SpeakerLabels};
use crate::transcript::Transcript;
use crate::units::Seconds;

/// What every cue keeps to, where it can.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// Characters a line.
    pub(super) width: usize,
    /// Lines a cue.
    pub(super) lines: usize,
    /// Characters a second.
    pub(super) max_cps: f64,
    pub(super) min_duration: Milliseconds,
    pub(super) max_duration: Milliseconds,
    /// Between two cues.
    pub(super) gap: Milliseconds,
    pub(super) labels: SpeakerLabels,
}

/// A way of writing with limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Chinese,
    Japanese,
    Korean,
    Thai,
    Other,
}

impl Limits {
    /// The limits for `transcript`. What it is written in counts, not its language: that of a translation is the one that was
    /// spoken.
    pub(super) fn new(transcript: &Transcript, options: &ExportOptions) -> Self {
        let (width, max_cps) = match Script::of(transcript) {
            Script::Chinese => (16, 11.0),
            Script::Japanese => (16, 7.0),
            Script::Korean => (16, 14.0),
            Script::Thai => (35, 20.0),
            Script::Other => (42, 20.0),
        };
        let min_duration = options.min_duration.unwrap_or(Seconds(5.0 / 6.0));
        Self {
            width: options.max_line_width.map_or(width, NonZeroUsize::get),
            lines: options.max_line_count.map_or(2, NonZeroUsize::get),
            max_cps: options.max_cps.unwrap_or(max_cps),
            min_duration: milliseconds(min_duration),
            max_duration: milliseconds(options.max_duration.unwrap_or(Seconds(7.0))),
            gap: milliseconds(options.gap.unwrap_or(Seconds(0.08))),
            labels: options.speaker_labels.unwrap_or(SpeakerLabels::Dashes),
        }
    }

    /// The time in which so many characters can be read.
    pub(super) fn reading_time(&self, n_characters: usize) -> Milliseconds {
        milliseconds(Seconds(n_characters as f64 / self.max_cps))
    }
}

/// Rounded up, so that a shortest time is never missed by a fraction.
fn milliseconds(time: Seconds) -> Milliseconds {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "options are within small ranges, and the cast saturates"
    )]
    let whole = (time.0 * 1000.0 - 1e-6).ceil() as Milliseconds;
    whole
}

impl Script {
    /// That of most letters; one sign of East Asia stands for about two letters of others.
    fn of(transcript: &Transcript) -> Self {
        let (mut han, mut kana, mut hangul, mut thai, mut others) = (0, 0, 0, 0, 0);
        let texts = transcript.segments.iter().map(|segment| &segment.text);
        for letter in texts.flat_map(|text| text.chars()) {
            match letter {
                '\u{3040}'..='\u{30ff}' => kana += 1,
                '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => hangul += 1,
                '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
                    han += 1;
                }
                '\u{e00}'..='\u{e7f}' => thai += 1,
                letter if letter.is_alphabetic() => others += 1,
                _ => {}
            }
        }
        if thai > others + han + kana + hangul {
            Self::Thai
        } else if 2 * (han + kana + hangul) <= others + thai {
            Self::Other
        } else if hangul >= han + kana {
            Self::Korean
        } else if 8 * kana >= han {
            Self::Japanese
        } else {
            Self::Chinese
        }
    }
}
