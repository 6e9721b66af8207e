//! The words that cues are laid out from.

use unicode_segmentation::UnicodeSegmentation;

use super::super::markup::Markup;
use super::super::{one_line, speaker_prefix};
use super::Cue;
use crate::language::joiner;
use crate::transcript::{Segment, Transcript, Word, word_places};

/// A word on its way into a cue, with the segment it came from.
#[derive(Debug, Clone)]
pub(in crate::export) struct TimedWord<'a> {
    /// What parts it from the word before it in its cue: nothing, a space, or a line break.
    pub(in crate::export) before: &'static str,
    /// As it stands in the file, without blanks around it; never empty.
    pub(in crate::export) text: String,
    /// In seconds.
    pub(in crate::export) start: Option<f64>,
    /// In seconds.
    pub(in crate::export) end: Option<f64>,
    pub(in crate::export) segment: &'a Segment,
    /// Who says it, where the word itself says so.
    pub(in crate::export) speaker: Option<&'a str>,
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

/// What cues are made of, and how a format writes it.
#[derive(Debug, Clone, Copy)]
pub(in crate::export) struct Source<'a> {
    pub(in crate::export) transcript: &'a Transcript,
    pub(in crate::export) markup: Markup,
    /// Whether names stand before what is said.
    pub(in crate::export) has_names: bool,
}

impl<'a> Source<'a> {
    /// A segment as it is; `None` if it says nothing.
    pub(super) fn segment_cue(&self, segment: &Segment) -> Option<Cue> {
        let text = self.markup.escape(&one_line(&segment.text));
        (!text.is_empty()).then(|| {
            let text = format!("{}{text}", self.prefix(segment));
            Cue::new(segment.start.0, segment.end.0, &text)
        })
    }

    /// All words of a cue for the whole of its time.
    pub(super) fn plain_cue(&self, words: &[TimedWord]) -> Cue {
        let (start, end) = span(words);
        Cue::new(start, end, &self.text(words, |_, text| text.to_owned()))
    }

    /// The text of a cue, with its speaker before it; `shown` says how the word of a number is written.
    pub(super) fn text(
        &self,
        words: &[TimedWord],
        shown: impl Fn(usize, &str) -> String,
    ) -> String {
        let mut text = words
            .first()
            .map_or_else(String::new, |word| self.prefix(word.segment));
        for (idx, word) in words.iter().enumerate() {
            text.push_str(if idx == 0 { "" } else { word.before });
            text.push_str(&shown(idx, &word.text));
        }
        text
    }

    /// What stands before the words of a cue that begins with this segment.
    pub(super) fn prefix(&self, segment: &Segment) -> String {
        if !self.has_names {
            return String::new();
        }
        self.markup.escape(&speaker_prefix(segment))
    }

