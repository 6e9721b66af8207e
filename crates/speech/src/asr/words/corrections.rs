//! First and last words of a segment, which tend to take in the pauses around it, and the segment's own times.

use super::Timing;
use super::durations::Lengths;

/// Words and segment may differ by this much, in seconds, before the segment is believed.
const SLACK: f64 = 0.5;

/// Corrects a segment's words and fits its `times` to them (`add_word_timestamps` of Whisper). All times are seconds of
/// the recording; `last_speech` is where the segment before ended. Nothing happens without words.
pub(super) fn correct(
    words: &mut [Timing],
    times: &mut (f64, f64),
    lengths: Lengths,
    last_speech: f64,
) {
    let Lengths { median, longest } = lengths;
    if words.is_empty() {
        return;
    }
    if words[0].end - last_speech > 4.0 * median && is_long_at_start(words, longest) {
        if let [first, second, ..] = words
            && second.end - second.start > longest
        {
            let boundary = (second.end / 2.0).max(second.end - longest);
            first.end = boundary;
            second.start = boundary;
        }
        words[0].start = (words[0].end - longest).max(0.0);
    }

    let first = &mut words[0];
    if times.0 < first.end && times.0 - SLACK > first.start {
        first.start = (first.end - median).min(times.0).max(0.0);
    } else {
        times.0 = first.start;
    }

    let last = words.len() - 1;
    let last = &mut words[last];
    if times.1 > last.start && times.1 + SLACK < last.end {
        last.end = (last.start + median).max(times.1);
    } else {
        times.1 = last.end;
    }
}

fn is_long_at_start(words: &[Timing], longest: f64) -> bool {
    let first = words[0].start;
    words[0].end - first > longest
        || words
            .get(1)
            .is_some_and(|second| second.end - first > longest * 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: Lengths = Lengths {
        median: 0.25,
        longest: 0.5,
    };

    /// Times of the words and of the segment after the correction.
    fn check(
        words: &[(f64, f64)],
        times: (f64, f64),
        last_speech: f64,
        expected: (&[(f64, f64)], (f64, f64)),
    ) {
        let timing = |(start, end): &(f64, f64)| Timing {
            text: " a".into(),
            n_tokens: 1,
            start: *start,
            end: *end,
            probability: 1.0,
        };
        let mut corrected: Vec<Timing> = words.iter().map(timing).collect();
        let mut segment = times;
        correct(&mut corrected, &mut segment, LENGTHS, last_speech);
        let found: Vec<_> = corrected
            .iter()
            .map(|word| (word.start, word.end))
            .collect();
        assert_eq!((&found[..], segment), expected, "{words:?} {times:?}");
    }

    #[test]
    fn a_segment_begins_and_ends_with_its_words() {
        check(
            &[(1.0, 1.25), (1.25, 1.5)],
            (0.75, 1.75),
            0.75,
            (&[(1.0, 1.25), (1.25, 1.5)], (1.0, 1.5)),
        );
        check(&[], (0.75, 1.75), 0.0, (&[], (0.75, 1.75)));
    }

    #[test]
    fn the_first_word_after_a_pause_is_not_long() {
        check(&[(0.0, 5.0)], (4.75, 5.0), 0.0, (&[(4.5, 5.0)], (4.5, 5.0)));
        // A long second word gives a part of its time away.
        check(
            &[(0.0, 1.5), (1.5, 5.0)],
            (4.5, 5.0),
            0.0,
            (&[(4.0, 4.5), (4.5, 5.0)], (4.0, 5.0)),
        );
        // It may be long if somebody spoke just before.
        check(
            &[(0.0, 1.0), (1.0, 1.25)],
            (0.0, 1.25),
            0.5,
            (&[(0.0, 1.0), (1.0, 1.25)], (0.0, 1.25)),
        );
    }

    #[test]
    fn the_segment_is_believed_where_the_words_are_far_off() {
        check(
            &[(0.0, 1.0), (1.0, 3.0)],
            (0.875, 2.0),
            0.5,
            (&[(0.75, 1.0), (1.0, 2.0)], (0.875, 2.0)),
        );
    }
}
