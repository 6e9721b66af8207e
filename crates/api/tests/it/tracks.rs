//! `audio_track`, of every endpoint that takes a recording. The scripted recordings have two tracks.

use outbound::testing::{Origin, Reply};
use serde_json::json;

use crate::support::{Form, GOOD, TestApi};

const TRANSCRIPT: &[u8] = br#"{"language":"en","segments":[{"start":0,"end":1,"text":"Hi"}]}"#;

/// Endpoints that take an upload.
const PATHS: [&str; 4] = [
    "/speech-to-text",
    "/service/transcribe",
    "/service/align",
    "/service/diarize",
];

fn form() -> Form {
    Form::recording("a.mkv").file("transcript", "t.json", TRANSCRIPT)
}

#[tokio::test]
async fn a_track_is_chosen_by_its_number_and_told_in_the_task() {
    let api = TestApi::start().await;
    for path in PATHS {
        let path = format!("{path}?audio_track=2");
        let identifier = api.post(&path, &form()).await.queued();
        let task = api.task(&identifier).await;
        assert_eq!(task["metadata"]["task_params"]["audio_track"], 2, "{path}");
    }
    let origin = Origin::start().await;
    origin.on("/a.mkv", Reply::ok(GOOD));
    let url = origin.url("/a.mkv");
    let identifier = api.post_url("?audio_track=2", &url).await.queued();
    let task = api.task(&identifier).await;
    assert_eq!(task["metadata"]["task_params"]["audio_track"], 2);
    let answer = api.post_url("?audio_track=3", &url).await;
    assert_eq!(answer.problems().len(), 1);
}

#[tokio::test]
async fn a_track_that_is_not_there_is_422_and_makes_no_task() {
    let api = TestApi::start().await;
    let place = json!(["query", "audio_track"]).to_string();
    for path in PATHS {
        for (number, kind) in [
            ("3", "value_error"),
            ("65536", "value_error"),
            ("0", "greater_than_equal"),
            ("x", "int_parsing"),
        ] {
            let answer = api
                .post(&format!("{path}?audio_track={number}"), &form())
                .await;
            let answer = answer.expect(422, "REQUEST_VALIDATION_ERROR");
            let expected = [(kind.to_owned(), place.clone())];
            assert_eq!(answer.problems(), expected, "{path} {number}");
        }
    }
    let path = "/service/diarize?audio_track=3";
    let problem = &api.post(path, &form()).await.json()["detail"][0];
    assert_eq!(problem["msg"], "Value error, there is no audio track 3");
    assert_eq!(problem["input"], "3");
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}
