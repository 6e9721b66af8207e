//! Subtitle cues: what stands on the screen from one time to another.
//!
//! Without words and without a line width a cue is a segment. Otherwise cues are laid out word by word
//! ([`layout`]), and may then be repeated with one word underlined at a time ([`highlight`]).

mod highlight;
mod layout;
pub(super) mod words;

use self::layout::Layout;
use self::words::{Source, TimedWord};
use super::markup::Markup;
use super::{ExportOptions, SpeakerLabels};
use crate::transcript::{Segment, Transcript};
use crate::units::Seconds;

/// One subtitle. Its text has no empty line, no blank at the end of a line, and no `-->`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cue {
    pub(super) start: Seconds,
    /// Never before `start`.
    pub(super) end: Seconds,
    pub(super) text: String,
}

impl Cue {
    pub(super) fn new(start: f64, end: f64, text: &str) -> Self {
        Self {
            start: Seconds(start),
            end: Seconds(end.max(start)),
            text: without_arrows(text),
        }
    }
}

/// The text with `->` for every `-->`, which would end a cue; also where the change leaves a new one behind.
pub(super) fn without_arrows(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("-->") {
        text = text.replace("-->", "->");
    }
    text
}

/// The cues of a whole transcript, in order.
pub(super) fn cues(transcript: &Transcript, options: &ExportOptions, markup: Markup) -> Vec<Cue> {
    let source = Source {
        transcript,
        markup,
        has_names: options.speaker_labels != Some(SpeakerLabels::None),
    };
    let has_words = |segment: &Segment| segment.words.is_some();
    if options.max_line_width.is_none() && !transcript.segments.iter().any(has_words) {
        let segments = transcript.segments.iter();
        return segments
            .filter_map(|segment| source.segment_cue(segment))
            .collect();
    }

    let mut cues = Vec::new();
    for words in Layout::new(&source, options).lay_out() {
        if options.highlight_words && words.iter().any(TimedWord::is_timed) {
            cues.extend(highlight::cues(&source, &words));
        } else {
            cues.push(source.plain_cue(&words));
        }
    }
    cues
}
