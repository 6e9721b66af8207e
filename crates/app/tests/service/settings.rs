//! Every documented variable shows from outside, and a wrong value ends the start (contract 5.2, Appendix C; 10: TD1).

use std::fs;
use std::time::Duration;

use outbound::testing::{Origin, Reply};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::audio::tone;

const PATH: &str = "/service/transcribe";
const FULL: &str = "/speech-to-text";

/// What the document says of a parameter of an endpoint.
fn parameter<'a>(document: &'a Value, path: &str, name: &str) -> &'a Value {
    let parameters = document["paths"][path]["post"]["parameters"].as_array();
    let mut parameters = parameters.into_iter().flatten();
    let found = parameters.find(|parameter| parameter["name"] == name);
    &found.unwrap_or_else(|| panic!("{path} has no {name}"))["schema"]
}

async fn document(app: &TestApp) -> Value {
    app.get("/openapi.json").await.expect(200).json()
}

#[tokio::test]
async fn td1_defaults_of_requests_are_those_that_are_set() {
    let app = TestApp::builder()
        .with("WHISPER_MODEL", "medium")
        .with("DEFAULT_LANG", "fr")
        .with("DEVICE", "cpu")
        .with("COMPUTE_TYPE", "float32")
        .start()
        .await;
    let document = document(&app).await;
    let expected = [
        ("model", "medium"),
        ("language", "fr"),
        ("device", "cpu"),
        ("compute_type", "float32"),
    ];
    for path in [FULL, "/speech-to-text-url", PATH] {
        for (name, value) in expected {
            let default = &parameter(&document, path, name)["default"];
            assert_eq!(default, value, "{path} {name}");
        }
    }
    for path in ["/service/align", "/service/diarize"] {
        assert_eq!(parameter(&document, path, "device")["default"], "cpu");
    }
    let task = app.post_file(FULL, "a.wav", &tone(0.1)).await.identifier();
    let params = &app.completed(&task).await["metadata"]["task_params"];
    for (name, value) in expected {
        assert_eq!(params[name], value, "{name}");
    }
}

