//! The text of cues: lines, labels of speakers, and marks of the format.

use std::ops::Range;

use super::Subtitle;
use super::cut::dash;
use super::limits::Limits;
use super::tokens::{Milliseconds, Script};
use crate::export::SpeakerLabels;
use crate::export::cue::Cue;
use crate::export::markup::Markup;

/// Writes the cues of a script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) script: &'a Script,
    pub(super) limits: &'a Limits,
    pub(super) markup: Markup,
}

impl Writer<'_> {
    /// The cue as it is shown all the time.
    pub(super) fn cue(&self, subtitle: &Subtitle) -> Cue {
        cue(subtitle.start, subtitle.end, &self.text(subtitle, None))
    }

    /// The cue once for each word, which is underlined until the next is spoken.
    pub(super) fn highlighted(&self, subtitle: &Subtitle) -> Vec<Cue> {
        let tokens = subtitle.piece.tokens();
        let is_word = |idx: &usize| !self.script.tokens[*idx].is_label;
        let words: Vec<usize> = tokens.filter(is_word).collect();
        let mut cues = Vec::new();
        let mut shown_until = subtitle.start;
        for (number, word) in words.iter().enumerate() {
            let next = words
                .get(number + 1)
                .map(|next| self.script.tokens[*next].start);
            let until = next.map_or(subtitle.end, |next| next.clamp(shown_until, subtitle.end));
            if until > shown_until {
                cues.push(cue(shown_until, until, &self.text(subtitle, Some(*word))));
            }
            shown_until = until;
        }
        cues
    }

    fn text(&self, subtitle: &Subtitle, underlined: Option<usize>) -> String {
        let piece = &subtitle.piece;
        let line = |line: &Range<usize>| self.line(line, underlined);
        if piece.is_dialogue {
            let lines = piece.lines.iter().map(|tokens| {
                let text = format!("{}{}", dash(self.limits), line(tokens));
                self.voice(tokens, &text, true)
            });
            return lines.collect::<Vec<_>>().join("\n");
        }
        let text = piece.lines.iter().map(line).collect::<Vec<_>>().join("\n");
        self.voice(&piece.tokens(), &text, false)
    }

    fn line(&self, tokens: &Range<usize>, underlined: Option<usize>) -> String {
        let mut text = String::new();
        for idx in tokens.clone() {
            let token = &self.script.tokens[idx];
            if token.has_space && idx > tokens.start {
                text.push(' ');
            }
            let word = self.markup.escape(&token.text);
            let tags = if underlined == Some(idx) {
                ("<u>", "</u>")
            } else {
                ("", "")
            };
            text.extend([tags.0, &*word, tags.1]);
        }
        text
    }

    /// The text with a mark that says who speaks, where the format has one. The mark ends with the cue unless it `is_closed`.
    fn voice(&self, tokens: &Range<usize>, text: &str, is_closed: bool) -> String {
        let turn = &self.script.turns[self.script.tokens[tokens.start].turn];
        match &turn.speaker {
            Some(name) if self.limits.labels == SpeakerLabels::Dashes => {
                self.markup.voice(name, text, is_closed)
            }
            _ => text.to_owned(),
        }
    }
}

fn cue(start: Milliseconds, end: Milliseconds, text: &str) -> Cue {
    Cue::new(start as f64 / 1000.0, end as f64 / 1000.0, text)
}
