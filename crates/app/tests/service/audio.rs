//! Recordings for tests: made here, or those of the reference's own tests where they are at hand.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use speech::models::{self, Companion};

use crate::places::places;
use crate::wav::wav;

/// A WAV file with a tone: mono, 16 bits, 16 kHz.
pub(crate) fn tone(seconds: f64) -> Vec<u8> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "tests make short recordings"
    )]
    let n_samples = (seconds * 16_000.0).round() as u32;
    let samples: Vec<i16> = (0..n_samples).map(sample).collect();
    wav(&samples)
}

/// A sample of a tone of 440 Hz.
#[expect(clippy::cast_possible_truncation, reason = "it fits")]
fn sample(n: u32) -> i16 {
    let phase = f64::from(n) / 16_000.0 * 440.0 * std::f64::consts::TAU;
    (phase.sin() * 8000.0) as i16
}

/// A sound for [`made`]: two seconds of a tone.
pub(crate) const TWO_SECONDS: [&str; 4] = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2"];

/// A picture for [`made`], as long as the sound.
pub(crate) const PICTURE: [&str; 4] = ["-f", "lavfi", "-i", "color=size=64x48:rate=5:duration=2"];

/// What ffmpeg makes of `arguments`, in the format that `name` asks for; `None` after saying that the test is skipped.
pub(crate) fn made(name: &str, arguments: &[&[&str]]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"])
        .args(arguments.concat())
        .arg(&path)
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        skipped::for_want_of_program("ffmpeg");
        return None;
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {complaint}");
    Some(fs::read(path).unwrap())
}

/// A program that plays ffmpeg. A shell writes it, for what is open for writing in one thread cannot be run by another.
pub(crate) fn fake_ffmpeg(folder: &Path, script: &str) -> std::path::PathBuf {
    let path = folder.join("ffmpeg");
    let status = Command::new("sh")
        .args([
            "-c",
            r#"printf '#!/bin/sh\n%s\n' "$1" >"$0" && chmod +x "$0""#,
        ])
        .arg(&path)
        .arg(script)
        .status();
    assert!(status.unwrap().success());
    path
}

/// A file of the reference's tests, or `None` after saying that the test is skipped.
pub(crate) fn fixture(name: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let found = fs::read(folder.join(name)).ok();
    if found.is_none() {
        skipped::on_this_machine("the fixtures of the contract are not beside the repository");
    }
    found
}

/// Whether these models are installed; says what is skipped if they are not.
pub(crate) fn has_models(names: &[&str]) -> bool {
    let places = &places();
    let is_here = |name: &str| {
        let companion = Companion::ALL
            .into_iter()
            .find(|known| known.name() == name);
        match companion {
            Some(companion) => companion.find(places).is_some(),
            None => matches!(models::find(&name.parse().unwrap(), places), Ok(Some(_))),
        }
    };
    let missing: Vec<_> = names.iter().filter(|name| !is_here(name)).collect();
    for name in &missing {
        skipped::for_want_of_model(name);
    }
    missing.is_empty()
}
