//! Sounds without a voice, computed: mono samples at 16 kHz, full scale `[-1, 1]`. A run makes the same samples as any
//! other.

mod events;
mod music;
mod noises;
mod tones;

use std::f64::consts::TAU;

/// Samples a second.
pub(super) const SAMPLE_RATE: usize = 16_000;

/// A sound and what it is called.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) name: &'static str,
    pub(super) samples: Vec<f32>,
}

/// All of them.
pub(super) fn sounds() -> Vec<Sound> {
    let lists = [noises::list(), tones::list(), events::list(), music::list()];
    lists.into_iter().flatten().collect()
}

/// A sound of `n_seconds` whose samples are a function of the time in seconds.
fn sound(name: &'static str, n_seconds: usize, mut at: impl FnMut(f64) -> f64) -> Sound {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "samples are single precision"
    )]
    let sample = |i: usize| at(i as f64 / SAMPLE_RATE as f64).clamp(-1.0, 1.0) as f32;
    Sound {
        name,
        samples: (0..n_seconds * SAMPLE_RATE).map(sample).collect(),
    }
}

/// A sine of `frequency` in hertz at a time in seconds.
fn sine(frequency: f64, time: f64) -> f64 {
    (TAU * frequency * time).sin()
}

/// Whether a signal of `period` seconds that begins with `on` seconds is on.
fn is_on(time: f64, on: f64, period: f64) -> bool {
    time.rem_euclid(period) < on
}

/// What is left of a stroke after so many seconds, when a third of it is left after `decay` seconds.
fn ringing(since: f64, decay: f64) -> f64 {
    (-since / decay).exp()
}

/// Random numbers in `[-1, 1]`, through a filter that lets low frequencies pass.
struct Noise {
    rng: fastrand::Rng,
    low: f64,
}

impl Noise {
    fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            low: 0.0,
        }
    }

    fn white(&mut self) -> f64 {
        self.rng.f64() * 2.0 - 1.0
    }

    /// With what is above `cutoff` hertz weakened by 6 dB an octave.
    fn below(&mut self, cutoff: f64) -> f64 {
        let share = 1.0 - (-TAU * cutoff / SAMPLE_RATE as f64).exp();
        let white = self.white();
        self.low += share * (white - self.low);
        self.low
    }

    /// With what is below `cutoff` hertz weakened by 6 dB an octave.
    fn above(&mut self, cutoff: f64) -> f64 {
        let share = 1.0 - (-TAU * cutoff / SAMPLE_RATE as f64).exp();
        let white = self.white();
        self.low += share * (white - self.low);
        white - self.low
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_many_and_no_two_have_one_name() {
        let sounds = sounds();
        let names: BTreeSet<&str> = sounds.iter().map(|sound| sound.name).collect();
        assert_eq!(names.len(), sounds.len());
        assert!(names.len() >= 60, "{}", names.len());
        for sound in &sounds {
            let n_seconds = sound.samples.len() / SAMPLE_RATE;
            assert!((5..=60).contains(&n_seconds), "{}", sound.name);
            let is_silent = sound.samples.iter().all(|sample| sample.abs() < 1e-6);
            assert_eq!(
                is_silent,
                sound.name.starts_with("silence"),
                "{}",
                sound.name
            );
        }
    }
}
