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
use super::ExportOptions;
use super::cue::Cue;
use super::markup::Markup;
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

/// The cues of a whole transcript, in order.
pub(super) fn cues(transcript: &Transcript, options: &ExportOptions, markup: Markup) -> Vec<Cue> {
    let limits = Limits::new(transcript, options);
    let script = Script::new(transcript, &limits);
    let sums = Sums::new(&script);
    let subtitles = lay_out(&script, &transcript.language, &limits, &sums);
    let writer = Writer {
        script: &script,
        limits: &limits,
        markup,
    };
    let cues = subtitles.iter();
    if options.highlight_words {
        return cues.flat_map(|cue| writer.highlighted(cue)).collect();
    }
    cues.map(|cue| writer.cue(cue)).collect()
}

fn lay_out(script: &Script, language: &str, limits: &Limits, sums: &Sums) -> Vec<Subtitle> {
    let words = script.tokens.iter().map(|token| &*token.text);
    let words: Vec<_> = words.take(N_WORDS_THAT_TELL_THE_LANGUAGE).collect();
    let gaps = Gaps::new(script, Grammar::of(language, &words));
    let cutter = Cutter {
        script,
        gaps: &gaps,
        limits,
        liner: Liner::new(&gaps, limits, sums),
    };
    let pieces = cutter.cut();
    let sounds: Vec<_> = pieces
        .iter()
        .map(|piece| sound(script, piece, sums))
        .collect();
    let times = timing::times(&sounds, limits);
    let cues = pieces.into_iter().zip(times);
    cues.map(|(piece, (start, end))| Subtitle { piece, start, end })
        .collect()
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
