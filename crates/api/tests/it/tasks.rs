//! `/task/*` (contract 1.12 to 1.14).

use std::time::Duration;

use domain::results::TaskResult;
use domain::task::FailureText;
use serde_json::json;
use store::{Ending, Lease};

use crate::support::{Form, TestApi};

async fn submit(api: &TestApi, name: &str) -> String {
    api.post("/service/transcribe", &Form::recording(name))
        .await
        .queued()
}

/// Takes the task that has waited longest.
async fn claim(api: &TestApi) -> Lease {
    let claimed = api.store().claim("worker", Duration::from_mins(1)).await;
    claimed.unwrap().unwrap().lease
}

#[tokio::test]
async fn c1_12_a_list_without_tasks_is_empty() {
    let api = TestApi::start().await;
    let answer = api.get("/task/all").await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"tasks":[]}"#));
}

#[tokio::test]
async fn c1_12_tasks_are_listed_in_their_order_with_their_members() {
    let api = TestApi::start().await;
    let first = submit(&api, "a.mp3").await;
    let second = submit(&api, "b.mp3").await;
    let answer = api.get("/task/all").await;
    let item = |identifier: &str, name: &str| {
        format!(
            r#"{{"identifier":"{identifier}","status":"queued","task_type":"transcription","file_name":"{name}","url":null,"audio_duration":12.996,"language":"en","error":null,"duration":null,"start_time":null,"end_time":null}}"#
        )
    };
    let expected = format!(
        r#"{{"tasks":[{},{}]}}"#,
        item(&first, "a.mp3"),
        item(&second, "b.mp3")
    );
    assert_eq!(answer.text(), expected);
}

