//! What the original's end-to-end tests assert (contract section 8), statement by statement.

use outbound::testing::{Origin, Reply};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::audio::{fixture, has_models, tone};

const ENGLISH: &str = "audio_en.mp3";
const WORDS: &[&str] = &["tiny.en"];
const WORDS_AND_SPEAKERS: &[&str] = &["tiny.en", "segmentation-3.0", "campplus"];

/// A service with the real engine and the recording that the statements speak of, where both can be had.
async fn real(models: &[&str]) -> Option<(TestApp, Vec<u8>)> {
    let audio = fixture(ENGLISH)?;
    if !has_models(models) {
        return None;
    }
    let app = TestApp::builder()
        .with_speech()
        .with("WHISPER_MODEL", "tiny.en")
        .with("DEVICE", "cpu")
        .with("COMPUTE_TYPE", "int8")
        .start()
        .await;
    Some((app, audio))
}

/// The assertion T1: the text begins as the recording does, its leading space included.
#[track_caller]
fn assert_t1(text: &Value) {
    let text = text.as_str().unwrap().to_lowercase();
    let begins = |beginning: &str| text.starts_with(beginning);
    assert!(
        begins(" this is a test audio") || begins(" this is the test audio"),
        "{text:?}"
    );
}

#[tokio::test]
async fn s1_the_root_leads_to_the_documentation() {
    let app = TestApp::start().await;
    let answer = app.get("/").await.expect(307);
    assert_eq!(answer.header("location"), Some("/docs"));
    assert_eq!(answer.text, "");
}

#[tokio::test]
async fn s2_s3_s4_a_healthy_service_says_so() {
    let app = TestApp::start().await;
    let health = app.get("/health").await.expect(200);
    assert_eq!(
        health.text,
        r#"{"status":"ok","message":"Service is running"}"#
    );
    let live = app.get("/health/live").await.expect(200).json();
    assert_eq!(live["status"], "ok");
    assert!(live["timestamp"].is_f64(), "{live}");
    assert_eq!(live["message"], "Application is live");
    let ready = app.get("/health/ready").await.expect(200).json();
    assert_eq!(ready["status"], "ok");
    assert_eq!(ready["database"], "connected");
    assert_eq!(ready["message"], "Application is ready to accept requests");
}

#[tokio::test]
async fn s6_to_s9_a_task_is_listed_deleted_and_gone() {
    let app = TestApp::start().await;
    let query = "/service/transcribe?device=cpu&compute_type=int8";
    let identifier = app.post_file(query, ENGLISH, &tone(0.2)).await.identifier();
    let tasks = app.tasks().await;
    assert_eq!(tasks[0]["identifier"], *identifier);
    let deleted = app
        .delete(&format!("/task/{identifier}/delete"))
        .await
        .expect(200);
    assert_eq!(
        deleted.json(),
        json!({"identifier": identifier, "message": "Task deleted"})
    );
    let gone = app.get(&format!("/task/{identifier}")).await.expect(404);
    assert_eq!(gone.code(), "TASK_NOT_FOUND");
    assert_eq!(gone.json()["error"]["identifier"], *identifier);
}

#[tokio::test]
async fn s10_a_task_is_found_right_after_it_was_accepted() {
    let app = TestApp::start().await;
    let identifier = app
        .post_file("/speech-to-text", ENGLISH, &tone(0.2))
        .await
        .identifier();
    let task = app.task(&identifier).await;
    let status = task["status"].as_str().unwrap();
    assert!(
        ["queued", "processing", "completed"].contains(&status),
        "{task}"
    );
    assert_eq!(task["metadata"]["task_type"], "full_process");
    assert_eq!(task["metadata"]["file_name"], ENGLISH);
}

#[tokio::test]
async fn s11_an_unknown_task_is_not_found() {
    let app = TestApp::start().await;
    let answer = app.get("/task/non-existent-uuid-12345").await.expect(404);
    assert_eq!(answer.code(), "TASK_NOT_FOUND");
}

