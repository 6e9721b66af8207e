//! The words of a transcript as a row of tokens: each with its width, its time in whole milliseconds, and its turn.
//!
//! Tokens stand in the order of the segments' starts. Their times never run backwards within a turn, whatever the
//! transcript says, and words without times get some by their share of the characters.

use unicode_segmentation::UnicodeSegmentation;

use super::limits::Limits;
use super::times::times;
use crate::export::cue::without_arrows;
use crate::export::cue::words::Source;
use crate::export::markup::Markup;
use crate::export::{SpeakerLabels, one_line};
use crate::transcript::{Segment, Transcript};

/// Time in whole milliseconds.
pub(in crate::export) type Milliseconds = i64;

/// A word, a piece of one that is longer than a line, or the label of a speaker.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::export) struct Token {
    pub(in crate::export) text: String,
    /// Whether a space parts it from the token before it.
    pub(in crate::export) has_space: bool,
    /// In characters as they are shown.
    pub(super) width: usize,
    pub(in crate::export) start: Milliseconds,
    /// Never before `start`.
    pub(super) end: Milliseconds,
    /// Which of the [`Script`]'s turns it is of.
    pub(in crate::export) turn: usize,
    pub(super) is_label: bool,
    pub(super) begins_segment: bool,
}

/// What one person says until somebody else speaks.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::export) struct Turn {
    pub(in crate::export) speaker: Option<String>,
    /// Tokens `first..end`.
    pub(in crate::export) first: usize,
    pub(super) end: usize,
}

/// Everything that is said, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::export) struct Script {
    pub(in crate::export) tokens: Vec<Token>,
    pub(in crate::export) turns: Vec<Turn>,
}

/// Characters as a reader counts them: grapheme clusters, so that an accent or a vowel sign is not one of its own.
pub(super) fn width(text: &str) -> usize {
    text.graphemes(true).count()
}

impl Script {
    /// The words of `transcript`, with labels where `limits` want names.
    pub(super) fn new(transcript: &Transcript, limits: &Limits, markup: Markup) -> Self {
        let mut script = Self::default();
        let has_names = limits.labels == SpeakerLabels::Names && has_several_speakers(transcript);
        let source = Source {
            transcript,
            markup,
            has_names: false,
        };
        let mut segments: Vec<_> = transcript.segments.iter().collect();
        segments.sort_by(|a, b| a.start.0.total_cmp(&b.start.0));
        for segment in segments {
            let words = source.words(segment, true, true);
            let times = times(segment, &words);
            let mut speaker = words.iter().find_map(|word| word.speaker);
            for (idx, (word, (start, end))) in words.iter().zip(times).enumerate() {
                speaker = word.speaker.or(speaker);
                script.begin_turn(name(speaker, segment), start, has_names, limits);
                let token = Token {
                    text: word.text.clone(),
                    has_space: !word.before.is_empty(),
                    width: width(&word.text),
                    start,
                    end,
                    turn: 0,
                    is_label: false,
                    begins_segment: idx == 0,
                };
                script.push(token, limits.width);
            }
        }
        script
    }

    /// Begins a turn if somebody else speaks, with a label if there are any.
    fn begin_turn(
        &mut self,
        speaker: Option<String>,
        start: Milliseconds,
        has_names: bool,
        limits: &Limits,
    ) {
        if (self.turns.last()).is_some_and(|turn| turn.speaker == speaker) {
            return;
        }
        let label = speaker.as_ref().filter(|_| has_names);
        let label = label.map(|name| without_arrows(&format!("{name}:")));
        let first = self.tokens.len();
        self.turns.push(Turn {
            speaker,
            first,
            end: first,
        });
        for (idx, text) in label.iter().flat_map(|label| label.split(' ')).enumerate() {
            let token = Token {
                text: text.to_owned(),
                has_space: true,
                width: width(text),
                start,
                end: start,
                turn: 0,
                is_label: true,
                begins_segment: idx == 0,
            };
            self.push(token, limits.width);
        }
    }

    /// Adds a token to the last turn, in pieces if it is longer than a line.
    fn push(&mut self, mut token: Token, max_width: usize) {
        let turn = self.turns.len() - 1;
        let first = self.turns[turn].first;
        if let Some(last) = self.tokens[first..].last() {
            token.start = token.start.max(last.start);
            token.end = token.end.max(token.start);
        }
        token.turn = turn;
        let parts = parts(&token);
        let pieces = parts.into_iter().flat_map(|part| pieces(part, max_width));
        self.tokens.extend(pieces);
        self.turns[turn].end = self.tokens.len();
    }
}

/// Whether more than one person speaks, or somebody beside people without names.
fn has_several_speakers(transcript: &Transcript) -> bool {
    let of_segment = |segment: &Segment| {
        let of_words = segment.words.iter().flatten();
        let of_words: Vec<_> = of_words.filter_map(|word| word.speaker.clone()).collect();
        if of_words.is_empty() {
            vec![segment.speaker.clone().unwrap_or_default()]
        } else {
            of_words
        }
    };
    let mut speakers: Vec<_> = transcript.segments.iter().flat_map(of_segment).collect();
    speakers.sort();
    speakers.dedup();
    speakers.len() > 1
}

fn name(speaker: Option<&str>, segment: &Segment) -> Option<String> {
    let speaker = speaker.or(segment.speaker.as_deref()).map(one_line);
    speaker.filter(|name| !name.is_empty())
}

/// A token cut at the spaces inside.
fn parts(token: &Token) -> Vec<Token> {
    let all = as_time(token.width.max(1));
    let time_at =
        |n_before: usize| token.start + (token.end - token.start) * as_time(n_before) / all;
    let mut parts: Vec<Token> = Vec::new();
    let mut n_before = 0;
    for text in token.text.split_whitespace() {
        let (start, width) = (time_at(n_before), width(text));
        n_before += width;
        parts.push(Token {
            text: text.to_owned(),
            has_space: token.has_space || !parts.is_empty(),
            width,
            start,
            end: time_at(n_before),
            begins_segment: token.begins_segment && parts.is_empty(),
            ..*token
        });
        n_before += 1;
    }
    if let Some(last) = parts.last_mut() {
        last.end = token.end;
    }
    parts
}

/// A token cut at `max_width` characters: text that fits on no line is rather broken than shown beyond the edge of the
/// picture. A sign at which addresses and compounds may be broken ends a piece, if one stands in its second half.
fn pieces(token: Token, max_width: usize) -> Vec<Token> {
    if token.width <= max_width {
        return vec![token];
    }
    let characters: Vec<&str> = token.text.graphemes(true).collect();
    let length = token.end - token.start;
    let time_at = |idx: usize| token.start + length * as_time(idx) / as_time(characters.len());
    let mut pieces = Vec::new();
    let mut from = 0;
    while from < characters.len() {
        let to = (from + max_width).min(characters.len());
        let half = from + max_width.div_ceil(2);
        let is_joint = |idx: &usize| matches!(characters[*idx - 1], "-" | "/" | "." | "_");
        let joint = (half..=to).rev().find(is_joint);
        let to = joint.filter(|_| to < characters.len()).unwrap_or(to);
        pieces.push(Token {
            text: characters[from..to].concat(),
            has_space: token.has_space && from == 0,
            width: to - from,
            start: time_at(from),
            end: time_at(to),
            begins_segment: token.begins_segment && from == 0,
            ..token
        });
        from = to;
    }
    pieces
}

fn as_time(n_characters: usize) -> Milliseconds {
    Milliseconds::try_from(n_characters).unwrap_or(Milliseconds::MAX)
}
