//! From times of characters to words and sentences: every word of the text comes out, in order.

use std::ops::Range;

use domain::options::{AlignOptions, Interpolation};
use domain::transcript::{Character, Segment, Word};
use domain::units::Seconds;

use super::fill::{SHORTEST, Slot, Times, fill};

/// A character that was heard: seconds in the recording, and how sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Heard {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) score: f64,
}

/// Silence given to the last letter of a word, in seconds: a letter sounds on after the frame that recognises it.
const TAIL: f64 = 0.04;

/// A text with what was heard of it.
#[derive(Debug)]
pub(crate) struct HeardText<'a> {
    /// The segment that it comes from.
    pub(crate) segment: &'a Segment,
    pub(crate) text: &'a [char],
    /// One for each character; what is not spoken has none.
    pub(crate) heard: &'a [Option<Heard>],
    /// Where words without a time of their own may lie, in seconds.
    pub(crate) whole: Times,
    /// Length of the recording, in seconds.
    pub(crate) duration: f64,
    /// Whether white space parts words; else each character is one.
    pub(crate) spaced: bool,
}

/// One segment for each sentence, with the words in it.
pub(crate) fn group(
    heard_text: &HeardText<'_>,
    sentences: &[Range<usize>],
    options: AlignOptions,
) -> Vec<Segment> {
    let HeardText { text, whole, .. } = *heard_text;
    let words: Vec<Vec<Range<usize>>> = sentences
        .iter()
        .map(|sentence| words(text, sentence.clone(), heard_text.spaced))
        .collect();
    let heard: Vec<Option<Heard>> = words
        .iter()
        .flatten()
        .map(|word| heard_word(heard_text.heard, word.clone(), heard_text.duration))
        .collect();
    let slots: Vec<Slot> = heard
        .iter()
        .zip(words.iter().flatten())
        .map(|(heard, word)| Slot {
            times: heard.map(|heard| (heard.start, heard.end)),
            weight: word.len() as f64,
        })
        .collect();
    let times = fill(&slots, whole, options.interpolate_method);
    let mut done = 0;
    let mut segments = Vec::with_capacity(sentences.len());
    for (sentence, words) in sentences.iter().zip(&words) {
        let here = done..done + words.len();
        done = here.end;
        let (Some(first), Some(last)) = (times[here.clone()].first(), times[here.clone()].last())
        else {
            continue; // nothing but white space
        };
        let (start, end) = (first.0, last.1);
        let words = words.iter().zip(&times[here.clone()]).zip(&heard[here]);
        let words = words.map(|((word, times), heard)| {
            let given = heard.is_some() || options.interpolate_method != Interpolation::Ignore;
            Word {
                word: text[word.clone()].iter().collect(),
                start: given.then(|| seconds(times.0)),
                end: given.then(|| seconds(times.1)),
                score: heard.map(|heard| rounded(heard.score)),
                speaker: None,
                overlap: false,
            }
        });
        segments.push(Segment {
            start: seconds(start),
            end: seconds(end),
            text: text[sentence.clone()].iter().collect(),
            words: Some(words.collect()),
            chars: options
                .return_char_alignments
                .then(|| characters(heard_text, sentence.clone())),
            ..heard_text.segment.clone()
        });
    }
    segments
}

/// The words of one sentence, without the white space around them.
fn words(text: &[char], sentence: Range<usize>, spaced: bool) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    for at in sentence {
        let c = text[at];
        if c.is_whitespace() {
            continue;
        }
        let joins = match words.last() {
            Some(word) if word.end != at => false,
            Some(word) if spaced || !c.is_alphanumeric() => word.end == at,
            // an opening quote belongs to the character after it
            Some(word) => text[word.clone()].iter().all(|c| !c.is_alphanumeric()),
            None => false,
        };
        match words.last_mut().filter(|_| joins) {
            Some(word) => word.end = at + 1,
            None => words.push(at..at + 1),
        }
    }
    words
}

