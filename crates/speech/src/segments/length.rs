//! No segment longer than clients expect, however long the windows are that the recogniser reads.

use std::ops::Range;

use domain::language::joiner;
use domain::transcript::{Segment, Word};
use domain::units::Seconds;

use super::cut_before;
use super::marks::{Mark, before_words};
use crate::align::sentences::Splitter;
use crate::assign::fill_times;

/// A comma is as good a place to cut at as a pause of so many seconds is without one...
const CLAUSE_SECONDS: f64 = 0.5;
/// ...and so is the end of a sentence.
const SENTENCE_SECONDS: f64 = 2.0;

/// Cuts segments that last longer than `longest`, a text in the language `code`, so that none does: only a single word
/// may still last longer.
///
/// Each cut is in the second half of what fits, at the end of a sentence, after a comma or in the longest pause. Words
/// without times share those between their neighbours, and a text without words shares the time of its segment. No word
/// and no character is lost.
pub(crate) fn cut_to_length(segments: &mut Vec<Segment>, code: &str, longest: Seconds) {
    let is_long = |segment: &Segment| segment.end.0 - segment.start.0 > longest.0;
    if !segments.iter().any(is_long) {
        return;
    }
    let splitter = Splitter::for_language(code);
    let cut = |segment: Segment| {
        if is_long(&segment) {
            cut_one(segment, &splitter, joiner(code), longest.0)
        } else {
            vec![segment]
        }
    };
    *segments = std::mem::take(segments).into_iter().flat_map(cut).collect();
}

fn cut_one(mut segment: Segment, splitter: &Splitter, joiner: &str, longest: f64) -> Vec<Segment> {
    let words = timed_words(&segment, joiner);
    let marks = before_words(&segment.text, &words, splitter);
    let times: Vec<_> = words.iter().map(times).collect();
    let whole = segment.start.0..segment.end.0;
    let cuts = places(&times, &marks, &whole, longest);
    let own = segment.words.replace(words);
    let mut pieces = cut_before(segment, &cuts, joiner);
    give_back(own.as_deref(), &mut pieces);
    pieces
}

/// The words of a segment, or of its text if it has none, all with times.
fn timed_words(segment: &Segment, joiner: &str) -> Vec<Word> {
    let words = match &segment.words {
        Some(words) if !words.is_empty() => words.clone(),
        _ => words_of_text(segment, joiner),
    };
    let mut timed = Segment {
        start: segment.start,
        end: segment.end,
        words: Some(words),
        ..Segment::default()
    };
    fill_times(std::slice::from_mut(&mut timed));
    timed.words.unwrap_or_default()
}

/// Words between white space; each character is one in languages that write none.
fn words_of_text(segment: &Segment, joiner: &str) -> Vec<Word> {
    let word = |word: &str| Word {
        word: word.to_owned(),
        overlap: segment.overlap,
        ..Word::default()
    };
    let words = segment.text.split_whitespace();
    if joiner.is_empty() {
        let chars = words.flat_map(|part| part.split_inclusive(|_: char| true));
        return chars.map(word).collect();
    }
    words.map(word).collect()
}

/// Start and end in seconds.
fn times(word: &Word) -> (f64, f64) {
    let seconds = |time: Option<Seconds>| time.unwrap_or_default().0;
    (seconds(word.start), seconds(word.end))
}

/// The words before which to cut: `words` are their times, `marks` what stands before each, `whole` is the segment.
fn places(words: &[(f64, f64)], marks: &[Mark], whole: &Range<f64>, longest: f64) -> Vec<usize> {
    let mut cuts = Vec::new();
    let (mut first, mut begin) = (0, whole.start);
    while whole.end - begin > longest {
        let length = |cut: &usize| words[cut - 1].1 - begin;
        let fitting = (first + 1..words.len()).take_while(|cut| length(cut) <= longest);
        let late = fitting.clone().filter(|cut| length(cut) >= longest / 2.0);
        let merit = |cut: &usize| {
            let pause = words[*cut].0 - words[cut - 1].1;
            pause
                + match marks[*cut] {
                    Mark::None => 0.0,
                    Mark::Clause => CLAUSE_SECONDS,
                    Mark::Sentence => SENTENCE_SECONDS,
                }
        };
        let best = late.max_by(|a, b| merit(a).total_cmp(&merit(b)));
        let cut = best.or(fitting.last()).unwrap_or(first + 1);
        if cut >= words.len() {
            break;
        }
        cuts.push(cut);
        (first, begin) = (cut, words[cut].0);
    }
    cuts
}

