//! What the log says: whole records, the number of the request in all of them, and what was done to tasks (contract 4.6,
//! 5.4).

use std::fs;

use serde_json::Value;

use crate::answer::Answer;
use crate::app::TestApp;
use crate::audio::tone;

const PATH: &str = "/service/transcribe";

/// Posts a recording with a number of its own.
async fn post_as(app: &TestApp, id: &str, name: &str) -> Answer {
    let part = reqwest::multipart::Part::bytes(tone(0.1)).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = app.client().post(app.url(PATH)).header("x-request-id", id);
    Answer::read(request.multipart(form).send().await.unwrap()).await
}

fn request_ids(answer: &Answer) -> Vec<&str> {
    let values = answer.headers.get_all("x-request-id").iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.matches('-').count() == 4
}

#[tokio::test]
async fn c4_6_every_answer_has_one_number_which_may_be_the_clients() {
    let app = TestApp::builder()
        .with("MAX_UPLOAD_BYTES", 1000)
        .start()
        .await;
    let too_large = app.post_file(PATH, "a.wav", &tone(1.0)).await.expect(413);
    let mut answers = vec![too_large];
    for path in [
        "/health",
        "/health/ready",
        "/",
        "/docs",
        "/openapi.json",
        "/nowhere",
        "/task/none",
        "/task/all/",
        "/speech-to-text",
    ] {
        answers.push(app.get(path).await);
    }
    answers.push(app.post_fields(PATH, &[("file", "x")]).await.expect(422));
    for answer in &answers {
        let ids = request_ids(answer);
        assert!(ids.len() == 1 && is_uuid(ids[0]), "{answer:?}");
    }
    for (given, is_taken) in [
        ("My_request.7-b", true),
        (&*"x".repeat(128), true),
        (&*"x".repeat(129), false),
        ("two words", false),
        ("a/b", false),
        ("", false),
    ] {
        let request = app.client().get(app.url("/nowhere"));
        let answer = request.header("x-request-id", given).send().await.unwrap();
        let answer = Answer::read(answer).await;
        let ids = request_ids(&answer);
        assert_eq!(ids.len(), 1, "{answer:?}");
        assert_eq!(ids[0] == given, is_taken, "{given}");
        assert!(is_taken || is_uuid(ids[0]), "{ids:?}");
    }
}

#[tokio::test]
async fn c4_6_work_in_the_background_is_logged_under_the_number_of_its_request() {
    let app = TestApp::builder().with("LOG_LEVEL", "DEBUG").start().await;
    let mine = post_as(&app, "mine-1", "a.wav").await.identifier();
    let other = post_as(&app, "other-2", "b.transcribe-error.wav").await;
    let other = other.identifier();
    app.ended(&mine).await;
    app.ended(&other).await;
    for (task, id) in [(&mine, "mine-1"), (&other, "other-2")] {
        let records = app.records();
        let about: Vec<&Value> = records
            .iter()
            .filter(|record| record["task_id"] == **task)
            .collect();
        let messages: Vec<&str> = about.iter().filter_map(|r| r["message"].as_str()).collect();
        assert!(messages.contains(&"task started"), "{messages:?}");
        assert!(messages.contains(&"the task was accepted"), "{messages:?}");
        for record in about {
            assert_eq!(record["request_id"], id, "{record}");
        }
    }
}

#[tokio::test]
async fn c5_4_every_record_is_whole() {
    let app = TestApp::builder()
        .with("LOG_LEVEL", "DEBUG")
        .with("DB_ECHO", true)
        .start()
        .await;
    let ugly = "a\"\\\u{2028}é{}.transcribe-error.wav";
    let task = app.post_file(PATH, ugly, &tone(0.1)).await.identifier();
    app.ended(&task).await;
    app.get("/nowhere").await;
    let log = app.log();
    assert!(log.lines().count() > 5, "{log}");
    for line in log.lines() {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let text = |name: &str| {
            let found = record[name].as_str().filter(|text| !text.is_empty());
            found.unwrap_or_else(|| panic!("no {name}: {line}"))
        };
        let timestamp = text("timestamp");
        assert!(timestamp.ends_with('Z') && timestamp.len() == 27, "{line}");
        let levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
        assert!(levels.contains(&text("level")), "{line}");
        text("logger");
        text("message");
    }
    assert!(log.contains("sql"), "no statement is logged: {log}");
}

