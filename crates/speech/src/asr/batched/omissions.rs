//! Speech that the text of a chunk leaves out.
//!
//! Without timestamps the model sometimes ends its text before the chunk ends, or writes once what is said twice. The words'
//! times give both away. Speech without a word is decoded by itself, and what it says is put in its place; a chunk in which a
//! sentence follows upon itself is gone through with timestamps, which count better, and is taken so if that gives
//! more words.

use std::ops::Range;

use domain::options::{AsrOptions, WordTimes};
use domain::progress::{Monitor, Stage};
use domain::transcript::{Segment, Word};
use domain::units::Seconds;

use super::sentences::places;
use super::texts::ChunkText;
use super::{Recording, SAMPLE_RATE, seconds};
use crate::asr::belief::{is_too_fast, n_words_in};
use crate::asr::error::AsrError;
use crate::asr::network::Network;
use crate::asr::sequential;

/// Speech without a word that is longer than this, in seconds, holds words that were left out.
const WORDLESS: f64 = 1.25;
/// A word is not longer than this, in seconds: what its time says beyond is speech without a word.
const LONGEST_WORD: f64 = 1.2;
/// What is heard of the sound around it, in seconds, as far as there is no word.
const MARGIN: f64 = 0.5;
/// What is put in must be surer than this.
const SURE: f64 = -0.8;
/// A sentence of fewer words is often said twice, and often a hallucination.
const SENTENCE_WORDS: usize = 3;
/// What is put in must not say once more what stands beside it, not even with so many words in between.
const NEAR_WORDS: usize = 3;

/// Speech without a word.
#[derive(Debug, Clone, PartialEq)]
struct Gap {
    /// How many words come before.
    n_before: usize,
    /// From the word before or a little before the speech, to the word after it or a little after the speech.
    span: Range<f64>,
}

/// Where `speech` has no word for long; `words` are in order.
fn gaps(speech: &[Range<Seconds>], words: &[Word]) -> Vec<Gap> {
    let times = words.iter().map(|word| {
        let start = word.start.map_or(f64::NAN, |time| time.0);
        let end = word.end.map_or(start, |time| time.0);
        start..end.min(start + LONGEST_WORD)
    });
    let times: Vec<Range<f64>> = times.collect();
    let mut gaps: Vec<Gap> = Vec::new();
    for part in speech {
        for n_before in 0..=times.len() {
            let from = n_before.checked_sub(1).map_or(f64::MIN, |i| times[i].end);
            let to = times.get(n_before).map_or(f64::MAX, |time| time.start);
            if to.min(part.end.0) - from.max(part.start.0) >= WORDLESS {
                let span = from.max(part.start.0 - MARGIN)..to.min(part.end.0 + MARGIN);
                match gaps.last_mut() {
                    Some(last) if last.n_before == n_before => last.span.end = span.end,
                    _ => gaps.push(Gap { n_before, span }),
                }
            }
        }
    }
    gaps
}

/// Whether a sentence follows upon itself.
fn repeats(words: &[Word]) -> bool {
    let ends = |word: &Word| word.word.ends_with(['.', '!', '?', '。', '！', '？']);
    let sentences: Vec<&[Word]> = words.split_inclusive(ends).collect();
    let is_same = |pair: &[&[Word]]| pair[0].len() >= SENTENCE_WORDS && same(pair[0], pair[1]);
    sentences.windows(2).any(is_same)
}

/// Whether `new` stands somewhere among `words`.
fn holds(words: &[Word], new: &[Word]) -> bool {
    words.windows(new.len().max(1)).any(|some| same(some, new))
}

/// Whether the words are the same, their times and marks aside.
fn same(one: &[Word], other: &[Word]) -> bool {
    let letters = |word: &Word| -> String {
        let lower = word.word.chars().flat_map(char::to_lowercase);
        lower.filter(|c| c.is_alphanumeric()).collect()
    };
    one.iter().map(letters).eq(other.iter().map(letters))
}

/// The text of a chunk and its words.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    pub(super) text: String,
    pub(super) words: Vec<Word>,
}

