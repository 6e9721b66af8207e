//! Where the language of a recording is looked for when nobody has looked for voices: where it is loud.

use std::collections::BTreeSet;

use crate::asr::mel::{FRAMES_PER_SECOND, WINDOW_FRAMES, WINDOW_SAMPLES};
use crate::audio::Sound;

/// Seconds quieter than the loudest by this factor are not speech: 30 dB.
const QUIET: f32 = 1.0 / 31.6;
/// Silence up to here does not move the first window, so that it can serve for recognition too.
const LATEST_START_SECONDS: usize = 10;
const WINDOW_SECONDS: usize = WINDOW_FRAMES / FRAMES_PER_SECOND;
const SAMPLES_PER_SECOND: usize = WINDOW_SAMPLES / WINDOW_SECONDS;

/// Seconds at which windows of up to 30 s begin: the recording is cut into `n_wanted` parts, and each window begins at
/// the first loud second of its part. Behind them come those of `n_more` parts, should the first say nothing. None where
/// all is silent.
pub(super) fn loud_seconds(sound: Sound<'_>, n_wanted: usize, n_more: usize) -> Vec<usize> {
    let starts = (0..sound.len()).step_by(SAMPLES_PER_SECOND);
    let power = |start: usize| {
        let second = sound.read(start..sound.len().min(start + SAMPLES_PER_SECOND));
        second.iter().map(|x| x * x).sum::<f32>()
    };
    let powers: Vec<f32> = starts.map(power).collect();
    let mut seen = BTreeSet::new();
    let found = (first_loud(&powers, n_wanted).into_iter()).chain(first_loud(&powers, n_more));
    found.filter(|second| seen.insert(*second)).collect()
}

/// The first loud second of each of `n_parts` parts, or of as many as there are windows.
fn first_loud(powers: &[f32], n_parts: usize) -> Vec<usize> {
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let is_loud = |power: &f32| *power > 0.0 && *power >= loudest * QUIET * QUIET;
    let n_parts = n_parts.min(powers.len().div_ceil(WINDOW_SECONDS)).max(1);
    let part = |part: usize| {
        let range = powers.len() * part / n_parts..powers.len() * (part + 1) / n_parts;
        let first = powers[range.clone()].iter().position(is_loud)?;
        Some(match range.start + first {
            second if second < LATEST_START_SECONDS => 0,
            second => second,
        })
    };
    (0..n_parts).filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recording of seconds with these amplitudes.
    fn check(amplitudes: &[f32], n_wanted: usize, expected: &[usize]) {
        let second = |amplitude: f32| (0..16_000).map(move |i| amplitude * (i as f32 * 0.3).sin());
        let samples: Vec<f32> = amplitudes.iter().copied().flat_map(second).collect();
        let sound = Sound::from(&samples);
        assert_eq!(loud_seconds(sound, n_wanted, 1), expected, "{amplitudes:?}");
    }

    #[test]
    fn windows_begin_where_there_is_something_to_hear() {
        let minutes = |amplitude, n: usize| vec![amplitude; n * 60];
        check(&minutes(0.1, 2), 1, &[0]);
        check(&minutes(0.1, 2), 3, &[0, 40, 80]);
        // Hiss 40 dB below the speech: the window waits for the speech, or begins a little before it.
        let late = [minutes(0.001, 1), minutes(0.1, 1)].concat();
        check(&late, 1, &[60]);
        check(&late, 2, &[60]);
        check(&[vec![0.0; 9], vec![0.1; 30]].concat(), 1, &[0]);
        // A short file has one window, and silence none.
        check(&[0.1; 5], 4, &[0]);
        check(&[0.0; 50], 4, &[]);
        check(&[], 4, &[]);
    }

    #[test]
    fn more_windows_come_behind_those_wanted() {
        let samples: Vec<f32> = (0..16_000 * 120).map(|i| (i as f32 * 0.3).sin()).collect();
        assert_eq!(loud_seconds((&samples).into(), 1, 3), [0, 40, 80]);
        assert_eq!(loud_seconds((&samples).into(), 2, 4), [0, 60, 30, 90]);
    }
}
