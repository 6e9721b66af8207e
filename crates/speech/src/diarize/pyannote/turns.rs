//! Frames become turns, and speakers get names.

use domain::diarization::{Diarization, Turn};
use domain::units::Seconds;

use super::reconstruct::{Run, Runs};
use crate::audio::SAMPLE_RATE;
use crate::vad::time_of;

/// Shorter turns are none, in seconds.
const SHORTEST_TURN: f64 = 0.02;

/// The turns of a recording of `n_samples`, within it. Speakers are named `SPEAKER_00`, `SPEAKER_01`, … as they first
/// appear; `n_frames` is how many frames were looked at, `voices` what each speaker sounds like.
pub(super) fn turns(
    runs: &Runs,
    voices: &[Vec<f64>],
    n_frames: usize,
    n_samples: usize,
    min_duration_off: Seconds,
) -> Diarization {
    let end = Seconds::from_samples(n_samples, SAMPLE_RATE).0;
    let spoken = |runs: &[Run]| -> Vec<(usize, f64, f64)> {
        let spoken = filled(timed(runs, n_frames), min_duration_off.0).into_iter();
        let within = spoken.map(|(speaker, start, stop)| (speaker, start, stop.min(end)));
        within
            .filter(|(_, start, stop)| stop - start >= SHORTEST_TURN)
            .collect()
    };
    let all = spoken(&runs.all);
    let order = by_appearance(&all);
    let named = |spoken: Vec<(usize, f64, f64)>| -> Vec<Turn> {
        let turn = |(speaker, start, stop): (usize, f64, f64)| {
            let number = order.iter().position(|other| *other == speaker)?;
            Some(Turn {
                start: Seconds(start),
                end: Seconds(stop),
                speaker: name(number),
            })
        };
        spoken.into_iter().filter_map(turn).collect()
    };
    let mut diarization = Diarization::new(named(all), named(spoken(&runs.exclusive)));
    let voice = |(number, speaker): (usize, &usize)| (name(number), single(&voices[*speaker]));
    diarization.embeddings = order.iter().enumerate().map(voice).collect();
    diarization
}

/// Speaker, start and end in seconds: from the middle of the first frame to that of the first in which he is no longer
/// active, or of the last of all (`Binarize`). Sorted by speaker, then start.
fn timed(runs: &[Run], n_frames: usize) -> Vec<(usize, f64, f64)> {
    let last = n_frames.saturating_sub(1);
    let time = |(speaker, frames): &Run| {
        (
            *speaker,
            time_of(frames.start),
            time_of(frames.end.min(last)),
        )
    };
    let mut timed: Vec<_> = runs.iter().map(time).collect();
    timed.sort_by(|a, b| (a.0.cmp(&b.0)).then(a.1.total_cmp(&b.1)));
    timed
}

/// The same without pauses of one speaker that are shorter than this.
fn filled(timed: Vec<(usize, f64, f64)>, pause: f64) -> Vec<(usize, f64, f64)> {
    let mut filled: Vec<(usize, f64, f64)> = Vec::with_capacity(timed.len());
    for (speaker, start, stop) in timed {
        match filled.last_mut() {
            Some(last) if last.0 == speaker && start - last.2 < pause => last.2 = stop,
            _ => filled.push((speaker, start, stop)),
        }
    }
    filled
}

/// All speakers who have a turn, by where their first one begins and ends.
fn by_appearance(spoken: &[(usize, f64, f64)]) -> Vec<usize> {
    let mut sorted: Vec<&(usize, f64, f64)> = spoken.iter().collect();
    sorted.sort_by(|a, b| (a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2)));
    let mut order = Vec::new();
    for (speaker, _, _) in sorted {
        if !order.contains(speaker) {
            order.push(*speaker);
        }
    }
    order
}

fn name(number: usize) -> String {
    format!("SPEAKER_{number:02}")
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "embeddings are single precision"
)]
fn single(voice: &[f64]) -> Vec<f32> {
    voice.iter().map(|x| *x as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(runs: &[Run], n_samples: usize, pause: f64, expected: &str) {
        let runs = Runs {
            all: runs.to_vec(),
            exclusive: Vec::new(),
        };
        let voices = [vec![0.5, 1.0], vec![2.0], vec![3.0]];
        let found = turns(&runs, &voices, 100, n_samples, Seconds(pause));
        let told: Vec<_> = (found.turns.iter())
            .map(|turn| {
                format!(
                    "{:.3}-{:.3} {}",
                    turn.start.0,
                    turn.end.0,
                    &turn.speaker[8..]
                )
            })
            .collect();
        assert_eq!(told.join(", "), expected);
        let names: Vec<_> = found.embeddings.keys().collect();
        assert_eq!(names, found.speakers());
    }

    #[test]
    fn speakers_are_named_as_they_appear() {
        let expected = "0.031-0.200 00, 0.200-0.368 01, 0.368-0.537 00";
        check(
            &[(2, 0..10), (0, 10..20), (2, 20..30)],
            160_000,
            0.0,
            expected,
        );
    }

    #[test]
    fn turns_end_with_the_recording_and_have_a_length() {
        check(&[(0, 0..1), (1, 10..60)], 8_000, 0.0, "0.200-0.500 00");
        check(&[(1, 90..100)], 160_000, 0.0, "1.550-1.702 00");
        check(&[(1, 99..100), (0, 50..60)], 8_000, 0.0, "");
    }

    #[test]
    fn pauses_shorter_than_asked_for_are_filled() {
        let runs = [(0, 0..10), (1, 12..18), (0, 20..30)];
        let parted = "0.031-0.200 00, 0.233-0.335 01, 0.368-0.537 00";
        check(&runs, 160_000, 0.168, parted);
        check(&runs, 160_000, 0.169, "0.031-0.537 00, 0.233-0.335 01");
    }
}
