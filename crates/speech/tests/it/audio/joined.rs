//! Files that were joined byte by byte: all of the sound comes out, in order.

use std::fs;
use std::path::Path;

use super::{Way, beeps, check_beeps, check_ways, encode, ffmpeg_is_there};

/// Three recordings of 2, 1.5 and 1 s with one, two and no beeps, and when those are once they are joined.
const PARTS: [(f64, &[f64]); 3] = [(2.0, &[0.5]), (1.5, &[0.25, 1.0]), (1.0, &[])];
const SECONDS: f64 = 4.5;
const TIMES: [f64; 3] = [0.5, 2.25, 3.0];

/// What each part becomes in the file: the name, and how `ffmpeg` makes it.
type Encodings<'a> = [(&'a str, &'a [&'a str]); 3];

fn join(folder: &Path, encodings: &Encodings<'_>, between: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    for ((seconds, times), (name, arguments)) in PARTS.iter().zip(encodings) {
        let part = encode(folder, name, &beeps(*seconds, times), arguments)?;
        joined.extend(fs::read(part).unwrap());
        joined.extend(between);
    }
    Some(joined)
}

/// Joins the parts, each made the same way; `slack` is what the encoder adds to all of them, in seconds.
fn check(name: &str, arguments: &[&str], ways: &[Way], slack: f64) {
    check_each(&[(name, arguments); 3], b"", ways, slack);
}

fn check_each(encodings: &Encodings<'_>, between: &[u8], ways: &[Way], slack: f64) {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(joined) = join(folder.path(), encodings, between) else {
        return;
    };
    let path = folder.path().join("joined");
    fs::write(&path, joined).unwrap();
    let name = format!("{encodings:?}");
    check_ways(&name, &path, ways, SECONDS, &TIMES, slack);
}

const FFMPEG: [Way; 1] = [Way::WithFfmpeg];

#[test]
fn mp3_files_with_tags_of_their_own_are_read_to_the_end() {
    let both = &Way::BOTH;
    check("x.mp3", &["-b:a", "64k"], both, 0.01);
    check("x.mp3", &["-q:a", "5", "-ar", "44100"], both, 0.01);
    check(
        "x.mp3",
        &[
            "-b:a",
            "48k",
            "-metadata",
            "title=Talk",
            "-write_id3v1",
            "1",
        ],
        both,
        0.01,
    );
    // Without a tag nobody knows how much the encoder added.
    check("x.mp3", &["-b:a", "64k", "-write_xing", "0"], both, 0.3);
    check(
        "x.mp2",
        &["-c:a", "mp2", "-ar", "48000", "-b:a", "96k"],
        both,
        0.15,
    );
}

#[test]
fn mp3_files_of_different_rates_and_channels_are_read_to_the_end() {
    let parts: Encodings<'_> = [
        ("1.mp3", &["-ar", "44100", "-b:a", "64k"]),
        ("2.mp3", &["-ar", "22050", "-ac", "2", "-b:a", "40k"]),
        ("3.mp3", &["-ar", "8000", "-b:a", "16k"]),
    ];
    check_each(&parts, b"", &Way::BOTH, 0.02);
}

#[test]
fn tags_and_filling_between_mp3_files_are_passed_over() {
    let mp3: Encodings<'_> = [("x.mp3", &["-b:a", "64k"]); 3];
    // A picture in which frames seem to begin.
    let picture: Vec<u8> = (0..20_000_u32)
        .flat_map(|i| {
            if i % 7 == 0 {
                vec![0xff, 0xfb, 0x90]
            } else {
                vec![(i % 251) as u8]
            }
        })
        .collect();
    let length = u32::try_from(picture.len()).unwrap();
    let seven_bits = [21, 14, 7, 0].map(|shift| (length >> shift & 0x7f) as u8);
    let with_picture = [b"ID3\x03\0\0", &seven_bits[..], &picture].concat();
    // A tag that claims a quarter of a gigabyte.
    let absurd = b"ID3\x03\0\0\x7f\x7f\x7f\x7f".to_vec();
    let id3v1 = [b"TAG", &[b'x'; 125][..]].concat();
    for between in [
        with_picture,
        absurd,
        id3v1,
        vec![0; 3_000],
        b"some junk".repeat(9),
    ] {
        check_each(&mp3, &between, &Way::BOTH, 0.02);
    }
}