#[tokio::test]
async fn s12_the_full_process_tells_what_is_said_by_whom() {
    let Some((app, audio)) = real(WORDS_AND_SPEAKERS).await else {
        return;
    };
    let query = "/speech-to-text?device=cpu&compute_type=int8";
    let task = app
        .completed(&app.post_file(query, ENGLISH, &audio).await.identifier())
        .await;
    let segments = task["result"]["segments"].as_array().unwrap();
    assert_t1(&segments[0]["text"]);
    assert_eq!(task["result"]["word_segments"], json!([]));
    let words = segments[0]["words"].as_array().unwrap();
    assert_eq!(words[0]["word"], "This");
    for word in words {
        assert!(word["start"].as_f64() <= word["end"].as_f64(), "{word}");
        assert_eq!(word["speaker"], "SPEAKER_00", "{task}");
    }
    assert_eq!(task["metadata"]["audio_duration"], 12.996);
}

#[tokio::test]
async fn s13_a_transcription_tells_what_is_said() {
    let Some((app, audio)) = real(WORDS).await else {
        return;
    };
    let query = "/service/transcribe?device=cpu&compute_type=int8";
    let task = app
        .completed(&app.post_file(query, ENGLISH, &audio).await.identifier())
        .await;
    assert_t1(&task["result"]["segments"][0]["text"]);
    assert_eq!(task["result"]["language"], "en");
    assert!(task["result"]["segments"][0]["avg_logprob"].is_f64());
}

#[tokio::test]
async fn s14_known_words_get_times() {
    let Some((app, audio)) = real(WORDS).await else {
        return;
    };
    let Some(transcript) = fixture("transcript.json") else {
        return;
    };
    let parts = [
        ("transcript", "transcript.json", &transcript[..]),
        ("file", "audio_file.mp3", &audio),
    ];
    let identifier = app
        .post("/service/align?device=cpu", &parts)
        .await
        .identifier();
    let task = app.completed(&identifier).await;
    let segments = task["result"]["segments"].as_array().unwrap();
    let words = segments[0]["words"].as_array().unwrap();
    assert_eq!(words.len(), 13, "{task}");
    // The times of the reference's own alignment, in the fixture of the next stage.
    let first = words[0]["start"].as_f64().unwrap();
    assert!((2.6..3.1).contains(&first), "{task}");
    assert_eq!(
        task["result"]["word_segments"].as_array().unwrap().len(),
        13
    );
}

#[tokio::test]
async fn s15_who_speaks_when_is_a_list() {
    let Some((app, audio)) = real(WORDS_AND_SPEAKERS).await else {
        return;
    };
    let query = "/service/diarize?device=cpu";
    let task = app
        .completed(&app.post_file(query, ENGLISH, &audio).await.identifier())
        .await;
    let turns = task["result"].as_array().unwrap();
    assert_eq!(turns[0]["speaker"], "SPEAKER_00", "{task}");
    assert_eq!(turns[0]["label"], "A");
    assert_eq!(task["metadata"]["language"], Value::Null);
}

#[tokio::test]
async fn s16_words_and_turns_are_combined() {
    let Some(transcript) = fixture("aligned_transcript.json") else {
        return;
    };
    let Some(turns) = fixture("diarazition.json") else {
        return;
    };
    let app = TestApp::start().await;
    let parts = [
        (
            "aligned_transcript",
            "aligned_transcript.json",
            &transcript[..],
        ),
        ("diarization_result", "diarization.json", &turns),
    ];
    let task = app
        .completed(&app.post("/service/combine", &parts).await.identifier())
        .await;
    let segment = &task["result"]["segments"][0];
    assert_t1(&segment["text"]);
    assert_eq!(segment["speaker"], "SPEAKER_00");
    assert_eq!(task["result"]["word_segments"], json!([]));
    for absent in [
        "file_name",
        "language",
        "audio_duration",
        "task_params",
        "url",
        "callback_url",
    ] {
        assert_eq!(task["metadata"][absent], Value::Null, "{absent}");
    }
}

