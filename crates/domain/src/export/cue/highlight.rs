//! One cue per word, with that word underlined.

use super::words::{self, TimedWord};
use super::{Cue, plain_cue};
use crate::export::timestamp::milliseconds;
use crate::units::Seconds;

/// The cue's time cut at its timed words; the gaps between them show the plain text.
pub(super) fn cues(words: &[TimedWord], joiner: &str) -> Vec<Cue> {
    let plain = plain_cue(words, joiner);
    let mut cues = Vec::new();
    let mut shown_until = plain.start.0;
    for (idx, word) in words.iter().enumerate() {
        let (Some(start), Some(end)) = (word.start, word.end) else {
            continue;
        };
        if milliseconds(Seconds(shown_until)) < milliseconds(Seconds(start)) {
            cues.push(Cue::new(shown_until, start, &plain.text));
        }
        cues.push(Cue::new(start, end, &underlined(words, idx)));
        shown_until = end;
    }
    cues
}

/// The cue's text with word `idx` between `<u>` and `</u>`; a line break before it stays outside. The words stand
/// apart in every language, as the reference has it.
fn underlined(words: &[TimedWord], idx: usize) -> String {
    let texts: Vec<_> = words
        .iter()
        .enumerate()
        .map(|(other, word)| {
            let text = word.text.as_str();
            if other != idx {
                return text.to_owned();
            }
            let visible = text.trim_start();
            let (before, _) = text.split_at(text.len() - visible.len());
            format!("{before}<u>{visible}</u>")
        })
        .collect();
    format!("{}{}", words::prefix(words), texts.join(" "))
}
