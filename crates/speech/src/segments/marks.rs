//! Where words stand in their sentences: the places at which one speaker may well give way to another, and at which a
//! segment is best cut.

use std::borrow::Cow;

use domain::transcript::{Word, word_places};

use crate::align::sentences::Splitter;

/// What stands before a word; the stronger is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// Nothing.
    None,
    /// A comma or the like.
    Clause,
    /// The end of a sentence, or that of the segment.
    Sentence,
}

/// The mark before each word of a segment.
pub(crate) fn before_words(text: &str, words: &[Word], splitter: &Splitter) -> Vec<Mark> {
    let after = |word: &Word| {
        if ends_clause(&word.word) {
            Mark::Clause
        } else {
            Mark::None
        }
    };
    let mut marks = vec![Mark::Sentence];
    marks.extend(words.iter().map(after));
    marks.truncate(words.len());
    for idx in sentence_starts(text, words, splitter) {
        marks[idx] = Mark::Sentence;
    }
    marks
}

/// The words that begin a sentence after the first.
fn sentence_starts(text: &str, words: &[Word], splitter: &Splitter) -> Vec<usize> {
    let (text, places) = places(text, words);
    let (bytes, chars): (Vec<usize>, Vec<char>) = text.char_indices().unzip();
    let ends = splitter.spans(&chars).into_iter().map(|span| span.end);
    let ends = ends.map(|end| bytes.get(end).copied().unwrap_or(text.len()));
    ends.map(|end| places.partition_point(|place| *place < end))
        .filter(|idx| (1..words.len()).contains(idx))
        .collect()
}

/// A text with all the words, and where each begins in it: their own, or the words with spaces between them.
fn places<'a>(text: &'a str, words: &[Word]) -> (Cow<'a, str>, Vec<usize>) {
    if let Some(places) = word_places(text, words) {
        let starts = places.into_iter().map(|place| place.start);
        return (text.into(), starts.collect());
    }
    let mut text = String::new();
    let starts = words.iter().map(|word| {
        let start = text.len();
        text.push_str(&word.word);
        text.push(' ');
        start
    });
    let starts = starts.collect();
    (text.into(), starts)
}

fn ends_clause(word: &str) -> bool {
    const CLAUSE_ENDS: [char; 14] = [
        ',', ';', ':', '、', '，', '；', '：', '،', '؛', '–', '—', '…', '-', '﹐',
    ];
    let word = word
        .trim()
        .trim_end_matches(['"', '\'', '”', '’', '»', ')', ']']);
    word.ends_with(CLAUSE_ENDS)
}