#[tokio::test]
async fn td1_extensions_are_those_that_are_set() {
    let app = TestApp::builder()
        .with("AUDIO_EXTENSIONS", r#"[".flac"]"#)
        .with("VIDEO_EXTENSIONS", r#"[".webm"]"#)
        .start()
        .await;
    for (name, status) in [
        ("a.flac", 200),
        ("a.webm", 200),
        ("a.wav", 400),
        ("a.mp4", 400),
    ] {
        let answer = app.post_file(PATH, name, &tone(0.1)).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
    }
    let description = document(&app).await["info"]["description"].clone();
    let description = description.as_str().unwrap();
    assert!(description.contains("Audio: .flac") && description.contains("Video: .webm"));
}

#[tokio::test]
async fn td1_readiness_tells_the_limits_that_are_set() {
    let app = TestApp::builder()
        .with("MAX_CONCURRENT_GPU_TASKS", 3)
        .with("MAX_QUEUE_SIZE", 7)
        .start()
        .await;
    let ready = app.get("/health/ready").await.expect(200).json();
    assert_eq!(ready["gpu"], json!({"max_concurrent_tasks": 3}));
    assert_eq!(ready["queue"]["capacity"], 7);
}

#[tokio::test]
async fn td1_sizes_and_lengths_end_where_they_are_set_to() {
    let limits = [
        ("MAX_UPLOAD_BYTES", "20000"),
        ("MAX_AUDIO_SECONDS", "1"),
        ("MAX_JSON_BYTES", "60"),
    ];
    for (variable, value) in limits {
        let app = TestApp::builder().with(variable, value).start().await;
        let parts: [(&str, &str, &[u8]); 2] = [
            (
                "transcript",
                "t.json",
                br#"{"language":"en","segments":[{"start":0,"end":1,"text":"Hello"}]}"#,
            ),
            ("file", "a.wav", &tone(1.5)),
        ];
        let answer = app.post("/service/align", &parts).await.expect(413);
        assert_eq!(answer.code(), "AUDIO_TOO_LARGE", "{variable}");
    }
}

#[tokio::test]
async fn td1_callbacks_are_timed_and_counted_as_set() {
    let app = TestApp::builder()
        .with("CALLBACK_TIMEOUT", 1)
        .with("CALLBACK_MAX_RETRIES", 2)
        .start()
        .await;
    let receiver = Origin::start().await;
    receiver.on("HEAD /silent", Reply::silence());
    receiver.on("HEAD /hook", Reply::status(200));
    receiver.on("POST /hook", Reply::silence());
    let path = format!("{FULL}?callback_url={}", receiver.url("/silent"));
    let began = std::time::Instant::now();
    let refused = app.post_file(&path, "a.wav", &tone(0.1)).await.expect(400);
    assert_eq!(refused.code(), "CALLBACK_UNREACHABLE");
    assert!(began.elapsed() >= Duration::from_secs(1));

    let path = format!("{FULL}?callback_url={}", receiver.url("/hook"));
    let task = app.post_file(&path, "a.wav", &tone(0.1)).await.identifier();
    app.wait_until("the last attempt", async || {
        app.task(&task).await["metadata"]["callback_status"] == "failed"
    })
    .await;
    let metadata = app.task(&task).await["metadata"].clone();
    assert_eq!(metadata["callback_attempts"], 2, "{metadata}");
    let posts = receiver
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST");
    assert_eq!(posts.count(), 2);
}

#[tokio::test]
async fn td1_no_attempts_are_none() {
    let app = TestApp::builder()
        .with("CALLBACK_MAX_RETRIES", 0)
        .start()
        .await;
    let receiver = Origin::start().await;
    receiver.on("HEAD /hook", Reply::status(200));
    let path = format!("{FULL}?callback_url={}", receiver.url("/hook"));
    let task = app.post_file(&path, "a.wav", &tone(0.1)).await.identifier();
    app.wait_until("the end of the callback", async || {
        app.task(&task).await["metadata"]["callback_status"] == "failed"
    })
    .await;
    assert!(receiver.requests().iter().all(|r| r.method == "HEAD"));
}

#[tokio::test]
async fn td1_addresses_are_checked_as_set() {
    let receiver = Origin::start().await;
    receiver.on("HEAD /hook", Reply::status(200));
    receiver.on("POST /hook", Reply::status(200));
    let path = format!("{FULL}?callback_url={}", receiver.url("/hook"));
    let cases: [(&[(&str, &str)], u16); 5] = [
        (&[("SSRF_PROTECTION_ENABLED", "true")], 422),
        (&[("SSRF_PROTECTION_ENABLED", "false")], 200),
        (
            &[
                ("SSRF_PROTECTION_ENABLED", "true"),
                ("SSRF_BLOCKED_NETWORKS", "[]"),
            ],
            200,
        ),
        (
            &[
                ("SSRF_PROTECTION_ENABLED", "true"),
                ("SSRF_ALLOWED_HOSTS", r#"["127.0.0.1"]"#),
            ],
            200,
        ),
        (
            &[
                ("SSRF_PROTECTION_ENABLED", "true"),
                ("SSRF_BLOCKED_NETWORKS", "[]"),
                ("SSRF_ALLOWED_SCHEMES", r#"["https"]"#),
            ],
            422,
        ),
    ];
    for (variables, status) in cases {
        let builder = variables
            .iter()
            .fold(TestApp::builder(), |b, (name, value)| b.with(name, value));
        let app = builder.start().await;
        let answer = app.post_file(&path, "a.wav", &tone(0.1)).await;
        assert_eq!(answer.status, status, "{variables:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn td1_files_lie_where_they_are_set_to() {
    let elsewhere = tempfile::tempdir().unwrap();
    let database = elsewhere.path().join("tasks.db");
    let media = elsewhere.path().join("recordings");
    let app = TestApp::builder()
        .with("DB_URL", format!("sqlite:///{}", database.display()))
        .with("TEMP_DIR", media.display())
        .start()
        .await;
    app.post_file(PATH, "a.transcribe-sleep-60000.wav", &tone(0.1))
        .await
        .identifier();
    assert!(database.exists());
    let kept = fs::read_dir(media.join("scriven-media")).unwrap();
    assert!(kept.count() > 0);
    assert!(app.recordings().is_empty(), "{:?}", app.recordings());
}

#[tokio::test]
async fn td1_values_come_from_a_file_and_under_both_names() {
    let mut app = TestApp::builder()
        .with("CALLBACK__CALLBACK_TIMEOUT", 3)
        .with("whisper__DEFAULT_LANG", "de")
        .with("DEFAULT_LANG", "es")
        .start()
        .await;
    let language = |document: &Value| parameter(document, FULL, "language")["default"].clone();
    // The name with its group wins.
    assert_eq!(language(&document(&app).await), "de");
    fs::write(
        app.folder().join(".env"),
        "whisper__DEFAULT_LANG=nl\nMAX_QUEUE_SIZE=9\nNOBODY_KNOWS_THIS=1\n",
    )
    .unwrap();
    app.restart().await;
    // What is set in the environment wins over the file.
    assert_eq!(language(&document(&app).await), "de");
    let ready = app.get("/health/ready").await.json();
    assert_eq!(ready["queue"]["capacity"], 9);
}

#[test]
fn td1_a_wrong_value_ends_the_start_and_is_named() {
    let cases = [
        ("PORT", "70000"),
        ("DB_URL", "mysql://ann:marker@host/db"),
        ("DB_ECHO", "maybe"),
        ("DB_POOL_SIZE", "0"),
        ("WHISPER_MODEL", "turbo-max"),
        ("DEFAULT_LANG", "xx"),
        ("DEVICE", "CPU"),
        ("DEVICE", "cuda"),
        ("COMPUTE_TYPE", "int4"),
        ("AUDIO_EXTENSIONS", ".flac"),
        ("VIDEO_EXTENSIONS", "[1]"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("DEV", "perhaps"),
        ("FILTER_WARNING", ""),
        ("CALLBACK_TIMEOUT", "0"),
        ("CALLBACK_TIMEOUT", "2.5"),
        ("CALLBACK_MAX_RETRIES", "-1"),
        ("CALLBACK_SIGNING_SECRET", "marker"),
        ("MAX_CONCURRENT_GPU_TASKS", "0"),
        ("MAX_CONCURRENT_CPU_TASKS", "-2"),
        ("SSRF_PROTECTION_ENABLED", "2"),
        ("SSRF_ALLOWED_SCHEMES", r#"["ftp"]"#),
        ("SSRF_BLOCKED_NETWORKS", r#"["10.0.0.0/99"]"#),
        ("SSRF_ALLOWED_HOSTS", "hooks.internal"),
        ("MAX_UPLOAD_BYTES", "1.5"),
        ("MAX_JSON_BYTES", "many"),
        ("MAX_AUDIO_SECONDS", "0"),
        ("MAX_QUEUE_SIZE", "0"),
        ("TASK_TIMEOUT_SECONDS", "-1"),
        ("FFMPEG_TIMEOUT", "soon"),
        ("DOWNLOAD_TOTAL_TIMEOUT", "0"),
        ("PRELOAD_MODELS", r#"["basee"]"#),
        ("MODEL_CACHE_SIZE", "0"),
        ("SHUTDOWN_GRACE_SECONDS", "x"),
        ("LEASE_SECONDS", "1"),
        ("MAX_ATTEMPTS", "0"),
        ("ENGINE", "magic"),
        // Protection that is not there.
        ("AUTH__ENABLED", "true"),
        ("RATE_LIMIT__ENABLED", "true"),
        ("MAX_UPLOAD_SIZE_MB", "200"),
    ];
    for (variable, value) in cases {
        let (status, error) = TestApp::builder().with(variable, value).run();
        assert!(!status.success(), "{variable}={value} is taken");
        assert!(error.contains(variable), "{variable}={value}: {error}");
        assert!(!error.contains("marker"), "{variable}={value}: {error}");
    }
}

#[test]
fn the_settings_in_the_manual_are_those_of_the_program() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_scriven"));
    let output = command.args(["check-config", "--markdown"]).output();
    let printed = String::from_utf8(output.unwrap().stdout).unwrap();
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATING.md");
    let manual = fs::read_to_string(manual).unwrap();
    let (_, tables) = manual.split_once("a test compares them. -->\n").unwrap();
    assert!(
        tables.trim() == printed.trim(),
        "put the output of scriven check-config --markdown at the end of docs/OPERATING.md"
    );
}

#[test]
fn td1_made_up_results_are_refused_in_production() {
    let (status, error) = TestApp::builder().with("ENVIRONMENT", "production").run();
    assert!(!status.success());
    assert!(error.contains("ENGINE"), "{error}");
}
