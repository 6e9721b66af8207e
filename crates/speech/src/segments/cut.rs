//! One segment cut before some of its words.

use domain::transcript::{Segment, Word};
use domain::units::Seconds;

use super::texts;
use crate::assign::majority;

/// Cuts a segment before each of the words `cuts`, which rise and are neither the first word nor past the last.
///
/// No word and no character is lost, and no time changes: the pieces begin and end with their words, the first and last
/// where the segment did. Each piece is spoken by whoever says most of it. A segment in whose text its words cannot be
/// found, with `joiner` between them or as they stand, stays whole.
pub(crate) fn cut_before(segment: Segment, cuts: &[usize], joiner: &str) -> Vec<Segment> {
    if cuts.is_empty() {
        return vec![segment];
    }
    let words = segment.words.as_deref().unwrap_or_default();
    match texts::cut(&segment.text, words, cuts, joiner) {
        Some(texts) => pieces(segment, cuts, texts),
        None => vec![segment],
    }
}

/// A segment for each of `texts`; `cuts` are the first words of all but the first.
fn pieces(mut segment: Segment, cuts: &[usize], texts: Vec<String>) -> Vec<Segment> {
    // what is left of the segment is then cheap to copy
    let words = segment.words.take().unwrap_or_default();
    let mut chars = segment.chars.take().map(Vec::into_iter);
    segment.text.clear();
    let begins = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([words.len()]);
    let mut last_end = segment.start;
    let pieces = begins.zip(ends).zip(texts).map(|((begin, end), text)| {
        let own = &words[begin..end];
        let (is_first, is_last) = (begin == 0, end == words.len());
        let (first, last) = times(own).unwrap_or((last_end, last_end));
        let start = if is_first { segment.start } else { first };
        let end = if is_last { segment.end } else { last };
        last_end = Seconds(end.0.max(start.0));
        let n_chars = if is_last {
            usize::MAX
        } else {
            text.chars().count()
        };
        Segment {
            start,
            end: last_end,
            text,
            words: Some(own.to_vec()),
            chars: chars.as_mut().map(|chars| chars.take(n_chars).collect()),
            speaker: speaker_of(own).or_else(|| segment.speaker.clone()),
            overlap: own.iter().any(|word| word.overlap),
            ..segment.clone()
        }
    });
    pieces.collect()
}

fn speaker_of(words: &[Word]) -> Option<String> {
    let duration = |word: &Word| {
        word.start
            .zip(word.end)
            .map_or(0.0, |(start, end)| (end.0 - start.0).max(0.0))
    };
    let spoken = words
        .iter()
        .filter_map(|word| Some((word.speaker.as_deref()?, duration(word))));
    majority(spoken).map(str::to_owned)
}

/// Where the first and the last of the words lie that have times.
fn times(words: &[Word]) -> Option<(Seconds, Seconds)> {
    let start = words.iter().find_map(|word| word.start)?;
    let end = words.iter().rev().find_map(|word| word.end)?;
    Some((start, end))
}