#[tokio::test]
async fn s17_a_recording_behind_redirects_is_written_down() {
    let Some((app, audio)) = real(WORDS_AND_SPEAKERS).await else {
        return;
    };
    let origin = Origin::start().await;
    let source = format!("/raw/{ENGLISH}");
    origin.on(&source, Reply::redirect("/moved"));
    origin.on("/moved", Reply::redirect("/blob?signature=1"));
    origin.on("/blob", Reply::ok(audio));
    let path = "/speech-to-text-url?device=cpu&compute_type=int8";
    let url = origin.url(&source);
    let answer = app.post_fields(path, &[("url", &url)]).await;
    let task = app.completed(&answer.identifier()).await;
    assert_t1(&task["result"]["segments"][0]["text"]);
    assert_eq!(task["metadata"]["url"], *url);
    assert_eq!(task["metadata"]["file_name"], ENGLISH);
}

#[tokio::test]
async fn s18_each_result_is_the_next_ones_input() {
    let Some((app, audio)) = real(WORDS_AND_SPEAKERS).await else {
        return;
    };
    let result = async |identifier: String| app.completed(&identifier).await["result"].to_string();
    let transcript = result(
        app.post_file("/service/transcribe", ENGLISH, &audio)
            .await
            .identifier(),
    )
    .await;
    let parts = [
        ("transcript", "transcript.json", transcript.as_bytes()),
        ("file", ENGLISH, &audio),
    ];
    let aligned = result(app.post("/service/align", &parts).await.identifier()).await;
    let turns = result(
        app.post_file("/service/diarize", ENGLISH, &audio)
            .await
            .identifier(),
    )
    .await;
    let parts = [
        ("aligned_transcript", "a.json", aligned.as_bytes()),
        ("diarization_result", "d.json", turns.as_bytes()),
    ];
    let task = app
        .completed(&app.post("/service/combine", &parts).await.identifier())
        .await;
    let segment = &task["result"]["segments"][0];
    assert_t1(&segment["text"]);
    assert_eq!(segment["speaker"], "SPEAKER_00", "{task}");
}

#[tokio::test]
async fn s29_many_combinations_at_once_are_all_accepted() {
    let app = TestApp::builder()
        .with("MAX_CONCURRENT_CPU_TASKS", 2)
        .start()
        .await;
    let posts = (0..30).map(|_| app.post_combination());
    let answers = futures_util::future::join_all(posts).await;
    let mut identifiers: Vec<_> = answers
        .iter()
        .map(super::answer::Answer::identifier)
        .collect();
    identifiers.sort();
    identifiers.dedup();
    assert_eq!(identifiers.len(), 30);
    for identifier in identifiers {
        let task = app.completed(&identifier).await;
        assert_eq!(task["result"], json!({"segments": [], "word_segments": []}));
    }
}

#[tokio::test]
async fn s30_combinations_and_lists_at_the_same_instant_never_fail() {
    let app = TestApp::start().await;
    let posts = (0..15).map(|_| app.post_combination());
    let lists = (0..15).map(|_| app.get("/task/all"));
    let both = futures_util::future::join(
        futures_util::future::join_all(posts),
        futures_util::future::join_all(lists),
    );
    let (posted, listed) = both.await;
    for answer in posted.into_iter().chain(listed) {
        answer.expect(200);
    }
}

#[tokio::test]
async fn s31_s32_an_error_has_a_message_a_code_and_a_number() {
    let app = TestApp::start().await;
    let body = app.get("/task/x").await.expect(404).json();
    let error = &body["error"];
    assert!(error["message"].is_string());
    let number = error["correlation_id"].as_str().unwrap();
    assert_eq!((number.len(), number.matches('-').count()), (36, 4));
    assert!(app.log().contains(number), "{}", app.log());
}
