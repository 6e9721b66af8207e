//! Times are those at which a player plays the sound: gaps, late beginnings and lost packets keep their places.

use std::fs;
use std::path::{Path, PathBuf};

use domain::progress::Silent;
use domain::units::Seconds;
use speech::audio::{Settings, decode};

use super::{Way, beeps, check_beeps, check_ways, ffmpeg_is_there, make, wav_of};

const SECONDS: f64 = 6.0;
const TIMES: [f64; 3] = [0.5, 2.5, 5.0];
/// From here on the sound comes later by what a test says.
const PAUSE: f64 = 2.0;

const FFMPEG: [Way; 1] = [Way::WithFfmpeg];

fn sound(folder: &Path) -> PathBuf {
    let path = folder.join("sound.wav");
    fs::write(&path, wav_of(&[&beeps(SECONDS, &TIMES)])).unwrap();
    path
}

/// A file whose packets come later by `gap` seconds from two seconds on.
fn with_gap(folder: &Path, name: &str, gap: f64, arguments: &[&str]) -> Option<PathBuf> {
    let source = sound(folder);
    // Whole frames of all codecs end there.
    let filter = format!("asetnsamples=400,asetpts=PTS+gte(T\\,{PAUSE})*{gap}/TB");
    let input = ["-i", source.to_str().unwrap(), "-af", &filter];
    make(folder, name, &[&input, arguments].concat())
}

#[test]
fn gaps_become_silence() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fragments = "-c:a aac -ar 44100 -movflags frag_keyframe+empty_moov -frag_duration 500000";
    for (name, arguments, ways) in [
        ("vorbis.mkv", "-c:a libvorbis", &Way::BOTH[..]),
        ("aac.mkv", "-c:a aac", &Way::BOTH),
        ("mp3.mkv", "-c:a libmp3lame", &Way::BOTH),
        ("pcm.mkv", "-c:a pcm_s16le", &Way::BOTH),
        ("flac.mkv", "-c:a flac", &Way::BOTH),
        ("opus.mkv", "-c:a libopus", &FFMPEG),
        ("vorbis.webm", "-c:a libvorbis", &Way::BOTH),
        ("opus.webm", "-c:a libopus", &FFMPEG),
        ("x.mp4", "-c:a aac -ar 44100", &Way::BOTH),
        ("x.mov", "-c:a aac -ar 44100", &Way::BOTH),
        ("fragments.mp4", fragments, &Way::BOTH),
        ("x.ogg", "-c:a libvorbis", &Way::BOTH),
        ("opus.ogg", "-c:a libopus", &FFMPEG),
        ("x.ts", "-c:a aac -ar 44100", &FFMPEG),
        ("mp2.ts", "-c:a mp2 -ar 48000", &FFMPEG),
        ("x.flv", "-c:a aac -ar 44100", &FFMPEG),
        ("x.asf", "-c:a wmav2", &FFMPEG),
        ("x.mpg", "-c:a mp2 -ar 48000", &FFMPEG),
    ] {
        for gap in [0.5, 30.0] {
            let arguments: Vec<&str> = arguments.split(' ').collect();
            let Some(path) = with_gap(folder.path(), name, gap, &arguments) else {
                continue;
            };
            let times = [TIMES[0], TIMES[1] + gap, TIMES[2] + gap];
            check_ways(name, &path, ways, SECONDS + gap, &times, 0.13);
        }
    }
}

#[test]
fn a_gap_is_noted() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = with_gap(folder.path(), "x.mkv", 30.0, &["-c:a", "flac"]).unwrap();
    let notes = Way::Alone.decode(path).unwrap().notes;
    assert_eq!(
        notes,
        ["1 gap in the file's sound, 30.0 s in all, became silence"]
    );
}

#[test]
fn a_jump_that_cannot_be_meant_is_closed_and_noted() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, codec, ways) in [
        ("x.mkv", "libvorbis", &Way::BOTH[..]),
        ("x.mp4", "alac", &Way::BOTH),
        ("x.webm", "libopus", &FFMPEG),
    ] {
        let arguments = ["-c:a", codec];
        let Some(path) = with_gap(folder.path(), name, 100_000.0, &arguments) else {
            continue;
        };
        check_ways(name, &path, ways, SECONDS, &TIMES, 0.06);
        for way in ways {
            let notes = way.decode(path.as_path()).unwrap().notes;
            assert!(
                notes[0].contains("clock is set back or jumps too far"),
                "{notes:?}"
            );
        }
    }
    // What is too far is the operator's to say.
    let path = with_gap(folder.path(), "y.mkv", 30.0, &["-c:a", "flac"]).unwrap();
    let settings = Settings {
        max_duration: Seconds(20.0),
        ..Settings::default()
    };
    let found = decode(path, &settings, &Silent).unwrap();
    check_beeps("limited", &found.samples, SECONDS, &TIMES, 0.01);
}

