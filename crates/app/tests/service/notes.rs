//! What the service says of a recording beside its words: which track was taken, in which language it is, and where there
//! is nothing in it.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::audio::{has_models, tone};
use crate::fixtures::field;

/// Two audio tracks: German, and English, which is flagged as the default.
const TWO_TRACKS: &str = "08-second-track-is-default.mkv";

const NO_SPEECH: &str = "no speech was found";

fn text(task: &Value) -> String {
    let segments = task["result"]["segments"].as_array().unwrap();
    let texts = segments
        .iter()
        .map(|segment| segment["text"].as_str().unwrap());
    texts.collect()
}

async fn two_tracks(app: &TestApp, path: &str) -> Value {
    let answer = app.post_file(path, "a.mkv", &field(TWO_TRACKS)).await;
    app.completed(&answer.identifier()).await
}

#[tokio::test]
async fn the_default_track_is_taken_and_the_task_has_a_note() {
    if !has_models(&["tiny.en", "segmentation-3.0", "campplus"]) {
        return;
    }
    let app = TestApp::builder().with_speech().start().await;
    let task = two_tracks(&app, "/service/transcribe?model=tiny.en").await;
    assert!(
        text(&task).contains("what your country can do for you"),
        "{task}"
    );
    let note = task["notes"][0].as_str().unwrap();
    assert!(note.contains("2 audio tracks; number 2"), "{note}");
    assert_eq!(task["notes"].as_array().unwrap().len(), 1);

    let task = two_tracks(&app, "/service/transcribe?model=tiny.en&audio_track=2").await;
    assert!(
        text(&task).contains("what your country can do for you"),
        "{task}"
    );
    assert_eq!(task.get("notes"), None);
    // The shorter track.
    let task = two_tracks(&app, "/service/diarize?audio_track=1").await;
    assert_eq!(task.get("notes"), None);
    let duration = task["metadata"]["audio_duration"].as_f64().unwrap();
    assert!((duration - 5.26).abs() < 0.1, "{duration}");
}

#[tokio::test]
async fn a_track_that_is_not_there_is_422_before_there_is_a_task() {
    let app = TestApp::start().await;
    let path = "/speech-to-text?audio_track=3";
    let answer = app
        .post_file(path, "a.mkv", &field(TWO_TRACKS))
        .await
        .expect(422);
    assert_eq!(answer.code(), "REQUEST_VALIDATION_ERROR");
    let problem = &answer.json()["detail"][0];
    assert_eq!(problem["loc"], json!(["query", "audio_track"]));
    assert_eq!(
        problem["msg"],
        "Value error, the file has no audio track 3: it has 2, numbered 1 to 2"
    );
    assert!(app.tasks().await.is_empty());
}

#[tokio::test]
async fn a_language_that_was_left_open_is_told_with_its_probability() {
    if !has_models(&["base", "segmentation-3.0", "campplus"]) {
        return;
    }
    let app = TestApp::builder().with_speech().start().await;
    for path in ["/service/transcribe", "/speech-to-text"] {
        let path = format!("{path}?model=base&language=auto&audio_track=1");
        let task = two_tracks(&app, &path).await;
        assert!(text(&task).contains("Raum wurde als"), "{task}");
        assert_eq!(task["result"]["language"], "de");
        let probability = task["result"]["language_probability"].as_f64().unwrap();
        assert!((0.5..=1.0).contains(&probability), "{probability}");
        assert_eq!(task["metadata"]["language"], "de");
        assert_eq!(task["metadata"]["task_params"]["language"], "auto");
    }
    // What was given is not told again.
    let task = two_tracks(&app, "/speech-to-text?model=base&language=de&audio_track=1").await;
    assert_eq!(task["result"].get("language"), None);
    assert_eq!(task["result"].get("language_probability"), None);
}

#[tokio::test]
async fn where_no_speech_is_found_the_task_says_so() {
    if !has_models(&["tiny.en", "segmentation-3.0", "campplus"]) {
        return;
    }
    let app = TestApp::builder().with_speech().start().await;
    for path in [
        "/service/transcribe?model=tiny.en",
        "/service/diarize",
        "/speech-to-text?model=tiny.en",
    ] {
        let answer = app.post_file(path, "a.wav", &tone(2.0)).await;
        let task = app.completed(&answer.identifier()).await;
        assert_eq!(task["notes"], json!([NO_SPEECH]), "{path}: {task}");
    }
    let nothing = br#"{"language":"en","segments":[]}"#;
    let (transcript, file) = (("transcript", "t.json", &nothing[..]), tone(1.0));
    let answer = app
        .post("/service/align", &[transcript, ("file", "a.wav", &file)])
        .await;
    let task = app.completed(&answer.identifier()).await;
    assert_eq!(task["notes"], json!([NO_SPEECH]), "{task}");
}
