//! The words that cues are laid out from.

use super::super::{one_line, speaker_prefix};
use crate::transcript::{Segment, Word};

/// A word on its way into a cue, with the segment it came from.
#[derive(Debug, Clone)]
pub(super) struct TimedWord<'a> {
    /// Stripped; begins with a line break where a new line begins.
    pub(super) text: String,
    /// In seconds.
    pub(super) start: Option<f64>,
    /// In seconds.
    pub(super) end: Option<f64>,
    pub(super) segment: &'a Segment,
}

impl TimedWord<'_> {
    /// True if both ends of the word are known.
    pub(super) fn is_timed(&self) -> bool {
        self.start.is_some() && self.end.is_some()
    }

    /// True if both are of segments of one speaker, or of nobody known.
    pub(super) fn is_of_speaker_of(&self, other: &TimedWord) -> bool {
        self.segment.speaker == other.segment.speaker
    }

    /// In code points.
    pub(super) fn length(&self) -> usize {
        self.text.chars().count()
    }
}

/// The words of a segment: its own, or else its text cut to pieces.
///
/// The pieces carry times, by their share of the characters, only if `estimate_times`; and they are the whole text
/// unless `cut`. So no text is lost where the alignment found no words.
pub(super) fn of_segment<'a>(
    segment: &'a Segment,
    joiner: &str,
    cut: bool,
    estimate_times: bool,
) -> Vec<TimedWord<'a>> {
    let own: Vec<_> = segment
        .words
        .iter()
        .flatten()
        .filter_map(|word| of_word(word, segment))
        .collect();
    if !own.is_empty() {
        return own;
    }

    let text = one_line(&segment.text);
    let mut words: Vec<_> = if cut {
        pieces(&text, joiner)
    } else {
        vec![text]
    }
    .into_iter()
    .filter(|piece| !piece.trim().is_empty())
    .map(|text| TimedWord {
        text,
        start: None,
        end: None,
        segment,
    })
    .collect();
    if estimate_times {
        share_time(&mut words, segment);
    }
    words
}

/// First start and last end, in seconds; the segment's where no word has such a time.
pub(super) fn span(words: &[TimedWord]) -> (f64, f64) {
    let start = words.iter().filter_map(|word| word.start).reduce(f64::min);
    let end = words.iter().filter_map(|word| word.end).reduce(f64::max);
    let segment = words.first().map(|word| word.segment);
    match (start, end, segment) {
        (Some(start), Some(end), _) => (start, end),
        (_, _, Some(segment)) => (segment.start.0, segment.end.0),
        _ => (0.0, 0.0),
    }
}

/// The text of a cue, with its speaker before it.
pub(super) fn join(words: &[TimedWord], joiner: &str) -> String {
    let texts: Vec<_> = words.iter().map(|word| word.text.as_str()).collect();
    format!("{}{}", prefix(words), texts.join(joiner))
}

/// The speaker of the cue's first word.
pub(super) fn prefix(words: &[TimedWord]) -> String {
    words
        .first()
        .map_or_else(String::new, |word| speaker_prefix(word.segment))
}

fn of_word<'a>(word: &Word, segment: &'a Segment) -> Option<TimedWord<'a>> {
    let text = one_line(&word.word);
    (!text.is_empty()).then(|| TimedWord {
        text,
        start: word.start.map(|time| time.0),
        end: word.end.map(|time| time.0),
        segment,
    })
}

/// Where a line may be broken: at spaces, or anywhere in a language that is written without them.
fn pieces(text: &str, joiner: &str) -> Vec<String> {
    if joiner.is_empty() {
        text.chars()
            .map(String::from)
            .fold(Vec::new(), attach_space)
    } else {
        text.split_whitespace().map(str::to_owned).collect()
    }
}

/// Keeps a space with the character before it, so that the pieces joined are the text again.
fn attach_space(mut pieces: Vec<String>, character: String) -> Vec<String> {
    match pieces.last_mut() {
        Some(last) if character.trim().is_empty() => last.push_str(&character),
        _ => pieces.push(character),
    }
    pieces
}

/// Spreads the segment's time over its words by their characters.
fn share_time(words: &mut [TimedWord], segment: &Segment) {
    let total: usize = words.iter().map(TimedWord::length).sum();
    let (start, end) = (segment.start.0, segment.end.0.max(segment.start.0));
    let time_at = |n_before: usize| start + (end - start) * n_before as f64 / total.max(1) as f64;
    let mut n_before = 0;
    for word in words {
        word.start = Some(time_at(n_before));
        n_before += word.length();
        word.end = Some(time_at(n_before));
    }
}