#[test]
fn sound_that_begins_later_than_the_picture_is_in_its_place() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = sound(folder.path());
    let late = 4.09;
    for (name, arguments, ways) in [
        ("x.mp4", "-c:a aac -ar 44100", &Way::BOTH[..]),
        ("b.mp4", "-c:a aac -ar 44100 -c:v libx264 -bf 3", &Way::BOTH),
        ("x.mov", "-c:a pcm_s16le", &Way::BOTH),
        ("x.mkv", "-c:a libvorbis", &Way::BOTH),
        ("opus.mkv", "-c:a libopus", &FFMPEG),
        ("x.webm", "-c:a libvorbis -c:v libvpx", &Way::BOTH),
        ("x.ts", "-c:a aac -ar 44100", &FFMPEG),
        ("x.ogv", "-c:a libvorbis -c:v libtheora", &Way::BOTH),
        ("x.flv", "-c:a aac -ar 44100", &FFMPEG),
        ("x.wmv", "-c:a wmav2 -c:v wmv2", &FFMPEG),
    ] {
        let picture = ["-f", "lavfi", "-i", "color=c=black:s=64x64:r=25:d=12"];
        let late_sound = ["-itsoffset", "4.09", "-i", source.to_str().unwrap()];
        let maps = ["-map", "0:v", "-map", "1:a"];
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let all = [&picture[..], &late_sound, &maps, &arguments].concat();
        let Some(path) = make(folder.path(), name, &all) else {
            continue;
        };
        check_ways(
            name,
            &path,
            ways,
            SECONDS + late,
            &TIMES.map(|time| time + late),
            0.13,
        );
    }
}

#[test]
fn a_clock_that_does_not_begin_at_zero_makes_no_silence() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = sound(folder.path());
    for (name, arguments, ways) in [
        ("x.mkv", "-c:a libvorbis", &Way::BOTH[..]),
        ("x.ogg", "-c:a libvorbis", &Way::BOTH),
        ("x.ts", "-c:a mp2 -ar 48000", &FFMPEG),
        (
            "x.mp4",
            "-c:a alac -movflags frag_keyframe+empty_moov",
            &Way::BOTH,
        ),
    ] {
        let input = ["-i", source.to_str().unwrap(), "-output_ts_offset", "1000"];
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let Some(path) = make(folder.path(), name, &[&input[..], &arguments].concat()) else {
            continue;
        };
        check_ways(name, &path, ways, SECONDS, &TIMES, 0.06);
    }
}

#[test]
fn lost_packets_keep_their_place() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = sound(folder.path());
    let made = |name: &str, arguments: &str| {
        let input = ["-i", source.to_str().unwrap()];
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let path = make(folder.path(), name, &[&input[..], &arguments].concat())?;
        Some(fs::read(path).unwrap())
    };
    // Where a unit of each format begins; the third and fourth of eight parts of them are lost.
    let places = |bytes: &[u8], what: &[u8]| -> Vec<usize> {
        let is_it = |at: &usize| bytes[*at..].starts_with(what);
        (0..bytes.len()).filter(is_it).collect()
    };
    for (name, arguments, begin, ways) in [
        (
            "x.mkv",
            "-c:a libvorbis -cluster_time_limit 250",
            &b"\x1f\x43\xb6\x75"[..],
            &Way::BOTH[..],
        ),
        (
            "x.ogg",
            "-c:a libvorbis -page_duration 250000",
            b"OggS",
            &Way::BOTH,
        ),
        (
            "x.opus",
            "-c:a libopus -page_duration 250000",
            b"OggS",
            &FFMPEG,
        ),
    ] {
        let Some(bytes) = made(name, arguments) else {
            continue;
        };
        let units = places(&bytes, begin);
        let (from, to) = (units[units.len() / 4], units[units.len() * 3 / 8]);
        let path = folder.path().join(format!("lost-{name}"));
        fs::write(&path, [&bytes[..from], &bytes[to..]].concat()).unwrap();
        check_ways(name, &path, ways, SECONDS, &TIMES, 0.13);
    }
    if let Some(bytes) = made("x.ts", "-c:a mp2 -ar 48000") {
        let n_packets = bytes.len() / 188;
        let (from, to) = (n_packets / 4 * 188, n_packets * 3 / 8 * 188);
        let path = folder.path().join("lost.ts");
        fs::write(&path, [&bytes[..from], &bytes[to..]].concat()).unwrap();
        check_ways("x.ts", &path, &FFMPEG, SECONDS, &TIMES, 0.13);
    }
}

#[test]
fn the_parts_that_an_edit_list_keeps_are_in_their_places() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = sound(folder.path());
    let input = [
        "-i",
        source.to_str().unwrap(),
        "-c:a",
        "aac",
        "-ar",
        "44100",
    ];
    let whole = make(folder.path(), "whole.m4a", &input).unwrap();
    // Copied without decoding, the beginning stays in the file and is left out by its edit list.
    let cut = ["-ss", "2", "-i", whole.to_str().unwrap(), "-c", "copy"];
    let path = make(folder.path(), "cut.m4a", &cut).unwrap();
    check_ways("cut", &path, &Way::BOTH, SECONDS - 2.0, &[0.5, 3.0], 0.06);
}