    /// The words of a segment: its own, or else its text cut to pieces. The first and the last of its own last to the ends
    /// of the segment where they have no times.
    ///
    /// The pieces carry times, by their share of the characters, only if `estimate_times`; and they are the whole text
    /// unless `cut`. So no text is lost where the alignment found no words.
    pub(in crate::export) fn words(
        &self,
        segment: &'a Segment,
        cut: bool,
        estimate_times: bool,
    ) -> Vec<TimedWord<'a>> {
        let mut words = self.own_words(segment);
        if let Some(first) = words.first_mut() {
            first.start.get_or_insert(segment.start.0);
        }
        if let Some(last) = words.last_mut() {
            last.end.get_or_insert(segment.end.0);
            return words;
        }
        let text = one_line(&segment.text);
        let pieces = if cut {
            pieces(&text)
        } else {
            vec![(" ", text)]
        };
        let pieces = pieces.into_iter().filter(|(_, text)| !text.is_empty());
        let mut words: Vec<_> = pieces
            .map(|(before, text)| TimedWord {
                before,
                text: self.markup.escape(&text),
                start: None,
                end: None,
                segment,
                speaker: None,
            })
            .collect();
        if let Some(first) = words.first_mut() {
            first.before = self.joiner();
        }
        if estimate_times {
            share_time(&mut words, segment);
        }
        words
    }

    /// Words as they stand in the text, with what stands between them; where they are not found there, as the language
    /// has it.
    fn own_words(&self, segment: &'a Segment) -> Vec<TimedWord<'a>> {
        let words = segment.words.as_deref().unwrap_or_default();
        let is_blank = |word: &Word| word.word.trim().is_empty();
        if words.iter().all(is_blank) {
            return Vec::new();
        }
        let Some(places) = word_places(&segment.text, words) else {
            let words = words.iter().filter(|word| !is_blank(word));
            return words
                .map(|word| self.word(self.joiner(), &word.word, Some(word), segment))
                .collect();
        };
        let text = &*segment.text;
        let mut found: Vec<TimedWord> = Vec::new();
        let mut cursor = 0;
        for (idx, (word, place)) in words.iter().zip(&places).enumerate() {
            let next = places.get(idx + 1).map_or(text.len(), |next| next.start);
            // signs that were left out of the word
            let start = cursor + text[cursor..place.start].trim_end_matches(is_sign).len();
            let end = next - text[place.end..next].trim_start_matches(is_sign).len();
            found.extend(self.untimed(&text[cursor..start], segment));
            if !text[start..end].trim().is_empty() {
                found.push(self.word(gap(&text[..start]), &text[start..end], Some(word), segment));
            }
            cursor = end;
        }
        found.extend(self.untimed(&text[cursor..], segment));
        if let Some(first) = found.first_mut() {
            first.before = self.joiner();
        }
        found
    }

    /// What stands between words: some programs leave out those that they cannot time.
    fn untimed(&self, text: &str, segment: &'a Segment) -> Vec<TimedWord<'a>> {
        let is_apart = text.starts_with(char::is_whitespace);
        let pieces = pieces(text).into_iter().enumerate();
        let word = |(idx, (before, piece)): (usize, (&'static str, String))| {
            let before = if idx == 0 && !is_apart { "" } else { before };
            self.word(before, &piece, None, segment)
        };
        pieces.map(word).collect()
    }

    fn word(
        &self,
        before: &'static str,
        text: &str,
        word: Option<&'a Word>,
        segment: &'a Segment,
    ) -> TimedWord<'a> {
        TimedWord {
            before,
            text: self.markup.escape(&one_line(text)),
            start: word.and_then(|word| word.start).map(|time| time.0),
            end: word.and_then(|word| word.end).map(|time| time.0),
            segment,
            speaker: word.and_then(|word| word.speaker.as_deref()),
        }
    }

    fn joiner(&self) -> &'static str {
        joiner(&self.transcript.language)
    }
}

/// What parts a word from the text before it.
fn gap(before: &str) -> &'static str {
    if before.ends_with(char::is_whitespace) {
        " "
    } else {
        ""
    }
}

/// What is neither letter nor digit nor space.
fn is_sign(character: char) -> bool {
    !character.is_alphanumeric() && !character.is_whitespace()
}

/// First start and last end, in seconds; the segment's where no word has such a time.
fn span(words: &[TimedWord]) -> (f64, f64) {
    let start = words.iter().filter_map(|word| word.start).reduce(f64::min);
    let end = words.iter().filter_map(|word| word.end).reduce(f64::max);
    let segment = words.first().map(|word| word.segment);
    match (start, end, segment) {
        (Some(start), Some(end), _) => (start, end),
        (_, _, Some(segment)) => (segment.start.0, segment.end.0),
        _ => (0.0, 0.0),
    }
}

/// A text cut where a line may be broken, each piece with what stands before it: at spaces, and beside letters of scripts
/// that are written without them.
fn pieces(text: &str) -> Vec<(&'static str, String)> {
    let mut pieces: Vec<(&'static str, String)> = Vec::new();
    for word in text.split_whitespace() {
        let mut before = " ";
        let mut is_after_unspaced = false;
        for character in word.graphemes(true) {
            let is_unspaced = character.chars().any(is_of_unspaced_script);
            let is_letter = character.chars().any(char::is_alphanumeric);
            let may_break = is_letter && (is_unspaced || is_after_unspaced);
            match pieces.last_mut() {
                // signs stay with what they follow
                Some((_, piece)) if before.is_empty() && !may_break => piece.push_str(character),
                _ => pieces.push((before, character.to_owned())),
            }
            before = "";
            if is_letter {
                is_after_unspaced = is_unspaced;
            }
        }
    }
    pieces
}

/// Chinese, Japanese, Thai, Lao, Burmese and Khmer.
fn is_of_unspaced_script(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
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
