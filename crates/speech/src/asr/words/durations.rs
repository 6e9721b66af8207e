//! What is too long for a word.

use super::Timing;
use super::punctuation::ends_sentence;

/// The longest that a word of middling length may be taken for, in seconds.
const LONGEST_MEDIAN: f64 = 0.7;

/// How long the words of a window are, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Lengths {
    /// The middle of those that are not zero, at most 0.7.
    pub(super) median: f64,
    /// Twice the median: what is longer probably holds a pause.
    pub(super) longest: f64,
}

impl Lengths {
    pub(super) fn of(words: &[Timing]) -> Self {
        let mut lengths: Vec<f64> = (words.iter())
            .map(|word| word.end - word.start)
            .filter(|length| *length != 0.0)
            .collect();
        lengths.sort_by(f64::total_cmp);
        let n = lengths.len();
        let median = match n {
            0 => 0.0,
            _ => f64::midpoint(lengths[(n - 1) / 2], lengths[n / 2]).min(LONGEST_MEDIAN),
        };
        Self {
            median,
            longest: median * 2.0,
        }
    }
}

/// Shortens marks that end a sentence, and words after them, that are too long: they took in the pause between
/// (`add_word_timestamps` of Whisper).
pub(super) fn shorten_at_sentence_ends(words: &mut [Timing], lengths: Lengths) {
    for i in 1..words.len() {
        if words[i].end - words[i].start <= lengths.longest || lengths.longest == 0.0 {
            continue;
        }
        if ends_sentence(&words[i].text) {
            words[i].end = words[i].start + lengths.longest;
        } else if ends_sentence(&words[i - 1].text) {
            words[i].start = words[i].end - lengths.longest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(texts: &[(&str, f64, f64)]) -> Vec<Timing> {
        let timing = |(text, start, end): &(&str, f64, f64)| Timing {
            text: (*text).to_owned(),
            n_tokens: 1,
            start: *start,
            end: *end,
            probability: 1.0,
        };
        texts.iter().map(timing).collect()
    }

    fn median(lengths: &[f64]) -> f64 {
        let texts: Vec<_> = lengths
            .iter()
            .map(|length| ("a", 1.0, 1.0 + length))
            .collect();
        Lengths::of(&words(&texts)).median
    }

    #[test]
    fn the_median_leaves_out_zeros_and_is_bounded() {
        for (lengths, expected) in [
            (&[][..], 0.0),
            (&[0.0, 0.0], 0.0),
            (&[0.0, 0.25], 0.25),
            (&[0.5, 0.25, 0.125], 0.25),
            (&[0.5, 0.25], 0.375),
            (&[3.0, 2.0, 1.0], 0.7),
        ] {
            assert!((median(lengths) - expected).abs() < 1e-9, "{lengths:?}");
        }
    }

    #[test]
    fn pauses_at_sentence_ends_are_cut_off() {
        let mut words = words(&[
            (" a", 0.0, 2.0),
            (".", 2.0, 5.0),
            (" b", 5.0, 9.0),
            (" c", 9.0, 12.0),
            ("?", 12.0, 12.1),
            (" d", 12.1, 12.2),
        ]);
        let lengths = Lengths {
            median: 0.25,
            longest: 0.5,
        };
        shorten_at_sentence_ends(&mut words, lengths);
        let times: Vec<_> = words.iter().map(|word| (word.start, word.end)).collect();
        assert_eq!(
            times,
            [
                (0.0, 2.0),
                (2.0, 2.5),
                (8.5, 9.0),
                (9.0, 12.0),
                (12.0, 12.1),
                (12.1, 12.2)
            ]
        );
    }
}
