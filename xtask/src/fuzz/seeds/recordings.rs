//! A moment of sound in many forms. What `ffmpeg` writes is left out where it is not installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::Seed;
use crate::console::say;

/// Arguments of `ffmpeg` for each form, the last of which names the file.
const WAVE: &[&str] = &[
    "-c:a pcm_s16le pcm.wav",
    "-c:a pcm_u8 -ac 2 bytes.wav",
    "-c:a pcm_f32le float.wav",
    "-c:a pcm_s24le -ac 6 six.wav",
    "-c:a pcm_alaw alaw.wav",
    "-c:a adpcm_ms adpcm.wav",
    "-c:a adpcm_ima_wav ima.wav",
    "-c:a pcm_s16le -rf64 always long.wav",
    "-c:a pcm_s16le wave.w64",
    "-c:a pcm_s16be sound.aiff",
    "-c:a pcm_f32be float.aiff",
    "-c:a pcm_s16be sound.caf",
    "-c:a alac lossless.caf",
];

const MP4: &[&str] = &[
    "-c:a aac -b:a 16k sound.m4a",
    "-c:a aac -b:a 16k -movflags +faststart front.mp4",
    "-c:a aac -b:a 16k -movflags frag_keyframe+empty_moov -frag_duration 50000 parts.mp4",
    "-c:a alac lossless.m4a",
    "-c:a libmp3lame -ar 16000 -b:a 16k layer3.mp4",
    "-c:a pcm_s16le plain.mov",
    "-c:a flac -strict -2 flac.mp4",
    "-c:a pcm_mulaw mulaw.mov",
];

const AUDIO: &[&str] = &[
    "-c:a libmp3lame -b:a 8k sound.mp3",
    "-c:a libmp3lame -q:a 9 -write_xing 1 -id3v2_version 3 -metadata title=a tagged.mp3",
    "-c:a mp2 -ar 16000 -b:a 32k sound.mp2",
    "-c:a aac -b:a 16k sound.aac",
    "-c:a flac sound.flac",
    "-c:a flac -ac 2 -compression_level 12 two.flac",
    "-c:a libvorbis -q:a 0 sound.ogg",
    "-c:a flac flac.ogg",
    "-c:a aac -b:a 16k sound.mkv",
    "-c:a pcm_s16le plain.mkv",
    "-c:a libvorbis -q:a 0 sound.webm",
    "-c:a libmp3lame -b:a 8k -live 1 live.mkv",
];

pub(super) fn wave() -> anyhow::Result<Vec<Seed>> {
    made(WAVE)
}

pub(super) fn mp4() -> anyhow::Result<Vec<Seed>> {
    made(MP4)
}

pub(super) fn audio() -> anyhow::Result<Vec<Seed>> {
    made(AUDIO)
}

fn made(forms: &[&str]) -> anyhow::Result<Vec<Seed>> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let forms = forms.iter();
    Ok(forms.filter_map(|form| seed(folder.path(), form)).collect())
}

/// The file that these arguments make; `None` where they cannot.
fn seed(folder: &Path, form: &str) -> Option<Seed> {
    let (arguments, name) = form.rsplit_once(' ')?;
    let path = folder.join(name);
    let sound = "sine=frequency=440:sample_rate=8000:duration=0.1";
    let status = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-v",
            "quiet",
            "-y",
            "-bitexact",
            "-f",
            "lavfi",
            "-i",
            sound,
        ])
        .args(arguments.split(' '))
        .args(["-fflags", "+bitexact"])
        .arg(&path)
        .status();
    if !status.is_ok_and(|status| status.success()) {
        say(
            super::super::NAME,
            &format!("no seed {name}: ffmpeg cannot make it here"),
        );
        return None;
    }
    Some((name.to_owned(), fs::read(&path).ok()?))
}
