//! Streams that change their format in their midst.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Way, beeps, check_ways, encode, ffmpeg_is_there, make};

/// Mono, stereo, mono; one beep, two and one.
const SECONDS: f64 = 4.0;
const TIMES: [f64; 4] = [0.5, 1.75, 2.25, 3.5];

/// Bytes of three streams of one format behind each other, the second in stereo.
fn stream(folder: &Path, name: &str, arguments: &str) -> Option<PathBuf> {
    let mut joined = Vec::new();
    let parts = [
        (1.5, &[0.5][..], "1"),
        (1.25, &[0.25, 0.75], "2"),
        (1.25, &[0.75], "1"),
    ];
    for (seconds, times, n_channels) in parts {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let arguments = [&["-ac", n_channels], &arguments[..]].concat();
        let part = encode(folder, name, &beeps(seconds, times), &arguments)?;
        joined.extend(fs::read(part).unwrap());
    }
    let path = folder.join(format!("joined-{name}"));
    fs::write(&path, joined).unwrap();
    Some(path)
}

const MP3: &str = "-ar 48000 -b:a 96k -write_xing 0 -id3v2_version 0";

fn check(name: &str, path: &Path, ways: &[Way]) {
    // Each encoder begins with a little silence of its own.
    check_ways(name, path, ways, SECONDS, &TIMES, 0.16);
}

#[test]
fn all_of_a_stream_is_decoded_that_changes_its_channels() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, ways) in [
        ("x.mp3", MP3, &Way::BOTH[..]),
        ("x.mp2", "-ar 48000 -b:a 96k", &Way::BOTH),
        ("x.aac", "-c:a aac -ar 48000 -b:a 96k", &Way::BOTH),
        ("x.ogg", "-c:a libvorbis", &Way::BOTH),
        ("x.flac", "-c:a flac", &Way::BOTH),
        ("x.opus", "-c:a libopus", &[Way::WithFfmpeg]),
        ("x.ts", "-c:a aac -ar 48000", &[Way::WithFfmpeg]),
        ("mp2.ts", "-c:a mp2 -ar 48000", &[Way::WithFfmpeg]),
        ("x.ac3", "-c:a ac3 -ar 48000", &[Way::WithFfmpeg]),
    ] {
        if let Some(path) = stream(folder.path(), name, arguments) {
            check(name, &path, ways);
        }
    }
}

#[test]
fn so_it_is_within_a_container() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(mp3) = stream(folder.path(), "x.mp3", MP3) else {
        return;
    };
    for (name, ways) in [
        ("x.mkv", &Way::BOTH[..]),
        ("x.mp4", &Way::BOTH),
        ("x.mov", &Way::BOTH),
        ("x.avi", &[Way::WithFfmpeg]),
    ] {
        let copy = ["-i", mp3.to_str().unwrap(), "-c", "copy"];
        if let Some(path) = make(folder.path(), name, &copy) {
            check(name, &path, ways);
        }
    }
    let opus = stream(folder.path(), "x.opus", "-c:a libopus");
    if let Some(opus) = opus {
        let copy = ["-i", opus.to_str().unwrap(), "-c", "copy"];
        if let Some(path) = make(folder.path(), "x.webm", &copy) {
            check("x.webm", &path, &[Way::WithFfmpeg]);
        }
    }
}

#[test]
fn the_rate_may_change_too() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, codec) in [
        ("x.mp3", "-write_xing 0 -id3v2_version 0"),
        ("x.aac", "-c:a aac"),
    ] {
        let mut joined = Vec::new();
        for (rate, times) in [("44100", &[0.5][..]), ("48000", &[0.5]), ("32000", &[0.5])] {
            let codec: Vec<&str> = codec.split(' ').collect();
            let arguments = [&["-ar", rate], &codec[..]].concat();
            let Some(part) = encode(folder.path(), name, &beeps(1.5, times), &arguments) else {
                return;
            };
            joined.extend(fs::read(part).unwrap());
        }
        let path = folder.path().join("joined");
        fs::write(&path, joined).unwrap();
        check_ways(name, &path, &Way::BOTH, 4.5, &[0.5, 2.0, 3.5], 0.2);
    }
}
