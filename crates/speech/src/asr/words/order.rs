//! Words in order: none before the one before it, none without length, none outside of its bounds.

use std::ops::Range;

use super::Timing;

/// No word is shorter, in seconds, unless there is no room.
const SHORTEST: f64 = 0.04;

/// Puts words in order within `bounds`, moving as little as that takes. Words may touch but do not overlap.
pub(super) fn put_in_order(words: &mut [&mut Timing], bounds: Range<f64>) {
    let n = words.len() as f64;
    let shortest = SHORTEST.min((bounds.end - bounds.start).max(0.0) / n);
    let mut earliest = bounds.start;
    for word in words.iter_mut() {
        word.start = word.start.clamp(earliest, bounds.end.max(earliest));
        earliest = word.start;
    }
    for i in 0..words.len() {
        let latest = words.get(i + 1).map_or(bounds.end, |next| next.start);
        words[i].end = words[i].end.min(latest).max(words[i].start);
    }
    let mut earliest = bounds.start;
    for word in words.iter_mut() {
        word.start = word.start.max(earliest);
        word.end = word.end.max(word.start + shortest);
        earliest = word.end;
    }
    let mut latest = bounds.end.max(bounds.start);
    for word in words.iter_mut().rev() {
        word.end = word.end.min(latest);
        word.start = word.start.min(word.end - shortest);
        latest = word.start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ordered(times: &[(f64, f64)], bounds: Range<f64>) -> Vec<(f64, f64)> {
        let timing = |(start, end): &(f64, f64)| Timing {
            text: " a".into(),
            n_tokens: 1,
            start: *start,
            end: *end,
            probability: 1.0,
        };
        let mut words: Vec<Timing> = times.iter().map(timing).collect();
        put_in_order(&mut words.iter_mut().collect::<Vec<_>>(), bounds);
        words.iter().map(|word| (word.start, word.end)).collect()
    }

    fn check(times: &[(f64, f64)], bounds: Range<f64>, expected: &[(f64, f64)]) {
        let found = ordered(times, bounds);
        let near =
            |(a, b): &(f64, f64), (c, d): &(f64, f64)| (a - c).abs() < 1e-9 && (b - d).abs() < 1e-9;
        let same =
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| near(a, b));
        assert!(same, "{found:?} for {expected:?}");
    }

    #[test]
    fn words_in_order_stay_as_they_are() {
        let times = [(0.0, 0.5), (0.5, 0.9), (1.2, 1.3)];
        check(&times, 0.0..2.0, &times);
        check(&[], 0.0..2.0, &[]);
    }

    #[test]
    fn words_without_length_get_some() {
        check(
            &[(0.5, 0.5), (0.5, 0.5), (0.5, 0.9)],
            0.0..2.0,
            &[(0.5, 0.54), (0.54, 0.58), (0.58, 0.9)],
        );
        check(
            &[(1.5, 2.0), (2.0, 2.0)],
            0.0..2.0,
            &[(1.5, 1.96), (1.96, 2.0)],
        );
    }

    #[test]
    fn overlaps_end_with_the_next_word() {
        check(
            &[(0.0, 1.5), (1.0, 2.0)],
            0.0..2.0,
            &[(0.0, 1.0), (1.0, 2.0)],
        );
        // One that lies before the word before it begins where that does.
        check(
            &[(1.0, 1.5), (0.5, 0.7), (1.5, 1.8)],
            0.0..2.0,
            &[(1.0, 1.04), (1.04, 1.08), (1.5, 1.8)],
        );
    }

    #[test]
    fn words_come_within_the_bounds() {
        check(
            &[(0.0, 0.5), (3.0, 4.0)],
            0.25..3.5,
            &[(0.25, 0.5), (3.0, 3.5)],
        );
        check(&[(9.0, 9.5)], 0.0..2.0, &[(1.96, 2.0)]);
        // Too many for the room share it.
        check(
            &[(5.0, 5.0), (5.0, 5.0)],
            1.0..1.05,
            &[(1.0, 1.025), (1.025, 1.05)],
        );
    }

    proptest! {
        #[test]
        fn words_never_overlap_nor_vanish(
            times in proptest::collection::vec((-1f64..12.0, -1f64..12.0), 0..60), start in 0f64..5.0, length in 0.01f64..5.0,
        ) {
            let found = ordered(&times, start..start + length);
            let mut earliest = start;
            for (start, end) in &found {
                prop_assert!(*start >= earliest - 1e-9 && end > start, "{:?}", found);
                earliest = *end;
            }
            prop_assert!(earliest <= start + length + 1e-9);
            prop_assert_eq!(found.len(), times.len());
        }
    }
}
