//! Answers that belong to no endpoint, and ids of requests (contract 1.15, 4.6).

use crate::support::{Form, TestApi, send};

#[tokio::test]
async fn c1_15_unknown_paths_are_404() {
    let api = TestApi::start().await;
    for path in [
        "/nothing",
        "/task",
        "/task/",
        "/task/a/b",
        "/openapi.yaml",
        "/docs/nothing",
        "//",
    ] {
        let answer = api.get(path).await.expect(404, "NOT_FOUND");
        assert_eq!(answer.json()["detail"], "Not Found", "{path}");
    }
}

#[tokio::test]
async fn c1_15_a_wrong_method_is_405_and_the_right_one_is_told() {
    let api = TestApi::start().await;
    for (method, path, allow) in [
        ("POST", "/health", "GET"),
        ("OPTIONS", "/health", "GET"),
        ("DELETE", "/task/all", "GET"),
        ("DELETE", "/task/x", "GET"),
        ("GET", "/task/x/delete", "DELETE"),
        ("GET", "/speech-to-text", "POST"),
        ("HEAD", "/speech-to-text", "POST"),
        ("PUT", "/service/combine", "POST"),
        ("POST", "/docs", "GET"),
        ("POST", "/openapi.json", "GET"),
    ] {
        let answer = api.request(method, path).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.headers("allow"), [allow], "{method} {path}");
        if method != "HEAD" {
            assert_eq!(answer.code(), "METHOD_NOT_ALLOWED");
            assert_eq!(answer.json()["detail"], "Method Not Allowed");
        }
    }
}

#[tokio::test]
async fn c1_15_head_answers_like_get_without_a_body() {
    let api = TestApi::start().await;
    let answer = api.request("HEAD", "/health").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn c1_15_a_slash_too_many_leads_to_the_path_without() {
    let api = TestApi::start().await;
    for (method, path, target) in [
        ("GET", "/health/", "/health"),
        ("GET", "/task/all/?x=%20y", "/task/all?x=%20y"),
        ("GET", "/task/abc/", "/task/abc"),
        (
            "POST",
            "/speech-to-text/?beam_size=3",
            "/speech-to-text?beam_size=3",
        ),
        ("GET", "/docs/", "/docs"),
    ] {
        let answer = api.request(method, path).await;
        assert_eq!(answer.status, 307, "{path}");
        let expected = format!("http://{}{target}", api.address);
        assert_eq!(answer.header("location"), Some(&*expected));
    }
    for path in ["//evil.example/", "/nothing/", "//health/"] {
        api.get(path).await.expect(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn c4_6_every_answer_has_the_id_of_its_request() {
    let api = TestApi::start().await;
    let form = Form::new().file("file", "a.mp3", b"panic");
    let large = vec![b'x'; 2 * 1024 * 1024];
    let answers = [
        (200, api.get("/health").await),
        (307, api.get("/").await),
        (307, api.get("/health/").await),
        (404, api.get("/nothing").await),
        (404, api.get("/task/x").await),
        (405, api.request("POST", "/health").await),
        (422, api.request("POST", "/speech-to-text").await),
        (500, api.post("/speech-to-text", &form).await),
        (
            413,
            api.post(
                "/speech-to-text",
                &Form::new().file("file", "a.mp3", &large),
            )
            .await,
        ),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status);
        let ids = answer.headers("x-request-id");
        assert_eq!(ids.len(), 1, "{status}");
        assert_eq!(ids[0].len(), 36, "{status}");
    }
}

#[tokio::test]
async fn c4_6_a_good_id_is_given_back_and_kept_with_the_task() {
    let api = TestApi::start().await;
    let get = |id: &str| format!("GET /health HTTP/1.1\r\nX-Request-ID: {id}");
    let answer = send(api.address, &get("my-id_1.2"), b"").await;
    assert_eq!(answer.headers("x-request-id"), ["my-id_1.2"]);
    let answer = send(api.address, &get("a b"), b"").await;
    assert_ne!(answer.headers("x-request-id"), ["a b"]);
    let body = Form::recording("a.mp3").bytes();
    let head = format!(
        "POST /service/transcribe HTTP/1.1\r\nX-Request-ID: mine\r\nContent-Type: {}\r\nContent-Length: {}",
        Form::content_type(),
        body.len()
    );
    let identifier = send(api.address, &head, &body).await.queued();
    let task = api.store().find_task(&identifier).await.unwrap().unwrap();
    assert_eq!(task.request_id.as_deref(), Some("mine"));
}

#[tokio::test]
async fn c0_3_answers_are_compact_and_not_escaped() {
    let api = TestApi::start().await;
    let identifier = api
        .post("/service/transcribe", &Form::recording("x y é.mp3"))
        .await
        .queued();
    let answer = api.get(&format!("/task/{identifier}")).await;
    assert!(
        answer.text().contains(r#""file_name":"x y é.mp3","#),
        "{}",
        answer.text()
    );
    assert!(!answer.text().contains(": "));
}
