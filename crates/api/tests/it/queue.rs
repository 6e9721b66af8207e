//! A queue that is full, and a service that stops (contract 10.5 SC3, 6.3).

use crate::support::{Form, TestApi};

#[tokio::test]
async fn sc3_a_full_queue_is_429_before_anything_is_received() {
    let api = TestApi::start_with(|setup| setup.settings.queue.n_tasks = 2).await;
    for _ in 0..2 {
        api.post("/speech-to-text", &Form::recording("a.mp3"))
            .await
            .queued();
    }
    for path in [
        "/speech-to-text",
        "/speech-to-text-url",
        "/service/transcribe",
        "/service/combine",
    ] {
        let answer = api.request("POST", path).await.expect(429, "QUEUE_FULL");
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(seconds >= 1);
        assert_eq!(answer.json()["error"]["retry_after_seconds"], seconds);
    }
    assert_eq!(api.n_tasks().await, 2);
    assert_eq!(api.n_files(), 2);
}

#[tokio::test]
async fn sc3_of_many_that_come_at_once_only_so_many_are_accepted() {
    let api = TestApi::start_with(|setup| setup.settings.queue.n_tasks = 10).await;
    let form = Form::recording("a.mp3");
    let posts = (0..30).map(|_| api.post("/speech-to-text", &form));
    let answers = futures_util::future::join_all(posts).await;
    let accepted = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((accepted, refused), (10, 20));
    assert_eq!(api.n_tasks().await, 10);
    assert_eq!(api.n_files(), 10);
}

#[tokio::test]
async fn sc3_audio_that_waits_is_limited_too() {
    let api = TestApi::start_with(|setup| setup.settings.queue.audio_seconds = 100.0).await;
    let form = Form::new().file("file", "a.mp3", b"good 90");
    api.post("/speech-to-text", &form).await.queued();
    api.post("/speech-to-text", &form)
        .await
        .expect(429, "QUEUE_FULL");
    assert_eq!(api.n_files(), 1);
}

#[tokio::test]
async fn c6_3_a_service_that_stops_takes_no_tasks_but_shows_them() {
    let api = TestApi::start().await;
    let identifier = api
        .post("/speech-to-text", &Form::recording("a.mp3"))
        .await
        .queued();
    api.stopping.cancel();
    for path in [
        "/speech-to-text",
        "/speech-to-text-url",
        "/service/align",
        "/service/combine",
    ] {
        api.request("POST", path).await.expect(503, "SHUTTING_DOWN");
    }
    api.task(&identifier).await;
    assert_eq!(api.get("/health/ready").await.status, 503);
    assert_eq!(api.get("/health").await.status, 200);
}

#[tokio::test]
async fn c6_3_requests_that_have_begun_are_answered_when_the_service_ends() {
    let mut api = TestApi::start().await;
    let form = Form::new().file("file", "a.mp3", b"wait");
    let serving = api.serving.take().unwrap();
    let post = api.post("/speech-to-text", &form);
    let end = async {
        api.probe.until_begun(1).await;
        api.stop.cancel();
        api.probe.open();
    };
    let (answer, ()) = tokio::join!(post, end);
    answer.queued();
    serving.await.unwrap();
    api.state.idle().await;
    assert_eq!(api.n_tasks().await, 1);
    assert!(tokio::net::TcpStream::connect(api.address).await.is_err());
}
