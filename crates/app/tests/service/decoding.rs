//! Recordings are read to their end before they become tasks, and who sends what is none learns why, and nothing else
//! (contract 7.1, 7.2, 10: EH3, FR1, KB1, SE2, TD2, TG1; Appendix A: X5).

use std::fs;
use std::time::{Duration, Instant};

use outbound::testing::{Origin, Reply};
use serde_json::Value;
use tempfile::TempDir;

use crate::answer::Answer;
use crate::app::{Builder, TestApp, command_line};
use crate::audio::{PICTURE, TWO_SECONDS, fake_ffmpeg, fixture, has_models, made, tone};

const PATH: &str = "/service/transcribe";

const UNREADABLE: &str = "Audio file is unreadable or corrupted";
const SILENT: &str = "Audio file has no audio track";

/// Checks that a refusal says `reason`, nothing of the machine, and has left nothing.
async fn assert_refused(app: &TestApp, answer: Answer, what: &str, reason: &str) {
    assert_eq!(answer.status, 400, "{what}: {}", answer.text);
    assert_eq!(answer.code(), "AUDIO_PROCESSING_ERROR", "{what}");
    let error = &answer.json()["error"];
    let told = error["reason"].as_str().unwrap();
    assert!(told.starts_with(reason), "{what}: {told}");
    assert_eq!(error["original_error"], Value::Null, "{what}");
    assert_discreet(app, &answer);
    app.assert_nothing_left().await;
}

/// Checks that `answer` names no folder and no program.
fn assert_discreet(app: &TestApp, answer: &Answer) {
    let text = answer.text.to_lowercase();
    let folder = app.folder().to_str().unwrap().to_lowercase();
    for secret in ["/tmp", "ffmpeg", "lavf", "version", "media", &folder] {
        assert!(!text.contains(secret), "{secret}: {}", answer.text);
    }
}

/// The length of a recording that is accepted.
async fn duration(app: &TestApp, name: &str, bytes: &[u8]) -> f64 {
    let answer = app.post_file(PATH, name, bytes).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.text);
    let task = app.completed(&answer.identifier()).await;
    assert_eq!(task["metadata"]["file_name"], name);
    task["metadata"]["audio_duration"].as_f64().unwrap()
}

/// Two seconds in `name`, with these further arguments.
fn sound(name: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    made(name, &[&TWO_SECONDS, arguments])
}

/// Two seconds with a picture.
fn video(name: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    made(
        name,
        &[&TWO_SECONDS, &PICTURE, &["-b:a", "128k"], arguments],
    )
}

/// Two seconds of a picture, without any sound.
fn silent_video(name: &str) -> Option<Vec<u8>> {
    made(name, &[&PICTURE])
}

/// The containers of videos, each with a codec that is usual in it.
const VIDEOS: [(&str, &[&str]); 8] = [
    ("a.mp4", &["-c:a", "aac"]),
    (
        "index-in-front.mp4",
        &["-c:a", "aac", "-movflags", "+faststart"],
    ),
    ("a.mov", &["-c:a", "pcm_s16le"]),
    ("compressed.mov", &["-c:a", "aac"]),
    ("a.avi", &["-c:a", "libmp3lame"]),
    ("a.wmv", &["-c:a", "wmav2"]),
    ("a.mkv", &["-c:a", "libvorbis"]),
    ("opus.mkv", &["-c:a", "libopus"]),
];