/// Gives pieces the words that the segment had, in place of those that only had to be found.
fn give_back(own: Option<&[Word]>, pieces: &mut [Segment]) {
    let mut rest = own.unwrap_or_default();
    for piece in pieces {
        let n_words = piece.words.as_ref().map_or(0, Vec::len).min(rest.len());
        let (words, others) = rest.split_at(n_words);
        piece.words = own.map(|_| words.to_vec());
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A segment whose words, parted by spaces, each last a second, and longer where a number follows a colon: `a b:3`
    /// pauses for three seconds after `b`.
    fn segment(text: &str) -> Segment {
        let (mut words, mut at) = (Vec::new(), 10.0);
        for part in text.split_whitespace() {
            let (word, pause) = part.split_once(':').unwrap_or((part, "0"));
            words.push(Word {
                word: word.to_owned(),
                start: Some(Seconds(at)),
                end: Some(Seconds(at + 1.0)),
                ..Word::default()
            });
            at += 1.0 + pause.parse::<f64>().unwrap();
        }
        let texts: Vec<_> = words.iter().map(|word| word.word.as_str()).collect();
        Segment {
            start: Seconds(10.0),
            end: words.last().unwrap().end.unwrap(),
            text: format!(" {}", texts.join(" ")),
            words: Some(words),
            ..Segment::default()
        }
    }

    fn shown(segments: &[Segment]) -> Vec<String> {
        let shown = |s: &Segment| format!("{:.1}-{:.1}{}", s.start.0, s.end.0, s.text);
        segments.iter().map(shown).collect()
    }

    fn check(segment: Segment, code: &str, longest: f64, expected: &[&str]) {
        let mut segments = vec![segment];
        cut_to_length(&mut segments, code, Seconds(longest));
        assert_eq!(shown(&segments), expected);
    }

    #[test]
    fn what_is_short_enough_stays_whole() {
        check(segment("a, b:2 c. d"), "en", 6.0, &["10.0-16.0 a, b c. d"]);
    }

    #[test]
    fn a_sentence_is_cut_after_a_comma_or_in_a_pause() {
        check(
            segment("one two, three four five"),
            "en",
            3.5,
            &["10.0-12.0 one two,", "12.0-15.0 three four five"],
        );
        check(
            segment("one two three:0.2 four five six"),
            "en",
            4.5,
            &["10.0-13.0 one two three", "13.2-16.2 four five six"],
        );
        // a long pause counts more than a comma, the end of a sentence more than either; early ones do not count
        check(
            segment("one, two three:1 four, five. six seven"),
            "en",
            3.5,
            &[
                "10.0-13.0 one, two three",
                "14.0-16.0 four, five.",
                "16.0-18.0 six seven",
            ],
        );
        // with nothing to tell by, as much as fits
        check(
            segment("one two three four five"),
            "en",
            2.0,
            &[
                "10.0-12.0 one two",
                "12.0-14.0 three four",
                "14.0-15.0 five",
            ],
        );
    }

    #[test]
    fn a_word_is_never_cut() {
        let mut long = segment("one two three");
        long.words.as_mut().unwrap()[1].end = Some(Seconds(19.0));
        long.words.as_mut().unwrap()[2].start = Some(Seconds(19.0));
        long.words.as_mut().unwrap()[2].end = Some(Seconds(20.0));
        long.end = Seconds(20.0);
        check(
            long,
            "en",
            3.0,
            &["10.0-11.0 one", "11.0-19.0 two", "19.0-20.0 three"],
        );
    }

    #[test]
    fn texts_without_times_share_those_of_their_segment_and_get_none() {
        let mut untimed = segment("aaaa bbbb cccc dddd");
        untimed.words = None;
        let mut segments = vec![untimed];
        cut_to_length(&mut segments, "en", Seconds(2.5));
        assert_eq!(
            shown(&segments),
            ["10.0-12.0 aaaa bbbb", "12.0-14.0 cccc dddd"]
        );
        assert!(segments.iter().all(|segment| segment.words.is_none()));

        let japanese = Segment {
            end: Seconds(6.0),
            text: "今日は、晴れ".into(),
            words: Some(Vec::new()),
            ..Segment::default()
        };
        check(japanese, "ja", 4.5, &["0.0-4.0今日は、", "4.0-6.0晴れ"]);

        let mut partly = segment("aaaa bbbb cccc dddd");
        let words = partly.words.as_mut().unwrap();
        (words[1].start, words[1].end) = (None, None);
        let before = words.clone();
        let mut segments = vec![partly];
        cut_to_length(&mut segments, "en", Seconds(2.5));
        assert_eq!(
            shown(&segments),
            ["10.0-12.0 aaaa bbbb", "12.0-14.0 cccc dddd"]
        );
        let after = segments.into_iter().filter_map(|segment| segment.words);
        assert_eq!(after.collect::<Vec<_>>().concat(), before);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_piece_is_too_long(
            words in proptest::collection::vec(("[a-z]{1,8}[,.]?", 0.0_f64..1.0, 0.05_f64..2.0), 1..80),
            longest in 1.0_f64..10.0,
        ) {
            let mut at = 0.0;
            let words: Vec<Word> = words.into_iter().map(|(word, pause, length)| {
                let start = at + pause;
                at = start + length;
                Word { word, start: Some(Seconds(start)), end: Some(Seconds(at)), ..Word::default() }
            }).collect();
            let texts: Vec<_> = words.iter().map(|word| word.word.as_str()).collect();
            let whole = Segment {
                start: words[0].start.unwrap(),
                end: Seconds(at),
                text: format!(" {}", texts.join(" ")),
                words: Some(words.clone()),
                ..Segment::default()
            };
            let mut pieces = vec![whole.clone()];
            cut_to_length(&mut pieces, "en", Seconds(longest));
            let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
            prop_assert_eq!(text, whole.text);
            prop_assert_eq!((pieces[0].start, pieces.last().unwrap().end), (whole.start, whole.end));
            for piece in &pieces {
                let is_one = piece.words.as_ref().unwrap().len() == 1;
                prop_assert!(is_one || piece.end.0 - piece.start.0 <= longest + 1e-9, "{:?}", piece);
            }
            let all: Vec<Word> = pieces.into_iter().flat_map(|piece| piece.words.unwrap()).collect();
            prop_assert_eq!(all, words);
        }
    }
}
