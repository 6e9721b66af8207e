//! Which pauses of one speaker are part of the turn.
//!
//! A person who stops for a moment keeps the floor. A longer pause ends the turn, unless it only seems one: the network
//! misses soft syllables and speech beside noise, and there the sound stays nearly as loud as speech
//! (`docs/decisions/0004-speaker-clustering.md` has the table).

use std::ops::Range;

use super::stitch::Tracks;
use crate::audio::Sound;
use crate::vad::{FRAME_STEP, sample_of};

/// Pauses of at most this length are always part of the turn: 0.5 s.
const ALWAYS_JOINED_FRAMES: usize = 30;
/// Longer pauses never are: 1.5 s.
const MAX_JOINED_FRAMES: usize = 89;
/// A frame is loud from this share of the median power of speech on: 20 dB below it.
const LOUD_POWER_RATIO: f32 = 0.01;
/// A pause between the two lengths is part of the turn if at least this share of its frames is loud.
const MIN_LOUD_SHARE: f32 = 0.3;

/// What is known of the frames in which the network detects nobody.
#[derive(Debug)]
pub(super) struct Pauses {
    /// True where nobody is detected and the sound is loud all the same, a frame each.
    is_loud: Vec<bool>,
}

impl Pauses {
    /// Measures the loudness of a recording, whose tracks are given.
    pub(super) fn new(tracks: &Tracks, sound: Sound<'_>) -> Self {
        let power: Vec<f32> = (0..tracks.len()).map(|frame| power(sound, frame)).collect();
        let speech = (0..tracks.len()).filter(|frame| tracks.count(*frame) > 0);
        let threshold = LOUD_POWER_RATIO * median(speech.map(|frame| power[frame]).collect());
        let is_loud =
            |(frame, power): (usize, &f32)| tracks.count(frame) == 0 && *power >= threshold;
        Self {
            is_loud: power.iter().enumerate().map(is_loud).collect(),
        }
    }

    /// Pauses in a recording of this length of which all are silent but for some frames.
    #[cfg(test)]
    pub(super) fn silent_but(n_frames: usize, loud: &[Range<usize>]) -> Self {
        let is_loud = |frame: usize| loud.iter().any(|range| range.contains(&frame));
        Self {
            is_loud: (0..n_frames).map(is_loud).collect(),
        }
    }

    /// Whether a speaker who is detected before and after these frames keeps the floor during them. What another speaker
    /// says meanwhile is not loud for this.
    pub(super) fn is_part_of_turn(&self, pause: Range<usize>) -> bool {
        if pause.len() <= ALWAYS_JOINED_FRAMES {
            return true;
        }
        let frames = &self.is_loud[pause];
        let n_loud = frames.iter().filter(|is_loud| **is_loud).count();
        frames.len() <= MAX_JOINED_FRAMES && n_loud as f32 >= MIN_LOUD_SHARE * frames.len() as f32
    }
}

/// The mean square of the samples around the middle of a frame; 0 beyond the recording.
fn power(sound: Sound<'_>, frame: usize) -> f32 {
    let start = (sample_of(frame) - FRAME_STEP / 2).min(sound.len());
    let samples = sound.read(start..(start + FRAME_STEP).min(sound.len()));
    samples.iter().map(|x| x * x).sum::<f32>() / samples.len().max(1) as f32
}

/// The middle of some values, of two the greater; 0 where there are none.
fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarize::pieces::Piece;
    use crate::diarize::tests::tracks;

    #[test]
    fn the_loudness_of_longer_pauses_decides() {
        for (n_frames, n_loud, expected) in [
            (30, 0, true),
            (31, 0, false),
            (60, 17, false),
            (60, 18, true),
            (89, 27, true),
            (90, 90, false),
        ] {
            let loud = 70..70 + n_loud;
            let pauses = Pauses::silent_but(200, std::slice::from_ref(&loud));
            let found = pauses.is_part_of_turn(70..70 + n_frames);
            assert_eq!(found, expected, "{n_loud} loud of {n_frames} frames");
        }
    }

    #[test]
    fn a_pause_is_loud_within_20_decibels_of_the_median_of_speech_where_nobody_speaks() {
        let said = |track: usize, frames: Range<usize>| Piece { track, frames };
        let tracks = tracks(600, &[said(0, 0..200), said(1, 300..400)]);
        let mut samples = vec![0.0; 600 * FRAME_STEP];
        for (frames, amplitude) in [
            (0..200, 0.2),
            (200..240, 0.021),
            (240..300, 0.019),
            (300..400, 0.2),
        ] {
            samples[sample_of(frames.start) - FRAME_STEP / 2..][..frames.len() * FRAME_STEP]
                .fill(amplitude);
        }
        let pauses = Pauses::new(&tracks, samples[..].into());
        let loud: Vec<usize> = (0..tracks.len())
            .filter(|frame| pauses.is_loud[*frame])
            .collect();
        assert_eq!(loud, (200..240).collect::<Vec<_>>());
    }

    #[test]
    fn recordings_without_speech_or_samples_have_no_loud_pause_that_matters() {
        assert!(
            Pauses::new(&Tracks::default(), [][..].into())
                .is_loud
                .is_empty()
        );
        let beyond = Pauses::new(&Tracks::silent(3), [0.0; 100][..].into());
        assert_eq!(beyond.is_loud.len(), 3);
    }
}
