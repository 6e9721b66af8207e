//! Several channels become one by what is in them: nothing cancels, and no dead channel covers a live one.

use std::fs;

use super::{Way, beeps, ffmpeg_is_there, make, wav_of};

const SECONDS: f64 = 8.0;
const TIMES: [f64; 7] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];

fn voice() -> Vec<f32> {
    beeps(SECONDS, &TIMES)
}

fn scaled(samples: &[f32], factor: f32) -> Vec<f32> {
    samples.iter().map(|sample| sample * factor).collect()
}

fn sum(one: &[f32], other: &[f32]) -> Vec<f32> {
    one.iter().zip(other).map(|(x, y)| x + y).collect()
}

fn silence() -> Vec<f32> {
    vec![0.0; voice().len()]
}

/// White noise of this amplitude.
fn hiss(amplitude: f32, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        amplitude * ((state >> 8) as f32 / 8_388_608.0 - 1.0)
    };
    (0..voice().len()).map(|_| next()).collect()
}

/// A sine of this amplitude and frequency.
fn sine(amplitude: f32, frequency: f32) -> Vec<f32> {
    let angle = |i: usize| i as f32 / 16_000.0 * frequency * std::f32::consts::TAU;
    (0..voice().len())
        .map(|i| amplitude * angle(i).sin())
        .collect()
}

/// The peak of each beep in the mix, and the root mean square of what is between them.
struct Mix {
    peaks: Vec<f32>,
    noise: f32,
}

impl Mix {
    fn of(samples: &[f32]) -> Self {
        let range = |from: f64, to: f64| (from * 16_000.0) as usize..(to * 16_000.0) as usize;
        let peak = |time: &f64| {
            let beep = &samples[range(time + 0.05, time + 0.18)];
            beep.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()))
        };
        let between = TIMES
            .iter()
            .flat_map(|time| &samples[range(time + 0.4, time + 0.9)]);
        let squares: Vec<f32> = between.map(|x| x * x).collect();
        Self {
            peaks: TIMES.iter().map(peak).collect(),
            noise: (squares.iter().sum::<f32>() / squares.len() as f32).sqrt(),
        }
    }
}

/// Mixes channels as a WAV file, in this process, and as a lossless file, by `ffmpeg`; each mix must pass.
fn check(name: &str, channels: &[Vec<f32>], layout: Option<&str>, is_right: impl Fn(&Mix) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let channels: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
    fs::write(&path, wav_of(&channels)).unwrap();
    let mut paths = vec![path.clone()];
    if ffmpeg_is_there() {
        let input = ["-i", path.to_str().unwrap()];
        let layout: Vec<&str> = layout.map_or(vec![], |layout| vec!["-channel_layout", layout]);
        for file in ["x.flac", "x.wv"] {
            paths.extend(make(folder.path(), file, &[&input, &layout[..]].concat()));
        }
    }
    for path in paths {
        let found = Way::WithFfmpeg.decode(path.as_path()).unwrap();
        let mix = Mix::of(&found.samples.to_vec());
        assert!(
            is_right(&mix),
            "{name} in {:?}: peaks {:?}, noise {}",
            path.extension(),
            mix.peaks,
            mix.noise
        );
    }
}

/// All beeps are about as loud as in one channel.
fn is_whole(mix: &Mix) -> bool {
    mix.peaks.iter().all(|peak| (0.42..0.58).contains(peak))
}

#[test]
fn opposite_phases_do_not_cancel() {
    let voice = voice();
    let inverted = scaled(&voice, -1.0);
    check("two", &[voice.clone(), inverted.clone()], None, is_whole);
    check(
        "four",
        &[
            voice.clone(),
            inverted.clone(),
            voice.clone(),
            inverted.clone(),
        ],
        None,
        is_whole,
    );
    let hum = sine(0.3, 50.0);
    let with_hum = [sum(&voice, &hum), sum(&inverted, &hum)];
    check("with hum", &with_hum, None, |mix| {
        mix.peaks.iter().all(|peak| *peak > 0.42)
    });
    let noisy = [sum(&voice, &hiss(0.02, 1)), sum(&inverted, &hiss(0.02, 2))];
    check("with hiss", &noisy, None, is_whole);
    let quieter = [voice.clone(), scaled(&voice, -0.5)];
    check("quieter", &quieter, None, |mix| {
        mix.peaks.iter().all(|peak| *peak > 0.3)
    });
    let mut turning = voice.clone();
    for sample in &mut turning[72_000..] {
        *sample = -*sample;
    }
    check(
        "from the middle on",
        &[voice.clone(), turning],
        None,
        is_whole,
    );
    let s = silence();
    let surround = [voice, inverted, s.clone(), s.clone(), s.clone(), s];
    check("in 5.1", &surround, Some("5.1"), is_whole);
}

