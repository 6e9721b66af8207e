//! Decoding: real recordings, made-up ones, and broken ones.

mod broken;
mod changes;
mod clock;
mod damage;
mod eval;
mod ffmpeg;
mod field;
mod formats;
mod hostile;
mod joined;
mod mixing;
mod reference;
mod sizes;
mod speed;
mod tracks;

use std::path::{Path, PathBuf};
use std::process::Command;

use domain::progress::Silent;
use speech::audio::{AudioError, Recording, Samples, Settings, Source, decode};

/// Decodes with `ffmpeg` from `PATH`.
fn with_ffmpeg(path: &Path) -> Result<Samples, AudioError> {
    Ok(decode(path, &Settings::default(), &Silent)?.samples)
}

/// Decodes where no `ffmpeg` is installed.
fn alone(source: impl Into<Source>) -> Result<Samples, AudioError> {
    Ok(decode(source, &without_ffmpeg(), &Silent)?.samples)
}

fn without_ffmpeg() -> Settings {
    Settings {
        ffmpeg: PathBuf::from("/nonexistent/ffmpeg"),
        ..Settings::default()
    }
}

/// Decodes bytes in this process alone, as from a pipe.
fn alone_from_bytes(bytes: Vec<u8>) -> Result<Samples, AudioError> {
    alone(Source::reader(std::io::Cursor::new(bytes)))
}

/// Whether `ffmpeg` can be asked; says loudly when a test is skipped for want of it.
fn ffmpeg_is_there() -> bool {
    let there = Command::new("ffmpeg")
        .arg("-version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        skipped::for_want_of_program("ffmpeg");
    }
    there
}

/// Makes a file with `ffmpeg` from the arguments; `None` where this build of it cannot.
fn make(folder: &Path, name: &str, arguments: &[&str]) -> Option<PathBuf> {
    let path = folder.join(name);
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments)
        .arg(&path)
        .output()
        .ok()?;
    if !output.status.success() {
        skipped::on_this_machine(&format!("this ffmpeg cannot make {name}"));
        return None;
    }
    Some(path)
}

/// The two ways through the decoder: `ffmpeg` for what is not read in this process, and no `ffmpeg` at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    WithFfmpeg,
    Alone,
}

impl Way {
    const BOTH: [Self; 2] = [Self::WithFfmpeg, Self::Alone];

    fn decode(self, source: impl Into<Source>) -> Result<Recording, AudioError> {
        let settings = match self {
            Self::WithFfmpeg => Settings::default(),
            Self::Alone => without_ffmpeg(),
        };
        decode(source, &settings, &Silent)
    }
}

/// A mono signal at 16 kHz of so many seconds with a beep of 0.2 s at each of these times.
fn beeps(seconds: f64, times: &[f64]) -> Vec<f32> {
    let n_samples = (seconds * 16_000.0) as usize;
    let mut samples = vec![0.0; n_samples];
    for time in times {
        let begin = (time * 16_000.0) as usize;
        for (i, sample) in samples[begin..].iter_mut().take(3_200).enumerate() {
            *sample = tone(u32::try_from(i).unwrap(), 16_000) as f32;
        }
    }
    samples
}

/// A 16-bit WAV file at 16 kHz of these channels.
fn wav_of(channels: &[&[f32]]) -> Vec<u8> {
    let frames = 0..channels[0].len();
    let values = frames.flat_map(|i| channels.iter().map(move |channel| channel[i]));
    let data: Vec<u8> = values
        .flat_map(|value| ((value * 32_767.0) as i16).to_le_bytes())
        .collect();
    wav(1, 16, u16::try_from(channels.len()).unwrap(), 16_000, &data)
}

/// Makes a file of a mono signal at 16 kHz with `ffmpeg`; `None` where this build of it cannot.
fn encode(folder: &Path, name: &str, samples: &[f32], arguments: &[&str]) -> Option<PathBuf> {
    let source = folder.join("sound.wav");
    std::fs::write(&source, wav_of(&[samples])).unwrap();
    let input = ["-i", source.to_str().unwrap()];
    make(folder, name, &[&input, arguments].concat())
}

/// When beeps begin, in seconds: where it gets loud after at least 0.3 s of silence, or at the beginning.
fn beep_times(samples: &Samples) -> Vec<f64> {
    let mut times = Vec::new();
    let mut last_loud = -1.0;
    for (i, sample) in samples.to_vec().iter().enumerate() {
        if sample.abs() > 0.1 {
            let time = i as f64 / 16_000.0;
            if time - last_loud > 0.3 {
                times.push(time);
            }
            last_loud = time;
        }
    }
    times
}

