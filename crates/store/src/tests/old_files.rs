//! Files of the reference service, which this program opens, serves, and goes on with.

use domain::results::TaskResult;
use domain::task::{CallbackStatus, TaskState, TaskStatus, TaskType};
use sqlx::Row as _;
use sqlx::SqlitePool;

use super::{MINUTE, is_unavailable, other_program};
use crate::queue::Ending;
use crate::testing::{TestStore, combination};

/// The table as that service makes it.
const TABLE: &str = "create table tasks (
    id INTEGER NOT NULL, uuid VARCHAR NOT NULL, status VARCHAR NOT NULL, result JSON, file_name VARCHAR, url VARCHAR,
    callback_url VARCHAR, audio_duration FLOAT, language VARCHAR, task_type VARCHAR NOT NULL, task_params JSON,
    duration FLOAT, start_time DATETIME, end_time DATETIME, error VARCHAR, created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL, PRIMARY KEY (id)
)";

const ROWS: [&str; 9] = [
    // The text `null`, and local times of a success.
    r#"('a', 'completed', '{"segments":[],"text":"Žluť"}', 'a.mp3', null, 'http://a.example/', 12.996, 'en', 'full_process',
        '{"language":"en"}', 0.437954, '2026-01-27 11:07:42.377253', '2026-01-27 11:07:42.815207', null,
        '2026-01-27 10:07:40.000000', '2026-01-27 10:07:42.900000')"#,
    "('b', 'processing', 'null', 'b.mp3', null, 'http://b.example/', 3, 'en', 'transcription', 'null', null,
        '2026-01-27 10:07:42', null, null, '2026-01-27 10:07:42', '2026-01-27 10:07:42')",
    "('c', 'failed', 'null', 'c.mp3', null, null, 3.5, 'en', 'transcription_alignment', 'null', null,
        '2026-01-27 10:07:42.000001', null, '''end''', '2026-01-27 10:07:42.000001', '2026-01-27 10:07:42.000001')",
    "('d', 'failed', null, 'd.mp3', null, null, null, null, 'diarization', null, null,
        null, null, '', '2026-01-27 10:07:42.000001', '2026-01-27 10:07:42.000001')",
    "('e', 'queued', 'null', 'e.mp3', 'http://x.example/e.mp3', null, 3.5, 'cs', 'combine_transcript&diarization', 'null',
        null, null, null, null, '2026-04-01 10:07:42.000001', '2026-04-01 10:07:42.000001')",
    // Python's own numbers.
    r#"('f', 'completed', '[{"score": NaN, "text":"it''s NaN"}]', null, null, null, 1.0, 'en', 'transcription', 'null', 1,
        null, null, null, '2026-01-27 10:07:42.000001', '2026-01-27 10:07:42.000001')"#,
    // The same name twice.
    "('a', 'failed', 'null', 'twin.mp3', null, null, null, null, 'diarization', 'null', null,
        null, null, 'x', '2026-01-27 10:07:42.000001', '2026-01-27 10:07:42.000001')",
    "('g', 'completed', '{broken', null, null, null, 1.0, 'en', 'transcription', '{broken', 1,
        null, null, null, '2026-01-27 10:07:42.000001', '2026-01-27 10:07:42.000001')",
    "('h', 'processing', 'null', 'h.mp3', null, null, 3, 'en', 'transcription', 'null', null,
        null, null, null, '2026-01-27 10:07:42', '2026-01-27 10:07:42')",
];

async fn execute(program: &SqlitePool, statement: &str) {
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    sqlx::query(statement).execute(program).await.unwrap();
}

/// A store on such a file, as that service leaves it.
async fn old_store() -> TestStore {
    old_store_after(&[]).await
}

/// The same, with some more done to it.
async fn old_store_after(statements: &[&str]) -> TestStore {
    let test = TestStore::new();
    let reference = other_program(&test).await;
    execute(&reference, "pragma journal_mode = delete").await;
    execute(&reference, TABLE).await;
    for row in ROWS {
        let insert = format!(
            "insert into tasks (uuid, status, result, file_name, url, callback_url, audio_duration, language, task_type,
                task_params, duration, start_time, end_time, error, created_at, updated_at) values {row}"
        );
        execute(&reference, &insert).await;
    }
    for statement in statements {
        execute(&reference, statement).await;
    }
    reference.close().await;
    test
}