#[tokio::test]
async fn fr1_every_kind_of_sound_has_its_length() {
    let app = TestApp::start().await;
    let cases: [(&str, &[&str]); 25] = [
        ("8-kHz.wav", &["-ar", "8000"]),
        ("96-kHz.wav", &["-ar", "96000"]),
        ("24-bits.wav", &["-c:a", "pcm_s24le", "-ac", "2"]),
        ("six-channels.wav", &["-ac", "6"]),
        ("six-channels.m4a", &["-ac", "6"]),
        ("UPPER.MP3", &[]),
        ("a.b.c.Mp3", &["-ar", "22050"]),
        ("a.aac", &["-ac", "2", "-ar", "44100"]),
        ("a.m4a", &["-ar", "48000"]),
        ("a.oga", &["-c:a", "flac"]),
        ("a.ogg", &["-c:a", "libvorbis"]),
        ("opus.ogg", &["-c:a", "libopus"]),
        ("a.wma", &["-c:a", "wmav2"]),
        // Those that the reference does not take.
        ("a.flac", &[]),
        ("a.opus", &["-c:a", "libopus"]),
        ("a.webm", &["-c:a", "libopus"]),
        ("a.m4b", &["-c:a", "aac", "-f", "ipod"]),
        ("a.mka", &["-c:a", "libmp3lame"]),
        ("a.ts", &["-c:a", "mp2"]),
        ("a.aiff", &[]),
        ("a.caf", &["-c:a", "pcm_s16le"]),
        ("a.3gp", &["-c:a", "aac"]),
        ("a.ac3", &["-ar", "48000"]),
        ("a.au", &[]),
        ("a.wv", &[]),
    ];
    for (name, arguments) in cases {
        let Some(bytes) = sound(name, arguments) else {
            return;
        };
        let duration = duration(&app, name, &bytes).await;
        assert!((duration - 2.0).abs() < 0.1, "{name}: {duration}");
    }
}

#[tokio::test]
async fn fr1_the_content_counts_and_not_the_name() {
    let app = TestApp::start().await;
    let wave = tone(0.5);
    for name in ["a.mp3", "a.mp4", "a.wma", "a.amr", "a.awb"] {
        assert!(
            (duration(&app, name, &wave).await - 0.5).abs() < 1e-9,
            "{name}"
        );
    }
    let one_sample = duration(&app, "a.wav", &tone(1.0 / 16_000.0)).await;
    assert!((one_sample - 1.0 / 16_000.0).abs() < 1e-12, "{one_sample}");
}

#[tokio::test]
async fn fr1_the_recording_of_the_reference_has_its_length() {
    let Some(bytes) = fixture("audio_en.mp3") else {
        return;
    };
    let app = TestApp::start().await;
    let duration = duration(&app, "audio_en.mp3", &bytes).await;
    assert!((duration - 12.996).abs() < 0.05, "{duration}");
}

/// Bytes without any meaning, the same in every run.
fn noise(n_bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(20_261_125);
    std::iter::repeat_with(|| random.u8(..))
        .take(n_bytes)
        .collect()
}