#[test]
fn a_dead_channel_takes_nothing_away() {
    let (voice, s) = (voice(), silence());
    check("silent", &[voice.clone(), s.clone()], None, is_whole);
    check("silent first", &[s.clone(), voice.clone()], None, is_whole);
    check(
        "one of four",
        &[s.clone(), s.clone(), voice.clone(), s.clone()],
        None,
        is_whole,
    );
    let is_clean = |mix: &Mix| is_whole(mix) && mix.noise < 0.02;
    check("hiss", &[voice.clone(), hiss(0.4, 1)], None, is_clean);
    check("hum", &[voice.clone(), sine(0.4, 50.0)], None, is_clean);
    check(
        "whistle",
        &[voice.clone(), sine(0.4, 3_000.0)],
        None,
        is_clean,
    );
    let hisses = [hiss(0.3, 1), hiss(0.3, 2), voice, hiss(0.3, 3)];
    check("three of four", &hisses, None, is_clean);
}

#[test]
fn who_speaks_on_either_channel_is_heard() {
    let first = beeps(SECONDS, &TIMES[..4]);
    let second = beeps(SECONDS, &TIMES[4..]);
    // For a moment after the first both count.
    check(
        "one after the other",
        &[first.clone(), second.clone()],
        None,
        |mix| mix.peaks.iter().all(|peak| *peak > 0.24) && mix.peaks[6] > 0.42,
    );
    let quieter = [first.clone(), scaled(&second, 0.1)];
    check("one quietly", &quieter, None, |mix| {
        mix.peaks[..4].iter().all(|peak| *peak > 0.42)
            && mix.peaks[4..].iter().all(|peak| *peak > 0.02)
    });
    let both = [voice(), second];
    check("one the whole time", &both, None, |mix| {
        mix.peaks.iter().all(|peak| *peak > 0.24)
    });
}

#[test]
fn the_centre_counts_most_and_the_bass_only_alone() {
    let (voice, s) = (voice(), silence());
    // Tones that come and go, so that they are no noise.
    let music = |frequency: f32| {
        let tone = sine(0.5, frequency);
        let swells = sine(1.0, 0.7);
        tone.iter()
            .zip(swells)
            .map(|(tone, swell)| tone * swell)
            .collect::<Vec<f32>>()
    };
    let film = [
        music(900.0),
        music(1_300.0),
        voice.clone(),
        s.clone(),
        music(700.0),
        music(1_100.0),
    ];
    check("film", &film, Some("5.1"), |mix| {
        mix.peaks.iter().all(|peak| *peak > 0.2) && mix.noise < 0.09
    });
    let rumble = [
        voice.clone(),
        voice.clone(),
        s.clone(),
        sine(0.9, 500.0),
        s.clone(),
        s.clone(),
    ];
    check("rumble", &rumble, Some("5.1"), |mix| {
        is_whole(mix) && mix.noise < 0.001
    });
    let alone = [
        s.clone(),
        s.clone(),
        s.clone(),
        voice.clone(),
        s.clone(),
        s.clone(),
    ];
    check("only the bass", &alone, Some("5.1"), |mix| {
        mix.peaks.iter().all(|peak| *peak > 0.05)
    });
    let rear = [s.clone(), s.clone(), s.clone(), s.clone(), s.clone(), voice];
    check("only behind", &rear, Some("5.1"), is_whole);
}

#[test]
fn channels_that_are_alike_are_their_mean() {
    let voice = voice();
    let mono = Way::Alone.decode(source(&[&voice])).unwrap().samples;
    for n_channels in [2, 3, 4, 8] {
        let channels = vec![&voice[..]; n_channels];
        let mixed = Way::Alone.decode(source(&channels)).unwrap().samples;
        let off = mixed
            .to_vec()
            .iter()
            .zip(mono.to_vec())
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f32::max);
        assert!(off < 1e-4, "{n_channels} channels differ by {off}");
    }
}

fn source(channels: &[&[f32]]) -> speech::audio::Source {
    speech::audio::Source::reader(std::io::Cursor::new(wav_of(channels)))
}
