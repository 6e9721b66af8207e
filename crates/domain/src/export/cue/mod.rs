//! Subtitle cues: what stands on the screen from one time to another.
//!
//! Without words and without a line width a cue is a segment. Otherwise cues are laid out word by word
//! ([`layout`]), and may then be repeated with one word underlined at a time ([`highlight`]).

mod highlight;
mod layout;
mod words;

use self::layout::Layout;
use self::words::TimedWord;
use super::{ExportOptions, one_line, speaker_prefix};
use crate::language::joiner;
use crate::transcript::{Segment, Transcript};
use crate::units::Seconds;

/// One subtitle; its text holds no empty line and no `-->`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cue {
    pub(super) start: Seconds,
    /// Never before `start`.
    pub(super) end: Seconds,
    pub(super) text: String,
}

impl Cue {
    fn new(start: f64, end: f64, text: &str) -> Self {
        Self {
            start: Seconds(start),
            end: Seconds(end.max(start)),
            text: without_arrows(text),
        }
    }
}

/// The text with `->` for every `-->`, which would end a cue; also where the change leaves a new one behind.
fn without_arrows(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("-->") {
        text = text.replace("-->", "->");
    }
    text
}

/// The cues of a whole transcript, in order.
pub(super) fn cues(transcript: &Transcript, options: &ExportOptions) -> Vec<Cue> {
    let has_words = |segment: &Segment| segment.words.is_some();
    if options.max_line_width.is_none() && !transcript.segments.iter().any(has_words) {
        return transcript.segments.iter().filter_map(segment_cue).collect();
    }

    let joiner = joiner(&transcript.language);
    Layout::new(options)
        .lay_out(&transcript.segments, joiner)
        .iter()
        .flat_map(|words| {
            if options.highlight_words && words.iter().any(TimedWord::is_timed) {
                highlight::cues(words, joiner)
            } else {
                vec![plain_cue(words, joiner)]
            }
        })
        .collect()
}

/// A segment as it is; `None` if it says nothing.
fn segment_cue(segment: &Segment) -> Option<Cue> {
    let text = one_line(&segment.text);
    (!text.is_empty()).then(|| {
        let text = format!("{}{text}", speaker_prefix(segment));
        Cue::new(segment.start.0, segment.end.0, &text)
    })
}

/// All words of a cue for the whole of its time.
fn plain_cue(words: &[TimedWord], joiner: &str) -> Cue {
    let (start, end) = words::span(words);
    Cue::new(start, end, &words::join(words, joiner))
}
