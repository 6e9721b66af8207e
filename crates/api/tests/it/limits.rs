//! What is too much, too slow, or gone (contract 10.7 SE6, 10.5 SC4, 10.6 TG4).

use std::time::Duration;

use crate::support::{Connection, Form, GOOD, TestApi};

const LIMIT: usize = 1024 * 1024;

fn head(path: &str, length: Option<usize>) -> String {
    let framing = length.map_or("Transfer-Encoding: chunked".to_owned(), |length| {
        format!("Content-Length: {length}")
    });
    let kind = Form::content_type();
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n")
}

/// A connection on which an upload has begun, and stands still.
async fn half_upload(api: &TestApi) -> Connection {
    let mut connection = api.connect().await;
    connection
        .send(head("/speech-to-text", Some(100_000)).as_bytes())
        .await;
    connection.send(Form::recording("a.mp3").beginning()).await;
    connection
}

async fn half_uploads(api: &TestApi, n: usize) -> Vec<Connection> {
    let mut connections = Vec::new();
    for _ in 0..n {
        connections.push(half_upload(api).await);
    }
    connections
}

async fn send_chunked(connection: &mut Connection, bytes: &[u8]) {
    for piece in bytes.chunks(16 * 1024) {
        let size = format!("{:x}\r\n", piece.len());
        let sent = connection.send(size.as_bytes()).await
            && connection.send(piece).await
            && connection.send(b"\r\n").await;
        if !sent {
            return;
        }
    }
}

#[tokio::test]
async fn se6_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent() {
    let api = TestApi::start().await;
    for path in ["/speech-to-text", "/service/transcribe", "/service/diarize"] {
        let mut connection = api.connect().await;
        connection
            .send(head(path, Some(2 * LIMIT)).as_bytes())
            .await;
        let answer = connection.answer().await.expect(413, "AUDIO_TOO_LARGE");
        assert_eq!(answer.header("connection"), Some("close"));
        let error = &answer.json()["error"];
        assert_eq!(error["size"], 2 * LIMIT);
        assert_eq!(error["max_size"], LIMIT);
    }
}

#[tokio::test]
async fn se6_a_body_of_unknown_size_is_refused_when_it_gets_too_large() {
    let api = TestApi::start().await;
    let mut connection = api.connect().await;
    connection
        .send(head("/speech-to-text", None).as_bytes())
        .await;
    let form = Form::new().file("file", "a.mp3", &vec![b'x'; 2 * LIMIT]);
    send_chunked(&mut connection, form.beginning()).await;
    // The form does not end: the answer comes all the same.
    let answer = connection.answer().await.expect(413, "AUDIO_TOO_LARGE");
    assert_eq!(answer.json()["error"]["max_size"], LIMIT);
    api.assert_no_files();
}

#[tokio::test]
async fn se6_a_file_of_the_largest_size_is_accepted_and_a_byte_more_is_not() {
    let api = TestApi::start().await;
    let mut content = b"good 1 ".to_vec();
    content.resize(LIMIT, b'x');
    let form = Form::new().file("file", "a.mp3", &content);
    api.post("/speech-to-text", &form).await.queued();
    content.push(b'x');
    let form = Form::new().file("file", "a.mp3", &content);
    api.post("/speech-to-text", &form)
        .await
        .expect(413, "AUDIO_TOO_LARGE");
    assert_eq!(api.n_files(), 1);
}

#[tokio::test]
async fn se6_ten_thousand_parts_are_400() {
    let api = TestApi::start_with(|setup| setup.settings.max_upload_bytes = 64 << 20).await;
    let texts = (0..10_000).fold(Form::new(), |form, _| form.text("x", "y"));
    api.post("/speech-to-text", &texts)
        .await
        .expect(400, "BAD_REQUEST");
    let files = (0..10_000).fold(Form::new(), |form, _| form.file("file", "a.mp3", GOOD));
    api.post("/speech-to-text", &files)
        .await
        .expect(400, "BAD_REQUEST");
    api.assert_no_files();
    let thousand = (0..999).fold(Form::recording("a.mp3"), |form, _| form.text("x", "y"));
    api.post("/speech-to-text", &thousand).await.queued();
}

