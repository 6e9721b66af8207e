//! What is on the disk and in memory while recordings come in, and what is left of it: nothing (contract 1.6 to 1.11,
//! 7.1, 7.3, 10: SC4, SE1, SE6, TG4; Appendix A: X22, X23).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use outbound::testing::{Origin, Reply};
use serde_json::Value;

use crate::answer::Answer;
use crate::app::{TestApp, while_others_ask};
use crate::audio::{made, tone};
use crate::raw::{Length, Raw, file_begins, form_ends, form_of};

const PATH: &str = "/service/transcribe";
const MEBIBYTE: usize = 1024 * 1024;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

async fn submit(app: &TestApp, name: &str) -> String {
    app.post_file(PATH, name, &tone(0.1)).await.identifier()
}

async fn delete(app: &TestApp, identifier: &str) {
    let path = format!("/task/{identifier}/delete");
    app.delete(&path).await.expect(200);
}

/// Has the only worker busy until the task is deleted.
async fn keep_busy(app: &TestApp) -> String {
    let identifier = submit(app, "busy.transcribe-sleep-600000.wav").await;
    app.wait_until("start of a task", async || {
        app.task(&identifier).await["status"] == "processing"
    })
    .await;
    identifier
}

#[tokio::test]
async fn se1_recordings_lie_in_a_private_folder_under_random_names() {
    let elsewhere = tempfile::tempdir().unwrap();
    let own = elsewhere.path().join("not/yet/there");
    for folder in [None, Some(&own)] {
        let mut builder = TestApp::builder();
        if let Some(folder) = folder {
            builder = builder.with("TEMP_DIR", folder.display());
        }
        let app = builder.start().await;
        let running = keep_busy(&app).await;
        let found = match folder {
            Some(folder) => recordings_in(&folder.join("scriven-media")),
            None => app.recordings(),
        };
        assert_eq!(found.len(), 1, "{found:?}");
        let name = found[0].file_name().unwrap().to_str().unwrap();
        assert!(
            name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{name}"
        );
        assert_eq!(mode(&found[0]), 0o600);
        assert_eq!(mode(found[0].parent().unwrap()), 0o700);
        delete(&app, &running).await;
        app.wait_until("end of the recording", async || !found[0].exists())
            .await;
    }
}

