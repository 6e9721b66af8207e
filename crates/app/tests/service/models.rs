//! Models: loaded once, within bounds, and what happens where they are missing or broken.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use speech::models;

use crate::app::{Builder, TestApp};
use crate::audio::{has_models, tone};
use crate::places::places;

const PATH: &str = "/service/transcribe?model=tiny.en";

/// A service with the real engine, where a small model is installed.
fn real() -> Option<Builder> {
    has_models(&["tiny.en"]).then(|| TestApp::builder().with_speech())
}

/// Models of which a record says `message`.
fn told(app: &TestApp, message: &str) -> Vec<String> {
    let records = app.records();
    let told = records.iter().filter(|record| record["message"] == message);
    told.map(|record| record["model"].as_str().unwrap().to_owned())
        .collect()
}

fn n_loaded(app: &TestApp, model: &str) -> usize {
    let loaded = told(app, "model loaded");
    loaded.iter().filter(|told| *told == model).count()
}

async fn submit(app: &TestApp) -> String {
    let answer = app.post_file(PATH, "a.wav", &tone(1.0)).await;
    answer.identifier()
}

async fn transcribe(app: &TestApp) -> Value {
    app.ended(&submit(app).await).await
}

#[tokio::test]
async fn pf1_a_model_is_loaded_once_for_all_tasks_even_when_they_come_at_once() {
    let Some(builder) = real() else { return };
    let app = builder.with("MAX_CONCURRENT_CPU_TASKS", 4).start().await;
    let mut identifiers = Vec::new();
    for _ in 0..4 {
        identifiers.push(submit(&app).await);
    }
    for identifier in identifiers {
        app.completed(&identifier).await;
    }
    assert_eq!(transcribe(&app).await["status"], "completed");
    assert_eq!(n_loaded(&app, "tiny.en int8"), 1);
    assert_eq!(told(&app, "model unloaded: unused for long").len(), 0);
}

#[tokio::test]
async fn sc1_a_model_that_is_wanted_from_the_start_is_loaded_before_any_task() {
    let Some(builder) = real() else { return };
    let builder = builder.with("PRELOAD_MODELS", r#"["tiny.en"]"#);
    let app = builder.start().await;
    assert_eq!(n_loaded(&app, "tiny.en int8"), 1);
    assert_eq!(transcribe(&app).await["status"], "completed");
    assert_eq!(n_loaded(&app, "tiny.en int8"), 1);
}

#[tokio::test]
async fn sc1_a_service_without_a_model_that_is_wanted_from_the_start_says_so() {
    let builder = TestApp::builder()
        .with("ENGINE", "speech")
        .with("PRELOAD_MODELS", r#"["large-v3"]"#);
    // Other tasks can be done all the same.
    let app = builder.start().await;
    let ready = app.get("/health/ready").await.expect(200).json();
    assert_eq!(ready["engine"], "failed");
    let records = app.records();
    let mut reasons = records
        .iter()
        .filter_map(|record| record["reason"].as_str());
    let reason = reasons.next().unwrap();
    assert!(reason.contains("large-v3"), "{reason}");
}

#[tokio::test]
async fn pf1_an_unused_model_gives_its_memory_back_and_is_loaded_again() {
    let Some(builder) = real() else { return };
    let app = builder.with("MODEL_IDLE_SECONDS", 1).start().await;
    assert_eq!(transcribe(&app).await["status"], "completed");
    let name = "tiny.en int8".to_owned();
    app.wait_until("model that is unloaded", async || {
        told(&app, "model unloaded: unused for long").contains(&name)
    })
    .await;
    assert_eq!(transcribe(&app).await["status"], "completed");
    assert_eq!(n_loaded(&app, &name), 2);
}

#[tokio::test]
async fn pf1_a_model_makes_room_for_another() {
    let Some(builder) = real() else { return };
    if !has_models(&["base"]) {
        return;
    }
    let app = builder.with("MODEL_CACHE_SIZE", 2).start().await;
    for model in ["tiny.en", "base", "tiny.en"] {
        let path = format!("/service/transcribe?model={model}");
        let answer = app.post_file(&path, "a.wav", &tone(1.0)).await;
        app.completed(&answer.identifier()).await;
    }
    let unloaded = told(&app, "model unloaded: its room is needed");
    assert!(
        unloaded.contains(&"tiny.en int8".to_owned()),
        "{unloaded:?}"
    );
    assert_eq!(n_loaded(&app, "tiny.en int8"), 2);
}

#[tokio::test]
async fn a_model_in_another_arithmetic_is_another_model() {
    let Some(builder) = real() else { return };
    if !has_models(&["segmentation-3.0", "campplus"]) {
        return;
    }
    let app = builder.start().await;
    for compute_type in ["int8", "float32", "int8"] {
        let path = format!("/speech-to-text?model=tiny.en&compute_type={compute_type}");
        let answer = app.post_file(&path, "a.wav", &tone(1.0)).await;
        app.completed(&answer.identifier()).await;
    }
    for model in [
        "voices int8",
        "voices float32",
        "tiny.en int8",
        "tiny.en float32",
    ] {
        assert_eq!(n_loaded(&app, model), 1, "{model}");
    }
    assert_eq!(n_loaded(&app, "segmentation"), 1);
}

#[tokio::test]
async fn pf1_a_model_that_may_not_have_its_memory_fails_its_task_alone() {
    let Some(builder) = real() else { return };
    let builder = builder.with("MODEL_MEMORY_BYTES", 1_000_000);
    let app = builder.start().await;
    let task = transcribe(&app).await;
    assert_eq!(task["status"], "failed");
    let error = task["error"].as_str().unwrap();
    assert!(error.contains("this server allows 1 MB"), "{error}");
    assert_eq!(n_loaded(&app, "tiny.en int8"), 0);
    let next = app.post_combination().await;
    app.completed(&next.identifier()).await;
}

#[tokio::test]
async fn d9_a_recording_that_does_not_fit_into_memory_fails_its_task_alone() {
    let Some(builder) = real() else { return };
    let files = fs::read_dir(installed("tiny.en")).unwrap();
    let sizes = files.map(|file| file.unwrap().metadata().unwrap().len());
    // And some for finding speech and for a short recording; five minutes take 10 MB.
    let budget = sizes.sum::<u64>() + 10_000_000;
    let app = builder.with("MODEL_MEMORY_BYTES", budget).start().await;
    let long = app.post_file(PATH, "long.wav", &tone(300.0)).await;
    let short = submit(&app).await;
    let task = app.ended(&long.identifier()).await;
    assert_eq!(task["status"], "failed");
    let error = task["error"].as_str().unwrap();
    assert!(error.contains("its models and its recording"), "{error}");
    app.completed(&short).await;
}

#[tokio::test]
async fn dp4_a_broken_model_fails_its_task_and_nothing_else() {
    let Some(builder) = real() else { return };
    let broken = tempfile::tempdir().unwrap();
    let shelf = broken.path().join("tiny.en");
    fs::create_dir(&shelf).unwrap();
    for entry in fs::read_dir(installed("tiny.en")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), shelf.join(entry.file_name())).unwrap();
    }
    let mut weights = fs::read(shelf.join("model.bin")).unwrap();
    let middle = weights.len() / 2;
    weights[middle] ^= 0xff;
    fs::write(shelf.join("model.bin"), &weights).unwrap();
    let builder = builder
        .with("MODEL_DIR", broken.path().display())
        .with("XDG_CACHE_HOME", broken.path().display());
    let app = builder.start().await;
    let task = transcribe(&app).await;
    assert_eq!(task["status"], "failed", "{task}");
    assert_eq!(task["result"], Value::Null);
    let error = task["error"].as_str().unwrap();
    assert!(error.starts_with("transcription failed: "), "{error}");
    let place = broken.path().to_str().unwrap();
    assert!(!error.contains(place), "{error}");
    assert!(app.log().contains(place), "the log names the file");
    let next = app.post_combination().await;
    app.completed(&next.identifier()).await;
}