#[tokio::test]
async fn c1_15_a_text_of_more_than_a_mebibyte_is_400() {
    let api = TestApi::start_with(|setup| setup.settings.max_json_bytes = 64 << 20).await;
    let form = Form::new().text("url", &"x".repeat(LIMIT + 1));
    let answer = api
        .post("/speech-to-text-url", &form)
        .await
        .expect(400, "BAD_REQUEST");
    let expected = "Part exceeded maximum size of 1024KB.";
    assert_eq!(answer.json()["detail"], expected);
    let form = Form::new().text("other", &"x".repeat(LIMIT + 1));
    let answer = api
        .post("/speech-to-text-url", &form)
        .await
        .expect(400, "BAD_REQUEST");
    assert_eq!(answer.json()["detail"], expected);
}

#[tokio::test]
async fn se6_a_header_of_a_part_without_end_is_400() {
    let api = TestApi::start_with(|setup| setup.settings.max_upload_bytes = 64 << 20).await;
    let mut connection = api.connect().await;
    connection
        .send(head("/speech-to-text", None).as_bytes())
        .await;
    let beginning = b"--xxBOUNDARYxx\r\nX-Long: ";
    send_chunked(&mut connection, beginning).await;
    send_chunked(&mut connection, &vec![b'x'; 4 << 20]).await;
    connection.answer().await.expect(400, "BAD_REQUEST");
}

#[tokio::test]
async fn se6_a_head_that_is_too_large_is_refused() {
    let api = TestApi::start().await;
    let mut connection = api.connect().await;
    let long = format!(
        "GET /health?{} HTTP/1.1\r\nHost: x\r\n\r\n",
        "x".repeat(300_000)
    );
    connection.send(long.as_bytes()).await;
    let status = connection.answer().await.status;
    assert!([414, 431].contains(&status), "{status}");
    assert_eq!(api.get("/health").await.status, 200);
}

#[tokio::test]
async fn c1_5_2_prompts_of_full_length_fit_into_the_query() {
    let api = TestApi::start().await;
    let long = "%E4%BD%A0".repeat(3500);
    let path = format!("/service/transcribe?initial_prompt={long}&hotwords={long}");
    let identifier = api.post(&path, &Form::recording("a.mp3")).await.queued();
    let params = &api.task(&identifier).await["metadata"]["task_params"]["asr_options"];
    assert_eq!(params["hotwords"], "你".repeat(3500));
}

#[tokio::test]
async fn sc4_an_upload_that_stalls_is_ended_and_leaves_nothing() {
    let api = TestApi::start_with(|setup| {
        setup.settings.body_read_timeout = Duration::from_millis(100);
    })
    .await;
    let mut connection = half_upload(&api).await;
    connection.answer().await.expect(408, "REQUEST_TIMEOUT");
    api.assert_no_files();
    assert_eq!(api.n_tasks().await, 0);
}

#[tokio::test]
async fn se1_a_client_that_goes_away_while_it_sends_leaves_nothing() {
    let api = TestApi::start().await;
    let connections = half_uploads(&api, 20).await;
    while api.n_files() < 20 {
        tokio::task::yield_now().await;
    }
    drop(connections);
    api.until_no_file_is_left().await;
    assert_eq!(api.n_tasks().await, 0);
}

#[tokio::test]
async fn se1_sc4_a_client_that_goes_away_while_its_recording_is_read_leaves_nothing() {
    let api = TestApi::start().await;
    let body = Form::new().file("file", "a.mp3", b"wait").bytes();
    let mut connections = Vec::new();
    for _ in 0..2 {
        let mut connection = api.connect().await;
        connection
            .send(head("/speech-to-text", Some(body.len())).as_bytes())
            .await;
        connection.send(&body).await;
        connections.push(connection);
    }
    api.probe.until_begun(2).await;
    assert_eq!(api.n_files(), 2);
    drop(connections);
    api.until_no_file_is_left().await;
    assert_eq!(api.n_tasks().await, 0);
    // Their places are free again, although what they sent would be read for ever.
    api.post("/speech-to-text", &Form::recording("a.mp3"))
        .await
        .queued();
}

