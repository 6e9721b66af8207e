//! What the log tells of requests (contract 1.3, 4.6, 5.4).

use crate::support::{Form, TestApi, log};

#[tokio::test]
async fn c1_3_the_id_of_an_error_is_in_its_record_with_what_is_hidden_from_the_client() {
    let api = TestApi::start().await;
    let form = Form::new().file("file", "a.mp3", b"machine");
    let answer = api.post("/speech-to-text?hotwords=private", &form).await;
    let answer = answer.expect(500, "INTERNAL_ERROR");
    let body = answer.json();
    let id = &body["error"]["correlation_id"];
    let records = log::records();
    let record = records
        .iter()
        .find(|record| &record["fields"]["correlation_id"] == id);
    let record = record.unwrap();
    assert_eq!(record["level"], "ERROR");
    assert_eq!(record["fields"]["cause"], "/secret/path: no memory");
    let request_id = answer.header("x-request-id").unwrap();
    assert_eq!(record["span"]["request_id"], request_id);
    assert_eq!(record["span"]["path"], "/speech-to-text");
    assert_eq!(record["span"]["method"], "POST");
    assert!(!log::text().contains("private"), "{}", log::text());
}

#[tokio::test]
async fn c5_4_creation_and_deletion_are_told_to_the_auditor() {
    let api = TestApi::start().await;
    let answer = api.post("/speech-to-text", &Form::recording("a.mp3")).await;
    let request_id = answer.header("x-request-id").unwrap().to_owned();
    let identifier = answer.queued();
    api.request("DELETE", &format!("/task/{identifier}/delete"))
        .await;
    let records = log::records();
    let audit: Vec<_> = records
        .iter()
        .filter(|record| record["target"] == "audit")
        .collect();
    let events: Vec<_> = audit
        .iter()
        .map(|record| &record["fields"]["event_type"])
        .collect();
    assert_eq!(events, ["task.created", "task.deleted"]);
    for record in &audit {
        assert_eq!(record["fields"]["resource_id"], identifier);
        assert_eq!(record["fields"]["resource_type"], "task");
    }
    assert_eq!(audit[0]["span"]["request_id"], request_id);
}

#[tokio::test]
async fn pf2_a_request_that_changes_something_is_told_once_and_one_that_reads_is_not() {
    let api = TestApi::start().await;
    api.get("/health").await;
    api.get("/task/all").await;
    assert_eq!(log::text(), "");
    api.post("/speech-to-text", &Form::recording("a.mp3"))
        .await
        .queued();
    let records = log::records();
    let answered = records
        .iter()
        .filter(|record| record["fields"]["status"] == 200);
    assert_eq!(answered.count(), 1);
    assert_eq!(records.len(), 2, "and one for the auditor: {}", log::text());
}
