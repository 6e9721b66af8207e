//! Strokes, clicks and hands.

use super::{Noise, Sound, is_on, ringing, sine, sound};

pub(super) fn list() -> Vec<Sound> {
    let mut all = applause();
    all.extend(strokes());
    all.extend(creatures());
    all
}

/// Hands that clap, `per_second` of them, each a burst of noise.
fn clapping(
    name: &'static str,
    seed: u64,
    n_seconds: usize,
    per_second: impl Fn(f64) -> f64,
) -> Sound {
    let mut noise = Noise::new(seed);
    let mut level = 0.0;
    sound(name, n_seconds, move |time| {
        if noise.rng.f64() < per_second(time) / super::SAMPLE_RATE as f64 {
            level += 0.2 + 0.3 * noise.rng.f64();
        }
        level *= 0.996;
        noise.above(700.0) * level * 0.4
    })
}

fn applause() -> Vec<Sound> {
    vec![
        clapping("applause, 10 s", 60, 10, |_| 80.0),
        clapping("applause, 30 s", 61, 30, |_| 200.0),
        clapping("applause that fades", 62, 20, |time| {
            150.0 * ringing(time, 5.0)
        }),
        clapping("a few hands", 63, 15, |_| 6.0),
        {
            let mut hands = Noise::new(64);
            sound("clapping in time", 20, move |time| {
                hands.above(700.0) * 0.6 * ringing(time.rem_euclid(0.5), 0.02)
            })
        },
    ]
}

fn strokes() -> Vec<Sound> {
    let (mut clicks, mut keys, mut steps) = (Noise::new(70), Noise::new(71), Noise::new(72));
    let (mut vinyl, mut knock, mut paper) = (Noise::new(73), Noise::new(74), Noise::new(75));
    let (mut key_level, mut scratch) = (0.0, 0.0);
    vec![
        sound("click each second", 20, move |time| {
            clicks.white() * 0.8 * ringing(time.rem_euclid(1.0), 0.002)
        }),
        sound("metronome", 30, |time| {
            sine(1600.0, time) * 0.6 * ringing(time.rem_euclid(0.5), 0.015)
        }),
        sound("clock", 60, |time| {
            let frequency = if is_on(time, 1.0, 2.0) {
                2200.0
            } else {
                1900.0
            };
            sine(frequency, time) * 0.15 * ringing(time.rem_euclid(1.0), 0.01)
        }),
        sound("keyboard", 20, move |_| {
            if keys.rng.f64() < 8.0 / super::SAMPLE_RATE as f64 {
                key_level = 0.3 + 0.4 * keys.rng.f64();
            }
            key_level *= 0.995;
            keys.above(1000.0) * key_level
        }),
        sound("steps", 15, move |time| {
            steps.below(300.0) * 2.5 * ringing(time.rem_euclid(0.55), 0.05)
        }),
        sound("knocking", 10, move |time| {
            let knocks = is_on(time, 1.0, 3.0);
            if knocks {
                knock.below(500.0) * 3.0 * ringing(time.rem_euclid(0.25), 0.03)
            } else {
                0.0
            }
        }),
        sound("vinyl record", 30, move |_| {
            if vinyl.rng.f64() < 15.0 / super::SAMPLE_RATE as f64 {
                scratch = vinyl.rng.f64();
            }
            scratch *= 0.95;
            vinyl.white() * (0.004 + 0.4 * scratch)
        }),
        sound("paper", 10, move |time| {
            let rustle = (0.5 + 0.5 * sine(1.7, time)) * (0.5 + 0.5 * sine(0.6, time));
            paper.above(2000.0) * 0.3 * rustle
        }),
    ]
}

fn creatures() -> Vec<Sound> {
    let (mut breath, mut heart) = (Noise::new(80), Noise::new(81));
    vec![
        sound("breathing", 30, move |time| {
            let place = time.rem_euclid(4.0);
            let level = if place < 1.4 {
                (place / 1.4 * std::f64::consts::PI).sin()
            } else if (1.8..3.4).contains(&place) {
                0.7 * ((place - 1.8) / 1.6 * std::f64::consts::PI).sin()
            } else {
                0.0
            };
            breath.above(600.0) * 0.08 * level
        }),
        sound("heart", 20, move |time| {
            let place = time.rem_euclid(0.9);
            let beat = ringing(place, 0.05)
                + if place > 0.3 {
                    0.6 * ringing(place - 0.3, 0.04)
                } else {
                    0.0
                };
            (sine(55.0, time) + heart.below(100.0)) * 0.4 * beat
        }),
        sound("birds", 15, |time| {
            let place = time.rem_euclid(0.7);
            let chirp = is_on(place, 0.09, 0.14) && place < 0.45;
            let tone = sine(1.0, 3200.0 * time + 18.0 * sine(9.0, time));
            if chirp { 0.25 * tone } else { 0.0 }
        }),
        sound("crickets", 30, |time| {
            let chirp = is_on(time, 0.3, 0.8) && is_on(time, 0.012, 0.03);
            if chirp { 0.1 * sine(4500.0, time) } else { 0.0 }
        }),
    ]
}