/// Where a model lies that is installed.
fn installed(name: &str) -> PathBuf {
    let folder = models::find(&name.parse().unwrap(), &places());
    folder.unwrap().unwrap().path
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn td1_tasks_share_as_many_threads_as_they_are_given() {
    let n_threads = async |threads: u32| {
        let builder = TestApp::builder().with("ENGINE", "speech");
        let app = builder.with("THREADS", threads).start().await;
        let tasks = format!("/proc/{}/task", app.process_id());
        fs::read_dir(tasks).unwrap().count()
    };
    // Threads that wait for files come and go; so many more cannot hide among them.
    let (few, many) = (n_threads(1).await, n_threads(64).await);
    assert!(many >= few + 50, "{few} threads, and {many}");
}

#[tokio::test]
async fn a_model_that_cannot_be_had_is_told_at_start_and_at_submission() {
    let app = TestApp::builder()
        .with_speech()
        .with("WHISPER_MODEL", "large-v3")
        .with("HF_HUB_OFFLINE", "1")
        .with("LOG_FORMAT", "json")
        .start()
        .await;
    let is_told = async || {
        app.log()
            .contains("requests that name no model will be refused")
    };
    app.wait_until("the missing model is told", is_told).await;
    for path in [
        "/service/transcribe",
        "/service/transcribe?model=medium",
        "/speech-to-text?model=medium",
        "/service/transcribe?model=large-v2&task=translate",
    ] {
        let answer = app.post_file(path, "a.wav", &tone(1.0)).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.text);
        assert_eq!(answer.code(), "MODEL_UNAVAILABLE");
        assert!(
            answer.text.contains("is not installed on this server"),
            "{}",
            answer.text
        );
        let home = std::env::var("HOME").unwrap_or_default();
        assert!(!answer.text.contains(&home), "{}", answer.text);
    }
    let query = "/speech-to-text?model=tiny.en&align_model=nonsense";
    let answer = app.post_file(query, "a.wav", &tone(1.0)).await;
    if has_models(&["tiny.en"]) {
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
    assert!(app.tasks().await.is_empty());
    app.assert_nothing_left().await;
}
