//! Chords, melodies and rhythms.

use super::{Noise, Sound, is_on, ringing, sine, sound};

/// Semitones over the lowest note, as a scale.
const MAJOR: [i32; 8] = [0, 2, 4, 5, 7, 9, 11, 12];
const CHORDS: [[i32; 3]; 4] = [[0, 4, 7], [9, 12, 16], [5, 9, 12], [7, 11, 14]];

pub(super) fn list() -> Vec<Sound> {
    let mut all = held();
    all.extend(played());
    all.extend(rhythms());
    all
}

/// The frequency of a note so many semitones over the A of 220 Hz.
fn note(semitones: i32) -> f64 {
    220.0 * 2f64.powf(f64::from(semitones) / 12.0)
}

/// What is played at a time when notes of `length` seconds follow each other: its number, and the seconds since it began.
fn played_at(time: f64, length: f64) -> (usize, f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number that is not negative"
    )]
    let number = (time / length) as usize;
    (number, time.rem_euclid(length))
}

fn chord(number: usize, octave: i32, time: f64) -> f64 {
    let notes = CHORDS[number % CHORDS.len()];
    notes
        .into_iter()
        .map(|semitones| sine(note(semitones + 12 * octave), time))
        .sum::<f64>()
        / 3.0
}

fn held() -> Vec<Sound> {
    let organ = |frequency: f64, time: f64| {
        sine(frequency, time)
            + 0.5 * sine(2.0 * frequency, time)
            + 0.3 * sine(3.0 * frequency, time)
            + 0.2 * sine(4.0 * frequency, time)
    };
    vec![
        sound("chord that is held", 20, |time| 0.4 * chord(0, 0, time)),
        sound("chords, 30 s", 30, |time| {
            0.4 * chord(played_at(time, 2.0).0, 0, time)
        }),
        sound("organ", 45, move |time| {
            let notes = CHORDS[played_at(time, 3.0).0 % 4];
            notes
                .into_iter()
                .map(|n| organ(note(n - 12), time))
                .sum::<f64>()
                * 0.08
        }),
        sound("strings", 60, move |time| {
            let vibrato = 0.003 * sine(5.5, time);
            let notes = CHORDS[played_at(time, 4.0).0 % 4];
            notes
                .into_iter()
                .map(|n| organ(note(n), time + vibrato / 5.5))
                .sum::<f64>()
                * 0.08
        }),
        sound("a theremin", 20, |time| {
            // a pitch that glides as a voice does
            let pitch = 220.0 * time + 9.0 * sine(0.4, time) + 0.6 * sine(5.0, time);
            0.3 * sine(1.0, pitch)
        }),
    ]
}

fn played() -> Vec<Sound> {
    let plucked = |semitones: i32, since: f64, time: f64| {
        let frequency = note(semitones);
        (1..6)
            .map(|n| sine(frequency * f64::from(n), time) / f64::from(n))
            .sum::<f64>()
            * ringing(since, 0.3)
    };
    let up_and_down = |number: usize| MAJOR[[0, 2, 4, 7, 4, 2][number % 6]];
    let mut melody = fastrand::Rng::with_seed(90);
    let tune: Vec<i32> = (0..64).map(|_| MAJOR[melody.usize(..8)]).collect();
    let flute = tune.clone();
    vec![
        sound("arpeggio, 30 s", 30, move |time| {
            let (number, since) = played_at(time, 0.3);
            0.3 * plucked(up_and_down(number), since, time)
        }),
        sound("arpeggio, fast", 60, move |time| {
            let (number, since) = played_at(time, 0.12);
            0.25 * plucked(up_and_down(number) + 12, since, time)
        }),
        sound("plucked tune", 30, move |time| {
            let (number, since) = played_at(time, 0.5);
            0.3 * plucked(tune[number % 64], since, time)
        }),
        sound("flute", 25, move |time| {
            let (number, since) = played_at(time, 0.4);
            let attack = (since / 0.05).min(1.0);
            let breath = 1.0 + 0.1 * sine(5.0, time);
            0.3 * attack * breath * sine(note(flute[number % 64] + 12), time)
        }),
        sound("music box", 40, move |time| {
            let (number, since) = played_at(time, 0.35);
            0.3 * sine(note(MAJOR[number * 5 % 8] + 36), time) * ringing(since, 0.4)
        }),
        sound("church bell", 20, |time| {
            let since = time.rem_euclid(4.0);
            let partials = [
                (110.0, 1.0),
                (221.0, 0.8),
                (264.0, 0.6),
                (331.0, 0.5),
                (442.0, 0.6),
                (662.0, 0.3),
            ];
            partials
                .into_iter()
                .map(|(f, gain)| gain * sine(f, time))
                .sum::<f64>()
                * 0.12
                * ringing(since, 1.5)
        }),
        sound("square melody", 15, |time| {
            let (number, _) = played_at(time, 0.15);
            0.1 * sine(note(MAJOR[number * 3 % 8] + 12), time).signum()
        }),
    ]
}

/// A bass drum, a snare and a hi-hat.
fn drums(noise: &mut Noise, time: f64, beat: f64) -> f64 {
    let bar = time.rem_euclid(4.0 * beat);
    let kick =
        sine(1.0, 50.0 * bar.rem_euclid(2.0 * beat)) * ringing(bar.rem_euclid(2.0 * beat), 0.1);
    let snare = noise.white() * ringing((bar - beat).rem_euclid(2.0 * beat), 0.06);
    let hat = noise.above(5000.0) * ringing(bar.rem_euclid(beat / 2.0), 0.02);
    0.5 * kick + 0.3 * snare + 0.2 * hat
}

fn rhythms() -> Vec<Sound> {
    let (mut kit, mut band, mut dance) = (Noise::new(91), Noise::new(92), Noise::new(93));
    vec![
        sound("drums", 30, move |time| drums(&mut kit, time, 0.5)),
        sound("band", 60, move |time| {
            let (number, since) = played_at(time, 0.5);
            let bass = sine(note(CHORDS[number / 4 % 4][0] - 24), time) * ringing(since, 0.3);
            let pad = chord(number / 4, 0, time) * 0.2;
            drums(&mut band, time, 0.5) * 0.6 + bass * 0.3 + pad
        }),
        sound("dance", 20, move |time| {
            let (number, _) = played_at(time, 0.125);
            let synth = if is_on(time, 0.08, 0.125) {
                chord(number / 16, 1, time).signum() * 0.1
            } else {
                0.0
            };
            drums(&mut dance, time, 0.25) * 0.7 + synth
        }),
    ]
}
