//! How fast people speak, and what is made of sentences that nobody can have said in their time.

use std::ops::Range;

use domain::transcript::Word;
use domain::units::Seconds;

/// Nobody says more words a second than this for long...
const WORDS_PER_SECOND: f64 = 6.0;
/// ...but so many more in a short time ("pot of gold at the end of the rainbow").
const MORE_WORDS: f64 = 2.5;
/// A stretch of fewer words may be as short as it likes: their times are not that exact.
const STRETCH_WORDS: f64 = 4.0;
/// A stretch is looked at up to this length, in seconds: a longer one that is too fast holds others that are.
const STRETCH_SECONDS: f64 = 5.0;
/// Sentences whose times are mistaken take time from their neighbours, if all together are no faster than this.
const FAST_READER: f64 = 4.0;

/// Whether nobody can say so many words in that time.
pub(in crate::asr) fn is_too_fast(n_words: f64, n_seconds: f64) -> bool {
    n_words >= STRETCH_WORDS && n_words > MORE_WORDS + WORDS_PER_SECOND * n_seconds
}

/// The sentences of a window or chunk, in order of time, each by its words. `None` takes the place of those that nobody
/// can have said in their time.
///
/// The times of a sentence that is said again and again are sometimes mistaken: one of them lasts too long, and the next
/// is left no time. So where its neighbour has enough for both, the words of both are spread over it, and have no score.
pub(in crate::asr) fn plausible(sentences: &[Vec<Word>]) -> Vec<Option<Vec<Word>>> {
    let is_fast = fast_sentences(sentences);
    let mut found: Vec<Option<Vec<Word>>> = sentences.iter().cloned().map(Some).collect();
    let mut start = 0;
    for run in is_fast.chunk_by(|one, next| one == next) {
        let range = start..start + run.len();
        start = range.end;
        if !run[0] {
            continue;
        }
        let before = range.start.saturating_sub(1);
        let after = (range.end + 1).min(sentences.len());
        let wider = [before..range.end, range.start..after, before..after];
        match wider
            .into_iter()
            .find(|wider| has_time(&sentences[wider.clone()]))
        {
            Some(wider) => spread(&mut found[wider]),
            None => found[range].fill(None),
        }
    }
    found
}

/// Which sentences lie in stretches that are too fast, for the most part.
fn fast_sentences(sentences: &[Vec<Word>]) -> Vec<bool> {
    let words: Vec<&Word> = sentences.iter().flatten().collect();
    let mut fast = vec![false; words.len()];
    for start in 0..words.len() {
        let Some(from) = words[start].start else {
            continue;
        };
        let mut n_words = 0.0;
        for end in start..words.len() {
            n_words += n_words_in(&words[end].word);
            let n_seconds = words[end].end.map_or(0.0, |to| to.0 - from.0);
            if is_too_fast(n_words, n_seconds) {
                fast[start..=end].fill(true);
            }
            if n_seconds > STRETCH_SECONDS {
                break;
            }
        }
    }
    let mut fast = fast.into_iter();
    let mut is_fast = |sentence: &Vec<Word>| {
        let n_fast = fast
            .by_ref()
            .take(sentence.len())
            .filter(|fast| *fast)
            .count();
        2 * n_fast > sentence.len()
    };
    sentences.iter().map(&mut is_fast).collect()
}

/// From the first word to the last, in seconds.
fn span(words: &[&Word]) -> Option<Range<f64>> {
    Some(words.first()?.start?.0..words.last()?.end?.0)
}

/// Whether somebody who reads fast can say these sentences in their time.
fn has_time(sentences: &[Vec<Word>]) -> bool {
    let words: Vec<&Word> = sentences.iter().flatten().collect();
    let n_words: f64 = words.iter().map(|word| n_words_in(&word.word)).sum();
    span(&words).is_some_and(|span| n_words <= FAST_READER * (span.end - span.start))
}