#[tokio::test]
async fn sc4_only_so_many_recordings_are_read_at_once_and_nobody_else_waits() {
    let api = TestApi::start().await;
    let form = Form::new().file("file", "a.mp3", b"wait");
    let posts = futures_util::future::join_all((0..5).map(|_| api.post("/speech-to-text", &form)));
    let others = async {
        api.probe.until_begun(2).await;
        assert_eq!(api.get("/health").await.status, 200);
        assert_eq!(api.get("/task/all").await.status, 200);
        assert_eq!(api.probe.n_begun(), 2, "two may be read at once");
        api.probe.open();
    };
    let (answers, ()) = tokio::join!(posts, others);
    for answer in answers {
        answer.queued();
    }
}

#[tokio::test]
async fn sc4_uploads_that_stand_still_delay_nobody() {
    let api = TestApi::start().await;
    let _connections = half_uploads(&api, 50).await;
    api.post("/speech-to-text", &Form::recording("a.mp3"))
        .await
        .queued();
    assert_eq!(api.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let api = TestApi::start().await;
    let mut connection = api.connect().await;
    let body = Form::new()
        .file("file", "a.mp3", &vec![b'x'; 8 * LIMIT])
        .bytes();
    connection
        .send(head("/speech-to-text", Some(body.len())).as_bytes())
        .await;
    connection.send(&body).await;
    connection.answer().await.expect(413, "AUDIO_TOO_LARGE");
}

#[tokio::test]
async fn two_requests_on_one_connection_are_both_answered() {
    let api = TestApi::start().await;
    let mut connection = api.connect().await;
    let body = Form::recording("a.mp3").bytes();
    connection
        .send(head("/speech-to-text?beam_size=x", Some(body.len())).as_bytes())
        .await;
    connection.send(&body).await;
    connection
        .send(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    let all = String::from_utf8(connection.rest().await).unwrap();
    assert!(all.starts_with("HTTP/1.1 422"), "{all}");
    assert!(all.contains("Service is running"), "{all}");
}

#[tokio::test]
async fn c1_6_a_large_file_with_a_wrong_name_is_refused_before_it_has_come() {
    let api = TestApi::start_with(|setup| setup.settings.max_upload_bytes = 64 << 20).await;
    let mut connection = api.connect().await;
    connection
        .send(head("/speech-to-text", Some(32 << 20)).as_bytes())
        .await;
    let form = Form::new().file("file", "a.flac", &vec![b'x'; 2 * LIMIT]);
    connection.send(form.beginning()).await;
    let answer = connection.answer().await;
    answer.expect(400, "UNSUPPORTED_FILE_EXTENSION");
}

#[tokio::test]
async fn c1_2_3_a_wrong_query_is_told_before_the_file_has_come() {
    let api = TestApi::start().await;
    let mut connection = api.connect().await;
    connection
        .send(head("/speech-to-text?beam_size=x", Some(LIMIT)).as_bytes())
        .await;
    connection.send(Form::recording("a.mp3").beginning()).await;
    let answer = connection.answer().await;
    assert_eq!(answer.problems().len(), 1);
    api.assert_no_files();
}

/// Linux tells how much memory the process holds.
#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kibibytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kibibytes.parse::<usize>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se6_a_large_upload_is_never_held_in_memory() {
    let api = TestApi::start_with(|setup| setup.settings.max_upload_bytes = 1 << 30).await;
    let mut connection = api.connect().await;
    connection
        .send(head("/speech-to-text", Some(1 << 29)).as_bytes())
        .await;
    connection
        .send(
            Form::recording("a.mp3")
                .beginning()
                .strip_suffix(b"\r\n")
                .unwrap(),
        )
        .await;
    let before = resident_bytes();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..192 {
        assert!(connection.send(&piece).await);
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 64 << 20, "it grew by {grown} bytes");
    drop(connection);
    api.until_no_file_is_left().await;
}
