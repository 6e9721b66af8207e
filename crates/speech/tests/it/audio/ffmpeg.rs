//! The child process: missing, failing, slow, greedy, and no longer wanted.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use domain::progress::{Monitor, Silent, Stage};
use domain::units::Seconds;
use speech::audio::{AudioError, Settings, Source, decode};

use super::{
    alone_from_bytes, eval_folder, ffmpeg_is_there, make, tone_snr_db, tone_wav, with_ffmpeg,
};

/// Bytes that only `ffmpeg` is asked about.
fn amr() -> Source {
    Source::reader(std::io::Cursor::new(b"#!AMR\n\x04\0\0\0".to_vec()))
}

/// A program that plays `ffmpeg`. Written by a shell, for a file that is open for writing cannot be run.
fn fake(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("ffmpeg");
    let command = format!("cat > '{0}' && chmod +x '{0}'", path.display());
    let mut shell = Command::new("sh")
        .args(["-c", &command])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(
        &mut shell.stdin.take().unwrap(),
        format!("#!/bin/sh\n{script}\n").as_bytes(),
    )
    .unwrap();
    assert!(shell.wait().unwrap().success());
    path
}

fn settings(ffmpeg: PathBuf) -> Settings {
    Settings {
        ffmpeg,
        ..Settings::default()
    }
}

