//! Sizes, counts and durations of headers that are wrong, or were never written.

use std::fs;
use std::path::Path;

use super::{Way, beeps, check_ways, encode, ffmpeg_is_there, wav_of};

const SECONDS: f64 = 3.0;
const TIMES: [f64; 2] = [0.5, 2.5];

fn sound() -> Vec<u8> {
    wav_of(&[&beeps(SECONDS, &TIMES)])
}

/// A file that `ffmpeg` makes of the sound.
fn made(folder: &Path, name: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    if !ffmpeg_is_there() {
        return None;
    }
    let path = encode(folder, name, &beeps(SECONDS, &TIMES), arguments)?;
    Some(fs::read(path).unwrap())
}

fn check(name: &str, bytes: &[u8], ways: &[Way], slack: f64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    check_ways(name, &path, ways, SECONDS, &TIMES, slack);
}

fn place(bytes: &[u8], what: &[u8]) -> usize {
    bytes
        .windows(what.len())
        .position(|window| window == what)
        .unwrap()
}

/// The same bytes with others from `at` on.
fn patched(bytes: &[u8], patches: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, patch) in patches {
        bytes[*at..at + patch.len()].copy_from_slice(patch);
    }
    bytes
}

#[test]
fn a_wav_file_is_read_whatever_its_sizes_say() {
    let wav = sound();
    for data in [
        0,
        36,
        100,
        30_000,
        u32::MAX,
        0x7fff_ffff,
        0x8000_0000,
        u32::MAX - 36,
    ] {
        for riff in [
            0,
            36,
            30_036,
            u32::MAX,
            u32::try_from(wav.len() - 8).unwrap(),
        ] {
            let patches = [(4, &riff.to_le_bytes()[..]), (40, &data.to_le_bytes())];
            check(
                &format!("{riff} {data}"),
                &patched(&wav, &patches),
                &Way::BOTH,
                0.001,
            );
        }
    }
}

#[test]
fn a_long_wav_file_is_read_whatever_its_sizes_say() {
    let folder = tempfile::tempdir().unwrap();
    let Some(rf64) = made(folder.path(), "x.wav", &["-rf64", "always"]) else {
        return;
    };
    let sizes = place(&rf64, b"ds64") + 8;
    for size in [0, 100, 30_000, u64::MAX, i64::MAX.unsigned_abs()] {
        let patch = [size.to_le_bytes(), size.to_le_bytes()].concat();
        check(
            &size.to_string(),
            &patched(&rf64, &[(sizes, &patch)]),
            &Way::BOTH,
            0.001,
        );
    }
    let Some(wave64) = made(folder.path(), "x.w64", &[]) else {
        return;
    };
    let size = place(&wave64, b"data\xf3\xac") + 16;
    for data in [0, 24, 30_000, u64::MAX, i64::MAX.unsigned_abs()] {
        let patches = [(16, &data.to_le_bytes()[..]), (size, &data.to_le_bytes())];
        check(
            &format!("Wave64 {data}"),
            &patched(&wave64, &patches),
            &Way::BOTH,
            0.001,
        );
    }
}

#[test]
fn aiff_caf_and_au_files_are_read_whatever_their_sizes_say() {
    let folder = tempfile::tempdir().unwrap();
    let Some(aiff) = made(folder.path(), "x.aiff", &[]) else {
        return;
    };
    let (common, data) = (place(&aiff, b"COMM"), place(&aiff, b"SSND"));
    for (form, size, n_frames) in [
        (0, 0, 0),
        (46, 8, 0),
        (u32::MAX, u32::MAX, u32::MAX),
        (30_054, 30_008, 15_000),
    ] {
        let [form, size, n_frames] = [form, size, n_frames].map(u32::to_be_bytes);
        let patches = [(4, &form[..]), (data + 4, &size), (common + 10, &n_frames)];
        check(
            &format!("AIFF {size:?}"),
            &patched(&aiff, &patches),
            &Way::BOTH,
            0.001,
        );
    }
    let caf = made(folder.path(), "x.caf", &[]).unwrap();
    let data = place(&caf, b"data") + 4;
    for size in [-1, 0, 4, 30_004_i64] {
        let bytes = patched(&caf, &[(data, &size.to_be_bytes())]);
        check(&format!("CAF {size}"), &bytes, &Way::BOTH, 0.001);
    }
    let au = made(folder.path(), "x.au", &[]).unwrap();
    for size in [0, u32::MAX, 30_000] {
        let bytes = patched(&au, &[(8, &size.to_be_bytes())]);
        check(&format!("AU {size}"), &bytes, &[Way::WithFfmpeg], 0.001);
    }
}

