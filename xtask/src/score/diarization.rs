//! Diarization error rate: how long the wrong people, or nobody, or too many are said to speak.
//!
//! Times are compared exactly, from one edge to the next, not in frames. Overlapped speech counts once for each
//! speaker, and speakers are paired so that they agree for as long as they can.

use serde::Serialize;

use super::assignment;
use super::rttm::Turn;

/// Errors in seconds of speech, each speaker's counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct DiarizationErrors {
    /// Speech of the reference.
    pub(crate) speech: f64,
    /// Speech where fewer speakers are found than speak.
    pub(crate) missed: f64,
    /// Where more speakers are found than speak.
    pub(crate) false_alarm: f64,
    /// Speech given to others.
    pub(crate) confusion: f64,
}

impl DiarizationErrors {
    /// Of the turns found against the true ones, leaving out what is nearer than `collar` seconds to a true edge.
    pub(crate) fn of(reference: &[Turn], found: &[Turn], collar: f64) -> Self {
        let regions = Sweep::new(reference, found, collar).regions();
        let pairs = pair_speakers(&regions);
        let partner = |speaker: usize| pairs.iter().find(|pair| pair.1 == speaker).map(|p| p.0);
        let mut errors = Self::default();
        for region in &regions {
            let (n_true, n_found) = (region.speakers.len(), region.found.len());
            let right = (region.found.iter())
                .filter(|found| partner(**found).is_some_and(|one| region.speakers.contains(&one)));
            let confused = n_true.min(n_found) - right.count();
            errors.speech += region.seconds * n_true as f64;
            errors.missed += region.seconds * n_true.saturating_sub(n_found) as f64;
            errors.false_alarm += region.seconds * n_found.saturating_sub(n_true) as f64;
            errors.confusion += region.seconds * confused as f64;
        }
        errors
    }

    /// All errors together, in per cent of the speech; 0 where there is none.
    pub(crate) fn rate(self) -> f64 {
        self.per_cent(self.missed + self.false_alarm + self.confusion)
    }

    /// `seconds` in per cent of the speech; 0 where there is none.
    pub(crate) fn per_cent(self, seconds: f64) -> f64 {
        if self.speech > 0.0 {
            100.0 * seconds / self.speech
        } else {
            0.0
        }
    }
}

impl std::iter::Sum for DiarizationErrors {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            speech: sum.speech + one.speech,
            missed: sum.missed + one.missed,
            false_alarm: sum.false_alarm + one.false_alarm,
            confusion: sum.confusion + one.confusion,
        })
    }
}

/// A stretch in which nobody begins or ends.
#[derive(Debug)]
struct Region {
    seconds: f64,
    /// Those who speak, by number.
    speakers: Vec<usize>,
    /// Those who are said to, by number.
    found: Vec<usize>,
}

/// Whose stretch begins or ends at an edge.
#[derive(Debug, Clone, Copy)]
enum Who {
    Speaker(usize),
    Found(usize),
    Collar,
}

/// A walk along time, from edge to edge.
#[derive(Debug)]
struct Sweep {
    /// Time, what changes then, and by how much: 1 at a start, -1 at an end.
    edges: Vec<(f64, Who, i32)>,
    n_speakers: usize,
    n_found: usize,
}

impl Sweep {
    fn new(reference: &[Turn], found: &[Turn], collar: f64) -> Self {
        let (speakers, n_speakers) = numbers(reference);
        let (others, n_found) = numbers(found);
        let mut sweep = Self {
            edges: Vec::new(),
            n_speakers,
            n_found,
        };
        for (turn, speaker) in reference.iter().zip(speakers) {
            sweep.add(turn.start, turn.end, Who::Speaker(speaker));
            for edge in [turn.start, turn.end] {
                sweep.add(edge - collar, edge + collar, Who::Collar);
            }
        }
        for (turn, speaker) in found.iter().zip(others) {
            sweep.add(turn.start, turn.end, Who::Found(speaker));
        }
        sweep.edges.sort_by(|a, b| a.0.total_cmp(&b.0));
        sweep
    }

