//! Whatever happens to a task, it ends with a worded outcome, its callback is told, and the next task is not affected
//! (contract 10: EH1, TG2, KB2).

use outbound::testing::{Origin, Reply};
use serde_json::Value;

use crate::app::TestApp;
use crate::audio::tone;

const STAGES: [(&str, &str); 4] = [
    ("transcribe", "transcription"),
    ("align", "alignment"),
    ("diarize", "diarization"),
    ("assign", "speaker assignment"),
];

async fn receiver() -> Origin {
    let receiver = Origin::start().await;
    receiver.on("HEAD /hook", Reply::status(200));
    receiver.on("POST /hook", Reply::status(200));
    receiver
}

/// What the receiver was told of a task.
async fn told(receiver: &Origin, identifier: &str) -> Vec<Value> {
    let is_about = |body: &Value| body["identifier"] == *identifier;
    let bodies = |requests: &[outbound::testing::Request]| {
        let posts = requests.iter().filter(|request| request.method == "POST");
        let bodies = posts.map(|request| serde_json::from_slice::<Value>(&request.body).unwrap());
        bodies.filter(is_about).collect::<Vec<_>>()
    };
    let log = receiver
        .until(|log| !bodies(&log.requests).is_empty())
        .await;
    bodies(&log.requests)
}

async fn submit(app: &TestApp, receiver: &Origin, name: &str) -> String {
    let path = format!("/speech-to-text?callback_url={}", receiver.url("/hook"));
    app.post_file(&path, name, &tone(0.1)).await.identifier()
}

/// Checks that a task of `name` fails with `expected` in its error, and tells so.
async fn fails(app: &TestApp, receiver: &Origin, name: &str, expected: &str) {
    let identifier = submit(app, receiver, name).await;
    let task = app.ended(&identifier).await;
    assert_eq!(task["status"], "failed", "{name}: {task}");
    let error = task["error"].as_str().unwrap();
    assert!(error.contains(expected), "{name}: {error}");
    assert_eq!(task["result"], Value::Null);
    assert!(task["metadata"]["duration"].is_number(), "{task}");
    assert!(task["metadata"]["end_time"].is_string(), "{task}");
    let told = told(receiver, &identifier).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["status"], "failed");
    assert_eq!(told[0]["error"], task["error"]);
}

async fn works(app: &TestApp) {
    let identifier = app
        .post_file("/speech-to-text", "fine.wav", &tone(0.1))
        .await
        .identifier();
    app.completed(&identifier).await;
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
}

#[tokio::test]
async fn eh1_an_error_in_any_stage_fails_its_task_alone() {
    let (app, receiver) = (TestApp::start().await, receiver().await);
    for (stage, words) in STAGES {
        fails(&app, &receiver, &format!("a.{stage}-error.wav"), words).await;
    }
    works(&app).await;
}

#[tokio::test]
async fn eh1_a_panic_in_any_stage_fails_its_task_alone() {
    let (app, receiver) = (TestApp::start().await, receiver().await);
    for (stage, words) in STAGES {
        let expected = format!("{words} failed: an internal error");
        fails(&app, &receiver, &format!("a.{stage}-panic.wav"), &expected).await;
    }
    works(&app).await;
}

#[tokio::test]
async fn eh1_kb2_running_out_of_memory_fails_its_task_alone() {
    let (app, receiver) = (TestApp::start().await, receiver().await);
    for (stage, words) in STAGES {
        let expected = format!("{words} failed: not enough memory");
        fails(&app, &receiver, &format!("a.{stage}-oom.wav"), &expected).await;
    }
    works(&app).await;
}

#[tokio::test]
async fn eh1_a_stage_that_takes_too_long_fails_its_task_alone() {
    let builder = TestApp::builder().with("TASK_TIMEOUT_SECONDS", 1);
    let (app, receiver) = (builder.start().await, receiver().await);
    fails(
        &app,
        &receiver,
        "a.align-sleep-60000.wav",
        "alignment was not done after 1 s",
    )
    .await;
    works(&app).await;
}

#[tokio::test]
async fn eh1_a_stage_that_hangs_is_left_behind() {
    let builder = TestApp::builder().with("TASK_TIMEOUT_SECONDS", 1);
    let (app, receiver) = (builder.start().await, receiver().await);
    fails(
        &app,
        &receiver,
        "a.transcribe-hang.wav",
        "transcription was not done after 1 s",
    )
    .await;
    works(&app).await;
}

#[tokio::test]
async fn eh1_what_passes_is_tried_again() {
    let (app, receiver) = (TestApp::start().await, receiver().await);
    let identifier = submit(&app, &receiver, "a.transcribe-flaky-1.wav").await;
    app.wait_until("end of the first attempt", async || {
        app.log().contains("task will be tried again")
    })
    .await;
    let waiting = app.task(&identifier).await;
    assert_eq!(waiting["status"], "queued", "{waiting}");
    assert_eq!(waiting["metadata"]["start_time"], Value::Null);
    let task = app.completed(&identifier).await;
    assert_eq!(task["error"], Value::Null);
    assert_eq!(told(&receiver, &identifier).await.len(), 1);
}

#[tokio::test]
async fn tg2_a_failure_after_good_stages_leaves_no_result() {
    let (app, receiver) = (TestApp::start().await, receiver().await);
    fails(
        &app,
        &receiver,
        "a.diarize-error.wav",
        "diarization failed: a scripted error",
    )
    .await;
    works(&app).await;
}

#[tokio::test]
async fn d9_progress_is_shown_while_a_task_runs() {
    let app = TestApp::start().await;
    let name = "a.transcribe-sleep-30000.wav";
    let identifier = app
        .post_file("/speech-to-text", name, &tone(0.1))
        .await
        .identifier();
    app.wait_until("progress", async || {
        app.task(&identifier).await["progress"]["stage"] == "transcribe"
    })
    .await;
    let task = app.task(&identifier).await;
    let percentage = task["progress"]["percentage"].as_f64().unwrap();
    assert!((0.0..100.0).contains(&percentage), "{task}");
    assert_eq!(task["status"], "processing");
    app.delete(&format!("/task/{identifier}/delete"))
        .await
        .expect(200);
}

#[tokio::test]
async fn pf2_a_task_writes_few_records() {
    let app = TestApp::builder().with("LOG_LEVEL", "DEBUG").start().await;
    let mut identifiers = Vec::new();
    for number in 0..20 {
        let name = format!("{number}.wav");
        identifiers.push(
            app.post_file("/speech-to-text", &name, &tone(0.1))
                .await
                .identifier(),
        );
    }
    for identifier in &identifiers {
        app.completed(identifier).await;
    }
    let records = app.records();
    for identifier in &identifiers {
        let is_about = |record: &&Value| {
            record["task_id"] == **identifier || record["resource_id"] == **identifier
        };
        let about: Vec<_> = records.iter().filter(is_about).collect();
        let n_info = about
            .iter()
            .filter(|record| record["level"] != "DEBUG")
            .count();
        assert!((2..=6).contains(&n_info), "{about:#?}");
        assert!(about.len() <= 30, "{about:#?}");
    }
    assert!(
        !app.log().to_lowercase().contains("memory"),
        "{}",
        app.log()
    );
}
