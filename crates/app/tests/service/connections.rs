//! No client keeps a connection for as long as it likes, and there are no more of them than may be
//! (contract 10: SE6, SC4). Every limit is small here, and each client keeps just below the one before it.

use std::time::Duration;

use serde_json::Value;

use crate::app::{Builder, TestApp};
use crate::raw::{Length, Raw, file_begins};

/// A client that sends, or reads, a byte each time that this has passed never stands still for the shortest limit.
const BELOW_A_SECOND: Duration = Duration::from_millis(200);

const UPLOAD: &str = "/service/transcribe";

/// A service that waits two seconds for what stands still, and three for a whole body.
fn impatient() -> Builder {
    TestApp::builder()
        .with("REQUEST_HEAD_TIMEOUT", 1)
        .with("REQUEST_READ_TIMEOUT", 2)
        .with("REQUEST_TOTAL_TIMEOUT", 3)
}

async fn begin_upload(app: &TestApp) -> Raw {
    let mut raw = Raw::begin_form(app, UPLOAD, Length::Said(1_000_000)).await;
    raw.send(&file_begins("file", "a.wav")).await;
    raw
}

/// Sends `byte` now and then until the service answers.
async fn drip_until_answered(raw: &mut Raw, byte: &[u8]) -> (u16, String) {
    while !raw.has_more(BELOW_A_SECOND).await {
        raw.try_send(byte).await;
    }
    raw.answer().await
}

fn code(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    body["error"]["code"].clone()
}

#[tokio::test]
async fn se6_a_body_that_comes_byte_by_byte_is_ended_and_leaves_nothing() {
    let app = impatient().start().await;
    let mut raw = begin_upload(&app).await;
    let (status, body) = drip_until_answered(&mut raw, b"x").await;
    assert_eq!((status, code(&body)), (408, "REQUEST_TIMEOUT".into()));
    app.assert_nothing_left().await;
}

#[tokio::test]
async fn se6_a_text_that_comes_byte_by_byte_is_ended() {
    let app = impatient().start().await;
    let mut raw = Raw::connect(&app).await;
    let head = "POST /speech-to-text-url HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\
        Content-Type: application/x-www-form-urlencoded\r\n\r\nurl=";
    raw.send(head.as_bytes()).await;
    let (status, body) = drip_until_answered(&mut raw, b"x").await;
    assert_eq!((status, code(&body)), (408, "REQUEST_TIMEOUT".into()));
}

#[tokio::test]
async fn se6_a_body_that_stands_still_is_ended() {
    let app = impatient().start().await;
    let mut raw = begin_upload(&app).await;
    let (status, body) = raw.answer().await;
    assert_eq!((status, code(&body)), (408, "REQUEST_TIMEOUT".into()));
    app.assert_nothing_left().await;
}

#[tokio::test]
async fn se6_a_head_that_comes_byte_by_byte_ends_its_connection() {
    let app = impatient().start().await;
    let mut raw = Raw::connect(&app).await;
    raw.send(b"GET /health HTTP/1.1\r\nX-Long: ").await;
    while raw.try_send(b"x").await && !raw.is_closed(BELOW_A_SECOND).await {}
}

#[tokio::test]
async fn se6_a_connection_on_which_nothing_is_asked_is_closed() {
    let app = impatient().start().await;
    let mut fresh = Raw::connect(&app).await;
    let mut used = Raw::connect(&app).await;
    used.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(used.answer().await.0, 200);
    for raw in [&mut fresh, &mut used] {
        while !raw.is_closed(BELOW_A_SECOND).await {}
    }
}

/// Asks for more than what lies between client and service can hold, so that the service must wait for a reader.
async fn ask_for_much(app: &TestApp) -> Raw {
    let mut raw = Raw::connect_with_small_buffer(app).await;
    let request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    for _ in 0..200 {
        raw.try_send(request).await;
    }
    raw
}

async fn until_no_connections(app: &TestApp) {
    app.wait_until("end of all connections", async || app.n_connections() == 0)
        .await;
}

#[tokio::test]
async fn se6_an_answer_that_nobody_reads_ends_its_connection() {
    let app = impatient().start().await;
    until_no_connections(&app).await;
    let raw = ask_for_much(&app).await;
    until_no_connections(&app).await;
    drop(raw);
}

#[tokio::test]
async fn se6_one_connection_too_many_is_told_so_and_the_next_after_an_end_is_served() {
    let app = TestApp::builder().with("MAX_CONNECTIONS", 3).start().await;
    until_no_connections(&app).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(begin_upload(&app).await);
    }
    app.wait_until("three connections", async || app.n_connections() == 3)
        .await;
    let refused = app.get("/task/all").await.expect(503);
    assert_eq!(refused.code(), "TOO_MANY_CONNECTIONS");
    assert!(refused.text.contains("temporary system error"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.header("x-request-id").is_some());
    let refused = app.post_file(UPLOAD, "a.wav", &vec![0; 2_000_000]).await;
    assert_eq!(refused.expect(503).code(), "TOO_MANY_CONNECTIONS");
    // Who restarts a process that does not answer must not do so here.
    app.get("/health/live").await.expect(200);

    drop(held.pop());
    app.wait_until("service as usual", async || {
        app.get("/task/all").await.status == 200
    })
    .await;
    let is_told = |record: &Value| record["message"].to_string().contains("MAX_CONNECTIONS");
    let n_told = app
        .records()
        .iter()
        .filter(|record| is_told(record))
        .count();
    assert_eq!(n_told, 1, "it is told once");
}

#[tokio::test]
async fn se6_refused_clients_that_say_nothing_take_no_places_either() {
    let app = TestApp::builder().with("MAX_CONNECTIONS", 1).start().await;
    until_no_connections(&app).await;
    let _held = begin_upload(&app).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(Raw::connect(&app).await);
    }
    // The one that is served, and those that are being refused.
    app.wait_until("few connections", async || app.n_connections() <= 65)
        .await;
    app.wait_until("end of all refusals", async || app.n_connections() == 1)
        .await;
}
