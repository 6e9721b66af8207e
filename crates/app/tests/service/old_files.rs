//! Database files of the reference service: opened, served, and what was interrupted in them brought to an end
//! (contract 6.1, 6.3; Appendix A: X26).

use std::path::Path;
use std::time::{Duration, Instant};

use outbound::testing::Reply;
use serde_json::{Value, json};

use crate::app::{Builder, TestApp};
use crate::audio::tone;
use crate::receiver::{posts, receiver, said, settled};
use crate::sqlite;

/// The table as the reference makes it.
const TABLE: &str = "create table tasks (
    id INTEGER NOT NULL, uuid VARCHAR NOT NULL, status VARCHAR NOT NULL, result JSON, file_name VARCHAR, url VARCHAR,
    callback_url VARCHAR, audio_duration FLOAT, language VARCHAR, task_type VARCHAR NOT NULL, task_params JSON,
    duration FLOAT, start_time DATETIME, end_time DATETIME, error VARCHAR, created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL, PRIMARY KEY (id)
)";

/// Rows as it leaves them: an absent JSON value is the text `null`.
fn rows(callback_url: &str) -> [String; 7] {
    let moment = "'2026-01-27 11:07:42.377253'";
    let created = "'2026-01-27 10:07:42.000000', '2026-01-27 10:07:43.500000'";
    [
        format!(
            r#"('done', 'completed', '{{"segments":[{{"start":0.5,"end":1.0,"text":" Žluť"}}],"language":"cs"}}', 'a.mp3', null,
            null, 12.996, 'cs', 'transcription', '{{"model":"tiny"}}', 0.437954, {moment}, '2026-01-27 11:07:42.815207', null, {created})"#
        ),
        format!(
            "('broken', 'failed', 'null', 'b.mp3', 'https://a.example/b.mp3', null, 3.5, 'en', 'full_process', 'null', null,
            {moment}, null, 'CUDA out of memory', {created})"
        ),
        format!(
            "('mute', 'failed', 'null', 'c.mp3', null, null, 3.5, 'en', 'full_process', 'null', null,
            {moment}, null, '', {created})"
        ),
        format!(
            "('running', 'processing', 'null', 'd.mp3', null, '{callback_url}', 3, 'en', 'full_process', 'null', null,
            {moment}, null, null, {created})"
        ),
        format!(
            "('waiting', 'queued', 'null', 'e.mp3', null, null, 3, 'en', 'transcription', 'null', null, null, null, null,
            {created})"
        ),
        format!(
            "('turns', 'completed', '[]', 'f.mp3', null, null, 3, null, 'diarization', '{{}}', 1.0, {moment}, {moment}, null,
            {created})"
        ),
        format!(
            "('empty', 'completed', 'null', null, null, null, null, null, 'combine_transcript&diarization', 'null', 1.0,
            {moment}, {moment}, null, {created})"
        ),
    ]
}

/// A file as the reference leaves it, and a service that is to open it.
async fn old_file(path: &Path, callback_url: &str) -> Builder {
    let mut reference = sqlite::open(path).await;
    sqlite::execute(&mut reference, TABLE).await;
    for row in rows(callback_url) {
        let insert = format!(
            "insert into tasks (uuid, status, result, file_name, url, callback_url, audio_duration, language, task_type,
            task_params, duration, start_time, end_time, error, created_at, updated_at) values {row}"
        );
        sqlite::execute(&mut reference, &insert).await;
    }
    sqlite::close(reference).await;
    TestApp::builder().with("DB_URL", format!("sqlite:///{}", path.display()))
}

#[tokio::test]
async fn c6_1_tasks_of_the_reference_are_listed_served_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let builder = old_file(&folder.path().join("records.db"), "http://127.0.0.1:1/").await;
    let app = builder.start().await;
    let listed = app.tasks().await;
    let names: Vec<_> = (listed.iter())
        .map(|task| task["identifier"].as_str().unwrap())
        .collect();
    let expected = [
        "done", "broken", "mute", "running", "waiting", "turns", "empty",
    ];
    assert_eq!(names, expected);
    assert_eq!(listed[0]["start_time"], "2026-01-27T11:07:42.377253Z");
    assert_eq!(listed[0]["end_time"], "2026-01-27T11:07:42.815207Z");

    let done = app.task("done").await;
    let expected =
        json!({"segments": [{"start": 0.5, "end": 1.0, "text": " Žluť"}], "language": "cs"});
    assert_eq!(done["result"], expected);
    assert_eq!(done["metadata"]["task_params"], json!({"model": "tiny"}));
    assert_eq!(done["metadata"]["duration"], 0.437_954);
    let broken = app.task("broken").await;
    assert_eq!(broken["error"], "CUDA out of memory");
    assert_eq!(broken["result"], Value::Null);
    assert_eq!(broken["metadata"]["task_params"], Value::Null);
    assert_eq!(broken["metadata"]["url"], "https://a.example/b.mp3");
    let mute = app.task("mute").await;
    assert!(!mute["error"].as_str().unwrap().is_empty(), "{mute}");
    assert_eq!(app.task("turns").await["result"], json!([]));
    assert_eq!(app.task("empty").await["result"], Value::Null);

    for name in [
        "done", "broken", "mute", "running", "waiting", "turns", "empty",
    ] {
        app.delete(&format!("/task/{name}/delete"))
            .await
            .expect(200);
        app.get(&format!("/task/{name}")).await.expect(404);
    }
    assert!(app.tasks().await.is_empty());
}

#[tokio::test]
async fn x26_tasks_that_the_reference_left_behind_fail_soon_and_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let receiver = receiver([Reply::status(200)]).await;
    let builder = old_file(&path, &receiver.url("/hook")).await;
    let mut app = builder.on_one_port().start().await;
    let ready = Instant::now();
    for name in ["running", "waiting"] {
        let task = app.ended(name).await;
        assert_eq!(task["status"], "failed", "{task}");
        let error = task["error"].as_str().unwrap();
        assert!(error.contains("restarted"), "{error}");
        assert!(task["metadata"]["end_time"].is_string(), "{task}");
        assert!(task["metadata"]["duration"].is_number(), "{task}");
    }
    assert!(ready.elapsed() < Duration::from_secs(30));
    let told = settled(&app, "running").await;
    assert_eq!(told["metadata"]["callback_status"], "delivered");
    let messages = posts(&receiver.log(), "/hook");
    assert_eq!(messages.len(), 1);
    assert_eq!(said(&messages[0])["status"], "failed");

    // New tasks come behind the old ones, and all of it stays after another start.
    let next = app
        .post_file("/speech-to-text", "next.wav", &tone(0.1))
        .await
        .identifier();
    app.completed(&next).await;
    let before = app.tasks().await;
    assert_eq!(before.last().unwrap()["identifier"], *next);
    app.kill();
    app.restart().await;
    assert_eq!(app.tasks().await, before);
}
