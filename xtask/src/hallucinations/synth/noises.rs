//! Silence, noise, and what sounds like noise.

use super::{Noise, Sound, is_on, sine, sound};

pub(super) fn list() -> Vec<Sound> {
    let mut all = silences();
    all.extend(hisses());
    all.extend(weather());
    all.extend(machines());
    all
}

fn silences() -> Vec<Sound> {
    let mut dither = Noise::new(1);
    let mut room = Noise::new(2);
    vec![
        sound("silence, 10 s", 10, |_| 0.0),
        sound("silence, 60 s", 60, |_| 0.0),
        sound("dither", 30, |_| (dither.white() * 1.5).round() / 32_768.0),
        sound("constant offset", 10, |_| 0.1),
        sound("quiet room", 40, |_| room.below(400.0) * 0.003),
    ]
}

fn hisses() -> Vec<Sound> {
    let white = |name, seed, n_seconds, gain: f64| {
        let mut noise = Noise::new(seed);
        sound(name, n_seconds, move |_| noise.white() * gain)
    };
    let mut noises: Vec<Noise> = (10..14).map(Noise::new).collect();
    let mut pink = move |gain: f64| {
        let cutoffs = [40.0, 200.0, 1000.0, 5000.0];
        let sum: f64 = (noises.iter_mut().zip(cutoffs))
            .map(|(noise, cutoff)| noise.below(cutoff) * (800.0_f64 / cutoff).sqrt())
            .sum();
        sum * gain
    };
    let mut brown = Noise::new(15);
    let mut quiet_brown = Noise::new(16);
    let mut telephone = Noise::new(17);
    vec![
        white("white noise, loud", 20, 10, 0.5),
        white("white noise, 30 s", 21, 30, 0.1),
        white("white noise, quiet", 22, 30, 0.004),
        white("white noise, 60 s", 23, 60, 0.03),
        sound("pink noise, 10 s", 10, |_| pink(0.2)),
        sound("pink noise, quiet", 30, |_| pink(0.01)),
        sound("brown noise, 20 s", 20, |_| brown.below(60.0) * 4.0),
        sound("brown noise, quiet", 60, |_| quiet_brown.below(60.0) * 0.2),
        sound("telephone line", 30, |_| {
            telephone.below(1500.0) * 0.02 + sine(50.0, telephone.low) * 0.001
        }),
    ]
}

fn weather() -> Vec<Sound> {
    let (mut rain, mut drops) = (Noise::new(30), Noise::new(31));
    let (mut wind, mut sea, mut fire) = (Noise::new(32), Noise::new(33), Noise::new(34));
    let mut drop_gain = 0.0;
    let mut crackle = 0.0;
    vec![
        sound("rain", 30, |_| {
            if drops.rng.f64() < 0.01 {
                drop_gain = drops.rng.f64();
            }
            drop_gain *= 0.97;
            rain.above(1500.0) * (0.05 + 0.3 * drop_gain)
        }),
        sound("wind", 30, |time| {
            let gust = 0.5 + 0.3 * sine(0.13, time) + 0.2 * sine(0.31, time);
            wind.below(200.0 + 300.0 * gust) * gust
        }),
        sound("sea", 40, |time| {
            let wave = (0.5 + 0.5 * sine(0.12, time)).powi(3);
            sea.below(900.0) * (0.05 + 0.6 * wave)
        }),
        sound("fire", 20, |_| {
            if fire.rng.f64() < 0.0006 {
                crackle = fire.rng.f64();
            }
            crackle *= 0.99;
            fire.above(800.0) * (0.01 + 0.6 * crackle)
        }),
    ]
}

fn machines() -> Vec<Sound> {
    let (mut engine, mut idle, mut fan) = (Noise::new(40), Noise::new(41), Noise::new(42));
    let (mut train, mut drill, mut vacuum) = (Noise::new(43), Noise::new(44), Noise::new(45));
    let saw = |frequency: f64, time: f64| 2.0 * (frequency * time).rem_euclid(1.0) - 1.0;
    vec![
        sound("engine", 20, move |time| {
            let speed = 60.0 + 25.0 * sine(0.1, time);
            saw(speed, time) * 0.3 + engine.below(300.0) * 0.5
        }),
        sound("engine that idles", 60, move |time| {
            let stroke = 0.6 + 0.4 * sine(12.5, time);
            (saw(25.0, time) * 0.2 + idle.below(400.0)) * 0.3 * stroke
        }),
        sound("fan", 60, |time| {
            (fan.below(700.0) + 0.1 * sine(120.0, time)) * 0.15
        }),
        sound("train", 30, |time| {
            let joint = is_on(time, 0.06, 0.9) || is_on(time - 0.2, 0.06, 0.9);
            train.below(250.0) * if joint { 1.2 } else { 0.4 }
        }),
        sound("drill", 10, move |time| {
            (saw(110.0, time) * 0.3 + drill.above(1000.0) * 0.3)
                * f64::from(u8::from(is_on(time, 2.0, 3.0)))
        }),
        sound("vacuum cleaner", 20, move |time| {
            vacuum.below(3000.0) * 0.4 + sine(300.0, time) * 0.1 + sine(600.0, time) * 0.05
        }),
        sound("hum of 50 Hz", 30, |time| 0.2 * sine(50.0, time)),
        sound("hum of 50 Hz and its harmonics", 20, |time| {
            let harmonics = [1.0, 0.3, 0.5, 0.1, 0.2, 0.05];
            let sum: f64 = (1..)
                .zip(harmonics)
                .map(|(n, gain)| gain * sine(50.0 * f64::from(n), time))
                .sum();
            sum * 0.1
        }),
    ]
}
