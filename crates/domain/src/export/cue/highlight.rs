//! One cue per word, with that word underlined.

use super::Cue;
use super::words::{Source, TimedWord};
use crate::export::timestamp::milliseconds;
use crate::units::Seconds;

/// Characters that the tags add to a line.
pub(super) const N_TAG_CHARACTERS: usize = "<u></u>".len();

/// The cue's time cut at its timed words; the gaps between them show the plain text.
pub(super) fn cues(source: &Source<'_>, words: &[TimedWord]) -> Vec<Cue> {
    let plain = source.plain_cue(words);
    let mut cues = Vec::new();
    let mut shown_until = plain.start.0;
    for (idx, word) in words.iter().enumerate() {
        let (Some(start), Some(end)) = (word.start, word.end) else {
            continue;
        };
        if milliseconds(Seconds(shown_until)) < milliseconds(Seconds(start)) {
            cues.push(Cue::new(shown_until, start, &plain.text));
        }
        let underlined = source.text(words, |other, text| {
            if other == idx {
                format!("<u>{text}</u>")
            } else {
                text.to_owned()
            }
        });
        cues.push(Cue::new(start, end, &underlined));
        shown_until = end;
    }
    cues
}
