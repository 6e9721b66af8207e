//! Characters to words and sentences, as whisperX groups them.

use std::ops::Range;

use domain::options::AlignOptions;
use domain::transcript::{Character, Segment, Word};
use domain::units::Seconds;

use super::interpolate::interpolate;
use crate::align::sentences::Splitter;

/// The times of one character, as far as it has some.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Char {
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
    pub(super) score: Option<f64>,
}

struct Sentence {
    start: Option<f64>,
    end: Option<f64>,
    text: String,
    words: Vec<Word>,
    chars: Vec<Character>,
}

/// Sentences with words, ordered by time; those without any time are lost.
pub(super) fn group(
    segment: &Segment,
    text: &[char],
    characters: &[Char],
    splitter: &Splitter,
    spaced: bool,
    options: AlignOptions,
) -> Vec<Segment> {
    let word_indices = index_words(text, spaced);
    let mut sentences: Vec<Sentence> = splitter
        .spans(text)
        .into_iter()
        .map(|span| sentence(text, characters, &word_indices, span, options))
        .collect();
    let method = options.interpolate_method;
    let starts: Vec<_> = sentences.iter().map(|sentence| sentence.start).collect();
    let ends: Vec<_> = sentences.iter().map(|sentence| sentence.end).collect();
    let times = interpolate(&starts, method)
        .into_iter()
        .zip(interpolate(&ends, method));
    for (sentence, (start, end)) in sentences.iter_mut().zip(times) {
        (sentence.start, sentence.end) = (start, end);
    }
    let mut in_time: Vec<((f64, f64), Sentence)> = sentences
        .into_iter()
        .filter_map(|sentence| Some(((sentence.start?, sentence.end?), sentence)))
        .collect();
    in_time.sort_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let separator = if spaced { " " } else { "" };
    let mut segments: Vec<Segment> = Vec::new();
    for ((start, end), sentence) in in_time {
        let (start, end) = (Seconds(start), Seconds(end));
        match segments.last_mut() {
            Some(last) if (last.start, last.end) == (start, end) => {
                last.text = format!("{}{separator}{}", last.text, sentence.text);
                last.words.get_or_insert_default().extend(sentence.words);
                if let Some(chars) = &mut last.chars {
                    chars.extend(sentence.chars);
                }
            }
            _ => segments.push(Segment {
                start,
                end,
                text: sentence.text,
                words: Some(sentence.words),
                chars: options.return_char_alignments.then_some(sentence.chars),
                avg_logprob: segment.avg_logprob,
                ..Segment::default()
            }),
        }
    }
    segments
}

/// The word that each character belongs to; a space belongs to the word after it.
fn index_words(text: &[char], spaced: bool) -> Vec<usize> {
    let mut word = 0;
    let mut indices = Vec::with_capacity(text.len());
    for at in 0..text.len() {
        indices.push(word);
        if !spaced || text.get(at + 1).is_none_or(|next| *next == ' ') {
            word += 1;
        }
    }
    indices
}

fn sentence(
    text: &[char],
    characters: &[Char],
    word_of: &[usize],
    span: Range<usize>,
    options: AlignOptions,
) -> Sentence {
    // one character too many: usually the space after the sentence
    let used = span.start..(span.end + 1).min(text.len());
    let start = minimum(characters[used.clone()].iter().map(|c| c.start));
    let spoken = used.clone().filter(|at| text[*at] != ' ');
    let end = maximum(spoken.map(|at| characters[at].end));
    let mut words = Vec::new();
    let mut at = used.start;
    while at < used.end {
        let word = word_of[at];
        let n = word_of[at..used.end]
            .iter()
            .take_while(|other| **other == word)
            .count();
        words.extend(one_word(text, characters, at..at + n));
        at += n;
    }
    fill_words(&mut words, options);
    let chars = used.map(|at| Character {
        char: text[at].to_string(),
        start: characters[at].start.map(Seconds),
        end: characters[at].end.map(Seconds),
        score: characters[at].score,
    });
    Sentence {
        start,
        end,
        text: text[span].iter().collect(),
        words,
        chars: chars.collect(),
    }
}

fn one_word(text: &[char], characters: &[Char], range: Range<usize>) -> Option<Word> {
    let word: String = text[range.clone()].iter().collect();
    let word = word.trim();
    if word.is_empty() {
        return None;
    }
    let spoken: Vec<Char> = range
        .filter(|at| text[*at] != ' ')
        .map(|at| characters[at])
        .collect();
    let scores: Vec<f64> = spoken.iter().filter_map(|c| c.score).collect();
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    Some(Word {
        word: word.to_owned(),
        start: minimum(spoken.iter().map(|c| c.start)).map(Seconds),
        end: maximum(spoken.iter().map(|c| c.end)).map(Seconds),
        score: (!scores.is_empty()).then(|| rounded(mean)),
        speaker: None,
        overlap: false,
    })
}

/// Gives words without times those of others, if any word of the sentence has some.
fn fill_words(words: &mut [Word], options: AlignOptions) {
    let fill = |times: Vec<Option<Seconds>>| {
        let times: Vec<_> = times
            .into_iter()
            .map(|time| time.map(|time| time.0))
            .collect();
        interpolate(&times, options.interpolate_method)
    };
    let starts = fill(words.iter().map(|word| word.start).collect());
    let ends = fill(words.iter().map(|word| word.end).collect());
    for (word, (start, end)) in words.iter_mut().zip(starts.into_iter().zip(ends)) {
        word.start = word.start.or(start.map(Seconds));
        word.end = word.end.or(end.map(Seconds));
    }
}

fn minimum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().min_by(f64::total_cmp)
}

fn maximum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().max_by(f64::total_cmp)
}

/// To three decimals of the exact binary value, ties to even.
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.3}").parse().unwrap_or(value)
}