/// From the first to the last character that was heard, with a little of the silence that follows.
fn heard_word(heard: &[Option<Heard>], word: Range<usize>, duration: f64) -> Option<Heard> {
    let within: Vec<Heard> = heard[word.clone()].iter().flatten().copied().collect();
    let (first, last) = (within.first()?, within.last()?);
    let next = heard[word.end..].iter().flatten().next();
    let latest = next.map_or(duration, |next| next.start);
    Some(Heard {
        start: first.start,
        end: (last.end + TAIL).min(latest).max(last.end),
        score: within.iter().map(|heard| heard.score).sum::<f64>() / within.len() as f64,
    })
}

fn characters(heard_text: &HeardText<'_>, sentence: Range<usize>) -> Vec<Character> {
    let heard = &heard_text.heard[sentence.clone()];
    let characters = heard_text.text[sentence].iter().zip(heard);
    characters
        .map(|(c, heard)| Character {
            char: c.to_string(),
            start: heard.map(|heard| seconds(heard.start)),
            end: heard.map(|heard| seconds(heard.end)),
            score: heard.map(|heard| rounded(heard.score)),
        })
        .collect()
}

/// Where words may lie: the segment as far as it is inside the recording, wide enough for `n_words`.
pub(crate) fn within_recording(segment: &Segment, duration: f64, n_words: usize) -> Times {
    let needed = SHORTEST * n_words as f64;
    let end = segment.end.0.min(duration);
    let start = segment.start.0.clamp(0.0, end.max(0.0));
    if end - start >= needed {
        return (start, end);
    }
    let end = (start + needed).min(duration).max(0.0);
    (start.min(end - needed).max(0.0), end)
}

fn seconds(value: f64) -> Seconds {
    Seconds(rounded(value))
}

/// To three decimals, as the results are written.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, spaced: bool) -> Vec<String> {
        let text: Vec<char> = text.chars().collect();
        let words = words(&text, 0..text.len(), spaced);
        words
            .into_iter()
            .map(|word| text[word].iter().collect())
            .collect()
    }

    #[test]
    fn white_space_parts_words_and_punctuation_stays_with_them() {
        assert_eq!(
            shown(" Hello,  (big) - world!\n", true),
            ["Hello,", "(big)", "-", "world!"]
        );
        assert_eq!(
            shown("「你好，」世界。", false),
            ["「你", "好，」", "世", "界。"]
        );
        assert!(shown("  ", true).is_empty());
    }

    #[test]
    fn a_word_ends_soon_after_its_last_letter() {
        let letter = |start: f64| {
            Some(Heard {
                start,
                end: start + 0.02,
                score: 0.5,
            })
        };
        let heard = [letter(1.0), letter(1.1), None, letter(1.14), letter(2.0)];
        assert!((heard_word(&heard, 0..2, 9.0).unwrap().end - 1.14).abs() < 1e-9);
        assert!((heard_word(&heard, 4..5, 9.0).unwrap().end - 2.06).abs() < 1e-9);
        assert!((heard_word(&heard, 4..5, 2.03).unwrap().end - 2.03).abs() < 1e-9);
        assert_eq!(heard_word(&heard, 2..3, 9.0), None);
    }

    #[test]
    fn places_are_inside_the_recording_and_wide_enough() {
        let segment = |start: f64, end: f64| Segment {
            start: Seconds(start),
            end: Seconds(end),
            ..Segment::default()
        };
        let close = |a: Times, b: Times| {
            assert!((a.0 - b.0).abs() + (a.1 - b.1).abs() < 1e-9, "{a:?} {b:?}");
        };
        close(within_recording(&segment(1.0, 2.0), 10.0, 3), (1.0, 2.0));
        close(within_recording(&segment(9.0, 12.0), 10.0, 3), (9.0, 10.0));
        close(
            within_recording(&segment(11.0, 12.0), 10.0, 3),
            (9.94, 10.0),
        );
        close(within_recording(&segment(5.0, 5.0), 10.0, 2), (5.0, 5.04));
        close(within_recording(&segment(0.0, 1.0), 0.0, 2), (0.0, 0.0));
    }
}
