//! Secrets are told to those who need them, and to nobody else (contract 10: SE3).

use std::fs;
use std::path::{Path, PathBuf};

use outbound::testing::{Origin, Reply};

use crate::app::TestApp;
use crate::audio::tone;

/// In no secret but those of these tests.
const MARKER: &str = "MaRkEr1234567890";

fn token() -> String {
    format!("hf_{MARKER}")
}

/// Files below `folder` in which the marker stands.
fn told_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap_or_default();
            let marker = MARKER.as_bytes();
            if bytes.windows(marker.len()).any(|window| window == marker) {
                found.push(path);
            }
        }
    }
    found
}

/// Asks everything that can be asked, rightly and wrongly; all answers with their headers.
async fn everything(app: &TestApp) -> String {
    let wav = tone(0.1);
    let mut answers = Vec::new();
    for path in [
        "/speech-to-text",
        "/service/transcribe",
        "/service/diarize",
        "/service/align",
        "/service/combine",
        "/speech-to-text?language=xx",
        "/speech-to-text?callback_url=http://127.0.0.1:1/",
    ] {
        answers.push(app.post_file(path, "a.wav", &wav).await);
        answers.push(app.post_file(path, "b.wav", b"no sound").await);
    }
    let url = [("url", "http://127.0.0.1:1/a.mp3")];
    answers.push(app.post_fields("/speech-to-text-url", &url).await);
    for task in app.tasks().await {
        let identifier = task["identifier"].as_str().unwrap();
        app.ended(identifier).await;
        answers.push(app.get(&format!("/task/{identifier}")).await);
    }
    for path in [
        "/task/all",
        "/task/none",
        "/health",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/docs/",
        "/nowhere",
    ] {
        answers.push(app.get(path).await);
    }
    format!("{answers:?}")
}

fn command_line(process: u32) -> String {
    let bytes = fs::read(format!("/proc/{process}/cmdline")).unwrap();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

#[tokio::test]
async fn se3_the_token_is_told_to_the_hub_alone() {
    // A hub that says whom it does not like.
    let hub = Origin::start().await;
    let refusal = Reply::status(401).header("x-error-message", format!("no {}", token()));
    hub.on(
        "/api/models/Systran/faster-whisper-medium/revision/main",
        refusal,
    );
    let app = TestApp::builder()
        .with("ENGINE", "speech")
        .with("HF_TOKEN", token())
        .without("HF_HUB_OFFLINE")
        .with("HF_ENDPOINT", hub.url(""))
        .with("WHISPER_MODEL", "medium")
        .with("LOG_LEVEL", "DEBUG")
        .with("DB_ECHO", true)
        .start()
        .await;
    let answers = everything(&app).await;
    assert!(!answers.contains(MARKER), "{answers}");
    assert!(!command_line(app.process_id()).contains(MARKER));
    let told = told_in(app.folder());
    assert!(told.is_empty(), "{told:?}: {}", app.log());
    // It was worth a test: the models were asked for, with the token.
    let asked = hub.requests();
    let is_authorised = |request: &outbound::testing::Request| {
        request.header("authorization") == Some(&format!("Bearer {}", token()))
    };
    assert!(asked.iter().any(is_authorised), "{asked:?}");
}

/// What a process that `parent` started was given: its command line and its environment.
fn given_to_child(parent: u32) -> Option<String> {
    let parent = parent.to_string();
    let is_child = |folder: &Path| {
        let stat = fs::read_to_string(folder.join("stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        after_name.split_whitespace().nth(1) == Some(&parent)
    };
    let folders = fs::read_dir("/proc").unwrap().flatten().map(|e| e.path());
    let child = folders.into_iter().find(|folder| is_child(folder))?;
    let read = |name: &str| fs::read(child.join(name)).unwrap_or_default();
    let given = [read("cmdline"), read("environ")].concat();
    Some(String::from_utf8_lossy(&given).replace('\0', "\n"))
}

#[tokio::test]
async fn se3_programs_that_are_called_know_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("ffmpeg");
    fs::write(&program, "#!/bin/sh\nsleep 60\n").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).unwrap();
    let app = TestApp::builder()
        .with("HF_TOKEN", token())
        .with(
            "CALLBACK_SIGNING_SECRET",
            "whsec_TWFSa0VyMTIzNDU2Nzg5MGFiY2RlZmdo",
        )
        .with("FFMPEG_BINARY", program.display())
        .with("FFMPEG_TIMEOUT", 5)
        .start()
        .await;
    let given = || given_to_child(app.process_id()).unwrap_or_default();
    let look = async {
        // Between fork and exec a child still looks like its parent.
        app.wait_until("start of the program", async || {
            given().contains("-protocol_whitelist")
        })
        .await;
        given()
    };
    let media_file = b"0&\xb2u\x8ef\xcf\x11\xa6\xd9";
    let post = app.post_file("/service/transcribe", "a.wma", media_file);
    let (given, answer) = tokio::join!(look, post);
    answer.expect(400);
    assert!(given.contains("LC_ALL=C"), "{given}");
    for secret in [MARKER, "whsec_", "TWFSa0Vy"] {
        assert!(!given.contains(secret), "{given}");
    }
}

#[tokio::test]
async fn se3_a_token_of_another_form_is_told_of_but_not_told() {
    let strange = TestApp::builder().with("HF_TOKEN", format!("my-{MARKER}"));
    let log = strange.start().await.log();
    assert!(log.contains("HF_TOKEN"), "{log}");
    assert!(!log.contains(MARKER), "{log}");
    let unusable = TestApp::builder().with("HF_TOKEN", format!("my {MARKER}"));
    let (status, error) = unusable.run();
    assert!(!status.success());
    assert!(error.contains("HF_TOKEN"), "{error}");
    assert!(!error.contains(MARKER), "{error}");
}

#[test]
fn se3_the_password_of_a_database_is_told_nowhere() {
    for url in [
        "postgresql://ann:MaRkEr1234567890@127.0.0.1:1/db",
        "postgres://ann:MaRkEr1234567890@127.0.0.1:1/db",
        "mysql://ann:MaRkEr1234567890@127.0.0.1:1/db",
        "sqlite//ann:MaRkEr1234567890@records.db",
        "MaRkEr1234567890",
    ] {
        let (status, error) = TestApp::builder().with("DB_URL", url).run();
        assert!(!status.success(), "{url} is taken");
        assert!(error.contains("DB_URL"), "{url}: {error}");
        assert!(!error.contains(MARKER), "{url}: {error}");
    }
}
