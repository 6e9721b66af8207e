//! How the service is (contract 4.1 to 4.4).

use domain::service::EngineStatus;

use crate::support::TestApi;

#[tokio::test]
async fn c8_1_the_root_leads_to_the_documentation() {
    let api = TestApi::start().await;
    let answer = api.get("/").await;
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), Some("/docs"));
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn c8_2_the_service_runs() {
    let api = TestApi::start().await;
    let answer = api.get("/health").await;
    let expected = r#"{"status":"ok","message":"Service is running"}"#;
    assert_eq!((answer.status, answer.text()), (200, expected));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn c8_3_the_service_knows_what_time_it_is() {
    let api = TestApi::start().await;
    let answer = api.get("/health/live").await;
    let expected = r#"{"status":"ok","timestamp":1795345200.0,"message":"Application is live"}"#;
    assert_eq!((answer.status, answer.text()), (200, expected));
}

#[tokio::test]
async fn c8_4_a_service_with_its_database_is_ready() {
    let api = TestApi::start().await;
    let answer = api.get("/health/ready").await;
    let expected = r#"{"status":"ok","database":"connected","message":"Application is ready to accept requests","gpu":{"max_concurrent_tasks":1},"queue":{"depth":0,"capacity":1000},"engine":"ready","version":"0.1.0"}"#;
    assert_eq!((answer.status, answer.text()), (200, expected));
}

#[tokio::test]
async fn c8_5_a_service_without_its_database_is_not_ready_until_it_is_back() {
    let api = TestApi::start().await;
    assert_eq!(api.get("/health/ready").await.status, 200);
    let (path, aside) = (
        api.database_path(),
        api.database_path().with_extension("aside"),
    );
    std::fs::rename(&path, &aside).unwrap();
    std::fs::create_dir(&path).unwrap();
    let answer = api.get("/health/ready").await;
    let expected = r#"{"status":"error","database":"disconnected","message":"Application is not ready due to an internal error.","gpu":{"max_concurrent_tasks":1},"queue":null,"engine":"ready","version":"0.1.0"}"#;
    assert_eq!((answer.status, answer.text()), (503, expected));
    assert_eq!(api.get("/health").await.status, 200);
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&aside, &path).unwrap();
    assert_eq!(api.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn sc1_a_service_is_ready_once_its_models_are() {
    let api = TestApi::start().await;
    for (engine, status, word) in [
        (EngineStatus::Loading, 503, "loading"),
        (
            EngineStatus::Failed("/secret/model.bin".into()),
            200,
            "failed",
        ),
        (EngineStatus::Ready, 200, "ready"),
    ] {
        api.engine.send(engine).unwrap();
        let answer = api.get("/health/ready").await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.json()["engine"], word);
        assert_eq!(answer.json()["database"], "connected");
        assert!(!answer.text().contains("secret"));
    }
}