/// Variables, whether records are JSON, and whether those of a task are told.
type Case<'a> = (&'a [(&'a str, &'a str)], bool, bool);

#[tokio::test]
async fn td1_the_log_is_as_loud_and_of_such_a_form_as_set() {
    let cases: [Case<'_>; 6] = [
        (&[("LOG_LEVEL", "error")], true, false),
        (
            &[("LOG_LEVEL", "INFO"), ("LOG_FORMAT", "text")],
            false,
            true,
        ),
        (
            &[("ENVIRONMENT", "development"), ("LOG_FORMAT", "")],
            false,
            true,
        ),
        (
            &[("ENVIRONMENT", "TESTING"), ("LOG_FORMAT", "")],
            false,
            true,
        ),
        (
            &[("ENVIRONMENT", "staging"), ("LOG_FORMAT", "")],
            true,
            true,
        ),
        (
            &[
                ("ENVIRONMENT", "production"),
                ("ALLOW_SCRIPTED_ENGINE", "true"),
            ],
            true,
            true,
        ),
    ];
    for (variables, is_json, is_loud) in cases {
        // An empty value here stands for a variable that is not set.
        let builder = variables
            .iter()
            .fold(TestApp::builder(), |builder, (name, value)| {
                if value.is_empty() {
                    builder.without(name)
                } else {
                    builder.with(name, value)
                }
            });
        let app = builder.start().await;
        let task = app.post_file(PATH, "a.wav", &tone(0.1)).await.identifier();
        app.completed(&task).await;
        let log = app.log();
        assert_eq!(
            log.contains("task started"),
            is_loud,
            "{variables:?}: {log}"
        );
        if is_loud {
            let has_objects = log.lines().all(|line| line.starts_with('{'));
            assert_eq!(has_objects, is_json, "{variables:?}: {log}");
        }
    }
}

#[tokio::test]
async fn c5_4_what_is_done_to_tasks_is_audited() {
    let logs = tempfile::tempdir().unwrap();
    let app = TestApp::builder()
        .with("LOGS_DIR", logs.path().display())
        .with("LOG_LEVEL", "WARNING")
        .with("LOG_FORMAT", "text")
        .start()
        .await;
    let well = post_as(&app, "well", "a.wav").await.identifier();
    let badly = post_as(&app, "badly", "a.transcribe-error.wav").await;
    let badly = badly.identifier();
    app.ended(&well).await;
    app.ended(&badly).await;
    app.delete(&format!("/task/{well}/delete"))
        .await
        .expect(200);
    let audit = || fs::read_to_string(logs.path().join("audit.log")).unwrap_or_default();
    app.wait_until("the last audit record", async || {
        audit().contains("task.deleted")
    })
    .await;
    let records: Vec<Value> = audit()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events = |task: &str| -> Vec<&str> {
        let about = records.iter().filter(|r| r["resource_id"] == *task);
        about.filter_map(|r| r["event_type"].as_str()).collect()
    };
    assert_eq!(
        events(&well),
        ["task.created", "task.completed", "task.deleted"]
    );
    assert_eq!(events(&badly), ["task.created", "task.failed"]);
    for record in &records {
        for name in ["timestamp", "event_type", "resource_type", "action"] {
            assert!(record[name].is_string(), "{name}: {record}");
        }
        assert_eq!(record["resource_type"], "task");
        assert!(record["request_id"].is_string(), "{record}");
    }
    let main = fs::read_to_string(logs.path().join("app.log")).unwrap();
    assert!(!main.contains("task.created"), "{main}");
}
