//! Callbacks: asked before a task is accepted, told once it has ended, and told again until they have heard
//! (contract 3; 8: statements 19 to 24, 33, 34; 10: KB3, FR3; Appendix A: X10, X32).

use std::time::{Duration, Instant};

use outbound::testing::{Gate, Origin, Reply, Request};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use sqlx::Row;
use standardwebhooks::Webhook;

use crate::app::TestApp;
use crate::audio::{fixture, has_models, tone};
use crate::receiver::{hook, posts, receiver, said, settled, submit};
use crate::sqlite;

const ENGLISH: &str = "audio_en.mp3";
/// `whsec_` and "scriven signs its callbacks!" in base64.
const SECRET: &str = "whsec_c2NyaXZlbiBzaWducyBpdHMgY2FsbGJhY2tzIQ==";
const OTHER_SECRET: &str = "whsec_c29tZWJvZHkgZWxzZSBlbnRpcmVseSwgb2s=";

/// A service with the real engine and the recording of the statements; where one is missing, what can be had.
async fn app_and_audio() -> (TestApp, Vec<u8>) {
    let audio = fixture(ENGLISH);
    let builder = TestApp::builder();
    let is_real = audio.is_some() && has_models(&["tiny.en", "segmentation-3.0", "campplus"]);
    let builder = if is_real {
        builder.with_speech().with("WHISPER_MODEL", "tiny.en")
    } else {
        builder
    };
    (builder.start().await, audio.unwrap_or_else(|| tone(1.0)))
}

/// Waits for message number `n` at `path`; when it came.
async fn came(receiver: &Origin, path: &str, n: usize) -> Instant {
    receiver.until(|log| posts(log, path).len() >= n).await;
    Instant::now()
}

/// What a document says but for how far its callback is.
fn without_callback_state(document: &Value) -> Value {
    let mut document = document.clone();
    let metadata = document["metadata"].as_object_mut().unwrap();
    for name in ["callback_status", "callback_attempts", "callback_error"] {
        metadata.remove(name).expect(name);
    }
    document
}