#[tokio::test]
async fn c1_13_a_task_is_shown_on_its_way() {
    let api = TestApi::start().await;
    let identifier = submit(&api, "a.mp3").await;
    let lease = claim(&api).await;
    let task = api.task(&identifier).await;
    assert_eq!(task["status"], "processing");
    assert_eq!(
        task["metadata"]["start_time"],
        "2026-11-22T11:00:00.000000Z"
    );
    let ending = Ending::Completed(TaskResult::new(r#"{"segments":[],"language":"en"}"#));
    api.store().finish(&lease, &ending).await.unwrap();
    let answer = api.get(&format!("/task/{identifier}")).await;
    let expected = r#"{"status":"completed","result":{"segments":[],"language":"en"},"metadata":{"task_type":"transcription","#;
    assert!(answer.text().starts_with(expected), "{}", answer.text());
    let task = answer.json();
    assert_eq!(task["metadata"]["end_time"], "2026-11-22T11:00:00.000000Z");
    assert!(task["error"].is_null());
    assert_eq!(task.get("notes"), None);
}

#[tokio::test]
async fn what_is_worth_knowing_of_a_result_stands_in_the_task() {
    let api = TestApi::start().await;
    let identifier = submit(&api, "a.mp3").await;
    let lease = claim(&api).await;
    let result = TaskResult {
        notes: vec!["no speech was found".to_owned()],
        ..TaskResult::new("{}")
    };
    let ending = Ending::Completed(result);
    api.store().finish(&lease, &ending).await.unwrap();
    let task = api.task(&identifier).await;
    assert_eq!(task["notes"], json!(["no speech was found"]));
}

#[tokio::test]
async fn c1_13_a_task_that_failed_says_why() {
    let api = TestApi::start().await;
    let identifier = submit(&api, "a.mp3").await;
    let lease = claim(&api).await;
    let ending = Ending::Failed(FailureText::new("transcribe: no memory"));
    api.store().finish(&lease, &ending).await.unwrap();
    let task = api.task(&identifier).await;
    assert_eq!(task["status"], "failed");
    assert_eq!(task["error"], "transcribe: no memory");
    assert!(task["result"].is_null());
    assert!(task["metadata"]["duration"].is_number());
    let list = api.get("/task/all").await.json();
    assert_eq!(list["tasks"][0]["error"], "transcribe: no memory");
}

#[tokio::test]
async fn c8_11_an_unknown_task_is_404() {
    let api = TestApi::start().await;
    let answer = api.get("/task/non-existent-uuid-12345").await;
    let answer = answer.expect(404, "TASK_NOT_FOUND");
    assert_eq!(
        answer.json()["error"]["identifier"],
        "non-existent-uuid-12345"
    );
    let answer = api.request("DELETE", "/task/nothing/delete").await;
    answer.expect(404, "TASK_NOT_FOUND");
}

#[tokio::test]
async fn c1_14_a_deleted_task_is_no_more() {
    let api = TestApi::start().await;
    let identifier = submit(&api, "a.mp3").await;
    let answer = api
        .request("DELETE", &format!("/task/{identifier}/delete"))
        .await;
    let expected = format!(r#"{{"identifier":"{identifier}","message":"Task deleted"}}"#);
    assert_eq!((answer.status, answer.text()), (200, &*expected));
    let answer = api.get(&format!("/task/{identifier}")).await;
    answer.expect(404, "TASK_NOT_FOUND");
    let again = api
        .request("DELETE", &format!("/task/{identifier}/delete"))
        .await;
    again.expect(404, "TASK_NOT_FOUND");
    let answer = api.request("DELETE", &format!("/task/{identifier}")).await;
    answer.expect(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn c1_14_a_running_task_can_be_deleted() {
    let api = TestApi::start().await;
    let identifier = submit(&api, "a.mp3").await;
    let lease = claim(&api).await;
    let answer = api
        .request("DELETE", &format!("/task/{identifier}/delete"))
        .await;
    assert_eq!(answer.status, 200);
    let ending = Ending::Completed(TaskResult::new("{}"));
    assert!(api.store().finish(&lease, &ending).await.is_err());
    assert_eq!(api.n_tasks().await, 0);
}

#[tokio::test]
async fn se5_identifiers_are_only_compared() {
    let api = TestApi::start().await;
    submit(&api, "a.mp3").await;
    let long = "x".repeat(10_000);
    for identifier in [
        "'%20OR%20'1'='1",
        "x';%20DROP%20TABLE%20tasks;--",
        "%25",
        "_",
        "%00",
        &long,
    ] {
        for (method, path) in [
            ("GET", format!("/task/{identifier}")),
            ("DELETE", format!("/task/{identifier}/delete")),
        ] {
            let answer = api.request(method, &path).await;
            assert_eq!(answer.status, 404, "{identifier}");
            assert_eq!(answer.code(), "TASK_NOT_FOUND");
        }
    }
    for path in ["/task/%ff", "/task/%c3%28"] {
        api.get(path).await.expect(400, "BAD_REQUEST");
    }
    assert_eq!(api.n_tasks().await, 1);
}

#[tokio::test]
async fn x13_a_database_that_is_gone_is_503_and_not_404_until_it_is_back() {
    let api = TestApi::start().await;
    let identifier = submit(&api, "a.mp3").await;
    let (path, aside) = (
        api.database_path(),
        api.database_path().with_extension("aside"),
    );
    std::fs::rename(&path, &aside).unwrap();
    std::fs::create_dir(&path).unwrap();
    for (method, path) in [
        ("GET", "/task/all".to_owned()),
        ("GET", format!("/task/{identifier}")),
        ("DELETE", format!("/task/{identifier}/delete")),
    ] {
        let answer = api.request(method, &path).await;
        let answer = answer.expect(503, "DATABASE_OPERATION_ERROR");
        assert!(answer.text().contains("temporary system error"));
        assert!(!answer.text().contains("records.db"));
    }
    let answer = api
        .post("/service/transcribe", &Form::recording("a.mp3"))
        .await;
    answer.expect(503, "DATABASE_OPERATION_ERROR");
    assert_eq!(api.get("/health").await.status, 200);
    assert_eq!(api.get("/health/ready").await.status, 503);
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&aside, &path).unwrap();
    assert_eq!(api.task(&identifier).await["status"], "queued");
}

#[tokio::test]
async fn pf3_two_hundred_readers_at_once_are_all_answered() {
    let api = TestApi::start().await;
    let reads = (0..200).map(|_| api.get("/task/x"));
    for answer in futures_util::future::join_all(reads).await {
        assert_eq!(answer.status, 404);
    }
}