/// The processes, without zombies, whose command line holds `text`.
fn running(text: &str) -> Vec<String> {
    let list = Command::new("ps")
        .args(["-e", "-o", "stat=,args="])
        .output()
        .unwrap();
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    list.lines()
        .filter(|line| line.contains(text) && !line.starts_with('Z'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_missing_ffmpeg_is_said_with_what_works_without() {
    let text = alone_from_bytes(b"#!AMR\n\x04\0\0\0".to_vec())
        .unwrap_err()
        .to_string();
    for part in [
        "AMR",
        "/nonexistent/ffmpeg",
        "FFMPEG_BINARY",
        "apt-get install ffmpeg",
        "WAV, FLAC, MP3",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn a_cancelled_decode_leaves_no_process() {
    /// Cancels as soon as the grandchild runs.
    struct Once<'a>(&'a str);
    impl Monitor for Once<'_> {
        fn progress(&self, _: Stage, _: Seconds, _: Seconds) {}
        fn is_cancelled(&self) -> bool {
            !running(self.0).is_empty()
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let grandchild = format!("sleep 98765.{}", std::process::id());
    let ffmpeg = fake(folder.path(), &format!("{grandchild} &\nwait"));
    let started = Instant::now();
    let error = decode(amr(), &settings(ffmpeg.clone()), &Once(&grandchild)).unwrap_err();
    assert!(matches!(error, AudioError::Cancelled), "{error}");
    assert!(started.elapsed() < Duration::from_mins(1));
    for text in [grandchild.as_str(), ffmpeg.to_str().unwrap()] {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !running(text).is_empty() {
            assert!(Instant::now() < deadline, "{:?}", running(text));
        }
    }
}

#[test]
fn a_hanging_ffmpeg_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    for script in ["sleep 600", "exec 1>&-; sleep 600"] {
        let settings = Settings {
            time_limit: Duration::from_millis(300),
            ..settings(fake(folder.path(), script))
        };
        let error = decode(amr(), &settings, &Silent).unwrap_err();
        assert!(matches!(error, AudioError::TimedOut { .. }), "{error}");
    }
}

#[test]
fn an_endless_output_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    if !ffmpeg_is_there() {
        return;
    }
    let describe = "echo 'Stream #0:0: Audio: pcm_f32le, 16000 Hz, mono, flt' >&2; exit 1";
    let endless =
        "exec ffmpeg -v error -f lavfi -i anoisesrc=r=16000 -c:a pcm_f32le -f matroska pipe:1";
    let script = format!("case \"$*\" in *-map*) {endless};; *) {describe};; esac");
    let settings = Settings {
        max_duration: Seconds(10.0),
        ..settings(fake(folder.path(), &script))
    };
    let error = decode(amr(), &settings, &Silent).unwrap_err();
    assert!(matches!(error, AudioError::TooLong { .. }), "{error}");
}

#[test]
fn a_failing_ffmpeg_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let ffmpeg = fake(
        folder.path(),
        "echo '[amr @ 0x1] the frames are upside down' >&2; exit 1",
    );
    let error = decode(amr(), &settings(ffmpeg), &Silent).unwrap_err();
    assert!(error.to_string().contains("AMR"), "{error}");
    assert!(
        error.to_string().ends_with("the frames are upside down"),
        "{error}"
    );
    let ffmpeg = fake(folder.path(), "printf abcd; kill -SEGV $$");
    let error = decode(amr(), &settings(ffmpeg), &Silent).unwrap_err();
    assert!(error.to_string().contains("signal 11"), "{error}");
}

#[test]
fn the_child_sees_none_of_our_environment() {
    let folder = tempfile::tempdir().unwrap();
    // The test runner itself sets CARGO_MANIFEST_DIR, which stands here for a secret.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let ffmpeg = fake(
        folder.path(),
        "echo \"dir=$CARGO_MANIFEST_DIR home=$HOME path=${PATH:+set}\" >&2; exit 1",
    );
    let error = decode(amr(), &settings(ffmpeg), &Silent).unwrap_err();
    assert!(
        error.to_string().ends_with("dir= home= path=set"),
        "{error}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn the_system_limits_the_child() {
    let folder = tempfile::tempdir().unwrap();
    // The limits are set right after the start, so the script gives them a moment.
    let script =
        "sleep 1; echo \"$(ulimit -t) s, $(ulimit -v) kB, $(ulimit -f) blocks\" >&2; exit 1";
    let settings = Settings {
        time_limit: Duration::from_secs(77),
        max_ffmpeg_memory_bytes: 1 << 30,
        ..settings(fake(folder.path(), script))
    };
    let error = decode(amr(), &settings, &Silent).unwrap_err();
    assert!(
        error.to_string().ends_with("77 s, 1048576 kB, 0 blocks"),
        "{error}"
    );
}

#[test]
fn formats_for_ffmpeg_are_read_whole() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("tone.wav");
    fs::write(&source, tone_wav(2, 48_000, 96_000)).unwrap();
    let source = source.to_str().unwrap();
    let cases = [
        ("tone.opus", vec!["-c:a", "libopus"]),
        ("opus.webm", vec!["-c:a", "libopus"]),
        ("opus.mp4", vec!["-c:a", "libopus", "-strict", "-2"]),
        ("tone.wma", vec!["-c:a", "wmav2"]),
        ("tone.ac3", vec!["-c:a", "ac3"]),
        ("ac3.mkv", vec!["-c:a", "ac3"]),
        ("tone.avi", vec!["-c:a", "libmp3lame"]),
        ("tone.ts", vec!["-c:a", "aac"]),
        ("tone.wv", vec!["-c:a", "wavpack"]),
        ("tone.au", vec!["-c:a", "pcm_s16be"]),
        ("tone.w64", vec!["-c:a", "pcm_s16le"]),
    ];
    for (name, arguments) in cases {
        let Some(path) = make(
            folder.path(),
            name,
            &[&["-i", source], &arguments[..]].concat(),
        ) else {
            continue;
        };
        let samples = with_ffmpeg(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {:+} samples", samples.len() as i64 - 32_000);
        assert!(
            (samples.duration().0 - 2.0).abs() < 0.1,
            "{name}: {samples:?}"
        );
        let loudness = samples
            .to_vec()
            .iter()
            .fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!((0.4..0.6).contains(&loudness), "{name}: {loudness}");
    }
}

#[test]
fn the_first_of_two_audio_tracks_is_heard() {
    let Some(eval) = eval_folder() else { return };
    let samples = with_ffmpeg(&eval.join("noise/d_two_audio.mkv")).unwrap();
    let loudness = samples
        .to_vec()
        .iter()
        .fold(0.0_f32, |peak, x| peak.max(x.abs()));
    assert!(
        loudness > 0.05,
        "the second track is silent, and so was what came out"
    );
}

#[test]
fn ffmpeg_mixes_as_we_do() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("tone.wav");
    fs::write(&source, tone_wav(6, 48_000, 96_000)).unwrap();
    let path = make(folder.path(), "tone.wv", &["-i", source.to_str().unwrap()]).unwrap();
    let snr_db = tone_snr_db(&with_ffmpeg(&path).unwrap().to_vec());
    assert!(snr_db > 60.0, "{snr_db:.1} dB");
}

#[test]
fn he_aac_goes_to_ffmpeg_and_its_core_is_better_than_nothing() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("tone.wav");
    fs::write(&source, tone_wav(1, 16_000, 32_000)).unwrap();
    let arguments = ["-i", source.to_str().unwrap(), "-c:a", "aac"];
    let plain = make(folder.path(), "plain.m4a", &arguments).unwrap();
    // The same file, its configuration now announcing SBR: one bit behind the extension's sync and type.
    let mut bytes = fs::read(&plain).unwrap();
    let config = [0x14, 0x08, 0x56, 0xe5, 0x00];
    let at = bytes
        .windows(config.len())
        .position(|window| window == config)
        .unwrap();
    bytes[at + 4] = 0xa8;
    let he_aac = folder.path().join("he.m4a");
    fs::write(&he_aac, &bytes).unwrap();

    let marker = folder.path().join("was asked");
    let script = format!("touch '{}'; exec ffmpeg \"$@\"", marker.display());
    let marking = settings(fake(folder.path(), &script));
    assert_eq!(
        decode(plain, &marking, &Silent).unwrap().samples.len(),
        32_768
    );
    assert!(!marker.exists());
    decode(he_aac.clone(), &marking, &Silent).unwrap();
    assert!(marker.exists());
    for program in ["/bin/false", "/nonexistent/ffmpeg"] {
        let core = decode(he_aac.clone(), &settings(program.into()), &Silent)
            .unwrap()
            .samples;
        assert!((core.duration().0 - 2.0).abs() < 0.1, "{core:?}");
    }
}