#[tokio::test]
async fn c6_1_an_old_file_is_listed_and_served() {
    let test = old_store().await;
    let listed = test.store.list_tasks().await.unwrap();
    let names: Vec<_> = listed.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e", "f", "a-7", "g", "h"]);
    assert_eq!(
        listed[0].start_time.unwrap().to_string(),
        "2026-01-27T11:07:42.377253Z"
    );
    assert_eq!(
        listed[1].start_time.unwrap().to_string(),
        "2026-01-27T10:07:42.000000Z"
    );
    assert_eq!(listed[1].audio_duration, Some(3.0));

    let find = async |name: &str| test.store.find_task(name).await.unwrap().unwrap();
    let done = find("a").await;
    assert_eq!(done.task_type.known(), Some(TaskType::FullProcess));
    let TaskState::Completed(completed) = done.state else {
        panic!("{:?}", done.state);
    };
    assert_eq!(completed.result, r#"{"segments":[],"text":"Žluť"}"#);
    assert_eq!(completed.notes, [""; 0]);
    assert_eq!(done.task_params.as_deref(), Some(r#"{"language":"en"}"#));
    assert_eq!(done.callback.unwrap().status, CallbackStatus::Failed);
    let running = find("b").await;
    assert!(
        matches!(&running.state, TaskState::Processing(p) if p.attempt == 1),
        "{:?}",
        running.state
    );
    assert_eq!(running.task_params, None);
    assert!(matches!(find("c").await.state, TaskState::Failed(f) if f.error.as_str() == "'end'"));
    let unexplained = find("d").await.state;
    assert!(matches!(unexplained, TaskState::Failed(f) if !f.error.as_str().is_empty()));
    let with_nan = find("f").await.state;
    assert!(
        matches!(with_nan, TaskState::Completed(c) if c.result == r#"[{"score":null,"text":"it's NaN"}]"#)
    );
    assert_eq!(find("a-7").await.file_name.as_deref(), Some("twin.mp3"));
    let cut_off = find("g").await;
    assert!(matches!(cut_off.state, TaskState::Completed(c) if c.result == r#""{broken""#));
    assert_eq!(cut_off.task_params, None);
    assert_eq!(
        find("h").await.state.status().known(),
        Some(TaskStatus::Processing)
    );
}

/// What newer versions of that service and its forks wrote.
#[tokio::test]
async fn words_of_other_programs_are_shown_as_they_are_and_hide_no_other_task() {
    let test = old_store_after(&[
        r#"insert into tasks (uuid, status, result, task_type, error, created_at, updated_at) values
            ('p', 'pending', null, 'summary', null, '2026-01-27 10:07:42', '2026-01-27 10:07:42'),
            ('q', 'cancelled', '{"text":"half"}', 'full_process', 'by hand', '2026-01-27 10:07:42', '2026-01-27 10:07:42'),
            ('r', 'completed', 'null', 'voice_profile', null, '2026-01-27 10:07:42', '2026-01-27 10:07:42')"#,
        "update tasks set start_time = 'yesterday' where uuid = 'c'",
    ])
    .await;

    let listed = test.store.list_tasks().await.unwrap();
    let listed: Vec<_> = (listed.iter())
        .map(|task| format!("{} {} {}", task.id, task.status, task.task_type))
        .collect();
    assert_eq!(
        listed[6..],
        [
            "g completed transcription",
            "h processing transcription",
            "p pending summary",
            "q cancelled full_process",
            "r completed voice_profile"
        ]
    );
    assert!(
        !listed.iter().any(|task| task.starts_with("c ")),
        "its time is none"
    );
    let document = async |name: &str| {
        let task = test.store.find_task(name).await.unwrap().unwrap();
        serde_json::from_str::<serde_json::Value>(&task.document().unwrap()).unwrap()
    };
    let cancelled = document("q").await;
    assert_eq!(
        (
            &cancelled["status"],
            &cancelled["error"],
            &cancelled["result"]["text"]
        ),
        (&"cancelled".into(), &"by hand".into(), &"half".into())
    );
    assert_eq!(document("p").await["metadata"]["task_type"], "summary");

    let recovered = test.store.recover(true, 3).await.unwrap();
    assert_eq!(recovered.n_failed, 3, "only those of before");
    assert_eq!(document("p").await["status"], "pending");
    assert!(test.store.claim("w", MINUTE).await.unwrap().is_none());
    assert!(test.store.delete_task("p").await.unwrap());
}

#[tokio::test]
async fn c6_3_what_an_old_service_left_behind_fails_and_its_callbacks_are_told() {
    let test = old_store().await;
    assert!(test.store.claim("w", MINUTE).await.unwrap().is_none());
    let recovered = test.store.recover(false, 3).await.unwrap();
    assert_eq!((recovered.n_queued, recovered.n_failed), (0, 3));
    for name in ["b", "e", "h"] {
        let task = test.store.find_task(name).await.unwrap().unwrap();
        assert!(task.duration.is_some());
        let TaskState::Failed(failed) = task.state else {
            panic!("{:?}", task.state);
        };
        assert!(failed.error.as_str().contains("restarted") && failed.ended_at.is_some());
    }
    let delivery = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    assert_eq!(
        (delivery.task.as_str(), delivery.url.as_str()),
        ("b", "http://b.example/")
    );
    assert!(test.store.claim_delivery(MINUTE).await.unwrap().is_none());
    for task in test.store.list_tasks().await.unwrap() {
        assert!(test.store.delete_task(task.id.as_str()).await.unwrap());
    }
}

#[tokio::test]
async fn c6_1_old_tools_read_what_this_program_writes() {
    let mut test = old_store().await;
    let id = test.insert(combination()).await;
    let claimed = test.store.claim("w", MINUTE).await.unwrap().unwrap();
    test.clock.advance(MINUTE);
    let ending = Ending::Completed(TaskResult::new(r#"{"segments":[]}"#));
    test.store.finish(&claimed.lease, &ending).await.unwrap();
    test.store.close().await;
    assert_eq!(super::files_beside(&test), Vec::<String>::new());

    let old_tool = other_program(&test).await;
    let row = sqlx::query(
        "select status, cast(result as text), duration, cast(start_time as text), cast(end_time as text),
            cast(created_at as text) from tasks where uuid = ?",
    )
    .bind(id.as_str())
    .fetch_one(&old_tool)
    .await
    .unwrap();
    let texts: Vec<String> = [0, 1, 3, 4, 5].map(|column| row.get(column)).into();
    let began = "2026-11-22 11:00:00.000000";
    let ended = "2026-11-22 11:01:00.000000";
    assert_eq!(
        texts,
        ["completed", r#"{"segments":[]}"#, began, ended, began]
    );
    assert_eq!(row.get::<Option<f64>, _>(2), Some(60.0));
    old_tool.close().await;

    // And the file is opened again as it is.
    test.restart();
    assert_eq!(test.store.list_tasks().await.unwrap().len(), 10);
}

#[tokio::test]
async fn tables_of_a_newer_program_are_left_alone() {
    let mut test = TestStore::new();
    test.store.prepare().await.unwrap();
    test.store.close().await;
    let newer = other_program(&test).await;
    execute(
        &newer,
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
            values (9999, 'of tomorrow', true, x'00', 0)",
    )
    .await;
    newer.close().await;
    test.restart();
    let outcome = test.store.prepare().await;
    assert!(is_unavailable(&outcome));
    assert!(outcome.unwrap_err().to_string().contains("newer"));
}

#[tokio::test]
async fn a_row_that_stands_for_nothing_is_named() {
    let test = TestStore::new();
    test.insert(combination().called("a")).await;
    let other = other_program(&test).await;
    execute(&other, "update tasks set created_at = 'yesterday'").await;
    let error = test.store.find_task("a").await.unwrap_err().to_string();
    assert_eq!(
        error,
        "the database is inconsistent: table tasks, column created_at, row 1: 'yesterday' is not a time such as 2026-11-22T11:08:33.754381Z"
    );
}
