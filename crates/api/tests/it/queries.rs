//! Parameters over HTTP (contract 1.2, 1.3.2). Each kind of value is tested beside the parser.

use serde_json::json;

use crate::support::{Form, TestApi};

fn at(place: &str, name: &str) -> String {
    json!([place, name]).to_string()
}

#[tokio::test]
async fn c1_3_2_problems_of_query_and_form_come_in_one_answer() {
    let api = TestApi::start().await;
    let path = "/speech-to-text?callback_url=x&beam_size=x&language=xx";
    let answer = api.post(path, &Form::new()).await;
    assert_eq!(
        answer.problems(),
        [
            ("enum".to_owned(), at("query", "language")),
            ("int_parsing".to_owned(), at("query", "beam_size")),
            ("url_parsing".to_owned(), at("query", "callback_url")),
            ("missing".to_owned(), at("body", "file")),
        ]
    );
    assert_eq!(answer.code(), "INVALID_LANGUAGE_CODE");
}

#[tokio::test]
async fn c1_3_2_members_of_a_problem_come_in_order() {
    let api = TestApi::start().await;
    let answer = api
        .post("/service/transcribe?task=x", &Form::recording("a.mp3"))
        .await;
    let expected = r#"{"detail":[{"type":"enum","loc":["query","task"],"msg":"Input should be 'transcribe' or 'translate'","input":"x","ctx":{"expected":"'transcribe' or 'translate'"}}],"error":{"#;
    assert!(answer.text().starts_with(expected), "{}", answer.text());
    answer.expect(422, "REQUEST_VALIDATION_ERROR");
    api.assert_no_files();
}

#[tokio::test]
async fn c1_4_2_an_unknown_language_is_422_everywhere() {
    let api = TestApi::start().await;
    for path in ["/speech-to-text", "/service/transcribe"] {
        let path = format!("{path}?language=klingon");
        let answer = api.post(&path, &Form::recording("a.mp3")).await;
        let answer = answer.expect(422, "INVALID_LANGUAGE_CODE");
        assert_eq!(answer.json()["error"]["language_code"], "klingon");
    }
    assert_eq!(api.n_tasks().await, 0);
}

#[tokio::test]
async fn a_language_that_is_to_be_detected_is_shown_only_once_it_is_known() {
    let api = TestApi::start().await;
    for path in ["/speech-to-text", "/service/transcribe"] {
        let path = format!("{path}?language=auto");
        let identifier = api.post(&path, &Form::recording("a.mp3")).await.queued();
        let metadata = &api.task(&identifier).await["metadata"];
        assert!(metadata["language"].is_null(), "{metadata}");
        assert_eq!(metadata["task_params"]["language"], "auto");
    }
}

#[tokio::test]
async fn e4_cuda_without_a_graphics_processor_is_422_and_says_what_is_missing() {
    let api = TestApi::start().await;
    for path in ["/speech-to-text", "/service/transcribe", "/service/diarize"] {
        let path = format!("{path}?device=cuda");
        let answer = api.post(&path, &Form::recording("a.mp3")).await;
        assert_eq!(
            answer.problems(),
            [("value_error".to_owned(), at("query", "device"))]
        );
        assert!(answer.text().contains("graphics processor"));
    }
    let with_gpu = TestApi::start_with(|setup| setup.settings.has_gpu = true).await;
    let path = "/service/transcribe?device=cuda";
    let identifier = with_gpu
        .post(path, &Form::recording("a.mp3"))
        .await
        .queued();
    let task = with_gpu.task(&identifier).await;
    assert_eq!(task["metadata"]["task_params"]["device"], "cuda");
}

#[tokio::test]
async fn c1_2_1_options_are_not_read_from_the_form() {
    let api = TestApi::start().await;
    let form = Form::recording("a.mp3")
        .text("beam_size", "x")
        .text("model", "base");
    let identifier = api
        .post("/service/transcribe?beam_size=3", &form)
        .await
        .queued();
    let params = &api.task(&identifier).await["metadata"]["task_params"];
    assert_eq!(params["asr_options"]["beam_size"], 3);
    assert_eq!(params["model"], "tiny");
}

#[tokio::test]
async fn td1_defaults_of_settings_are_those_of_requests() {
    let api = TestApi::start_with(|setup| {
        setup.settings.defaults.model = "base.en".parse().unwrap();
        setup.settings.defaults.compute_type = "float32".parse().unwrap();
        setup.settings.defaults.language = "de".parse().unwrap();
    })
    .await;
    let identifier = api
        .post("/speech-to-text", &Form::recording("a.mp3"))
        .await
        .queued();
    let params = &api.task(&identifier).await["metadata"]["task_params"];
    assert_eq!(params["model"], "base.en");
    assert_eq!(params["compute_type"], "float32");
    assert_eq!(params["language"], "de");
}

#[tokio::test]
async fn c1_5_sizes_beyond_the_engines_are_accepted() {
    let api = TestApi::start().await;
    let path = "/service/transcribe?beam_size=100000&batch_size=9223372036854775807&chunk_size=600";
    let identifier = api.post(path, &Form::recording("a.mp3")).await.queued();
    let params = &api.task(&identifier).await["metadata"]["task_params"];
    assert_eq!(params["batch_size"], 9_223_372_036_854_775_807_i64);
}
