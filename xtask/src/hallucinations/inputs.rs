//! What is given to the recogniser: sounds without a voice, and such sounds with some speech before, between or behind.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::synth::{self, SAMPLE_RATE};
use crate::manifest::{Manifest, beside_the_repository};

/// How much of a recording is taken, in seconds.
const LONGEST_SECONDS: usize = 60;
/// Of a sound that speech is put beside.
const MIXED_SECONDS: usize = 20;
/// Silence between a sound and the speech beside it.
const PAUSE_SECONDS: f64 = 0.5;

/// Field inputs that begin with music, and how many seconds of it there are.
const FIELD_MUSIC: [(&str, usize); 2] = [
    ("07-trumpet-then-german.ogg", 20),
    ("17-music-then-german.ogg", 13),
];

/// Two sentences of `LibriSpeech` in the evaluation's recordings.
const SPEECH: [&str; 2] = ["fmt_d_24bit48k_stereo_flac", "fmt_d_opus_ogg"];

/// Computed sounds and recordings that speech is put beside.
const MIXED: [&str; 14] = [
    "music_hungarian",
    "trumpet",
    "17-music-then-german.ogg",
    "silence, 60 s",
    "white noise, 30 s",
    "rain",
    "engine that idles",
    "hum of 50 Hz",
    "ring tone, European",
    "dial tone, American",
    "siren",
    "applause, 30 s",
    "arpeggio, 30 s",
    "band",
];

/// An input and what is said in it.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: String,
    /// Nothing in most.
    pub(super) said: String,
    /// Mono at 16 kHz.
    pub(super) samples: Vec<f32>,
}

impl Input {
    fn without_voice(name: impl Into<String>, samples: Vec<f32>) -> Self {
        Self {
            name: name.into(),
            said: String::new(),
            samples,
        }
    }
}

/// All inputs: computed ones, recordings beside the repository, and those of `folders`, in which nobody may speak.
///
/// # Errors
/// `ffmpeg` is not installed, or cannot decode a recording.
pub(super) fn list(folders: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs: Vec<Input> = (synth::sounds().into_iter())
        .map(|sound| Input::without_voice(sound.name, sound.samples))
        .collect();
    let manifest = beside_the_repository();
    let mut speech = Vec::new();
    if manifest.exists() {
        let manifest = Manifest::read(&manifest)?;
        for item in &manifest.items {
            let (id, path) = (&item.id, manifest.audio(item));
            if item.lang.as_deref() == Some("zxx") {
                inputs.push(Input::without_voice(id, decode(&path)?));
            } else if SPEECH.contains(&id.as_str()) {
                let said = item.ref_text.clone().unwrap_or_default();
                speech.push((said, decode(&path)?));
            }
        }
        for (name, n_seconds) in FIELD_MUSIC {
            let mut samples = decode(&manifest.folder.join("../field").join(name))?;
            samples.truncate(n_seconds * SAMPLE_RATE);
            inputs.push(Input::without_voice(name, samples));
        }
    }
    for folder in folders {
        inputs.extend(recordings(folder)?);
    }
    let mixed: Vec<Input> = (inputs.iter())
        .filter(|input| MIXED.contains(&input.name.as_str()))
        .flat_map(|sound| mix(sound, &speech))
        .collect();
    inputs.extend(mixed);
    Ok(inputs)
}

/// The beginnings of all recordings of a folder, in the order of their names.
fn recordings(folder: &Path) -> anyhow::Result<Vec<Input>> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    (paths.iter())
        .map(|path| {
            Ok(Input::without_voice(
                name(path).unwrap_or_default(),
                decode(path)?,
            ))
        })
        .collect()
}

/// A sound behind speech, and speech behind the sound with more of it behind.
fn mix(sound: &Input, speech: &[(String, Vec<f32>)]) -> Vec<Input> {
    let [(first, first_samples), (second, second_samples)] = speech else {
        return Vec::new();
    };
    let mut piece = sound.samples.clone();
    piece.truncate(MIXED_SECONDS * SAMPLE_RATE);
    let input = |name: String, said: &str, parts: &[&[f32]]| Input {
        name,
        said: said.to_owned(),
        samples: parts.join(&pause()[..]),
    };
    vec![
        input(
            format!("speech, then {}", sound.name),
            first,
            &[first_samples, &piece],
        ),
        input(
            format!("{}, then speech and the same", sound.name),
            second,
            &[&piece, second_samples, &piece],
        ),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "half a second"
)]
fn pause() -> Vec<f32> {
    vec![0.0; (PAUSE_SECONDS * SAMPLE_RATE as f64) as usize]
}

/// The beginning of a recording as mono samples at 16 kHz.
fn decode(path: &Path) -> anyhow::Result<Vec<f32>> {
    let (rate, length) = (SAMPLE_RATE.to_string(), LONGEST_SECONDS.to_string());
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error", "-nostdin", "-t", &length, "-i"])
        .arg(path);
    command.args(["-ac", "1", "-ar", &rate, "-f", "f32le", "-"]);
    let output = command
        .output()
        .context("cannot run ffmpeg; is it installed?")?;
    if !output.status.success() || output.stdout.is_empty() {
        let problem = String::from_utf8_lossy(&output.stderr);
        bail!("ffmpeg cannot decode {}: {problem}", path.display());
    }
    let samples = output.stdout.chunks_exact(4);
    Ok(samples
        .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect())
}

/// A WAV file of one channel at 16 kHz, 16 bits.
pub(super) fn wav(samples: &[f32]) -> anyhow::Result<Vec<u8>> {
    let rate = u32::try_from(SAMPLE_RATE)?;
    let n_bytes = u32::try_from(2 * samples.len())?;
    let mut out = b"RIFF".to_vec();
    out.extend((36 + n_bytes).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0"); // 16 bytes follow: PCM, one channel
    out.extend(rate.to_le_bytes());
    out.extend((2 * rate).to_le_bytes());
    out.extend(b"\x02\0\x10\0data"); // bytes of a frame, bits of a sample
    out.extend(n_bytes.to_le_bytes());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "conversion to an integer saturates"
    )]
    let shorts = samples
        .iter()
        .map(|sample| (sample * 32_768.0).round() as i16);
    out.extend(shorts.flat_map(i16::to_le_bytes));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_is_mixed_with_speech_before_and_within() {
        let sound = Input::without_voice("rain", vec![0.5; 30 * SAMPLE_RATE]);
        let speech = [
            ("one".to_owned(), vec![0.1; 8]),
            ("two".to_owned(), vec![0.2; 8]),
        ];
        let mixed = mix(&sound, &speech);
        let described: Vec<_> = (mixed.iter())
            .map(|input| {
                (
                    input.name.as_str(),
                    input.said.as_str(),
                    input.samples.len(),
                )
            })
            .collect();
        let (piece, pause) = (MIXED_SECONDS * SAMPLE_RATE, pause().len());
        assert_eq!(
            described,
            [
                ("speech, then rain", "one", 8 + pause + piece),
                (
                    "rain, then speech and the same",
                    "two",
                    2 * (piece + pause) + 8
                ),
            ]
        );
        assert!(mix(&sound, &[]).is_empty());
    }

    #[test]
    fn a_file_says_how_long_it_is() {
        let file = wav(&[0.0, 1.0, -1.0]).unwrap();
        assert_eq!(file.len(), 50);
        assert_eq!(file[40..], [6, 0, 0, 0, 0, 0, 255, 127, 0, 128]);
    }
}
