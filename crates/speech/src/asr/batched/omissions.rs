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
use super::{ChunkText, Recording, SAMPLE_RATE, seconds};
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
        let is_there = before
            .len()
            .checked_sub(new.len())
            .is_some_and(|n| same(&before[n..], &new))
            || after
                .get(..new.len())
                .is_some_and(|after| same(after, &new));
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
            if found.iter().all(is_sure) {
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
        let n_words: usize = segments
            .iter()
            .flat_map(|segment| &segment.words)
            .map(Vec::len)
            .sum();
        if n_words <= words.len() {
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
mod tests {
    use super::*;

    fn words(text: &str, times: &[(f64, f64)]) -> Vec<Word> {
        let words = text.split(' ').zip(times);
        words
            .map(|(word, (start, end))| Word {
                word: word.into(),
                start: Some(Seconds(*start)),
                end: Some(Seconds(*end)),
                ..Word::default()
            })
            .collect()
    }

    fn speech(parts: &[(f64, f64)]) -> Vec<Range<Seconds>> {
        let parts = parts.iter();
        parts
            .map(|(start, end)| Seconds(*start)..Seconds(*end))
            .collect()
    }

    #[test]
    fn speech_without_a_word_is_found() {
        let check = |parts: &[(f64, f64)], times: &[(f64, f64)], expected: &[(usize, f64, f64)]| {
            let found = gaps(&speech(parts), &words("a b c d", times));
            let found: Vec<_> = found
                .into_iter()
                .map(|gap| (gap.n_before, gap.span.start, gap.span.end))
                .collect();
            assert_eq!(found, expected);
        };
        check(&[], &[(0.0, 1.0)], &[]);
        check(&[(1.0, 3.0)], &[], &[(0, 0.5, 3.5)]);
        check(&[(1.0, 2.5)], &[(0.5, 1.5)], &[]);
        let two = [(1.0, 3.0), (4.0, 9.0)];
        check(
            &two,
            &[(1.0, 3.5), (4.5, 5.0), (6.0, 7.0)],
            &[(3, 7.0, 9.5)],
        );
        check(
            &two,
            &[(3.1, 3.5), (4.5, 5.0), (7.0, 9.0)],
            &[(0, 0.5, 3.1), (2, 5.0, 7.0)],
        );
        check(&[(1.0, 2.0)], &[(0.0, 0.5), (5.0, 6.0)], &[]);
        // a word that is stretched over what was left out
        check(&two, &[(1.0, 9.0)], &[(1, 3.5, 9.5)]);
        check(&[(1.0, 4.0), (4.5, 9.0)], &[(1.0, 9.0)], &[(1, 2.2, 9.5)]);
    }

    fn segment(text: &str, times: &[(f64, f64)]) -> Segment {
        Segment {
            text: format!(" {text}"),
            words: Some(words(text, times)),
            ..Segment::default()
        }
    }

    #[test]
    fn what_was_left_out_is_put_in_its_place() {
        let check = |n_before: usize, new: &str, expected: &str| {
            let mut spoken = Spoken {
                text: " One two. Three".into(),
                words: words("One two. Three", &[(0.0, 1.0), (1.0, 2.0), (8.0, 9.0)]),
            };
            let times = vec![(3.0, 4.0); new.split(' ').count()];
            spoken.insert(n_before, vec![segment(new, &times)]);
            assert_eq!(spoken.text, expected);
            let joined: Vec<_> = spoken.words.iter().map(|word| word.word.as_str()).collect();
            assert_eq!(joined.join(" "), expected.trim());
        };
        check(2, "And so on.", " One two. And so on. Three");
        check(0, "Well,", " Well, One two. Three");
        check(3, "four", " One two. Three four");
        check(3, "three", " One two. Three");
        check(1, "two", " One two. Three");
        check(2, "one two", " One two. Three");
    }

    #[test]
    fn a_sentence_that_follows_upon_itself_is_seen() {
        let check = |text: &str, expected: bool| {
            let n_words = text.split(' ').count();
            assert_eq!(
                repeats(&words(text, &vec![(0.0, 1.0); n_words])),
                expected,
                "{text}"
            );
        };
        check("It is late. It is late. Go.", true);
        check("Go. It is late. It is late", true);
        check("Go. It is late. It was late.", false);
        check("It is late. Go. It is late.", false);
        check("Thank you. Thank you.", false);
    }
}