    fn add(&mut self, start: f64, end: f64, who: Who) {
        if start < end {
            self.edges.push((start, who, 1));
            self.edges.push((end, who, -1));
        }
    }

    /// The stretches between edges in which somebody speaks or is said to, those within a collar left out.
    fn regions(&self) -> Vec<Region> {
        let mut speakers = vec![0; self.n_speakers];
        let mut found = vec![0; self.n_found];
        let mut collars = 0;
        let mut regions = Vec::new();
        for pair in self.edges.windows(2) {
            let (start, who, change) = pair[0];
            match who {
                Who::Speaker(speaker) => speakers[speaker] += change,
                Who::Found(speaker) => found[speaker] += change,
                Who::Collar => collars += change,
            }
            let seconds = pair[1].0 - start;
            if seconds > 0.0 && collars == 0 {
                regions.push(Region {
                    seconds,
                    speakers: open(&speakers),
                    found: open(&found),
                });
            }
        }
        regions
    }
}

/// Those who have begun more often than they have ended.
fn open(counts: &[i32]) -> Vec<usize> {
    let numbered = counts.iter().enumerate();
    let open = numbered.filter(|(_, count)| **count > 0);
    open.map(|(speaker, _)| speaker).collect()
}

/// The number of each turn's speaker, by first appearance, and how many speakers there are.
fn numbers(turns: &[Turn]) -> (Vec<usize>, usize) {
    let mut names: Vec<&str> = Vec::new();
    let numbers = (turns.iter())
        .map(|turn| {
            let known = names.iter().position(|name| *name == turn.speaker);
            known.unwrap_or_else(|| {
                names.push(&turn.speaker);
                names.len() - 1
            })
        })
        .collect();
    (numbers, names.len())
}

/// Who of those found is taken for whom: pairs (speaker, found).
fn pair_speakers(regions: &[Region]) -> Vec<(usize, usize)> {
    let most = |list: fn(&Region) -> &[usize]| {
        let last = regions.iter().filter_map(|region| list(region).last());
        last.max().map_or(0, |last| last + 1)
    };
    let (n_speakers, n_found) = (
        most(|region| &region.speakers),
        most(|region| &region.found),
    );
    let mut seconds = vec![vec![0.0; n_found]; n_speakers];
    for region in regions {
        for speaker in &region.speakers {
            for found in &region.found {
                seconds[*speaker][*found] += region.seconds;
            }
        }
    }
    assignment::best(&nanoseconds(&seconds))
}

