//! What Whisper's method gets wrong with the times of words, and how it is put right.
//!
//! - A word next to a pause takes in a part of it or all of it, or its end is cut off: starts and ends move to the edges of
//!   the pauses that can be heard, or that the finder of speech reports.
//! - Some words have no length, some overlap, some lie outside of what was said: they are put in order.
//! - `well-known` and `3.5` are two words, the second without a space before it: they become one.
//! - The boundaries come late or early by a constant that depends on the model: it is taken off before (see
//!   [`super::heads::lateness`]).

use std::ops::Range;

use super::order::put_in_order;
use super::pauses::pauses;
use super::pieces::has_spaces;
use super::punctuation::join_at_spaces;
use super::{FEATURES_PER_FRAME, FRAMES_PER_SECOND, Spoken, Timing, WindowText, round};

/// How far from a word a pause may begin or end and still be its edge, in seconds.
const REACH: f64 = 0.15;
/// A silence of so many seconds is no part of a word.
const SILENT: f64 = 0.15;
/// What remains of a word at least, in seconds.
const KEPT: f64 = 0.06;

/// Corrects the words of a window; all times are seconds of the recording.
pub(super) fn refine<E>(segments: &mut [Spoken], window: &WindowText<'_, E>) {
    if has_spaces(window.language) {
        for segment in segments.iter_mut() {
            segment.words = join_at_spaces(std::mem::take(&mut segment.words));
        }
    }
    let bounds = bounds(window);
    let mut words: Vec<&mut Timing> = (segments.iter_mut())
        .flat_map(|segment| &mut segment.words)
        .collect();
    let pauses = all_pauses(window);
    leave_pauses(&mut words, &pauses);
    move_to_pauses(&mut words, &pauses, &bounds);
    put_in_order(&mut words, bounds);
    for word in words {
        (word.start, word.end) = (round(word.start), round(word.end));
    }
    for segment in segments {
        if let [first, .., last] | [first @ last] = &segment.words[..] {
            segment.times = (first.start, last.end);
        }
    }
}

/// Where words may lie: in the window, after the words before it, and from the first speech to the last.
fn bounds<E>(window: &WindowText<'_, E>) -> Range<f64> {
    let (mut start, mut end) = (window.start.0, end_of(window));
    if window.last_speech.0 < end {
        start = start.max(window.last_speech.0);
    }
    if let [first, .., last] | [first @ last] = window.speech
        && first.start.0 < end
        && last.end.0 > start
    {
        start = start.max(first.start.0);
        end = end.min(last.end.0);
    }
    start..end
}

fn end_of<E>(window: &WindowText<'_, E>) -> f64 {
    window.start.0 + window.n_frames as f64 / (FRAMES_PER_SECOND * FEATURES_PER_FRAME as f64)
}

/// Pauses heard, and gaps between stretches of speech.
fn all_pauses<E>(window: &WindowText<'_, E>) -> Vec<Range<f64>> {
    let start = window.start.0;
    let heard = pauses(window.samples).into_iter();
    let heard = heard.map(|pause| start + pause.start..start + pause.end);
    let gaps = window
        .speech
        .windows(2)
        .map(|pair| pair[0].end.0..pair[1].start.0);
    heard
        .chain(gaps.filter(|gap| gap.start < gap.end))
        .collect()
}

/// No word holds a pause: the sound on the shorter side of it belongs to the neighbour, if that is there.
fn leave_pauses(words: &mut [&mut Timing], pauses: &[Range<f64>]) {
    for at in 0..words.len() {
        let (start, end) = (words[at].start, words[at].end);
        let is_inside = |pause: &&Range<f64>| {
            pause.end - pause.start >= SILENT && pause.start > start && pause.end < end
        };
        let length = |pause: &Range<f64>| pause.end - pause.start;
        let longest = (pauses.iter())
            .filter(is_inside)
            .max_by(|a, b| length(a).total_cmp(&length(b)));
        let Some(pause) = longest else { continue };
        if pause.start - start < end - pause.end {
            words[at].start = pause.end;
            if let Some(before) = at.checked_sub(1).map(|before| &mut words[before])
                && start - before.end < REACH
            {
                before.end = pause.start;
            }
        } else {
            words[at].end = pause.start;
            if let Some(after) = words.get_mut(at + 1)
                && after.start - end < REACH
            {
                after.start = pause.end;
            }
        }
    }
}

