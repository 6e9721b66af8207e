//! Files that are damaged: what was lost is counted and told, and what is mostly lost is refused.

use std::fs;
use std::path::Path;

use speech::audio::{AudioError, Recording};

use super::{Way, beep_times, beeps, encode, ffmpeg_is_there};

/// A recording of ten seconds with a beep in each, made by `ffmpeg`.
fn made(folder: &Path, name: &str, arguments: &str) -> Option<Vec<u8>> {
    if !ffmpeg_is_there() {
        return None;
    }
    let times: Vec<f64> = (0..10).map(|second| f64::from(second) + 0.5).collect();
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let path = encode(folder, name, &beeps(10.0, &times), &arguments)?;
    Some(fs::read(path).unwrap())
}

/// The same with noise in place of the bytes from one share of the file to another.
fn damaged(bytes: &[u8], from: f64, to: f64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut state = 7_u32;
    let place = |share: f64| (bytes.len() as f64 * share) as usize;
    let range = place(from)..place(to);
    for byte in &mut bytes[range] {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    bytes
}

fn decode(way: Way, folder: &Path, bytes: &[u8]) -> Result<Recording, AudioError> {
    let path = folder.join("damaged");
    fs::write(&path, bytes).unwrap();
    way.decode(path)
}

const FORMATS: [(&str, &str, &[Way]); 8] = [
    ("x.mp3", "-b:a 64k", &Way::BOTH),
    ("x.aac", "-c:a aac -ar 44100", &Way::BOTH),
    ("x.flac", "-c:a flac", &Way::BOTH),
    ("x.m4a", "-c:a aac -ar 44100", &Way::BOTH),
    ("alac.m4a", "-c:a alac", &Way::BOTH),
    ("x.ogg", "-c:a libvorbis -page_duration 200000", &Way::BOTH),
    (
        "x.opus",
        "-c:a libopus -page_duration 200000",
        &[Way::WithFfmpeg],
    ),
    (
        "x.mkv",
        "-c:a libvorbis -cluster_time_limit 200",
        &[Way::WithFfmpeg],
    ),
];

#[test]
fn what_was_lost_in_the_midst_is_told_and_the_rest_is_there() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, ways) in FORMATS {
        let Some(bytes) = made(folder.path(), name, arguments) else {
            continue;
        };
        for way in ways {
            let sound = decode(*way, folder.path(), &bytes).unwrap();
            assert_eq!(beep_times(&sound.samples).len(), 10, "{name} {way:?}");
            assert_eq!(sound.notes, [""; 0], "{name} {way:?}");
            let found = decode(*way, folder.path(), &damaged(&bytes, 0.4, 0.6));
            let found = found.unwrap_or_else(|error| panic!("{name} {way:?}: {error}"));
            let times = beep_times(&found.samples);
            // Streams without a clock get shorter by what was lost.
            let is_outside = |time: &&f64| **time < 4.0 || **time > 5.2;
            assert!(
                times.iter().filter(is_outside).count() >= 6,
                "{name} {way:?}: {:?}",
                beep_times(&found.samples)
            );
            let is_told = found
                .notes
                .iter()
                .any(|note| note.contains("damaged") || note.contains("gap"));
            assert!(is_told, "{name} {way:?}: {:?}", found.notes);
        }
    }
}

#[test]
fn a_recording_of_which_most_cannot_be_decoded_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, ways) in FORMATS.into_iter().take(5) {
        let Some(bytes) = made(folder.path(), name, arguments) else {
            continue;
        };
        for way in ways {
            let found = decode(*way, folder.path(), &damaged(&bytes, 0.2, 0.9));
            let error = found.map(|found| (found.samples, found.notes)).unwrap_err();
            println!("{name} {way:?}: {error}");
            let is_worded = matches!(
                &error,
                AudioError::Broken { .. } | AudioError::FfmpegFailed { .. }
            );
            assert!(is_worded, "{name} {way:?}: {error}");
        }
    }
}

#[test]
fn a_file_without_its_end_gives_what_is_there_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, ways, is_told) in [
        ("x.wav", "-ar 16000", &Way::BOTH[..], true),
        ("x.aiff", "-ar 16000", &Way::BOTH, true),
        ("x.mkv", "-c:a libvorbis", &Way::BOTH, true),
        ("x.m4a", "-c:a alac -movflags faststart", &Way::BOTH, true),
        ("x.wma", "-c:a wmav2", &[Way::WithFfmpeg], true),
        // Streams may end anywhere.
        ("x.mp3", "-b:a 64k", &Way::BOTH, false),
        ("x.ogg", "-c:a libvorbis", &Way::BOTH, false),
        ("x.flac", "-c:a flac", &Way::BOTH, false),
        ("x.opus", "-c:a libopus", &[Way::WithFfmpeg], false),
    ] {
        let Some(bytes) = made(folder.path(), name, arguments) else {
            continue;
        };
        for way in ways {
            let found = decode(*way, folder.path(), &bytes[..bytes.len() * 2 / 3]);
            let found = found.unwrap_or_else(|error| panic!("{name} {way:?}: {error}"));
            let n_beeps = beep_times(&found.samples).len();
            assert!((4..=8).contains(&n_beeps), "{name} {way:?}: {n_beeps}");
            let told = found
                .notes
                .iter()
                .any(|note| note.contains("end of the file is missing"));
            assert_eq!(told, is_told, "{name} {way:?}: {:?}", found.notes);
        }
    }
}