/// Whole numbers, in which sums are exact.
fn nanoseconds(seconds: &[Vec<f64>]) -> Vec<Vec<u64>> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a recording lasts less than centuries, and no stretch less than nothing"
    )]
    let to_whole = |seconds: &f64| (seconds * 1e9).round() as u64;
    (seconds.iter())
        .map(|row| row.iter().map(to_whole).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn turn(speaker: &str, start: f64, end: f64) -> Turn {
        Turn {
            speaker: speaker.to_owned(),
            start,
            end,
        }
    }

    fn check(
        reference: &[(&str, f64, f64)],
        found: &[(&str, f64, f64)],
        collar: f64,
        [speech, missed, false_alarm, confusion]: [f64; 4],
    ) {
        let turns = |turns: &[(&str, f64, f64)]| -> Vec<Turn> {
            turns.iter().map(|t| turn(t.0, t.1, t.2)).collect()
        };
        let errors = DiarizationErrors::of(&turns(reference), &turns(found), collar);
        let expected = DiarizationErrors {
            speech,
            missed,
            false_alarm,
            confusion,
        };
        assert_eq!(errors, expected);
    }

    #[test]
    fn names_do_not_matter_but_who_is_who_does() {
        let truth = [("eve", 0.0, 4.0), ("adam", 4.0, 6.0)];
        check(
            &truth,
            &[("1", 0.0, 4.0), ("0", 4.0, 6.0)],
            0.0,
            [6.0, 0.0, 0.0, 0.0],
        );
        check(&truth, &[("0", 0.0, 6.0)], 0.0, [6.0, 0.0, 0.0, 2.0]);
        check(
            &truth,
            &[("0", 0.0, 3.0), ("1", 3.0, 6.0)],
            0.0,
            [6.0, 0.0, 0.0, 1.0],
        );
    }

    #[test]
    fn overlapped_speech_counts_for_each_speaker() {
        let truth = [("eve", 0.0, 4.0), ("adam", 2.0, 6.0)];
        check(
            &truth,
            &[("0", 0.0, 4.0), ("1", 4.0, 6.0)],
            0.0,
            [8.0, 2.0, 0.0, 0.0],
        );
        check(&truth, &[], 0.0, [8.0, 8.0, 0.0, 0.0]);
        check(&[], &truth, 0.0, [0.0, 0.0, 8.0, 0.0]);
    }

    #[test]
    fn nothing_near_a_true_edge_is_scored_with_a_collar() {
        let truth = [("eve", 1.0, 3.0)];
        check(&truth, &[("0", 0.875, 3.25)], 0.25, [1.5, 0.0, 0.0, 0.0]);
        check(&truth, &[("0", 0.5, 3.25)], 0.25, [1.5, 0.0, 0.25, 0.0]);
        // Of a turn shorter than two collars nothing is left.
        check(&[("eve", 1.0, 1.5)], &[], 0.25, [0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn turns_of_one_speaker_that_overlap_count_once() {
        let truth = [("eve", 0.0, 3.0), ("eve", 2.0, 4.0)];
        check(&truth, &[("0", 0.0, 4.0)], 0.0, [4.0, 0.0, 0.0, 0.0]);
    }

    /// Turns of up to four speakers whose edges lie on quarters of a second, so that sums are exact.
    fn turns() -> impl Strategy<Value = Vec<Turn>> {
        let one = (0..4u8, 0..80u32, 1..24u32).prop_map(|(speaker, start, length)| {
            let seconds = |quarters: u32| f64::from(quarters) / 4.0;
            turn(
                &speaker.to_string(),
                seconds(start),
                seconds(start + length),
            )
        });
        prop::collection::vec(one, 0..12)
    }

    proptest! {
        #[test]
        fn the_truth_has_no_errors(truth in turns(), collar in prop::sample::select(vec![0.0, 0.25])) {
            let errors = DiarizationErrors::of(&truth, &truth, collar);
            let speech = errors.speech;
            prop_assert_eq!(errors, DiarizationErrors { speech, ..DiarizationErrors::default() });
        }

        #[test]
        fn other_names_order_and_time_change_nothing(
            truth in turns(),
            found in turns(),
            collar in prop::sample::select(vec![0.0, 0.25]),
        ) {
            let before = DiarizationErrors::of(&truth, &found, collar);
            let later = |turns: &[Turn], name: &str| -> Vec<Turn> {
                let moved = turns.iter().rev().map(|one| {
                    turn(&format!("{name}{}", one.speaker), one.start + 64.0, one.end + 64.0)
                });
                moved.collect()
            };
            let after = DiarizationErrors::of(&later(&truth, "a"), &later(&found, "b"), collar);
            prop_assert_eq!(before, after);
        }

        #[test]
        fn found_turns_cut_in_two_are_the_same_turns(truth in turns(), found in turns(), at in 0.0..1.0) {
            let halves = found.iter().flat_map(|one| {
                let middle = one.start + at * (one.end - one.start);
                [turn(&one.speaker, one.start, middle), turn(&one.speaker, middle, one.end)]
            });
            let before = DiarizationErrors::of(&truth, &found, 0.0);
            let after = DiarizationErrors::of(&truth, &halves.collect::<Vec<_>>(), 0.0);
            prop_assert!((before.rate() - after.rate()).abs() < 1e-9, "{before:?} {after:?}");
        }

        #[test]
        fn swapping_truth_and_result_swaps_missed_and_false_alarm(truth in turns(), found in turns()) {
            let there = DiarizationErrors::of(&truth, &found, 0.0);
            let back = DiarizationErrors::of(&found, &truth, 0.0);
            prop_assert_eq!(
                (there.missed, there.false_alarm, there.confusion),
                (back.false_alarm, back.missed, back.confusion)
            );
        }
    }
}