#[test]
fn counts_in_an_mp3_file_do_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mp3) = made(folder.path(), "x.mp3", &["-b:a", "64k"]) else {
        return;
    };
    let counts = place(&mp3, b"Info") + 8;
    let right = u32::from_be_bytes(*mp3[counts..].first_chunk().unwrap());
    // The filling at the end is cut off only where the count is right.
    check("right", &mp3, &Way::BOTH, 0.005);
    for count in [0, 1, right / 3, right * 3, u32::MAX] {
        let bytes = patched(&mp3, &[(counts, &count.to_be_bytes())]);
        check(&count.to_string(), &bytes, &Way::BOTH, 0.08);
    }
    // Variable bit rate without a tag: quiet at first, so that the rest looks shorter than it is.
    let arguments = ["-q:a", "4", "-write_xing", "0"];
    if let Some(bytes) = made(folder.path(), "vbr.mp3", &arguments) {
        check("variable", &bytes, &Way::BOTH, 0.15);
    }
}

#[test]
fn counts_in_a_flac_file_do_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(flac) = made(folder.path(), "x.flac", &[]) else {
        return;
    };
    let right = u64::from_be_bytes(*flac[18..].first_chunk().unwrap());
    for count in [0, 16_000, 1 << 35] {
        let bytes = patched(&flac, &[(18, &(right >> 36 << 36 | count).to_be_bytes())]);
        check(&count.to_string(), &bytes, &Way::BOTH, 0.001);
    }
}

#[test]
fn durations_of_an_mp4_file_do_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mp4) = made(folder.path(), "x.m4a", &["-c:a", "alac"]) else {
        return;
    };
    let (movie, media) = (place(&mp4, b"mvhd") + 20, place(&mp4, b"mdhd") + 20);
    let track = place(&mp4, b"tkhd") + 24;
    for duration in [0, 1_000, u32::MAX] {
        let duration = duration.to_be_bytes();
        let patches = [
            (movie, &duration[..]),
            (media, &duration),
            (track, &duration),
        ];
        check(
            &format!("{duration:?}"),
            &patched(&mp4, &patches),
            &Way::BOTH,
            0.001,
        );
    }
    // The samples reach to the end of the file.
    let arguments = ["-c:a", "alac", "-movflags", "faststart"];
    let mp4 = made(folder.path(), "y.m4a", &arguments).unwrap();
    let data = place(&mp4, b"mdat") - 4;
    check(
        "open",
        &patched(&mp4, &[(data, &[0; 4])]),
        &Way::BOTH,
        0.001,
    );
}

#[test]
fn a_movie_in_fragments_and_a_live_stream_have_no_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let fragments = [
        "-c:a",
        "aac",
        "-ar",
        "44100",
        "-movflags",
        "frag_keyframe+empty_moov",
    ];
    let live = ["-c:a", "libvorbis", "-f", "webm", "-live", "1"];
    for (name, arguments) in [("x.mp4", &fragments[..]), ("x.webm", &live)] {
        if let Some(bytes) = made(folder.path(), name, arguments) {
            check(name, &bytes, &Way::BOTH, 0.06);
        }
    }
}

#[test]
fn an_index_at_the_wrong_place_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["-c:a", "libvorbis", "-cluster_time_limit", "500"];
    let Some(mkv) = made(folder.path(), "x.mkv", &arguments) else {
        return;
    };
    // Some bytes were put in front of the clusters, so that all that the index says is wrong.
    let cluster = place(&mkv, b"\x1f\x43\xb6\x75");
    let (head, rest) = mkv.split_at(cluster);
    let moved = [head, b"\xec\x84void", rest].concat();
    check("moved", &moved, &Way::BOTH, 0.06);
}

#[test]
fn a_file_that_holds_nothing_is_no_recording() {
    for bytes in [&sound()[..44], &patched(&sound()[..44], &[(40, &[0; 4])])] {
        for way in Way::BOTH {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            fs::write(&path, bytes).unwrap();
            let error = way.decode(path).unwrap_err().to_string();
            assert!(error.contains("no sound can be read"), "{error}");
        }
    }
}
