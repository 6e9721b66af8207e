//! Files with several audio tracks.

use std::fs;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use speech::audio::{AudioError, Source};

use super::{Way, beep_times, beeps, ffmpeg_is_there, make, wav_of};

/// A file with tracks of one beep, of two, and of none, made with these arguments.
fn made(folder: &Path, name: &str, arguments: &str) -> Option<PathBuf> {
    let mut all = Vec::new();
    for (number, times) in [&[0.5][..], &[0.5, 1.0], &[]].iter().enumerate() {
        let path = folder.join(format!("{number}.wav"));
        fs::write(&path, wav_of(&[&beeps(2.0, times)])).unwrap();
        all.extend(["-i".to_owned(), path.to_str().unwrap().to_owned()]);
    }
    all.extend(arguments.split(' ').map(str::to_owned));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    make(folder, name, &all)
}

/// Checks how many beeps there are in what is decoded, and what a note must say.
fn check(name: &str, path: &Path, ways: &[Way], track: u16, n_beeps: usize, note: &str) {
    for way in ways {
        let source = Source::file(path).with_track(NonZeroU16::new(track));
        let found = way
            .decode(source)
            .unwrap_or_else(|error| panic!("{name} {way:?}: {error}"));
        assert_eq!(
            beep_times(&found.samples).len(),
            n_beeps,
            "{name} {way:?} {track}"
        );
        let has_note = found.notes.iter().any(|found| found.contains(note));
        assert!(
            has_note || note.is_empty(),
            "{name} {way:?}: {:?}",
            found.notes
        );
        assert_eq!(
            found.notes.is_empty(),
            note.is_empty(),
            "{name}: {:?}",
            found.notes
        );
    }
}

const FIRST_TWO: &str = "-map 0:a -map 1:a";
const SECOND_IS_DEFAULT: &str = "-disposition:a:0 0 -disposition:a:1 default";

#[test]
fn the_one_default_track_is_taken_and_noted() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, codec, ways) in [
        ("x.mkv", "libvorbis", &Way::BOTH[..]),
        ("x.mp4", "alac", &Way::BOTH),
        ("x.mov", "pcm_s16le", &Way::BOTH),
        ("opus.mkv", "libopus", &[Way::WithFfmpeg]),
        ("x.webm", "libopus", &[Way::WithFfmpeg]),
    ] {
        let arguments = format!("{FIRST_TWO} -c:a {codec} {SECOND_IS_DEFAULT}");
        let Some(path) = made(folder.path(), name, &arguments) else {
            continue;
        };
        let note = "2 audio tracks; number 2 was taken, which is flagged as the default";
        check(name, &path, ways, 0, 2, note);
        check(name, &path, ways, 1, 1, "");
        check(name, &path, ways, 2, 2, "");
    }
}

#[test]
fn without_a_default_the_first_track_is_taken_and_noted() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let both = "-disposition:a:0 default -disposition:a:1 default";
    let none = "-disposition:a:0 0 -disposition:a:1 0";
    let first = "2 audio tracks; number 1 was taken, the first";
    for (name, codec, flags, ways) in [
        ("both.mkv", "libvorbis", both, &Way::BOTH[..]),
        ("none.mkv", "libvorbis", none, &Way::BOTH),
        ("both.mp4", "alac", both, &Way::BOTH),
        ("x.ts", "mp2 -ar 48000", none, &[Way::WithFfmpeg]),
    ] {
        let arguments = format!("{FIRST_TWO} -c:a {codec} {flags}");
        let Some(path) = made(folder.path(), name, &arguments) else {
            continue;
        };
        check(name, &path, ways, 0, 1, first);
        check(name, &path, ways, 2, 2, "");
    }
}

#[test]
fn without_ffmpeg_a_track_that_can_be_read_is_better_than_none() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!("{FIRST_TWO} -c:a:0 ac3 -c:a:1 libvorbis -ar 48000");
    let Some(path) = made(folder.path(), "x.mkv", &arguments) else {
        return;
    };
    check(
        "x.mkv",
        &path,
        &[Way::WithFfmpeg],
        0,
        1,
        "number 1 was taken",
    );
    let note = "number 2 was taken, the first that can be decoded here";
    check("x.mkv", &path, &[Way::Alone], 0, 2, note);
    let first = Source::file(path).with_track(NonZeroU16::new(1));
    let error = Way::Alone.decode(first).unwrap_err();
    assert!(matches!(error, AudioError::FfmpegMissing { .. }), "{error}");
}

#[test]
fn a_track_that_is_not_there_is_refused() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, n_tracks, ways) in [
        ("x.mkv", "-map 0:a -map 1:a -c:a flac", 2, &Way::BOTH[..]),
        ("x.wav", "-map 0:a", 1, &Way::BOTH),
        ("x.mp3", "-map 0:a", 1, &Way::BOTH),
        ("x.opus", "-map 0:a -c:a libopus", 1, &[Way::WithFfmpeg]),
    ] {
        let Some(path) = made(folder.path(), name, arguments) else {
            continue;
        };
        for way in ways {
            let source = Source::file(&path).with_track(NonZeroU16::new(3));
            let error = way.decode(source).unwrap_err();
            let AudioError::NoSuchTrack {
                track,
                n_tracks: found,
            } = &error
            else {
                panic!("{name} {way:?}: {error}");
            };
            assert_eq!((track.get(), *found), (3, n_tracks), "{name}");
        }
    }
}

#[test]
fn a_silent_track_beside_one_with_sound_is_noted() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, codec) in [("x.mkv", "libvorbis"), ("x.mp4", "alac")] {
        let arguments = format!("-map 2:a -map 0:a -c:a {codec}");
        let Some(path) = made(folder.path(), name, &arguments) else {
            continue;
        };
        let note = "audio track 1 is silent, and track 2 is not";
        check(name, &path, &Way::BOTH, 0, 0, note);
    }
    // One that is silent like the others is not worth a word.
    let path = made(folder.path(), "y.mkv", "-map 2:a -map 2:a -c:a flac").unwrap();
    check("y.mkv", &path, &Way::BOTH, 2, 0, "");
}
