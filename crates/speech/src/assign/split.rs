//! One segment for each speaker.

use std::ops::Range;

use domain::language::joiner;
use domain::transcript::{Segment, Transcript, Word};

use crate::segments::cut_before;

/// A single word of somebody else in the middle of a sentence leaves it whole if it is shorter than this.
const STRAY_SECONDS: f64 = 0.5;

/// Cuts segments where the speaker of their words changes, so that each has one speaker. A short word of somebody else
/// amid a sentence does not cut it, and keeps its speaker.
///
/// No word and no character is lost, and no time changes: the pieces of a segment begin and end with their words, the
/// first and last where the segment did.
pub fn split_at_speakers(transcript: &mut Transcript) {
    let joiner = joiner(&transcript.language);
    let segments = std::mem::take(&mut transcript.segments);
    let pieces = segments
        .into_iter()
        .flat_map(|segment| split(segment, joiner));
    transcript.segments = pieces.collect();
}

fn split(segment: Segment, joiner: &str) -> Vec<Segment> {
    let runs = runs(segment.words.as_deref().unwrap_or_default());
    let cuts: Vec<_> = runs.iter().skip(1).map(|run| run.start).collect();
    cut_before(segment, &cuts, joiner)
}

/// Words that stay together, in order.
fn runs(words: &[Word]) -> Vec<Range<usize>> {
    let speakers = speakers(words);
    let mut runs: Vec<Range<usize>> = Vec::new();
    for run in speakers.chunk_by(|a, b| a == b) {
        let start = runs.last().map_or(0, |run| run.end);
        runs.push(start..start + run.len());
    }
    join_around_strays(runs, &speakers, words)
}

/// Whom each word goes with: its speaker, or that of the word before it, or of the first word that has one.
fn speakers(words: &[Word]) -> Vec<Option<&str>> {
    let mut last = words.iter().find_map(|word| word.speaker.as_deref());
    let speakers = words.iter().map(|word| {
        last = word.speaker.as_deref().or(last);
        last
    });
    speakers.collect()
}

/// Runs of one speaker that only a stray word parts become one.
fn join_around_strays(
    runs: Vec<Range<usize>>,
    speakers: &[Option<&str>],
    words: &[Word],
) -> Vec<Range<usize>> {
    let speaker = |run: &Range<usize>| speakers[run.start];
    let mut joined: Vec<Range<usize>> = Vec::new();
    let mut runs = runs.into_iter().peekable();
    while let Some(run) = runs.next() {
        let last = joined.last_mut();
        match (last, runs.peek()) {
            (Some(last), Some(next))
                if speaker(last) == speaker(next) && is_stray(words, run.clone()) =>
            {
                last.end = next.end;
                runs.next();
            }
            _ => joined.push(run),
        }
    }
    joined
}

/// One short word that neither begins nor ends a sentence.
fn is_stray(words: &[Word], run: Range<usize>) -> bool {
    let word = &words[run.start];
    let is_short = word
        .start
        .zip(word.end)
        .is_none_or(|(start, end)| end.0 - start.0 < STRAY_SECONDS);
    let ends = |word: &Word| {
        word.word
            .trim()
            .ends_with(['.', '?', '!', '。', '？', '！', '…'])
    };
    run.len() == 1 && is_short && !ends(word) && !ends(&words[run.start - 1])
}
