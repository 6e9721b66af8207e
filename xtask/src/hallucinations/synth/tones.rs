//! Tones as telephones, alarms and measuring devices make them.

use super::{Noise, Sound, is_on, sine, sound};

/// Frequencies of the rows and columns of a telephone's keys, in hertz.
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 3] = [1209.0, 1336.0, 1477.0];

pub(super) fn list() -> Vec<Sound> {
    let mut all = telephones();
    all.extend(alarms());
    all.extend(measuring());
    all
}

/// `gain` where `is_on`, else nothing.
fn gated(is_on: bool, gain: f64) -> f64 {
    if is_on { gain } else { 0.0 }
}

fn telephones() -> Vec<Sound> {
    let keys = |time: f64, period: f64| {
        let mut rng = fastrand::Rng::with_seed((time / period).floor().to_bits());
        let (row, column) = (ROWS[rng.usize(..4)], COLUMNS[rng.usize(..3)]);
        sine(row, time) + sine(column, time)
    };
    let mut modem = Noise::new(50);
    vec![
        sound("telephone keys", 10, |time| {
            keys(time, 0.4) * gated(is_on(time, 0.2, 0.4), 0.2)
        }),
        sound("telephone keys, fast", 20, |time| {
            keys(time, 0.1) * gated(is_on(time, 0.05, 0.1), 0.2)
        }),
        sound("ring tone, American", 30, |time| {
            (sine(440.0, time) + sine(480.0, time)) * gated(is_on(time, 2.0, 6.0), 0.2)
        }),
        sound("ring tone, European", 25, |time| {
            sine(425.0, time) * gated(is_on(time, 1.0, 5.0), 0.3)
        }),
        sound("ring tone, British", 60, |time| {
            let ring = is_on(time, 0.4, 3.0) || is_on(time - 0.6, 0.4, 3.0);
            (sine(400.0, time) + sine(450.0, time)) * gated(ring, 0.2)
        }),
        sound("bell of a telephone", 20, |time| {
            let bell = sine(1250.0, time) + sine(1580.0, time) * 0.7;
            bell * gated(is_on(time, 2.0, 4.0), 0.2) * (0.5 + 0.5 * sine(20.0, time).signum())
        }),
        sound("busy tone", 10, |time| {
            sine(425.0, time) * gated(is_on(time, 0.48, 0.96), 0.3)
        }),
        sound("dial tone, American", 15, |time| {
            (sine(350.0, time) + sine(440.0, time)) * 0.2
        }),
        sound("dial tone, European", 30, |time| 0.3 * sine(425.0, time)),
        sound("number not in use", 12, |time| {
            let place = time.rem_euclid(2.0);
            let tone = [950.0, 1400.0, 1800.0].into_iter().zip([0.0, 0.33, 0.66]);
            let tone: f64 = tone
                .filter(|(_, begin)| (*begin..begin + 0.33).contains(&place))
                .map(|(frequency, _)| sine(frequency, time))
                .sum();
            tone * 0.3
        }),
        sound("fax", 20, |time| {
            let tone = if time < 5.0 {
                sine(1100.0, time)
            } else {
                sine(2100.0, time)
            };
            tone * 0.2
                + if time > 10.0 {
                    modem.below(2500.0) * 0.3
                } else {
                    0.0
                }
        }),
    ]
}

fn alarms() -> Vec<Sound> {
    vec![
        sound("two-tone horn", 15, |time| {
            let frequency = if is_on(time, 0.5, 1.0) { 440.0 } else { 585.0 };
            0.4 * sine(frequency, time).signum() * 0.5
        }),
        sound("siren", 30, |time| {
            // the phase of a frequency that goes up and down once in 5 s
            0.4 * sine(
                1.0,
                900.0 * time - 300.0 * 5.0 / std::f64::consts::TAU * sine(0.2, time + 1.25),
            )
        }),
        sound("alarm clock", 10, |time| {
            let beep = is_on(time, 0.5, 1.0) && is_on(time, 0.06, 0.12);
            sine(2048.0, time) * gated(beep, 0.4)
        }),
        sound("smoke alarm", 20, |time| {
            let beep = is_on(time, 1.8, 3.0) && is_on(time, 0.4, 0.6);
            sine(3100.0, time) * gated(beep, 0.4)
        }),
        sound("heart monitor", 30, |time| {
            sine(1000.0, time) * gated(is_on(time, 0.12, 0.9), 0.3)
        }),
        sound("lorry in reverse", 20, |time| {
            sine(1250.0, time) * gated(is_on(time, 0.5, 1.0), 0.4)
        }),
    ]
}

fn measuring() -> Vec<Sound> {
    let sweep = |name, n_seconds: usize, from: f64, to: f64| {
        let rate = (to - from) / n_seconds as f64;
        sound(name, n_seconds, move |time| {
            0.3 * sine(1.0, from * time + rate * time * time / 2.0)
        })
    };
    vec![
        sound("tone of 440 Hz, 5 s", 5, |time| 0.3 * sine(440.0, time)),
        sound("tone of 1 kHz, 30 s", 30, |time| 0.3 * sine(1000.0, time)),
        sound("tone of 150 Hz, 60 s", 60, |time| 0.3 * sine(150.0, time)),
        sweep("sweep upwards", 10, 50.0, 7000.0),
        sweep("sweep downwards", 30, 4000.0, 80.0),
        sound("tone that swells", 20, |time| {
            0.3 * sine(220.0, time) * (0.5 + 0.5 * sine(3.0, time))
        }),
        sound("censor's beep", 8, |time| {
            sine(1000.0, time) * gated(is_on(time, 0.6, 2.0), 0.4)
        }),
    ]
}
