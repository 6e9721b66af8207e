//! Files made after what people report: all of the sound comes out, in its place.

use std::path::{Path, PathBuf};

use super::{Way, ffmpeg_is_there};

fn field(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/field")
        .join(name)
}

/// Where it gets loud first after each of these times, by the energy of 20 ms, in seconds.
fn onsets(samples: &[f32], after: &[f64]) -> Vec<f64> {
    let energy = |piece: &[f32]| piece.iter().map(|x| x * x).sum::<f32>() / piece.len() as f32;
    let pieces: Vec<f32> = samples.chunks(320).map(energy).collect();
    let is_loud = |energy: &&f32| **energy > 1e-3;
    let onset = |after: &f64| {
        let first = (after * 50.0) as usize;
        let n_quiet = pieces[first..]
            .iter()
            .take_while(|energy| !is_loud(energy))
            .count();
        (first + n_quiet) as f64 / 50.0
    };
    after.iter().map(onset).collect()
}

/// A file, its length, and where a sentence begins that is looked for from a moment on.
type Case = (&'static str, f64, &'static [(f64, f64)]);

#[test]
fn lengths_and_beginnings_are_right() {
    if !ffmpeg_is_there() {
        return;
    }
    let cases: [Case; 9] = [
        ("01-joined.mp3", 20.55, &[(0.0, 0.32), (11.1, 11.24)]),
        ("02-count-too-small.mp3", 11.0, &[(0.0, 0.32)]),
        ("03-vbr-without-tag.mp3", 21.6, &[(12.1, 12.26)]),
        (
            "04-mono-then-stereo.mp3",
            16.15,
            &[(0.0, 0.38), (11.2, 11.32)],
        ),
        (
            "05-gap.mkv",
            50.6,
            &[(0.0, 0.38), (12.0, 41.3), (46.1, 46.28)],
        ),
        ("06-starts-late.mp4", 24.6, &[(0.0, 4.4), (15.2, 15.32)]),
        ("08-second-track-is-default.mkv", 20.55, &[(0.0, 0.32)]),
        ("09-data-size-zero.wav", 5.06, &[(0.0, 0.24)]),
        ("10-opposite-phase.flac", 5.06, &[(0.0, 0.24)]),
    ];
    for (name, seconds, sentences) in cases {
        for way in Way::BOTH {
            let found = way.decode(field(name)).unwrap();
            let off = (found.samples.duration().0 - seconds).abs();
            assert!(off < 0.1, "{name} {way:?}: {:?}", found.samples);
            let (after, expected): (Vec<f64>, Vec<f64>) = sentences.iter().copied().unzip();
            let times = onsets(&found.samples.to_vec(), &after);
            let is_off = |(time, expected): (&f64, &f64)| (time - expected).abs() > 0.1;
            assert!(
                !times.iter().zip(&expected).any(is_off),
                "{name} {way:?}: {times:?} instead of {expected:?}"
            );
        }
    }
}