/// Moves the end of each word and the start of the next to the edges of the longest pause between or near them.
fn move_to_pauses(words: &mut [&mut Timing], pauses: &[Range<f64>], bounds: &Range<f64>) {
    for next in 0..=words.len() {
        let (before, after) = words.split_at_mut(next);
        let (mut before, mut after) = (before.last_mut(), after.first_mut());
        let near = before
            .as_ref()
            .map_or(bounds.start, |word| word.end - REACH)
            ..after.as_ref().map_or(bounds.end, |word| word.start + REACH);
        let free = before.as_ref().map_or(f64::MIN, |word| word.start + KEPT)
            ..after.as_ref().map_or(f64::MAX, |word| word.end - KEPT);
        let room = |pause: &&Range<f64>| pause.end.min(free.end) - pause.start.max(free.start);
        let pause = (pauses.iter())
            .filter(|pause| pause.end > near.start && pause.start < near.end && room(pause) > 0.0)
            .max_by(|a, b| room(a).total_cmp(&room(b)));
        let Some(pause) = pause else { continue };
        if let Some(word) = &mut before
            && pause.start > free.start
        {
            word.end = pause.start;
        }
        if let Some(word) = &mut after
            && pause.end < free.end
        {
            word.start = pause.end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing((start, end): &(f64, f64)) -> Timing {
        Timing {
            text: " a".into(),
            n_tokens: 1,
            start: *start,
            end: *end,
            probability: 1.0,
        }
    }

    fn check(times: &[(f64, f64)], pauses: &[Range<f64>], expected: &[(f64, f64)]) {
        let mut words: Vec<Timing> = times.iter().map(timing).collect();
        move_to_pauses(
            &mut words.iter_mut().collect::<Vec<_>>(),
            pauses,
            &(0.0..10.0),
        );
        let found: Vec<_> = words.iter().map(|word| (word.start, word.end)).collect();
        assert_eq!(found, expected, "{times:?} {pauses:?}");
    }

    #[test]
    fn words_end_and_begin_at_the_edges_of_a_pause() {
        // The boundary lies within the pause, or close to it on either side.
        for boundary in [1.9, 2.0, 2.5, 3.0, 3.1] {
            check(
                &[(1.0, boundary), (boundary, 4.0)],
                &[2.0..3.0],
                &[(1.0, 2.0), (3.0, 4.0)],
            );
        }
        check(
            &[(1.0, 1.8), (1.8, 4.0)],
            &[2.0..3.0],
            &[(1.0, 1.8), (1.8, 4.0)],
        );
    }

    #[test]
    fn a_word_leaves_the_pause_that_it_would_hold() {
        let check = |times: &[(f64, f64)], pause: Range<f64>, expected: &[(f64, f64)]| {
            let mut words: Vec<Timing> = times.iter().map(timing).collect();
            leave_pauses(&mut words.iter_mut().collect::<Vec<_>>(), &[pause]);
            let found: Vec<_> = words.iter().map(|word| (word.start, word.end)).collect();
            assert_eq!(found, expected, "{times:?}");
        };
        // what is heard before the pause is the end of the word before, or nothing that belongs to a word
        let early = [(1.0, 1.5), (1.5, 3.0)];
        check(&early, 1.75..2.5, &[(1.0, 1.75), (2.5, 3.0)]);
        check(
            &[(0.0, 1.0), (1.5, 3.0)],
            1.75..2.5,
            &[(0.0, 1.0), (2.5, 3.0)],
        );
        check(&[(1.5, 3.0)], 1.75..2.5, &[(2.5, 3.0)]);
        // what is heard after it is the beginning of the next
        check(
            &[(1.0, 2.5), (2.5, 3.0)],
            1.5..2.25,
            &[(1.0, 1.5), (2.25, 3.0)],
        );
        // a plosive is closed for less; a pause at an edge is not inside
        check(&early, 2.0..2.125, &early);
        check(&early, 1.5..2.0, &early);
    }

    #[test]
    fn the_first_and_last_word_leave_the_silence_around_them_out() {
        check(
            &[(0.0, 1.0), (1.0, 9.0)],
            &[0.0..0.7, 1.4..10.0],
            &[(0.7, 1.0), (1.0, 1.4)],
        );
        check(&[], &[0.0..0.7], &[]);
    }

    #[test]
    fn a_pause_that_would_leave_nothing_of_a_word_is_no_edge() {
        check(
            &[(1.0, 1.5), (1.5, 1.9)],
            &[1.4..1.9],
            &[(1.0, 1.4), (1.5, 1.9)],
        );
        check(&[(1.0, 1.5)], &[0.9..1.6], &[(1.0, 1.5)]);
    }

    #[test]
    fn of_several_pauses_the_longest_counts() {
        check(
            &[(1.0, 2.0), (4.0, 5.0)],
            &[2.1..2.3, 2.5..3.5],
            &[(1.0, 2.5), (3.5, 5.0)],
        );
    }
}