#[tokio::test]
async fn fr1_what_is_no_sound_is_400_and_leaves_nothing() {
    let app = TestApp::start().await;
    let picture = made("a.png", &[&PICTURE, &["-frames:v", "1"]]);
    let header_alone = tone(0.0);
    let mut not_to_its_end = noise(70_000);
    not_to_its_end[..4].copy_from_slice(b"ID3\x04");
    let cases: [(&str, &[u8]); 12] = [
        ("empty.mp3", b""),
        ("one-byte.wav", b"R"),
        ("noise.mp3", &noise(100_000)),
        ("noise.mkv", &noise(100_000)),
        ("zeros.mp3", &vec![0; 100_000]),
        (
            "text.mp3",
            "Es war einmal ein Müller, der war arm.\n".as_bytes(),
        ),
        ("page.mp4", b"<!DOCTYPE html><html><body>404</body></html>"),
        ("numbers.wav", br#"{"error": "no such file"}"#),
        ("header-alone.wav", &header_alone),
        ("magic-alone.ogg", b"OggS"),
        ("noise-with-a-tag.mp3", &not_to_its_end),
        ("picture.mp3", picture.as_deref().unwrap_or(b"GIF89a")),
    ];
    for (name, bytes) in cases {
        let answer = app.post_file(PATH, name, bytes).await;
        assert_refused(&app, answer, name, UNREADABLE).await;
    }
}

#[tokio::test]
async fn x5_no_endpoint_makes_a_task_of_an_empty_file() {
    let app = TestApp::start().await;
    for path in ["/speech-to-text", "/service/transcribe", "/service/diarize"] {
        let answer = app.post_file(path, "a.mp3", b"").await;
        assert_refused(&app, answer, path, UNREADABLE).await;
    }
    let transcript = br#"{"language":"en","segments":[]}"#;
    let parts = [
        ("transcript", "t.json", &transcript[..]),
        ("file", "a.mp3", b""),
    ];
    let answer = app.post("/service/align", &parts).await;
    assert_refused(&app, answer, "/service/align", UNREADABLE).await;
}

#[tokio::test]
async fn kb1_every_kind_of_video_is_as_long_as_its_sound() {
    let app = TestApp::start().await;
    for (name, arguments) in VIDEOS {
        let Some(bytes) = video(name, arguments) else {
            return;
        };
        let duration = duration(&app, name, &bytes).await;
        assert!((duration - 2.0).abs() < 0.1, "{name}: {duration}");
    }
}

#[tokio::test]
async fn kb1_a_video_without_sound_is_400_and_says_so() {
    let app = TestApp::start().await;
    for name in ["a.mp4", "a.mov", "a.avi", "a.wmv", "a.mkv"] {
        let Some(bytes) = silent_video(name) else {
            return;
        };
        let answer = app.post_file(PATH, name, &bytes).await;
        assert_refused(&app, answer, name, SILENT).await;
    }
}

#[tokio::test]
async fn kb1_a_video_that_is_cut_off_is_400() {
    let app = TestApp::start().await;
    for (name, arguments) in VIDEOS {
        let Some(bytes) = video(name, arguments) else {
            return;
        };
        // Nearly nothing, half, and all but a little.
        for kept in [bytes.len() / 50, bytes.len() / 2, bytes.len() * 9 / 10] {
            let answer = app.post_file(PATH, name, &bytes[..kept]).await;
            assert_refused(&app, answer, name, UNREADABLE).await;
        }
    }
}

/// Writes `new` over each `old`, which is there.
fn exchanged(mut bytes: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut n_found = 0;
    for at in 0..bytes.len() - old.len() {
        if bytes[at..].starts_with(old) {
            bytes[at..at + new.len()].copy_from_slice(new);
            n_found += 1;
        }
    }
    assert!(n_found > 0, "{old:?} is not in it");
    bytes
}

/// Writes a number of a codec that does not exist `offset` bytes behind `mark`.
fn with_unknown_number(mut bytes: Vec<u8>, mark: &[u8], offset: usize) -> Vec<u8> {
    let found = bytes.windows(mark.len()).position(|window| window == mark);
    let at = found.unwrap() + offset;
    bytes[at..at + 2].copy_from_slice(&[0x77, 0x77]);
    bytes
}

#[tokio::test]
async fn kb1_a_video_with_an_unknown_codec_is_400() {
    /// What a stream of sound has in a Windows Media file.
    const SOUND: [u8; 16] = [
        0x40, 0x9e, 0x69, 0xf8, 0x4d, 0x5b, 0xcf, 0x11, 0xa8, 0xfd, 0x00, 0x80, 0x5f, 0x5c, 0x44,
        0x2b,
    ];
    let app = TestApp::start().await;
    for (name, arguments) in VIDEOS {
        let Some(bytes) = video(name, arguments) else {
            return;
        };
        let bytes = match name {
            // The name of the codec, and what would tell all the same.
            "a.mp4" | "index-in-front.mp4" | "compressed.mov" => {
                exchanged(exchanged(bytes, b"mp4a", b"xq4z"), b"esds", b"xq4y")
            }
            "a.mov" => exchanged(bytes, b"sowt", b"xq4z"),
            "a.mkv" => exchanged(bytes, b"A_VORBIS", b"A_XORBIQ"),
            "opus.mkv" => exchanged(bytes, b"A_OPUS", b"A_XPUQ"),
            // The second list of formats is that of the sound.
            "a.avi" => {
                let header = bytes
                    .windows(4)
                    .position(|window| window == b"auds")
                    .unwrap();
                let (front, back) = bytes.split_at(header);
                [front, &with_unknown_number(back.to_vec(), b"strf", 8)].concat()
            }
            _ => with_unknown_number(bytes, &SOUND, 54),
        };
        let answer = app.post_file(PATH, name, &bytes).await;
        assert_refused(&app, answer, name, UNREADABLE).await;
    }
}

#[tokio::test]
async fn kb1_a_video_says_what_its_sound_says() {
    let Some(audio) = fixture("audio_en.mp3") else {
        return;
    };
    if !has_models(&["tiny.en"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.mp3");
    fs::write(&source, &audio).unwrap();
    let app = TestApp::builder()
        .with_speech()
        .with("WHISPER_MODEL", "tiny.en")
        .start()
        .await;
    let said = async |name: &str, bytes: &[u8]| {
        let query = "/service/transcribe?device=cpu&compute_type=int8";
        let answer = app.post_file(query, name, bytes).await;
        let task = app.completed(&answer.identifier()).await;
        let segments = task["result"]["segments"].as_array().unwrap().clone();
        let text: String = segments
            .iter()
            .map(|segment| segment["text"].as_str().unwrap())
            .collect();
        (text, task["metadata"]["audio_duration"].as_f64().unwrap())
    };
    let (text, duration) = said("audio_en.mp3", &audio).await;
    assert!(
        text.to_lowercase().starts_with(" this is a test audio"),
        "{text}"
    );
    let source = ["-i", source.to_str().unwrap()];
    for (name, arguments) in VIDEOS {
        let arguments = [&source[..], &PICTURE, &["-ar", "16000"], arguments];
        let Some(video) = made(name, &arguments) else {
            return;
        };
        let (video_text, video_duration) = said(name, &video).await;
        assert!(
            (video_duration - duration).abs() < 0.1,
            "{name}: {video_duration}, not {duration}"
        );
        // The codecs of Windows lose enough to be heard differently at the end.
        let beginning = |text: &str| {
            text.split_whitespace()
                .take(6)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(beginning(&video_text), beginning(&text), "{name}");
    }
}

/// The beginning of a video that only ffmpeg reads.
const FOREIGN: &[u8] = b"RIFF\x10\0\0\0AVI LIST\0\0\0\0\0\0\0\0";

/// A service whose ffmpeg does as `script` says, and the folder of the script.
async fn with_script(script: &str, builder: Builder) -> (TestApp, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let ffmpeg = fake_ffmpeg(folder.path(), script);
    let app = builder
        .with("FFMPEG_BINARY", ffmpeg.display())
        .start()
        .await;
    (app, folder)
}

#[tokio::test]
async fn eh3_td2_a_converter_that_fails_is_400_and_leaves_nothing() {
    for (what, script) in [
        ("it fails", "exit 1"),
        ("it writes nothing", "exit 0"),
        ("it complains and writes nothing", "echo strange >&2"),
        ("a signal ends it", "kill -SEGV $$"),
        ("it is killed", "kill -KILL $$"),
        ("it fails half way", "head -c 32000 /dev/zero; exit 1"),
        (
            "a signal ends it half way",
            "head -c 32000 /dev/zero; kill -SEGV $$",
        ),
        ("it writes half a sample", "printf x"),
        (
            "it has much to complain about",
            "yes 'this is wrong' | head -c 3000000 >&2; exit 1",
        ),
        ("it closes its output", "exec 1>&- 2>&-; exit 3"),
    ] {
        let (app, _folder) = with_script(script, TestApp::builder()).await;
        for name in ["a.avi", "a.mp3"] {
            let answer = app.post_file(PATH, name, FOREIGN).await;
            assert_refused(&app, answer, what, UNREADABLE).await;
        }
        assert_eq!(app.children(), Vec::<String>::new(), "{what}");
    }
}

#[tokio::test]
async fn eh3_samples_do_not_count_if_the_converter_fails_after_them() {
    let Some(opus) = sound("a.opus", &[]) else {
        return;
    };
    let convert = r#"ffmpeg "$@""#;
    for (ending, is_taken) in [
        ("", true),
        ("; exit 1", false),
        ("; kill -SEGV $$", false),
        (" | head -c 60000; exit 1", false),
        (" | head -c 60000; kill -KILL $$", false),
    ] {
        let script = format!("{convert}{ending}");
        let (app, _folder) = with_script(&script, TestApp::builder()).await;
        if is_taken {
            assert!((duration(&app, "a.opus", &opus).await - 2.0).abs() < 0.1);
        } else {
            let answer = app.post_file(PATH, "a.opus", &opus).await;
            assert_refused(&app, answer, &script, UNREADABLE).await;
        }
    }
}

#[tokio::test]
async fn td2_the_log_has_the_end_of_what_the_converter_said() {
    let script = "yes 'a frame is wrong' | head -c 100000 >&2; echo >&2; \
        echo '[avi @ 0x1] the index is upside down' >&2; echo 'Conversion failed at the very end' >&2; exit 1";
    let (app, _folder) = with_script(script, TestApp::builder()).await;
    // One that is read by ffmpeg alone, and one that it is asked about when nothing else helps.
    for (n_before, bytes) in [FOREIGN, &noise(5000)].into_iter().enumerate() {
        let answer = app.post_file(PATH, "a.avi", bytes).await;
        assert_refused(&app, answer, "a.avi", UNREADABLE).await;
        let log = app.log();
        assert_eq!(
            log.matches("Conversion failed at the very end").count(),
            n_before + 1,
            "{log}"
        );
        assert!(log.len() < 20_000, "{}", log.len());
    }
}

/// Waits until no process has `text` in its command line.
async fn until_gone(app: &TestApp, text: &str) {
    app.wait_until(text, async || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        !processes
            .map(|entry| command_line(&entry.path()))
            .any(|line| line.contains(text))
    })
    .await;
}

#[tokio::test]
async fn se2_a_converter_that_does_not_end_is_stopped() {
    // A time to sleep that is this test's own.
    let sleep = |n: u32| format!("sleep 31536{n}.{}", std::process::id());
    for (number, script) in [
        (1, "exec SLEEP"),
        (2, "SLEEP & wait"),
        (3, "exec 1>&- 2>&-; SLEEP"),
        (4, "(exec 1>&- 2>&-; SLEEP) & exec SLEEP"),
        (5, "head -c 32000 /dev/zero; exec SLEEP"),
        (6, "trap '' TERM INT HUP; while :; do SLEEP; done"),
    ] {
        let sleep = sleep(number);
        let script = script.replace("SLEEP", &sleep);
        let builder = TestApp::builder().with("FFMPEG_TIMEOUT", 1);
        let (app, _folder) = with_script(&script, builder).await;
        let began = Instant::now();
        let answer = app.post_file(PATH, "a.avi", FOREIGN).await;
        let took = began.elapsed();
        assert!(
            (Duration::from_secs(1)..Duration::from_secs(30)).contains(&took),
            "{script}: {took:?}"
        );
        let reason = "Decoding timed out after 1 s; the audio file may be damaged";
        assert_refused(&app, answer, &script, reason).await;
        until_gone(&app, &sleep).await;
        assert_eq!(app.children(), Vec::<String>::new(), "{script}");
    }
}

#[tokio::test]
async fn se2_what_a_converter_leaves_behind_ends_with_it() {
    for (number, script) in [
        (1, "SLEEP & exit 1"),
        (2, "SLEEP >&- 2>&- & exit 1"),
        (3, "SLEEP >&- 2>&- & head -c 32000 /dev/zero"),
    ] {
        let sleep = format!("sleep 41536{number}.{}", std::process::id());
        let script = script.replace("SLEEP", &sleep);
        let builder = TestApp::builder().with("FFMPEG_TIMEOUT", 2);
        let (app, _folder) = with_script(&script, builder).await;
        app.post_file(PATH, "a.avi", FOREIGN).await;
        until_gone(&app, &sleep).await;
        app.wait_until("end of the children", async || app.children().is_empty())
            .await;
    }
}

#[tokio::test]
async fn se2_a_converter_that_writes_without_end_is_stopped() {
    let builder = TestApp::builder().with("MAX_AUDIO_SECONDS", 60);
    // It is asked what is in the file first, then for the sound.
    let script = "case \"$*\" in \
        *-map*) exec ffmpeg -v error -f lavfi -i anoisesrc=r=16000 -c:a pcm_f32le -f matroska pipe:1;; \
        *) echo 'Stream #0:0: Audio: pcm_f32le, 16000 Hz, mono, flt' >&2; exit 1;; esac";
    let (app, _folder) = with_script(script, builder).await;
    let answer = app.post_file(PATH, "a.avi", FOREIGN).await.expect(413);
    assert_eq!(answer.code(), "AUDIO_TOO_LARGE");
    assert_discreet(&app, &answer);
    app.assert_nothing_left().await;
    assert_eq!(app.children(), Vec::<String>::new());
}

#[tokio::test]
async fn tg1_without_a_converter_only_what_needs_it_is_503() {
    let folder = tempfile::tempdir().unwrap();
    let not_a_program = folder.path().join("notes.txt");
    fs::write(&not_a_program, "no program").unwrap();
    for ffmpeg in [
        "/nowhere/ffmpeg",
        "no-such-ffmpeg",
        not_a_program.to_str().unwrap(),
    ] {
        let app = TestApp::builder()
            .with("FFMPEG_BINARY", ffmpeg)
            .start()
            .await;
        let records = app.records();
        let is_warning = |record: &&Value| {
            record["level"] == "WARNING" && record["message"].as_str().unwrap().contains("ffmpeg")
        };
        assert_eq!(records.iter().filter(is_warning).count(), 1, "{records:#?}");
        for (name, bytes) in [("a.avi", FOREIGN), ("a.amr", b"#!AMR\n\x04\0\0\0")] {
            let answer = app
                .post_file("/speech-to-text", name, bytes)
                .await
                .expect(503);
            assert_eq!(answer.code(), "FFMPEG_MISSING", "{ffmpeg}");
            let message = answer.json()["error"]["message"].clone();
            assert!(
                message
                    .as_str()
                    .unwrap()
                    .to_lowercase()
                    .contains("temporary system error")
            );
            assert!(!answer.text.contains(ffmpeg), "{}", answer.text);
            app.assert_nothing_left().await;
        }
        assert!((duration(&app, "a.wav", &tone(0.5)).await - 0.5).abs() < 1e-9);
        if let Some(mp4) = video("a.mp4", &["-c:a", "aac"]) {
            assert!((duration(&app, "a.mp4", &mp4).await - 2.0).abs() < 0.1);
        }
    }
}

#[tokio::test]
async fn tg1_with_a_converter_nothing_is_warned_of() {
    let app = TestApp::start().await;
    if made("a.wav", &[&TWO_SECONDS]).is_some() {
        assert!(!app.log().contains("ffmpeg"), "{}", app.log());
    }
}

const STRANGE_NAMES: [&str; 9] = [
    "-i.mp3",
    "$(touch x).mp3",
    "`touch x`.mp3",
    "a;b.mp3",
    "a|touch x.mp3",
    "concat:x.mp3",
    "http:x.mp3",
    "%d.mp3",
    "a' b.mp3",
];

#[tokio::test]
async fn se2_a_name_is_a_name_whatever_it_looks_like() {
    let app = TestApp::start().await;
    // Read by ffmpeg, where it is at hand.
    let sound = sound("a.wma", &["-c:a", "wmav2"]).unwrap_or_else(|| tone(2.0));
    for name in STRANGE_NAMES {
        let duration = duration(&app, name, &sound).await;
        assert!((duration - 2.0).abs() < 0.1, "{name}: {duration}");
        app.until_no_recordings().await;
    }
    assert!(!app.folder().join("x").exists());
}

#[tokio::test]
async fn se2_a_list_of_other_files_is_400_and_nothing_else_is_opened() {
    let origin = Origin::start().await;
    origin.on("/secret.wav", Reply::ok(tone(0.5)));
    let folder = tempfile::tempdir().unwrap();
    let local = folder.path().join("secret.wav");
    fs::write(&local, tone(0.5)).unwrap();
    let app = TestApp::start().await;
    let places = [
        origin.url("/secret.wav"),
        format!("file://{}", local.display()),
        local.display().to_string(),
    ];
    for place in &places {
        let list = format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{place}\n#EXT-X-ENDLIST\n"
        );
        let master = format!("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{place}\n");
        let dash = format!(
            "<?xml version=\"1.0\"?><MPD><Period><AdaptationSet><Representation id=\"1\"><BaseURL>{place}</BaseURL></Representation></AdaptationSet></Period></MPD>"
        );
        let files = [
            list.clone().into_bytes(),
            master.into_bytes(),
            format!("ffconcat version 1.0\nfile '{place}'\n").into_bytes(),
            dash.into_bytes(),
            format!("[Reference]\nRef1={place}\n").into_bytes(),
            // No longer text to who looks at all of it.
            [list.as_bytes(), b"\0\x01\x02\xff"].concat(),
            [list.as_bytes(), &noise(10_000)].concat(),
            [b"\xef\xbb\xbf", list.as_bytes()].concat(),
        ];
        for (number, file) in files.iter().enumerate() {
            let name = STRANGE_NAMES[number];
            let answer = app.post_file(PATH, name, file).await;
            assert_refused(&app, answer, &format!("{place}, file {number}"), UNREADABLE).await;
        }
    }
    assert_eq!(origin.connections(), 0);
}
