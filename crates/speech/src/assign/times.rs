//! Times of words that came without: numbers and symbols, of which an alignment model hears nothing.

use domain::options::Interpolation;
use domain::transcript::Segment;
use domain::units::Seconds;

use crate::align::fill::{Slot, fill};

/// Gives every word a start and an end. Words without them share the time between their neighbours, or the span of the
/// segment where no word has any; they have no score, which tells that nobody heard them there.
pub fn fill_times(segments: &mut [Segment]) {
    for segment in segments {
        let span = (segment.start.0, segment.end.0);
        let words = segment.words.as_deref_mut().unwrap_or_default();
        let slots = words.iter().map(|word| Slot {
            times: word
                .start
                .zip(word.end)
                .map(|(start, end)| (start.0, end.0)),
            weight: word.word.chars().count() as f64,
        });
        let times = fill(&slots.collect::<Vec<_>>(), span, Interpolation::Linear);
        for (word, (start, end)) in words.iter_mut().zip(times) {
            if word.start.is_some() && word.end.is_some() {
                continue;
            }
            let start = word.start.unwrap_or(Seconds(start));
            let end = word.end.unwrap_or(Seconds(end));
            word.start = Some(start);
            word.end = Some(Seconds(end.0.max(start.0)));
            word.score = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::transcript::Word;

    use super::*;

    /// Start and end in seconds.
    type Times = (Option<f64>, Option<f64>);

    fn check(words: &[Times], expected: &[(f64, f64)]) {
        let words = words.iter().map(|(start, end)| Word {
            word: "four".into(),
            start: start.map(Seconds),
            end: end.map(Seconds),
            score: Some(0.5),
            ..Word::default()
        });
        let mut segments = [Segment {
            start: Seconds(2.0),
            end: Seconds(4.0),
            words: Some(words.collect()),
            ..Segment::default()
        }];
        let was_timed: Vec<bool> = segments[0].words.iter().flatten().map(is_timed).collect();
        fill_times(&mut segments);
        let words = segments[0].words.as_ref().unwrap();
        let times = words
            .iter()
            .map(|word| (word.start.unwrap().0, word.end.unwrap().0));
        assert_eq!(times.collect::<Vec<_>>(), expected);
        let has_score = words.iter().map(|word| word.score.is_some());
        assert_eq!(has_score.collect::<Vec<_>>(), was_timed);
    }

    fn is_timed(word: &Word) -> bool {
        word.start.is_some() && word.end.is_some()
    }

    fn at(start: f64, end: f64) -> Times {
        (Some(start), Some(end))
    }

    const UNKNOWN: Times = (None, None);

    #[test]
    fn a_segment_in_which_nothing_was_heard_is_shared_out() {
        check(&[UNKNOWN], &[(2.0, 4.0)]);
        check(&[UNKNOWN, UNKNOWN], &[(2.0, 3.0), (3.0, 4.0)]);
        check(&[], &[]);
    }

    #[test]
    fn a_word_lies_between_those_that_were_heard() {
        check(
            &[at(2.25, 2.5), UNKNOWN, at(3.5, 3.75)],
            &[(2.25, 2.5), (2.5, 3.5), (3.5, 3.75)],
        );
        check(
            &[UNKNOWN, at(2.5, 3.0), UNKNOWN],
            &[(2.0, 2.5), (2.5, 3.0), (3.0, 4.0)],
        );
    }

    #[test]
    fn what_is_known_of_a_time_stays() {
        check(
            &[at(2.0, 2.5), (Some(3.0), None), (None, Some(3.5))],
            &[(2.0, 2.5), (3.0, 3.25), (3.25, 3.5)],
        );
        check(&[(None, Some(1.0))], &[(2.0, 2.0)]);
    }

    #[test]
    fn a_segment_without_words_stays_as_it_is() {
        let mut segments = [Segment::default()];
        fill_times(&mut segments);
        assert_eq!(segments, [Segment::default()]);
    }
}
