//! `/speech-to-text-url` (contract 1.7).

use outbound::testing::{Origin, Reply};
use serde_json::json;

use crate::support::{Form, GOOD, TestApi, url_form};

#[tokio::test]
async fn c1_7_a_recording_is_fetched_and_keeps_its_url() {
    let api = TestApi::start().await;
    let origin = Origin::start().await;
    origin.on("/dir/a.mp3", Reply::ok(GOOD));
    let url = origin.url("/dir/a.mp3?sig=1");
    let identifier = api.post_url("", &url).await.queued();
    let task = api.task(&identifier).await;
    assert_eq!(task["metadata"]["task_type"], "full_process");
    assert_eq!(task["metadata"]["url"], url);
    assert_eq!(task["metadata"]["file_name"], "a.mp3");
    assert_eq!(task["metadata"]["audio_duration"], 12.996);
    let form = Form::new().text("url", "http://first/").text("url", &url);
    api.post("/speech-to-text-url", &form).await.queued();
}

#[tokio::test]
async fn c1_7_without_a_url_it_is_422() {
    let api = TestApi::start().await;
    let missing = ("missing".to_owned(), json!(["body", "url"]).to_string());
    assert_eq!(
        api.post_url("", "").await.problems(),
        std::slice::from_ref(&missing)
    );
    let path = "/speech-to-text-url?url=http://a/a.mp3";
    assert_eq!(
        api.request("POST", path).await.problems(),
        std::slice::from_ref(&missing)
    );
    let json = b"{\"url\":\"http://a/a.mp3\"}";
    let answer = api
        .post_bytes("/speech-to-text-url", "application/json", json)
        .await;
    assert_eq!(answer.problems(), std::slice::from_ref(&missing));
    assert_eq!(
        api.post("/speech-to-text-url", &Form::new().text("x", "y"))
            .await
            .problems(),
        [missing]
    );
    let file = Form::new().file("url", "a.mp3", b"http://a/a.mp3");
    let answer = api.post("/speech-to-text-url", &file).await;
    assert_eq!(answer.problems()[0].0, "string_type");
    let answer = api.post_url("?beam_size=x", "").await;
    assert_eq!(answer.problems().len(), 2);
}

#[tokio::test]
async fn c1_7_a_url_that_may_not_be_called_is_422() {
    let api = TestApi::start_with(|setup| setup.policy = outbound::Policy::default()).await;
    let origin = Origin::start().await;
    for url in [
        "ftp://example.com/a.mp3",
        "file:///etc/passwd.mp3",
        &origin.url("/a.mp3"),
        "http://169.254.169.254/latest/a.mp3",
    ] {
        let answer = api.post_url("", url).await.expect(422, "SSRF_BLOCKED");
        let error = &answer.json()["error"];
        assert_eq!(error["url"], url);
        assert!(error["field"].is_null());
        assert!(error["reason"].is_string());
    }
    assert_eq!(origin.connections(), 0);
    api.assert_no_files();
}

#[tokio::test]
async fn e1_a_download_that_fails_is_400() {
    let api = TestApi::start().await;
    let origin = Origin::start().await;
    origin.on("/404.mp3", Reply::status(404));
    origin.on("/500.mp3", Reply::status(500));
    origin.on("/short.mp3", Reply::declaring(1000, GOOD));
    origin.on("/gone.mp3", Reply::hang_up());
    for url in [
        origin.url("/404.mp3"),
        origin.url("/500.mp3"),
        origin.url("/short.mp3"),
        origin.url("/gone.mp3"),
        "http://127.0.0.1:1/a.mp3".to_owned(),
    ] {
        let answer = api
            .post_url("", &url)
            .await
            .expect(400, "FILE_DOWNLOAD_ERROR");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.starts_with("Failed to download file from URL"),
            "{detail}"
        );
        assert!(!detail.contains("127.0.0.1"), "{detail}");
    }
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}

#[tokio::test]
async fn c1_7_a_download_without_a_supported_extension_is_422() {
    let api = TestApi::start().await;
    let origin = Origin::start().await;
    origin.on("/a.flac", Reply::ok(GOOD));
    let answer = api.post_url("", &origin.url("/a.flac")).await;
    let answer = answer.expect(422, "UNSUPPORTED_FILE_EXTENSION");
    let error = &answer.json()["error"];
    assert_eq!(error["extension"], ".flac");
    assert!(error["field"].is_null());
    let allowed = error["allowed_extensions"].as_array().unwrap();
    assert_eq!(allowed.len(), 14);
    assert!(allowed.is_sorted_by_key(|extension| extension.as_str().unwrap()));
}

#[tokio::test]
async fn eh4_a_download_that_is_too_large_is_413() {
    let api = TestApi::start().await;
    let origin = Origin::start().await;
    origin.on("/declared.mp3", Reply::declaring(2_000_000, GOOD));
    origin.on("/endless.mp3", Reply::endless());
    for path in ["/declared.mp3", "/endless.mp3"] {
        let answer = api.post_url("", &origin.url(path)).await;
        let answer = answer.expect(413, "AUDIO_TOO_LARGE");
        assert_eq!(answer.json()["error"]["max_size"], 1024 * 1024);
    }
    api.assert_no_files();
}

#[tokio::test]
async fn eh4_a_page_that_is_called_a_recording_is_400() {
    let api = TestApi::start().await;
    let origin = Origin::start().await;
    origin.on("/a.mp3", Reply::ok("<html>"));
    let answer = api.post_url("", &origin.url("/a.mp3")).await;
    answer.expect(400, "AUDIO_PROCESSING_ERROR");
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}

#[tokio::test]
async fn c1_7_a_callback_is_asked_as_with_an_upload() {
    let api = TestApi::start().await;
    let origin = Origin::start().await;
    origin.on("/a.mp3", Reply::ok(GOOD));
    let query = format!("?callback_url={}", origin.url("/nobody"));
    let answer = api.post_url(&query, &origin.url("/a.mp3")).await;
    answer.expect(400, "CALLBACK_UNREACHABLE");
    api.assert_no_files();
}

#[tokio::test]
async fn se1_a_client_that_goes_away_during_a_download_leaves_nothing() {
    let api = TestApi::start().await;
    let origin = Origin::start().await;
    origin.on("/a.mp3", Reply::silence());
    let body = url_form(&origin.url("/a.mp3"));
    let mut connection = api.connect().await;
    let head = format!(
        "POST /speech-to-text-url HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.send(head.as_bytes()).await;
    connection.send(&body).await;
    origin.until(|log| log.requests.len() == 1).await;
    assert_eq!(api.get("/health").await.status, 200);
    drop(connection);
    api.until_no_file_is_left().await;
    assert_eq!(api.n_tasks().await, 0);
}

#[tokio::test]
async fn c1_15_a_form_of_more_than_a_mebibyte_is_400() {
    let api = TestApi::start_with(|setup| setup.settings.max_json_bytes = 64 << 20).await;
    let answer = api
        .post_url("", &format!("http://a/{}", "x".repeat(2 << 20)))
        .await;
    answer.expect(400, "BAD_REQUEST");
}
