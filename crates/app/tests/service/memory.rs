//! Tasks that fail for want of memory leave nothing behind: real models, in a process that the system lets allocate only
//! so much (contract 10: KB2, TG6, EH1). An allocation that the system refuses would end the process.

use serde_json::Value;

use crate::app::TestApp;
use crate::audio::{has_models, made};
use crate::fixtures::field;

/// What the process may allocate: enough for `tiny.en` and an hour of sound, and for no search with a hundred beams.
const LIMIT_BYTES: u64 = 512 << 20;

const USUAL: &str = "/service/transcribe?model=tiny.en";
const TOO_WIDE: &str = "/service/transcribe?model=tiny.en&beam_size=100";

async fn limited() -> Option<TestApp> {
    if !has_models(&["tiny.en", "segmentation-3.0"]) {
        return None;
    }
    let builder = TestApp::builder().with_speech().with("THREADS", 2);
    Some(builder.with_data_limit(LIMIT_BYTES).start().await)
}

/// A sentence by a well-known voice.
fn sentence() -> Vec<u8> {
    field("09-data-size-zero.wav")
}

async fn submit(app: &TestApp, path: &str) -> String {
    app.post_file(path, "a.wav", &sentence()).await.identifier()
}

async fn is_done(app: &TestApp) {
    let identifier = submit(app, USUAL).await;
    let task = app.completed(&identifier).await;
    let text = task["result"].to_string();
    assert!(
        text.contains("I really like that account of himself"),
        "{task}"
    );
}

fn assert_no_memory(task: &Value) {
    assert_eq!(task["status"], "failed", "{task}");
    let error = task["error"].as_str().unwrap();
    assert!(error.contains("not enough memory"), "{error}");
}

/// What the allocator may keep for threads that have ended; where they run at once, it is more.
const KEPT_BYTES: u64 = 16 << 20;

/// Waits until the service holds at most `n_bytes`, and a twentieth more, but for what the allocator keeps.
async fn until_memory_is_back(app: &TestApp, n_bytes: u64) {
    let limit = n_bytes + n_bytes / 20 + KEPT_BYTES;
    app.wait_until("return of memory", async || app.memory_bytes() <= limit)
        .await;
}

#[tokio::test]
async fn kb2_after_a_task_without_enough_memory_five_more_are_done_and_memory_is_back() {
    let Some(app) = limited().await else {
        return;
    };
    let process = app.process_id();
    for _ in 0..3 {
        is_done(&app).await;
    }
    let before = app.memory_bytes();
    let identifier = submit(&app, TOO_WIDE).await;
    assert_no_memory(&app.ended(&identifier).await);
    until_memory_is_back(&app, before).await;
    for _ in 0..5 {
        is_done(&app).await;
    }
    until_memory_is_back(&app, before).await;
    assert_eq!(app.process_id(), process);
    app.get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn kb2_a_recording_for_which_there_is_no_memory_fails_and_the_next_one_is_done() {
    let Some(app) = limited().await else {
        return;
    };
    // Five hours of silence: 576 MB of samples, in a file of some kilobytes.
    let silence = [
        "-f",
        "lavfi",
        "-i",
        "anullsrc=r=16000:cl=mono",
        "-t",
        "18000",
    ];
    let Some(long) = made("long.flac", &[&silence]) else {
        return;
    };
    is_done(&app).await;
    let before = app.memory_bytes();
    let posted = app.post_file(USUAL, "long.wav", &long).await;
    assert_no_memory(&app.ended(&posted.identifier()).await);
    until_memory_is_back(&app, before).await;
    is_done(&app).await;
}

#[tokio::test]
async fn tg6_two_hundred_failed_tasks_in_a_row_leave_memory_as_it_was() {
    const N_TASKS: usize = 200;
    let Some(app) = limited().await else {
        return;
    };
    is_done(&app).await;
    let with_speakers = TOO_WIDE.replace("/service/transcribe", "/speech-to-text");
    let paths = [TOO_WIDE, TOO_WIDE, &with_speakers];
    let mut after_20 = 0;
    for number in 0..N_TASKS {
        let identifier = submit(&app, paths[number % paths.len()]).await;
        let task = app.ended(&identifier).await;
        assert_eq!(task["status"], "failed", "{task}");
        if number == 20 {
            after_20 = app.memory_bytes();
        }
    }
    until_memory_is_back(&app, after_20).await;
    is_done(&app).await;
    app.until_no_recordings().await;
}