/// Spreads the words over the time of all of them, by their letters.
fn spread(sentences: &mut [Option<Vec<Word>>]) {
    let words = || sentences.iter().flatten().flatten();
    let Some(span) = span(&words().collect::<Vec<_>>()) else {
        return;
    };
    let n_letters = |word: &Word| word.word.chars().count().max(1) as f64;
    let per_letter = (span.end - span.start) / words().map(n_letters).sum::<f64>();
    let millis = |time: f64| Some(Seconds((time * 1e3).round() / 1e3));
    let mut time = span.start;
    for word in sentences.iter_mut().flatten().flatten() {
        word.start = millis(time);
        time += n_letters(word) * per_letter;
        word.end = millis(time);
        word.score = None;
    }
}

/// How many words a text has: what stands between spaces; where no spaces are written, as many as its letters make.
pub(in crate::asr) fn n_words_in(text: &str) -> f64 {
    let words = text.split_whitespace();
    let n_words = |word: &str| {
        let n_words: f64 = word.chars().map(words_per_letter).sum();
        if n_words > 0.0 { n_words } else { 1.0 }
    };
    words
        .filter(|word| word.contains(char::is_alphanumeric))
        .map(n_words)
        .sum()
}

/// How much of a word a letter is in a language that writes no spaces; 0 in others.
fn words_per_letter(letter: char) -> f64 {
    match letter {
        // kana and Chinese characters
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' => 0.5,
        // Thai, Lao, Burmese and Khmer
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => 0.2,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sentences by their number of words, start and end, and what becomes of each: `-` if it is dropped.
    fn check(sentences: &[(usize, f64, f64)], expected: &[&str]) {
        let sentence = |(n_words, start, end): &(usize, f64, f64)| -> Vec<Word> {
            let length = (end - start) / *n_words as f64;
            let word = |i: usize| Word {
                word: "word".into(),
                start: Some(Seconds(start + length * i as f64)),
                end: Some(Seconds(start + length * (i + 1) as f64)),
                score: Some(0.5),
                ..Word::default()
            };
            (0..*n_words).map(word).collect()
        };
        let words: Vec<Vec<Word>> = sentences.iter().map(sentence).collect();
        let found = plausible(&words);
        let show = |words: &Option<Vec<Word>>| match words {
            Some(words) => {
                let span = span(&words.iter().collect::<Vec<_>>()).unwrap();
                let spread = if words[0].score.is_none() {
                    " spread"
                } else {
                    ""
                };
                format!("{}-{}{spread}", span.start, span.end)
            }
            None => "-".to_owned(),
        };
        let found: Vec<String> = found.iter().map(show).collect();
        assert_eq!(found, expected, "{sentences:?}");
    }

    #[test]
    fn usual_and_fast_speech_is_kept() {
        check(&[(6, 0.0, 2.0), (8, 2.0, 3.0)], &["0-2", "2-3"]);
        check(&[(3, 0.0, 0.1)], &["0-0.1"]);
        check(&[], &[]);
    }

    #[test]
    fn a_sentence_that_nobody_can_say_is_dropped() {
        check(&[(13, 26.0, 26.5)], &["-"]);
        check(&[(5, 1.0, 1.25), (16, 1.25, 5.25)], &["-", "1.25-5.25"]);
        let many: Vec<_> = (0..15)
            .map(|i| (6, f64::from(i) * 0.25, f64::from(i) * 0.25 + 0.25))
            .collect();
        check(&many, &["-"; 15]);
    }

    #[test]
    fn a_neighbour_with_time_enough_shares_it() {
        check(
            &[(6, 3.0, 6.5), (6, 6.5, 6.7), (6, 8.0, 10.0)],
            &["3-4.85 spread", "4.85-6.7 spread", "8-10"],
        );
        check(
            &[(6, 6.5, 6.7), (6, 6.7, 10.0)],
            &["6.5-8.25 spread", "8.25-10 spread"],
        );
    }

    #[test]
    fn words_are_counted_in_every_script() {
        let check = |text: &str, expected: f64| {
            let found = n_words_in(text);
            assert!((found - expected).abs() < 1e-9, "{text}: {found}");
        };
        check(" Hello there, it is 9 o'clock.", 6.0);
        check(" - ... !", 0.0);
        check("", 0.0);
        check("今天很好。明天也好。", 4.0);
        check("東京は晴れでした。", 4.0);
        check("Привет, мир", 2.0);
        check("ขอบคุณครับ", 2.0);
        check("서울은 맑았다", 2.0);
    }
}