fn recordings_in(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[tokio::test]
async fn se1_whatever_becomes_of_a_task_its_recording_goes() {
    let app = TestApp::start().await;
    for name in [
        "a.wav",
        "a.transcribe-error.wav",
        "a.transcribe-panic.wav",
        "a.transcribe-oom.wav",
    ] {
        app.ended(&submit(&app, name).await).await;
        app.until_no_recordings().await;
    }
    let running = keep_busy(&app).await;
    let waiting = submit(&app, "waiting.wav").await;
    assert_eq!(app.recordings().len(), 2);
    delete(&app, &waiting).await;
    app.wait_until("end of the one that waited", async || {
        app.recordings().len() == 1
    })
    .await;
    delete(&app, &running).await;
    app.until_no_recordings().await;
}

/// A wrong request: what it is called, its path, its parts, and the status of its answer.
type Wrong<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str, &'a [u8])], u16);

#[tokio::test]
async fn se1_nothing_is_left_of_what_is_refused() {
    let builder = TestApp::builder()
        .with("MAX_UPLOAD_BYTES", MEBIBYTE)
        .with("MAX_JSON_BYTES", 1000)
        .with("MAX_AUDIO_SECONDS", 10)
        .with("SSRF_PROTECTION_ENABLED", "true");
    let app = builder.start().await;
    let (wave, long, large) = (tone(0.1), tone(11.0), vec![0; MEBIBYTE + 1]);
    let json = br#"{"language":"en","segments":[]}"#;
    let large_json = [&json[..], &[b' '; 1000]].concat();
    let (file, bad) = (
        ("file", "a.wav", &*wave),
        ("file", "a.mp3", &b"no sound"[..]),
    );
    let transcript = ("transcript", "t.json", &json[..]);
    let cases: [Wrong; 25] = [
        (
            "a wrong extension",
            "/speech-to-text",
            &[("file", "a.xyz", &wave)],
            400,
        ),
        (
            "no file",
            "/speech-to-text",
            &[("other", "a.wav", &wave)],
            422,
        ),
        ("a wrong value", "/speech-to-text?beam_size=x", &[file], 422),
        (
            "a wrong range",
            "/speech-to-text?min_speakers=3&max_speakers=2",
            &[file],
            422,
        ),
        (
            "an unknown language",
            "/service/transcribe?language=xx",
            &[file],
            422,
        ),
        (
            "an unknown device",
            "/service/diarize?device=tpu",
            &[file],
            422,
        ),
        ("no sound", "/speech-to-text", &[bad], 400),
        (
            "first a sound, then none",
            "/speech-to-text",
            &[file, bad],
            400,
        ),
        (
            "too large",
            "/speech-to-text",
            &[("file", "a.wav", &large)],
            413,
        ),
        (
            "too large the second time",
            "/speech-to-text",
            &[file, ("file", "b.wav", &large)],
            413,
        ),
        (
            "too long",
            "/speech-to-text",
            &[("file", "a.wav", &long)],
            413,
        ),
        (
            "a callback to the house",
            "/speech-to-text?callback_url=http://127.0.0.1:1/x",
            &[file],
            422,
        ),
        (
            "a callback to nowhere",
            "/speech-to-text?callback_url=http://nowhere.invalid/x",
            &[file],
            400,
        ),
        (
            "a callback that is none",
            "/speech-to-text?callback_url=ftp://x/y",
            &[file],
            422,
        ),
        ("no transcript", "/service/align", &[file], 422),
        ("no recording", "/service/align", &[transcript], 422),
        (
            "a transcript that is none",
            "/service/align",
            &[file, ("transcript", "t.json", b"{")],
            422,
        ),
        (
            "a transcript that is too large",
            "/service/align",
            &[file, ("transcript", "t.json", &large_json)],
            413,
        ),
        (
            "a transcript of another name",
            "/service/align",
            &[file, ("transcript", "t.txt", json)],
            400,
        ),
        (
            "a transcript and no sound",
            "/service/align",
            &[transcript, bad],
            400,
        ),
        (
            "a transcript of no language",
            "/service/align",
            &[
                file,
                (
                    "transcript",
                    "t.json",
                    br#"{"language":"xx","segments":[]}"#,
                ),
            ],
            422,
        ),
        (
            "words that are none",
            "/service/combine",
            &[
                ("aligned_transcript", "a.json", b"{"),
                ("diarization_result", "d.json", b"[]"),
            ],
            422,
        ),
        (
            "turns that are none",
            "/service/combine",
            &[
                (
                    "aligned_transcript",
                    "a.json",
                    br#"{"segments":[],"word_segments":[]}"#,
                ),
                ("diarization_result", "d.json", b"{"),
            ],
            422,
        ),
        (
            "only one of two",
            "/service/combine",
            &[("aligned_transcript", "a.json", json)],
            422,
        ),
        ("a method that is none", "/task/all", &[file], 405),
    ];
    for (what, path, parts, status) in cases {
        let answer = app.post(path, parts).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        assert!(
            !answer.text.contains(app.folder().to_str().unwrap()),
            "{}",
            answer.text
        );
        app.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn se1_nothing_is_left_of_a_form_that_is_broken() {
    let app = TestApp::start().await;
    let wave = tone(0.1);
    let whole = form_of("file", "a.wav", &wave);
    let ends = form_ends().len();
    for (what, form) in [
        ("cut off in the file", &whole[..whole.len() / 2]),
        ("cut off in its end", &whole[..whole.len() - 3]),
        ("without its end", &whole[..whole.len() - ends]),
        ("cut off in its header", &whole[..40]),
        ("nothing", b""),
        ("no form", b"RIFF"),
    ] {
        let (status, body) = Raw::post_form(&app, PATH, form).await;
        assert!([400, 422].contains(&status), "{what}: {status} {body}");
        app.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn se1_nothing_is_left_of_a_task_that_finds_no_place() {
    let app = TestApp::builder().with("MAX_QUEUE_SIZE", 1).start().await;
    let running = keep_busy(&app).await;
    let waiting = submit(&app, "waiting.wav").await;
    let origin = Origin::start().await;
    origin.on("/a.wav", Reply::ok(tone(0.1)));
    for _ in 0..5 {
        let refused = app
            .post_file(PATH, "more.wav", &tone(0.1))
            .await
            .expect(429);
        assert_eq!(refused.code(), "QUEUE_FULL");
        let url = origin.url("/a.wav");
        app.post_fields("/speech-to-text-url", &[("url", &url)])
            .await
            .expect(429);
        assert_eq!(app.recordings().len(), 2);
    }
    // Nor of those that come at once, when there is room for one.
    delete(&app, &waiting).await;
    let at_once =
        (0..10).map(|_| async { app.post_file(PATH, "more.wav", &tone(0.1)).await.status });
    let mut statuses = futures_util::future::join_all(at_once).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429, 429, 429, 429, 429, 429, 429, 429, 429]);
    app.wait_until("end of those that were refused", async || {
        app.recordings().len() == 2
    })
    .await;
    delete(&app, &running).await;
    app.until_no_recordings().await;
}

/// An upload of which a part has been stored.
async fn half_an_upload(app: &TestApp, path: &str) -> Raw {
    let mut upload = Raw::begin_form(app, path, Length::Said(10 * MEBIBYTE)).await;
    upload.send(&file_begins("file", "a.wav")).await;
    upload.send(&vec![1; MEBIBYTE]).await;
    upload
}

#[tokio::test]
async fn se1_nothing_is_left_of_an_upload_that_is_broken_off() {
    let app = TestApp::start().await;
    for path in [
        "/speech-to-text",
        "/service/transcribe",
        "/service/diarize",
        "/service/align",
    ] {
        let upload = half_an_upload(&app, path).await;
        app.wait_until("beginning of an upload", async || {
            !app.recordings().is_empty()
        })
        .await;
        assert_eq!(mode(&app.recordings()[0]), 0o600);
        drop(upload);
        app.until_no_recordings().await;
        app.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn se1_a_death_in_the_midst_of_uploads_leaves_nothing_behind_the_next_start() {
    let mut app = TestApp::builder().on_one_port().start().await;
    let running = keep_busy(&app).await;
    let waiting = submit(&app, "waiting.wav").await;
    let mut uploads = Vec::new();
    for _ in 0..5 {
        uploads.push(half_an_upload(&app, PATH).await);
    }
    app.wait_until("beginning of the uploads", async || {
        app.recordings().len() == 7
    })
    .await;
    app.kill();
    assert_eq!(app.recordings().len(), 7);
    drop(uploads);
    app.restart().await;
    // Those of the tasks stay, for they are needed; the others are gone before it is ready.
    assert_eq!(app.recordings().len(), 2);
    delete(&app, &running).await;
    app.completed(&waiting).await;
    app.until_no_recordings().await;
}

#[tokio::test]
async fn se6_what_says_that_it_is_too_large_is_refused_before_it_comes() {
    let app = TestApp::builder()
        .with("MAX_UPLOAD_BYTES", MEBIBYTE)
        .start()
        .await;
    for path in ["/speech-to-text", "/service/transcribe", "/service/diarize"] {
        let mut upload = Raw::begin_form(&app, path, Length::Said(2 * MEBIBYTE)).await;
        let (status, body) = upload.answer().await;
        assert_eq!(status, 413, "{body}");
        let error: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(error["error"]["code"], "AUDIO_TOO_LARGE");
        assert_eq!(error["error"]["max_size"], MEBIBYTE);
        assert!(error["error"]["size"].as_u64().unwrap() >= 2 * MEBIBYTE as u64);
    }
    app.assert_nothing_left().await;
}

#[tokio::test]
async fn se6_what_does_not_say_how_large_it_is_is_refused_when_it_is_too_large() {
    let app = TestApp::builder()
        .with("MAX_UPLOAD_BYTES", MEBIBYTE)
        .start()
        .await;
    let mut upload = Raw::begin_form(&app, PATH, Length::Chunked).await;
    assert!(upload.try_send_chunk(&file_begins("file", "a.wav")).await);
    for _ in 0..128 {
        if !upload.try_send_chunk(&[0; 16 * 1024]).await {
            break;
        }
    }
    let (status, body) = upload.answer().await;
    assert_eq!(status, 413, "{body}");
    app.assert_nothing_left().await;
}

#[tokio::test]
async fn se6_a_form_of_ten_thousand_parts_is_400() {
    let app = TestApp::start().await;
    let text = "--scriven-boundary\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n";
    let file = "--scriven-boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n1\r\n";
    for part in [text, file] {
        let form = [
            part.repeat(10_000).as_bytes(),
            &form_of("file", "a.wav", &tone(0.1)),
        ]
        .concat();
        let (status, body) = Raw::post_form(&app, PATH, &form).await;
        assert_eq!(status, 400, "{body}");
        app.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn se6_an_hour_of_silence_in_a_small_file_is_413() {
    let silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "3600"];
    let app = TestApp::builder()
        .with("MAX_UPLOAD_BYTES", 4 * MEBIBYTE)
        .with("MAX_AUDIO_SECONDS", 60)
        .start()
        .await;
    // One is read in the process, the other by ffmpeg.
    for (name, codec) in [("a.ogg", ["-c:a", "flac"]), ("b.ogg", ["-c:a", "libopus"])] {
        let Some(bytes) = made(name, &[&silence, &codec, &["-b:a", "6k"]]) else {
            return;
        };
        assert!(bytes.len() < 4 * MEBIBYTE, "{}", bytes.len());
        let answer = app.post_file(PATH, name, &bytes).await.expect(413);
        let error = answer.json()["error"].clone();
        assert_eq!(error["code"], "AUDIO_TOO_LARGE");
        assert_eq!(
            (&error["max_size"], &error["unit"]),
            (&60.0.into(), &"seconds".into())
        );
        app.assert_nothing_left().await;
        assert_eq!(app.children(), Vec::<String>::new());
    }
    let (fits, exceeds) = (tone(60.0), tone(60.5));
    app.post_file(PATH, "a.wav", &exceeds).await.expect(413);
    app.completed(&app.post_file(PATH, "a.wav", &fits).await.identifier())
        .await;
}

#[tokio::test]
async fn se6_json_over_its_own_limit_is_413() {
    let app = TestApp::builder()
        .with("MAX_JSON_BYTES", 10_000)
        .start()
        .await;
    let json = [&br#"{"language":"en","segments":[]}"#[..], &[b' '; 10_000]].concat();
    let words = br#"{"segments":[],"word_segments":[]}"#;
    let wave = tone(0.1);
    for (path, parts) in [
        (
            "/service/align",
            [
                ("transcript", "t.json", &json[..]),
                ("file", "a.wav", &wave),
            ],
        ),
        (
            "/service/align",
            [("file", "a.wav", &wave), ("transcript", "t.json", &json)],
        ),
        (
            "/service/combine",
            [
                ("aligned_transcript", "a.json", &json),
                ("diarization_result", "d.json", b"[]"),
            ],
        ),
        (
            "/service/combine",
            [
                ("aligned_transcript", "a.json", words),
                ("diarization_result", "d.json", &json),
            ],
        ),
    ] {
        app.post(path, &parts).await.expect(413);
        app.assert_nothing_left().await;
    }
}

/// The head of a WAV file with 16 bits a sample at 16 kHz, of which `n_bytes` follow.
fn wave_head(n_bytes: usize) -> Vec<u8> {
    let mut head = tone(0.0);
    let n_bytes = u32::try_from(n_bytes).unwrap();
    head[4..8].copy_from_slice(&(36 + n_bytes).to_le_bytes());
    head[40..44].copy_from_slice(&n_bytes.to_le_bytes());
    head
}

#[tokio::test]
async fn se6_a_large_upload_is_never_in_memory() {
    const N_PIECES: usize = 200;
    let app = TestApp::start().await;
    // What is measured is the upload and the probe, not the task.
    let running = keep_busy(&app).await;
    let before = app.memory_bytes();
    let mut head = file_begins("file", "a.wav");
    head.extend(wave_head(N_PIECES * MEBIBYTE));
    let piece = Bytes::from(vec![0; MEBIBYTE]);
    let pieces = stream::iter(std::iter::repeat_n(piece, N_PIECES));
    let body = stream::iter([Bytes::from(head)])
        .chain(pieces)
        .chain(stream::iter([Bytes::from(form_ends())]));
    let request = app
        .client()
        .post(app.url(PATH))
        .header(
            "Content-Type",
            "multipart/form-data; boundary=scriven-boundary",
        )
        .body(reqwest::Body::wrap_stream(body.map(std::io::Result::Ok)))
        .send();
    let mut request = std::pin::pin!(request);
    let mut most = 0;
    let answer = loop {
        tokio::select! {
            answer = &mut request => break answer.unwrap(),
            // Between two looks at another process, which cannot tell.
            () = tokio::time::sleep(Duration::from_millis(5)) => most = most.max(app.memory_bytes()),
        }
    };
    let waiting = Answer::read(answer).await.identifier();
    let task = app.task(&waiting).await;
    assert_eq!(
        task["metadata"]["audio_duration"],
        (N_PIECES * MEBIBYTE / 2) as f64 / 16_000.0
    );
    let grown = most.saturating_sub(before);
    assert!(grown < 64 * MEBIBYTE as u64, "{grown}");
    delete(&app, &waiting).await;
    delete(&app, &running).await;
    app.until_no_recordings().await;
}

#[tokio::test]
async fn tg4_clients_that_go_away_leave_no_open_files() {
    const N_CLIENTS: usize = 100;
    const SLACK: usize = 5;
    let app = TestApp::start().await;
    // What is opened once and stays.
    app.completed(&submit(&app, "first.wav").await).await;
    app.get("/openapi.json").await.expect(200);
    let baseline = app.n_descriptors();
    let mut uploads = Vec::new();
    for _ in 0..N_CLIENTS {
        uploads.push(half_an_upload(&app, PATH).await);
    }
    app.wait_until("beginning of the uploads", async || {
        app.recordings().len() == N_CLIENTS
    })
    .await;
    // What the first task had open may count in the baseline.
    assert!(app.n_descriptors() + SLACK >= baseline + 2 * N_CLIENTS);
    let mut readers = Vec::new();
    let asked = format!("GET /openapi.json HTTP/1.1\r\nHost: {}\r\n\r\n", app.host());
    for _ in 0..N_CLIENTS {
        let mut reader = Raw::connect(&app).await;
        // More answers than the network holds.
        reader.send(asked.repeat(50).as_bytes()).await;
        assert_ne!(reader.read_some().await, 0);
        readers.push(reader);
    }
    drop((uploads, readers));
    let began = Instant::now();
    app.wait_until("end of what was opened", async || {
        app.n_descriptors().abs_diff(baseline) <= SLACK
    })
    .await;
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    app.until_no_recordings().await;
    app.completed(&submit(&app, "last.wav").await).await;
    assert!(!app.log().contains("\"ERROR\""), "{}", app.log());
}

/// A file system that is soon full. Dropped, it is unmounted.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` after saying that the test is skipped.
    fn of(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "none"])
            .arg(folder.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder)),
            _ => {
                skipped::on_this_machine("only root can mount a small disk");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let status = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
        assert!(status.unwrap().success());
    }
}

#[tokio::test]
async fn se1_a_full_disk_is_503_and_leaves_nothing() {
    let Some(disk) = SmallDisk::of("1m") else {
        return;
    };
    let app = TestApp::builder()
        .with("TEMP_DIR", disk.0.path().display())
        .start()
        .await;
    let folder = disk.0.path().join("scriven-media");
    let origin = Origin::start().await;
    let large = tone(60.0);
    origin.on("/a.wav", Reply::ok(large.clone()));
    let url = origin.url("/a.wav");
    for _ in 0..3 {
        for answer in [
            app.post_file(PATH, "a.wav", &large).await,
            app.post_fields("/speech-to-text-url", &[("url", &url)])
                .await,
        ] {
            assert_eq!(
                (answer.status, answer.code()),
                (503, "STORAGE_FULL".to_owned()),
                "{}",
                answer.text
            );
            assert!(
                answer.text.contains("temporary system error"),
                "{}",
                answer.text
            );
            assert!(!answer.text.contains("scriven-media"), "{}", answer.text);
            assert_eq!(recordings_in(&folder), Vec::<PathBuf>::new());
            assert_eq!(app.tasks().await, Vec::<Value>::new());
        }
    }
    // What fits is still taken, while much of the room is.
    let running = keep_busy(&app).await;
    app.post_file(PATH, "a.wav", &large).await.expect(503);
    delete(&app, &running).await;
    app.completed(&app.post_file(PATH, "a.wav", &tone(20.0)).await.identifier())
        .await;
    app.wait_until("end of the recordings", async || {
        recordings_in(&folder).is_empty()
    })
    .await;
}

#[tokio::test]
async fn x22_a_name_is_stored_without_its_folders() {
    let app = TestApp::start().await;
    let long = format!("{}.mp3", "é".repeat(1000));
    let cut = format!("{}.mp3", "é".repeat(251));
    for (sent, stored) in [
        ("audio_en.mp3", "audio_en.mp3"),
        ("A.MP3", "A.MP3"),
        ("a.b.wav", "a.b.wav"),
        ("../../etc/x y é.mp3", "x y é.mp3"),
        ("/etc/passwd.mp3", "passwd.mp3"),
        (r"C:\dir\a.mp3", "a.mp3"),
        ("名前.mp3", "名前.mp3"),
        ("a\tb.mp3", "ab.mp3"),
        (&long, &cut),
    ] {
        let (status, body) = Raw::post_form(&app, PATH, &form_of("file", sent, &tone(0.1))).await;
        assert_eq!(status, 200, "{sent}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let task = app.completed(answer["identifier"].as_str().unwrap()).await;
        assert_eq!(task["metadata"]["file_name"], stored, "{sent}");
    }
    app.until_no_recordings().await;
    for sent in [
        "a.txt",
        "a.xyz",
        "abc",
        ".mp3",
        "a.mp3 ",
        "a.mp3.exe",
        "a.",
        "dir.mp3/",
        "dir.mp3/a",
    ] {
        let (status, body) = Raw::post_form(&app, PATH, &form_of("file", sent, &tone(0.1))).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &"UNSUPPORTED_FILE_EXTENSION".into()),
            "{sent}: {body}"
        );
        assert!(
            answer["detail"]
                .as_str()
                .unwrap()
                .starts_with("Invalid file extension")
        );
        assert_eq!(app.recordings(), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn x23_a_file_without_a_name_is_422_and_not_echoed() {
    let app = TestApp::start().await;
    let content = "this is private ".repeat(1000);
    let (status, body) = Raw::post_form(&app, PATH, &form_of("file", "", content.as_bytes())).await;
    assert_eq!(status, 422);
    assert!(!body.contains("private") && body.len() < 1000, "{body}");
    // Nor a text in the place of a file, but for its beginning.
    let text = reqwest::multipart::Form::new().text("file", "x".repeat(100_000));
    let sent = app
        .client()
        .post(app.url(PATH))
        .multipart(text)
        .send()
        .await;
    let answer = Answer::read(sent.unwrap()).await.expect(422);
    assert!(answer.text.len() < 1000, "{}", answer.text);
    assert_eq!(answer.json()["detail"][0]["type"], "value_error");
    app.assert_nothing_left().await;
}

#[tokio::test]
async fn sc4_the_decoding_of_two_hours_delays_nobody() {
    const N_SECONDS: usize = 7200;
    let app = TestApp::start().await;
    let running = keep_busy(&app).await;
    let n_bytes = N_SECONDS * 32_000;
    let bytes = [wave_head(n_bytes), vec![0; n_bytes]].concat();
    let upload = app.post_file(PATH, "long.wav", &bytes);
    let path = format!("/task/{running}");
    let (answer, n_answers) = while_others_ask(&app, &path, upload).await;
    let task = app.task(&answer.identifier()).await;
    assert_eq!(task["metadata"]["audio_duration"], 7200.0);
    assert!(n_answers >= 10, "{n_answers}");
}

#[tokio::test]
async fn sc4_uploads_that_stand_still_delay_nobody() {
    let app = TestApp::start().await;
    let mut uploads = Vec::new();
    for _ in 0..100 {
        uploads.push(half_an_upload(&app, PATH).await);
    }
    // They stay until others were served.
    for number in 0..20 {
        app.completed(&submit(&app, &format!("{number}.wav")).await)
            .await;
        app.get("/health").await.expect(200);
    }
    drop(uploads);
    app.until_no_recordings().await;
    assert_eq!(app.tasks().await.len(), 20);
}