impl Spoken {
    /// Puts `found` between words, unless its neighbours say that already.
    fn insert(&mut self, n_before: usize, found: Vec<Segment>) {
        let text: String = found.iter().map(|segment| segment.text.as_str()).collect();
        let new = found
            .into_iter()
            .flat_map(|segment| segment.words.unwrap_or_default());
        let new: Vec<Word> = new.collect();
        let (before, after) = self.words.split_at(n_before);
        let n_near = new.len()
            + if new.len() < SENTENCE_WORDS {
                0
            } else {
                NEAR_WORDS
            };
        let before = &before[before.len().saturating_sub(n_near)..];
        let after = &after[..after.len().min(n_near)];
        let is_there = holds(before, &new) || holds(after, &new);
        if is_there || !text.contains(char::is_alphanumeric) {
            return;
        }
        let begin = new.first().and_then(|word| word.start);
        if let (Some(last), Some(begin)) = (n_before.checked_sub(1), begin) {
            let end = &mut self.words[last].end;
            *end = end.map(|end| Seconds(end.0.min(begin.0)));
        }
        let places = places(&self.text, &self.words);
        let at = places.get(n_before).map_or(self.text.len(), |place| {
            self.text[..*place].trim_end().len() // the space goes with the word
        });
        self.text.insert_str(at, &text);
        self.words.splice(n_before..n_before, new);
    }
}

impl<N: Network> Recording<'_, N> {
    /// Adds what is said where the chunk has speech and its text no word.
    pub(super) fn fill_gaps(
        &self,
        chunk: &ChunkText<'_, N::Encoded>,
        spoken: &mut Spoken,
    ) -> Result<(), AsrError> {
        for gap in gaps(&chunk.speech(), &spoken.words).into_iter().rev() {
            let Range { start, end } = gap.span;
            let range = sample(start).max(chunk.chunk.start)..sample(end).min(chunk.chunk.end);
            // what needs a higher temperature is not sure
            let options = AsrOptions {
                temperatures: self.options.temperatures[..1].to_vec(),
                ..self.timestamp_options(chunk)
            };
            let found = self.sequential(&options, range)?;
            let is_sure = |segment: &Segment| segment.avg_logprob.is_some_and(|sure| sure > SURE);
            if found.iter().all(is_sure) && !is_too_fast(n_words(&found), end - start) {
                spoken.insert(gap.n_before, found);
            }
        }
        Ok(())
    }

    /// The segments of a chunk in which a sentence may be said more often than its text says.
    pub(super) fn count_repetitions(
        &self,
        chunk: &ChunkText<'_, N::Encoded>,
        words: &[Word],
    ) -> Result<Option<Vec<Segment>>, AsrError> {
        if !repeats(words) {
            return Ok(None);
        }
        let options = self.timestamp_options(chunk);
        let mut segments = self.sequential(&options, chunk.chunk.start..chunk.chunk.end)?;
        let spoken = segments.iter().flat_map(|segment| &segment.words);
        let has_more = spoken.map(Vec::len).sum::<usize>() > words.len();
        let n_seconds: f64 = chunk
            .speech()
            .iter()
            .map(|part| part.end.0 - part.start.0)
            .sum();
        if !has_more || is_too_fast(n_words(&segments), n_seconds) {
            return Ok(None);
        }
        if self.options.word_times == WordTimes::Off {
            for segment in &mut segments {
                segment.words = None;
            }
        }
        Ok(Some(segments))
    }

    fn timestamp_options(&self, chunk: &ChunkText<'_, N::Encoded>) -> AsrOptions {
        AsrOptions {
            language: Some(chunk.language),
            prefix: None,
            word_times: self.word_rules(),
            multilingual: false,
            without_timestamps: false,
            ..self.options.clone()
        }
    }

    /// Goes through a part of the recording window by window.
    fn sequential(
        &self,
        options: &AsrOptions,
        range: Range<usize>,
    ) -> Result<Vec<Segment>, AsrError> {
        let begin = seconds(range.start);
        let samples = self.samples.part(range);
        let (network, tokenizer) = (self.network, self.tokenizer);
        let unseen = Unseen(self.monitor);
        let found = sequential::transcribe(network, tokenizer, samples, options, &unseen)?;
        let mut segments = found.segments;
        for segment in &mut segments {
            shift(segment, begin);
        }
        Ok(segments)
    }
}

fn n_words(segments: &[Segment]) -> f64 {
    segments
        .iter()
        .map(|segment| n_words_in(&segment.text))
        .sum()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in the recording"
)]
fn sample(time: f64) -> usize {
    (time.max(0.0) * SAMPLE_RATE) as usize
}

/// Moves times that count from the chunk's begin to those of the recording, in milliseconds.
fn shift(segment: &mut Segment, begin: Seconds) {
    let moved = |time: &mut Seconds| time.0 = ((time.0 + begin.0) * 1e3).round() / 1e3;
    moved(&mut segment.start);
    moved(&mut segment.end);
    for word in segment.words.iter_mut().flatten() {
        word.start.iter_mut().for_each(moved);
        word.end.iter_mut().for_each(moved);
    }
}

/// Passes on the wish to stop, and keeps quiet about a part that others count.
struct Unseen<'a>(&'a dyn Monitor);

impl Monitor for Unseen<'_> {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

#[cfg(test)]
mod tests;
