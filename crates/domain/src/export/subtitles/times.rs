//! The times of words, where a transcript gives some of them, all, none, or wrong ones.

use super::tokens::{Milliseconds, width};
use crate::export::cue::words::TimedWord;
use crate::transcript::Segment;

/// Start and end of each word. What is missing is shared out by characters between what is known before and after it;
/// what lies outside the segment is moved to its edge; and nothing begins before its forerunner.
pub(super) fn times(segment: &Segment, words: &[TimedWord]) -> Vec<(Milliseconds, Milliseconds)> {
    let (from, to) = (segment.start.0, segment.end.0.max(segment.start.0));
    let is_range = to > from;
    let within = |time: f64| if is_range { time.clamp(from, to) } else { time };
    let mut points: Vec<(f64, Option<f64>)> = Vec::new();
    let mut n_before = 0.0;
    for word in words {
        points.push((n_before, word.start.map(within)));
        n_before += width(&word.text) as f64;
        points.push((n_before, word.end.map(within)));
    }
    let known = interpolate(&points, (0.0, from), (n_before, to));
    let mut last_start = 0;
    let pairs = known.chunks_exact(2).map(|pair| {
        let start = milliseconds(pair[0]).max(last_start);
        last_start = start;
        (start, milliseconds(pair[1]).max(start))
    });
    pairs.collect()
}

/// The times of points, each at a place on a line: the known ones, and the others on the straight between their neighbours.
fn interpolate(points: &[(f64, Option<f64>)], first: (f64, f64), last: (f64, f64)) -> Vec<f64> {
    let mut next_known = vec![last; points.len()];
    let mut next = last;
    for (idx, (place, time)) in points.iter().enumerate().rev() {
        next = time.map_or(next, |time| (*place, time));
        next_known[idx] = next;
    }
    let mut before = first;
    let mut times = Vec::with_capacity(points.len());
    for ((place, time), next) in points.iter().zip(next_known) {
        let time = time.unwrap_or_else(|| between(before, next, *place));
        before = (*place, time);
        times.push(time);
    }
    times
}

/// The time at a place between two others; never before that of the first.
fn between(before: (f64, f64), next: (f64, f64), place: f64) -> f64 {
    let share = (place - before.0) / (next.0 - before.0).max(1.0);
    before.1 + (next.1 - before.1).max(0.0) * share
}

fn milliseconds(seconds: f64) -> Milliseconds {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "times were checked to be finite; the cast saturates"
    )]
    let whole = (1000.0 * seconds).round_ties_even() as Milliseconds;
    whole.clamp(0, LAST_TIME)
}

/// Larger times are this one: 11 days, so that sums stay far from the largest number.
const LAST_TIME: Milliseconds = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_times_are_shared_out_by_characters() {
        let points = [
            (0.0, Some(1.0)),
            (2.0, None),
            (2.0, None),
            (8.0, Some(5.0)),
            (8.0, None),
            (10.0, None),
        ];
        let times = interpolate(&points, (0.0, 0.0), (10.0, 6.0));
        assert_eq!(times, [1.0, 2.0, 2.0, 5.0, 5.0, 6.0]);
        assert_eq!(interpolate(&[(0.0, None)], (0.0, 3.0), (0.0, 4.0)), [3.0]);
    }
}