#[tokio::test]
async fn s19_s20_s23_s24_the_end_of_a_task_is_told() {
    let (app, audio) = app_and_audio().await;
    let receiver = receiver([Reply::ok(r#"{"ok":true}"#)]).await;
    let url = receiver.url("/hook");
    let path = format!("/speech-to-text?device=cpu&compute_type=int8&callback_url={url}");
    let identifier = app.post_file(&path, ENGLISH, &audio).await.identifier();
    let accepted = app.task(&identifier).await;
    assert_eq!(accepted["metadata"]["callback_url"], *url);
    let completed = app.completed(&identifier).await;
    assert_eq!(completed["metadata"]["callback_url"], *url);
    let ended = Instant::now();
    came(&receiver, "/hook", 1).await;
    assert!(ended.elapsed() < Duration::from_secs(2));

    let told = said(&posts(&receiver.log(), "/hook")[0]);
    assert_eq!(told["status"], "completed");
    let metadata = &told["metadata"];
    assert_eq!(metadata["task_type"], "full_process");
    assert_eq!(metadata["file_name"], ENGLISH);
    assert_eq!(metadata["callback_url"], *url);
    assert!(metadata["duration"].is_number(), "{told}");
    for moment in ["start_time", "end_time"] {
        assert!(metadata[moment].as_str().unwrap().contains('T'), "{told}");
    }
    assert!(!told["result"]["segments"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn s21_the_end_of_a_task_from_a_url_is_told() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    origin.on("/sample.wav", Reply::ok(tone(0.5)));
    hook(&origin, "/hook", [Reply::status(200)]);
    let (source, url) = (origin.url("/sample.wav"), origin.url("/hook"));
    let path = format!("/speech-to-text-url?callback_url={url}");
    let identifier = app
        .post_fields(&path, &[("url", &source)])
        .await
        .identifier();
    app.completed(&identifier).await;
    came(&origin, "/hook", 1).await;
    let told = said(&posts(&origin.log(), "/hook")[0]);
    assert_eq!(told["status"], "completed");
    assert_eq!(told["metadata"]["task_type"], "full_process");
    assert_eq!(told["metadata"]["url"], *source);
    assert_eq!(told["metadata"]["callback_url"], *url);
    assert_eq!(told["metadata"]["file_name"], "sample.wav");
}

#[tokio::test]
async fn s22_a_callback_that_does_not_exist_is_not_reachable() {
    for protection in ["false", "true"] {
        let app = TestApp::builder()
            .with("SSRF_PROTECTION_ENABLED", protection)
            .start()
            .await;
        let url = "http://invalid-nonexistent-domain-12345.invalid/callback";
        let path = format!("/speech-to-text?callback_url={url}");
        let answer = app.post_file(&path, "a.wav", &tone(0.1)).await.expect(400);
        let expected = format!("Callback URL is not reachable: {url}");
        assert_eq!(answer.json()["detail"], *expected);
        assert_eq!(answer.code(), "CALLBACK_UNREACHABLE");
        assert!(app.tasks().await.is_empty());
    }
}

#[tokio::test]
async fn s33_a_callback_is_asked_once_before_its_task_is_accepted() {
    let app = TestApp::builder().with("CALLBACK_TIMEOUT", 1).start().await;
    let receiver = Origin::start().await;
    let elsewhere = receiver.url("/elsewhere");
    let moved = |status| Reply::status(status).header("Location", &elsewhere);
    let accepted = [200, 201, 202, 204, 304, 405].map(|status| (status, Reply::status(status)));
    let moved = [301, 302, 303, 307, 308].map(|status| (status, moved(status)));
    let statuses = [
        400, 401, 403, 404, 406, 410, 418, 429, 500, 501, 502, 503, 504, 599,
    ];
    let refused = statuses.map(|status| (status, Reply::status(status)));
    let failures = [
        ("lost", Reply::hang_up()),
        ("garbage", Reply::raw("nonsense\r\n\r\n")),
        ("silent", Reply::silence()),
    ];
    let cases = (accepted.into_iter().chain(moved))
        .map(|(status, reply)| (format!("/{status}"), reply, true))
        .chain((refused.into_iter()).map(|(status, reply)| (format!("/{status}"), reply, false)))
        .chain(failures.map(|(name, reply)| (format!("/{name}"), reply, false)));
    let mut n_accepted = 0;
    for (path, reply, is_accepted) in cases {
        receiver.on(&format!("HEAD {path}"), reply);
        let url = receiver.url(&path);
        let answer = app
            .post_file(
                &format!("/speech-to-text?callback_url={url}"),
                "a.wav",
                &tone(0.1),
            )
            .await;
        if is_accepted {
            answer.identifier();
            n_accepted += 1;
        } else {
            let answer = answer.expect(400);
            let expected = format!("Callback URL is not reachable: {url}");
            assert_eq!(answer.json()["detail"], *expected, "{path}");
        }
        let asked = receiver.requests();
        let heads =
            (asked.iter()).filter(|request| request.path == path && request.method == "HEAD");
        assert_eq!(heads.count(), 1, "{path}");
    }
    assert_eq!(app.tasks().await.len(), n_accepted);
    assert!(
        !receiver
            .requests()
            .iter()
            .any(|request| request.path == "/elsewhere"),
        "redirects are not followed"
    );
}

#[tokio::test]
async fn c3_2_a_callback_that_speaks_no_tls_or_is_not_there_is_not_reachable() {
    let (app, receiver) = (TestApp::start().await, Origin::start().await);
    let plain = receiver.url("/hook").replace("http:", "https:");
    let gone = Origin::start().await.url("/hook");
    for url in [plain, gone] {
        let path = format!("/speech-to-text?callback_url={url}");
        let answer = app.post_file(&path, "a.wav", &tone(0.1)).await.expect(400);
        assert_eq!(answer.code(), "CALLBACK_UNREACHABLE", "{url}");
        let detail = answer.json()["detail"].clone();
        assert_eq!(detail, format!("Callback URL is not reachable: {url}"));
    }
    assert!(app.tasks().await.is_empty());
    assert!(app.recordings().is_empty());
}

#[tokio::test]
async fn c3_2_what_is_no_url_is_refused_before_anybody_is_asked() {
    let (app, receiver) = (TestApp::start().await, receiver([]).await);
    let long = receiver.url(&format!("/{}", "a".repeat(2083)));
    for (url, kind) in [
        ("hook", "url_parsing"),
        ("%20", "url_parsing"),
        ("http://", "url_parsing"),
        ("ftp://127.0.0.1/hook", "url_scheme"),
        ("file:///etc/passwd", "url_scheme"),
        (&*long, "url_too_long"),
    ] {
        let path = format!("/speech-to-text?callback_url={url}");
        let answer = app.post_file(&path, "a.wav", &tone(0.1)).await.expect(422);
        let detail = &answer.json()["detail"][0];
        assert_eq!(detail["type"], kind, "{url}");
        assert_eq!(detail["loc"], serde_json::json!(["query", "callback_url"]));
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn x29_a_request_that_is_wrong_anyway_asks_nobody() {
    let (app, receiver) = (TestApp::start().await, receiver([]).await);
    let url = receiver.url("/hook");
    let query = format!("/speech-to-text?callback_url={url}");
    let audio = tone(0.1);
    app.post_file(&format!("{query}&beam_size=x"), "a.wav", &audio)
        .await
        .expect(422);
    app.post_file(&query, "a.txt", &audio).await.expect(400);
    app.post_file(&query, "a.wav", b"no audio")
        .await
        .expect(400);
    app.post(&query, &[("other", "a.wav", &audio)])
        .await
        .expect(422);
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn c3_1_only_the_full_process_has_a_callback() {
    let (app, receiver) = (TestApp::start().await, receiver([]).await);
    for url in [receiver.url("/hook"), "nonsense".to_owned()] {
        let path = format!("/service/transcribe?callback_url={url}");
        let identifier = app.post_file(&path, "a.wav", &tone(0.1)).await.identifier();
        let task = app.completed(&identifier).await;
        assert_eq!(task["metadata"]["callback_url"], Value::Null);
        assert_eq!(task["metadata"]["callback_status"], Value::Null);
        assert_eq!(task["metadata"]["callback_attempts"], 0);
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn c3_3_x32_a_message_is_the_task_as_its_clients_see_it() {
    let (app, receiver) = (TestApp::start().await, receiver([Reply::status(204)]).await);
    let address = receiver.address();
    // Normalised when it is stored; the fragment is kept, and not sent.
    let query = format!(
        "/speech-to-text?callback_url=HTTP://LOCALHOST:{}/hook%3Fa=b%23there",
        address.port()
    );
    let sent = app
        .client()
        .post(app.url(&query))
        .header("X-Request-ID", "the-request.1")
        .multipart(reqwest::multipart::Form::new().part(
            "file",
            reqwest::multipart::Part::bytes(tone(0.1)).file_name("nice day é.wav"),
        ))
        .send();
    let answer = crate::answer::Answer::read(sent.await.unwrap()).await;
    let identifier = answer.identifier();
    let task = settled(&app, &identifier).await;
    let port = address.port();
    let url = format!("http://localhost:{port}/hook?a=b#there");
    assert_eq!(task["metadata"]["callback_url"], *url);
    assert_eq!(task["metadata"]["callback_status"], "delivered");
    assert_eq!(task["metadata"]["callback_attempts"], 1);
    assert_eq!(task["metadata"]["callback_error"], Value::Null);

    let messages = posts(&receiver.log(), "/hook?a=b");
    let [message] = &messages[..] else {
        panic!("{messages:?}");
    };
    let header = |name| {
        message
            .header(name)
            .unwrap_or_else(|| panic!("no {name}: {message:?}"))
    };
    assert_eq!(header("host"), format!("localhost:{port}"));
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("content-length"), message.body.len().to_string());
    assert_eq!(header("accept"), "*/*");
    assert!(header("user-agent").starts_with("scriven/"));
    assert_eq!(header("x-task-id"), identifier);
    assert_eq!(header("x-request-id"), "the-request.1");
    let mut names: Vec<_> = (message.headers.iter()).map(|(name, _)| &**name).collect();
    names.sort_unstable();
    let expected = [
        "accept",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-request-id",
        "x-task-id",
    ];
    assert_eq!(names, expected);

    let told = said(message);
    assert_eq!(without_callback_state(&told), without_callback_state(&task));
    assert_eq!(told["metadata"]["file_name"], "nice day é.wav");
    let text = std::str::from_utf8(&message.body).unwrap();
    assert!(
        text.starts_with(r#"{"status":"completed","result":{"segments":[{"#),
        "{text}"
    );
    assert!(
        text.contains("nice day é.wav"),
        "characters are not escaped"
    );
}

#[tokio::test]
async fn x10_a_task_that_fails_tells_that_it_failed() {
    let (app, receiver) = (TestApp::start().await, receiver([Reply::status(200)]).await);
    for name in ["a.align-error.wav", "a.diarize-panic.wav"] {
        let identifier = submit(&app, &receiver.url("/hook"), name).await;
        let task = settled(&app, &identifier).await;
        let messages = posts(&receiver.log(), "/hook");
        let told = said(messages.last().unwrap());
        assert_eq!(told["identifier"], *identifier);
        assert_eq!(told["status"], "failed");
        assert_eq!(told["result"], Value::Null);
        assert!(!told["error"].as_str().unwrap().is_empty());
        assert!(told["metadata"]["duration"].is_number(), "{told}");
        assert!(told["metadata"]["end_time"].is_string(), "{told}");
        assert_eq!(without_callback_state(&told), without_callback_state(&task));
    }
    assert_eq!(
        posts(&receiver.log(), "/hook").len(),
        2,
        "each is told once"
    );
}

#[tokio::test]
async fn s34_the_third_attempt_succeeds_after_a_time_out_and_an_error() {
    let app = TestApp::builder().with("CALLBACK_TIMEOUT", 1).start().await;
    let receiver = receiver([Reply::silence(), Reply::status(500), Reply::status(200)]).await;
    let identifier = submit(&app, &receiver.url("/hook"), "a.wav").await;
    let first = came(&receiver, "/hook", 1).await;
    let second = came(&receiver, "/hook", 2).await;
    let third = came(&receiver, "/hook", 3).await;
    // The first took a second to fail.
    assert_gap(second - first, 2.0);
    assert_gap(third - second, 2.0);
    let metadata = settled(&app, &identifier).await["metadata"].clone();
    assert_eq!(metadata["callback_status"], "delivered");
    assert_eq!(metadata["callback_attempts"], 3);
    assert_eq!(metadata["callback_error"], Value::Null);
    assert_eq!(posts(&receiver.log(), "/hook").len(), 3);
}

/// Checks the time between two attempts, of which half a second may be missing and some more on a busy machine.
#[track_caller]
fn assert_gap(gap: Duration, seconds: f64) {
    let gap = gap.as_secs_f64();
    assert!(
        (seconds - 0.5..seconds + 1.0).contains(&gap),
        "{gap} s instead of {seconds} s"
    );
}

#[tokio::test]
async fn kb3_a_receiver_that_never_takes_it_is_given_up_visibly() {
    let app = TestApp::start().await;
    let receiver = Origin::start().await;
    let elsewhere = receiver.url("/elsewhere");
    let cases = [
        ("/500", Reply::status(500), "500"),
        ("/404", Reply::status(404), "404"),
        ("/302", Reply::redirect(&elsewhere), "302"),
        ("/304", Reply::status(304), "304"),
        ("/lost", Reply::hang_up(), "lost"),
    ];
    let mut identifiers = Vec::new();
    for (path, reply, _) in &cases {
        hook(&receiver, path, [reply.clone()]);
        identifiers.push(submit(&app, &receiver.url(path), "a.wav").await);
    }
    let receiver = &receiver;
    let watches = cases.iter().map(async |(path, ..)| {
        let first = came(receiver, path, 1).await;
        let second = came(receiver, path, 2).await;
        let third = came(receiver, path, 3).await;
        assert_gap(second - first, 1.0);
        assert_gap(third - second, 2.0);
    });
    futures_util::future::join_all(watches).await;
    for (identifier, (path, _, words)) in identifiers.iter().zip(&cases) {
        let task = settled(&app, identifier).await;
        assert_eq!(task["status"], "completed", "{path}");
        assert_eq!(task["error"], Value::Null);
        assert!(task["result"]["segments"].is_array(), "{task}");
        let metadata = &task["metadata"];
        assert_eq!(metadata["callback_status"], "failed", "{path}");
        assert_eq!(metadata["callback_attempts"], 3, "{path}");
        let error = metadata["callback_error"].as_str().unwrap();
        assert!(error.contains(words), "{path}: {error}");
        assert!(!error.contains("127.0.0.1"), "{path}: {error}");
        assert_eq!(posts(&receiver.log(), path).len(), 3, "{path}");
    }
    let asked = receiver.requests();
    assert!(!asked.iter().any(|request| request.path == "/elsewhere"));
}

#[tokio::test]
async fn c3_4_any_2xx_is_a_success_whatever_follows_it() {
    let (app, receiver) = (TestApp::start().await, Origin::start().await);
    let cases = [
        ("/201", Reply::status(201)),
        ("/299", Reply::status(299)),
        ("/words", Reply::ok("no JSON")),
        ("/endless", Reply::endless()),
        ("/cut", Reply::declaring(1000, "short")),
        ("/held", Reply::ok("x").body_after(&Gate::new())),
    ];
    for (path, reply) in cases {
        hook(&receiver, path, [reply]);
        let identifier = submit(&app, &receiver.url(path), "a.wav").await;
        let metadata = settled(&app, &identifier).await["metadata"].clone();
        assert_eq!(metadata["callback_status"], "delivered", "{path}");
        assert_eq!(posts(&receiver.log(), path).len(), 1, "{path}");
    }
}

#[tokio::test]
async fn kb3_a_receiver_that_comes_back_is_told() {
    let app = TestApp::start().await;
    let first = receiver([Reply::status(500)]).await;
    let (address, url) = (first.address(), first.url("/hook"));
    let identifier = submit(&app, &url, "a.transcribe-sleep-300.wav").await;
    // Down before the task has ended, so that two attempts find nobody.
    drop(first);
    app.wait_until("two attempts", async || {
        app.task(&identifier).await["metadata"]["callback_attempts"] == 2
    })
    .await;
    let waiting = app.task(&identifier).await;
    assert_eq!(waiting["metadata"]["callback_status"], "pending");
    assert!(
        waiting["metadata"]["callback_error"].is_string(),
        "{waiting}"
    );
    let second = Origin::start_on(address.ip(), address.port()).await;
    hook(&second, "/hook", [Reply::status(200)]);
    let metadata = settled(&app, &identifier).await["metadata"].clone();
    assert_eq!(metadata["callback_status"], "delivered");
    assert_eq!(metadata["callback_attempts"], 3);
    assert_eq!(posts(&second.log(), "/hook").len(), 1);
}

#[tokio::test]
async fn kb3_a_killed_service_goes_on_with_a_delivery() {
    let mut app = TestApp::builder().on_one_port().start().await;
    let receiver = receiver([Reply::status(500)]).await;
    let identifier = submit(&app, &receiver.url("/hook"), "a.wav").await;
    app.wait_until("the first attempt", async || {
        app.task(&identifier).await["metadata"]["callback_attempts"] == 1
    })
    .await;
    app.kill();
    app.restart().await;
    let task = settled(&app, &identifier).await;
    assert_eq!(task["status"], "completed");
    assert_eq!(task["metadata"]["callback_status"], "failed");
    assert_eq!(task["metadata"]["callback_attempts"], 3);
    let n_messages = posts(&receiver.log(), "/hook").len();
    assert!((3..=4).contains(&n_messages), "{n_messages}");
}

#[tokio::test]
async fn kb3_a_service_killed_while_it_tells_tells_once_more() {
    // Nobody waits until the attempt of the dead process must have ended.
    let builder = TestApp::builder().with("CALLBACK_TIMEOUT", 600);
    let mut app = builder.on_one_port().start().await;
    let receiver = receiver([Reply::silence(), Reply::status(200)]).await;
    let identifier = submit(&app, &receiver.url("/hook"), "a.wav").await;
    came(&receiver, "/hook", 1).await;
    app.kill();
    app.restart().await;
    let metadata = settled(&app, &identifier).await["metadata"].clone();
    assert_eq!(metadata["callback_status"], "delivered");
    let messages = posts(&receiver.log(), "/hook");
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].body, messages[1].body);
}

#[tokio::test]
async fn c3_4_without_attempts_nobody_is_told() {
    let app = TestApp::builder()
        .with("CALLBACK_MAX_RETRIES", 0)
        .start()
        .await;
    let receiver = receiver([Reply::status(200)]).await;
    let identifier = submit(&app, &receiver.url("/hook"), "a.wav").await;
    let task = settled(&app, &identifier).await;
    assert_eq!(task["status"], "completed");
    assert_eq!(task["metadata"]["callback_status"], "failed");
    assert_eq!(task["metadata"]["callback_attempts"], 0);
    assert!(task["metadata"]["callback_error"].is_string(), "{task}");
    assert!(posts(&receiver.log(), "/hook").is_empty());
}

#[tokio::test]
async fn td1_the_number_of_attempts_is_a_setting() {
    let app = TestApp::builder()
        .with("CALLBACK_MAX_RETRIES", 1)
        .start()
        .await;
    let receiver = receiver([Reply::status(503)]).await;
    let identifier = submit(&app, &receiver.url("/hook"), "a.wav").await;
    let metadata = settled(&app, &identifier).await["metadata"].clone();
    assert_eq!(metadata["callback_status"], "failed");
    assert_eq!(metadata["callback_attempts"], 1);
    assert_eq!(posts(&receiver.log(), "/hook").len(), 1);
}

#[tokio::test]
async fn c3_1_a_deleted_task_tells_nobody() {
    let (app, receiver) = (TestApp::start().await, Origin::start().await);
    for path in ["/running", "/retried", "/last"] {
        hook(&receiver, path, [Reply::status(500)]);
    }
    let running = "a.transcribe-sleep-60000.wav";
    let running = submit(&app, &receiver.url("/running"), running).await;
    app.delete(&format!("/task/{running}/delete"))
        .await
        .expect(200);
    let retried = submit(&app, &receiver.url("/retried"), "a.wav").await;
    came(&receiver, "/retried", 1).await;
    app.delete(&format!("/task/{retried}/delete"))
        .await
        .expect(200);
    // By the time that this one is given up, the others would have been tried again.
    let last = submit(&app, &receiver.url("/last"), "a.wav").await;
    settled(&app, &last).await;
    let log = receiver.log();
    assert_eq!(posts(&log, "/running").len(), 0);
    assert_eq!(posts(&log, "/retried").len(), 1);
    assert_eq!(posts(&log, "/last").len(), 3);
}

#[tokio::test]
async fn c3_3_a_signed_message_can_be_verified_and_no_other() {
    let app = TestApp::builder()
        .with("CALLBACK_SIGNING_SECRET", SECRET)
        .start()
        .await;
    let receiver = receiver([Reply::status(500), Reply::status(200)]).await;
    let identifier = submit(&app, &receiver.url("/hook"), "é.wav").await;
    settled(&app, &identifier).await;
    let messages = posts(&receiver.log(), "/hook");
    assert_eq!(messages.len(), 2);
    let (ours, theirs) = (Webhook::new(SECRET), Webhook::new(OTHER_SECRET));
    let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
    for message in &messages {
        let headers = header_map(message);
        ours.verify(&message.body, &headers).unwrap();
        theirs.verify(&message.body, &headers).unwrap_err();
        let text = String::from_utf8(message.body.to_vec()).unwrap();
        let changed = text.replacen("completed", "failed", 1);
        assert_ne!(text, changed);
        ours.verify(changed.as_bytes(), &headers).unwrap_err();
        let mut of_another = headers.clone();
        of_another.insert("webhook-id", HeaderValue::from_static("msg_other"));
        ours.verify(&message.body, &of_another).unwrap_err();
        assert_eq!(message.header("x-task-id"), Some(&*identifier));
    }
    // The receiver knows a message that it has already.
    assert_eq!(
        messages[0].header("webhook-id"),
        messages[1].header("webhook-id")
    );
    let key = SECRET.trim_start_matches("whsec_");
    assert!(!app.log().contains(key), "the log tells no secrets");
}

fn header_map(message: &Request) -> HeaderMap {
    let header = |(name, value): &(String, String)| {
        let name = HeaderName::try_from(name).unwrap();
        (name, HeaderValue::try_from(value).unwrap())
    };
    message.headers.iter().map(header).collect()
}

#[tokio::test]
async fn c3_4_each_attempt_is_in_the_log_of_deliveries() {
    let mut app = TestApp::start().await;
    let elsewhere = receiver([]).await;
    let receiver = receiver([
        Reply::hang_up(),
        Reply::redirect(&elsewhere.url("/hook")),
        Reply::status(202),
    ])
    .await;
    let identifier = submit(&app, &receiver.url("/hook"), "a.wav").await;
    settled(&app, &identifier).await;
    let deleted = submit(&app, &receiver.url("/hook"), "b.wav").await;
    settled(&app, &deleted).await;
    app.delete(&format!("/task/{deleted}/delete"))
        .await
        .expect(200);
    app.signal("TERM");
    assert!(app.wait_for_end().await.success());

    let mut database = sqlite::look_at(app.folder()).await;
    let rows = sqlx::query(
        "select task, attempt, ended_at, took_micros, status, error from deliveries order by id",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    let line = |row: &sqlx::sqlite::SqliteRow| {
        assert_eq!(row.get::<String, _>("task"), identifier);
        (
            row.get::<i64, _>("attempt"),
            row.get::<Option<i64>, _>("status"),
            row.get::<Option<String>, _>("error").is_some(),
        )
    };
    let lines: Vec<_> = rows.iter().map(line).collect();
    let expected = [(1, None, true), (2, Some(302), true), (3, Some(202), false)];
    assert_eq!(lines, expected);
    let moments: Vec<i64> = rows.iter().map(|row| row.get("ended_at")).collect();
    assert!(moments.is_sorted(), "{moments:?}");
    assert!(rows.iter().all(|row| row.get::<i64, _>("took_micros") > 0));
    let n_waiting = sqlite::number(&mut database, "select count(*) from outbox").await;
    assert_eq!(n_waiting, 0);
    sqlite::close(database).await;
    assert_eq!(elsewhere.connections(), 0);
}