/// Checks the length of a recording and when its beeps begin, with a slack for what encoders put in front.
fn check_beeps(name: &str, found: &Samples, seconds: f64, times: &[f64], slack: f64) {
    let found_times = beep_times(found);
    let off = |found: f64, expected: f64| (found - expected).abs() > slack;
    assert!(
        !off(found.duration().0, seconds),
        "{name}: {:.3} s instead of {seconds} s",
        found.duration().0
    );
    assert!(
        found_times.len() == times.len()
            && !found_times
                .iter()
                .zip(times)
                .any(|(found, time)| off(*found, *time)),
        "{name}: beeps at {found_times:?} instead of {times:?}"
    );
}

/// Checks the length of a file and when its beeps begin, in each of these ways.
fn check_ways(name: &str, path: &Path, ways: &[Way], seconds: f64, times: &[f64], slack: f64) {
    for way in ways {
        let name = format!("{name} {way:?}");
        let found = way.decode(path);
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        check_beeps(&name, &found.samples, seconds, times, slack);
    }
}

/// A WAV file around `data`, with the format tag 1 (integer), 3 (float), 6 (A-law) or 7 (mu-law).
fn wav(tag: u16, bits: u16, n_channels: u16, rate: u32, data: &[u8]) -> Vec<u8> {
    let frame_bytes = n_channels.wrapping_mul(bits / 8);
    let is_plain = tag == 1;
    let n_bytes = u32::try_from(data.len()).unwrap();
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((if is_plain { 36 } else { 38 } + n_bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend((if is_plain { 16_u32 } else { 18 }).to_le_bytes());
    file.extend(tag.to_le_bytes());
    file.extend(n_channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate.wrapping_mul(u32::from(frame_bytes))).to_le_bytes());
    file.extend(frame_bytes.to_le_bytes());
    file.extend(bits.to_le_bytes());
    if !is_plain {
        file.extend([0, 0]); // no extension
    }
    file.extend(b"data");
    file.extend(n_bytes.to_le_bytes());
    file.extend(data);
    file
}

/// A 16-bit WAV file of a tone, the same in all channels.
fn tone_wav(n_channels: u16, rate: u32, n_frames: u32) -> Vec<u8> {
    let data: Vec<u8> = (0..n_frames)
        .flat_map(|i| std::iter::repeat_n(tone(i, rate), usize::from(n_channels)))
        .flat_map(|value| ((value * 32_767.0) as i16).to_le_bytes())
        .collect();
    wav(1, 16, n_channels, rate, &data)
}

/// Sample `i` of a 440 Hz tone at half of full scale.
fn tone(i: u32, rate: u32) -> f64 {
    0.5 * (std::f64::consts::TAU * 440.0 * f64::from(i) / f64::from(rate)).sin()
}

/// Signal to noise of `samples` against the 440 Hz tone, in dB, without 50 ms at both ends.
fn tone_snr_db(samples: &[f32]) -> f64 {
    let inner = 800..samples.len() - 800;
    let expected: Vec<f64> = inner
        .clone()
        .map(|i| tone(u32::try_from(i).unwrap(), 16_000))
        .collect();
    let power: f64 = expected.iter().map(|x| x * x).sum();
    let noise: f64 = expected
        .iter()
        .zip(&samples[inner])
        .map(|(x, y)| (x - f64::from(*y)).powi(2))
        .sum();
    10.0 * (power / noise).log10()
}

/// The evaluation recordings; `None`, loudly, where they are not at hand.
fn eval_folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/eval");
    let above = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/eval");
    let folder = std::env::var_os("SCRIVEN_EVAL").map(PathBuf::from);
    let found = folder
        .into_iter()
        .chain([beside(), above()])
        .find(|folder| folder.join("manifest.json").is_file());
    if found.is_none() {
        skipped::on_this_machine("no evaluation recordings (SCRIVEN_EVAL)");
    }
    found
}

/// An item of the evaluation manifest, as far as these tests read it.
#[derive(serde::Deserialize)]
struct Item {
    id: String,
    path: String,
    duration_s: f64,
    #[serde(default)]
    expect: String,
    #[serde(default)]
    audio: Option<Form>,
}

#[derive(serde::Deserialize, Clone)]
struct Form {
    codec: String,
    sample_rate: u32,
}

fn eval_items(folder: &Path) -> Vec<Item> {
    serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}
