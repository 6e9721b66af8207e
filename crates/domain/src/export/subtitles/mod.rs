//! Subtitles as the guides of broadcasters ask for them: few short lines, cut at phrases, that stay long enough to be read.
//!
//! The words of a transcript become a row of tokens ([`tokens`]). [`breaks`] says what it costs to part two of them, by
//! the small words of the language ([`grammar`]), by signs, pauses, and the rules of scripts without spaces
//! ([`kinsoku`]). [`cut`] finds the cheapest way to cut the row into cues, [`lines`] the lines of each, and [`timing`]
//! says when each is shown. The numbers and their sources stand in [`limits`].

mod breaks;
mod cut;
mod grammar;
mod kinsoku;
mod limits;
mod lines;
mod sentence;
mod times;
mod timing;
mod tokens;
mod write;

use self::breaks::Gaps;
use self::cut::{Cutter, Piece};
use self::grammar::Grammar;
use self::limits::Limits;
use self::lines::{Liner, Sums};
use self::timing::Sound;
use self::tokens::{Milliseconds, Script};
use self::write::Writer;
use super::cue::Cue;
use super::markup::Markup;
use super::{ExportOptions, SpeakerLabels};
use crate::transcript::Transcript;

/// A cue: its lines and when it is shown.
#[derive(Debug, Clone, PartialEq)]
struct Subtitle {
    piece: Piece,
    start: Milliseconds,
    end: Milliseconds,
}

/// Enough to see whether a text is English.
const N_WORDS_THAT_TELL_THE_LANGUAGE: usize = 2000;

/// The words of a transcript, and how well they can be parted.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) script: Script,
    limits: Limits,
    gaps: Gaps,
}

impl Reading {
    /// Reads a transcript. Without markup no word is too long for its line, and nobody has a label.
    pub(super) fn new(transcript: &Transcript, options: &ExportOptions, markup: Markup) -> Self {
        let mut limits = Limits::new(transcript, options);
        if markup == Markup::None {
            limits.width = usize::MAX;
            limits.labels = SpeakerLabels::None;
        }
        let script = Script::new(transcript, &limits, markup);
        let words = script.tokens.iter().map(|token| &*token.text);
        let words: Vec<_> = words.take(N_WORDS_THAT_TELL_THE_LANGUAGE).collect();
        let gaps = Gaps::new(&script, Grammar::of(&transcript.language, &words));
        Self {
            script,
            limits,
            gaps,
        }
    }

    /// Whether a sentence or turn ends before token `idx`.
    pub(super) fn ends_sentence(&self, idx: usize) -> bool {
        self.gaps.ends_sentence(idx)
    }

    /// Silence before token `idx`.
    pub(super) fn pause(&self, idx: usize) -> Milliseconds {
        self.gaps.pause(idx)
    }

    fn lay_out(&self) -> Vec<Subtitle> {
        let (script, limits) = (&self.script, &self.limits);
        let sums = Sums::new(script);
        let cutter = Cutter {
            script,
            gaps: &self.gaps,
            limits,
            liner: Liner::new(&self.gaps, limits, &sums),
        };
        let pieces = cutter.cut();
        let sounds = pieces.iter().map(|piece| sound(script, piece, &sums));
        let times = timing::times(&sounds.collect::<Vec<_>>(), limits);
        let cues = pieces.into_iter().zip(times);
        cues.map(|(piece, (start, end))| Subtitle { piece, start, end })
            .collect()
    }
}

/// The cues of a whole transcript, in order.
pub(super) fn cues(transcript: &Transcript, options: &ExportOptions, markup: Markup) -> Vec<Cue> {
    // what is escaped has another length, so tokens are plain until they are written
    let reading = Reading::new(transcript, options, Markup::SubRip);
    let subtitles = reading.lay_out();
    let writer = Writer {
        script: &reading.script,
        limits: &reading.limits,
        markup,
    };
    let cues = subtitles.iter();
    if options.highlight_words {
        return cues.flat_map(|cue| writer.highlighted(cue)).collect();
    }
    cues.map(|cue| writer.cue(cue)).collect()
}

fn sound(script: &Script, piece: &Piece, sums: &Sums) -> Sound {
    let tokens = &script.tokens[piece.tokens()];
    let start = tokens.iter().map(|token| token.start).min().unwrap_or(0);
    let end = tokens.iter().map(|token| token.end).max().unwrap_or(start);
    Sound {
        start,
        end,
        n_characters: piece.lines.iter().map(|line| sums.width(line)).sum(),
    }
}

#[cfg(test)]
mod tests;