#[test]
fn aac_streams_are_read_to_the_end() {
    check("x.aac", &["-c:a", "aac", "-ar", "44100"], &Way::BOTH, 0.15);
    let parts: Encodings<'_> = [
        ("1.aac", &["-c:a", "aac", "-ar", "44100"]),
        ("2.aac", &["-c:a", "aac", "-ar", "48000", "-ac", "2"]),
        ("3.aac", &["-c:a", "aac", "-ar", "32000"]),
    ];
    check_each(&parts, b"", &Way::BOTH, 0.15);
}

#[test]
fn containers_are_read_to_the_end() {
    for (name, arguments) in [
        ("x.flac", &["-c:a", "flac"][..]),
        ("x.wav", &[]),
        ("x.aiff", &[]),
        ("x.caf", &[]),
        ("x.w64", &[]),
        ("x.mkv", &["-c:a", "libvorbis"]),
        ("x.m4a", &["-c:a", "alac"]),
        (
            "x.mp4",
            &["-c:a", "aac", "-ar", "44100", "-movflags", "faststart"],
        ),
        ("x.ogg", &["-c:a", "libvorbis"]),
        ("x.oga", &["-c:a", "flac"]),
    ] {
        check(name, arguments, &Way::BOTH, 0.06);
    }
    let live = ["-c:a", "libvorbis", "-f", "webm", "-live", "1"];
    check("live.webm", &live, &Way::BOTH, 0.06);
}

#[test]
fn containers_of_different_rates_and_channels_are_read_to_the_end() {
    for extension in ["flac", "wav", "ogg"] {
        let names = [1, 2, 3].map(|number| format!("{number}.{extension}"));
        let parts: Encodings<'_> = [
            (&names[0], &["-ar", "16000"]),
            (&names[1], &["-ar", "44100", "-ac", "2"]),
            (&names[2], &["-ar", "48000"]),
        ];
        check_each(&parts, b"", &Way::BOTH, 0.06);
    }
}

#[test]
fn what_only_ffmpeg_reads_is_read_to_the_end() {
    check("x.opus", &["-c:a", "libopus"], &FFMPEG, 0.06);
    check("x.webm", &["-c:a", "libopus"], &FFMPEG, 0.06);
    check("x.ac3", &["-c:a", "ac3", "-ar", "48000"], &FFMPEG, 0.15);
    check(
        "x.ts",
        &["-c:a", "mp2", "-ar", "48000", "-b:a", "96k"],
        &FFMPEG,
        0.15,
    );
    let parts: Encodings<'_> = [
        ("1.opus", &["-c:a", "libopus"]),
        ("2.opus", &["-c:a", "libopus", "-ac", "2"]),
        ("3.opus", &["-c:a", "libopus"]),
    ];
    check_each(&parts, b"", &FFMPEG, 0.06);
}

#[test]
fn joined_files_are_noted() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let flac: Encodings<'_> = [("x.flac", &[]); 3];
    let path = folder.path().join("joined");
    let mut joined = join(folder.path(), &flac, b"").unwrap();
    fs::write(&path, &joined).unwrap();
    let notes = Way::Alone.decode(path.clone()).unwrap().notes;
    assert_eq!(
        notes,
        ["the file holds 3 recordings, one behind the other; all were read"]
    );
    // A part that is a mere header.
    joined.extend(b"fLaC\0\0\0\x22");
    fs::write(&path, &joined).unwrap();
    let found = Way::Alone.decode(path).unwrap();
    check_beeps("with a broken part", &found.samples, SECONDS, &TIMES, 0.01);
    assert!(
        found.notes[0].starts_with("part 4 of the file could not be read"),
        "{:?}",
        found.notes
    );
}
