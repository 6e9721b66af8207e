//! Documents of other programs, sent to the service: nothing that was said is lost, and what is wrong has a place.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::TestApp;
use crate::audio::tone;
use crate::fixtures::field;

/// One turn of one speaker.
const TURN: &[u8] = br#"[{"speaker":"SPEAKER_00","start":0,"end":9}]"#;

async fn post_words(app: &TestApp, words: &[u8], turns: &[u8]) -> Answer {
    let parts = [
        ("aligned_transcript", "words.json", words),
        ("diarization_result", "turns.json", turns),
    ];
    app.post("/service/combine", &parts).await
}

/// The result of a combination.
async fn combine(app: &TestApp, words: &[u8], turns: &[u8]) -> Value {
    let answer = post_words(app, words, turns).await.expect(200);
    app.completed(&answer.identifier()).await["result"].take()
}

async fn post_text(app: &TestApp, query: &str, transcript: &[u8]) -> Answer {
    let recording = tone(2.0);
    let parts = [
        ("transcript", "text.json", transcript),
        ("file", "a.wav", &recording),
    ];
    app.post(&format!("/service/align{query}"), &parts).await
}

/// A document with one segment, whose words are these.
fn words(words: &str) -> Vec<u8> {
    format!(
        r#"{{"segments":[{{"start":1,"end":3,"text":"x","words":[{words}]}}],"word_segments":[]}}"#
    )
    .into_bytes()
}

/// Words as `word start-end`, with `!` behind those that have a score.
fn shown(segment: &Value) -> Vec<String> {
    let shown = |word: &Value| {
        let mark = if word.get("score").is_some() { "!" } else { "" };
        let text = word["word"].as_str().unwrap();
        format!("{text} {}-{}{mark}", word["start"], word["end"])
    };
    let words = segment["words"].as_array().unwrap();
    words.iter().map(shown).collect()
}

#[tokio::test]
async fn f11_words_without_times_are_kept_and_so_are_segments_of_them() {
    let app = TestApp::start().await;
    let result = combine(
        &app,
        &field("11-words-without-times.json"),
        &field("11-turns.json"),
    )
    .await;
    let segments = result["segments"].as_array().unwrap();
    let texts: Vec<_> = segments.iter().map(|segment| &segment["text"]).collect();
    assert_eq!(texts, ["Pay $43,000 now.", "1984", "Yes."]);
    assert_eq!(
        shown(&segments[0]),
        ["Pay 0.1-0.4!", "$43,000 0.4-1.5", "now. 1.5-1.9!"]
    );
    assert_eq!(shown(&segments[1]), ["1984 2.0-4.0"]);
    assert_eq!(segments[1]["speaker"], "SPEAKER_00");
    assert_eq!(segments[1]["words"][0]["speaker"], "SPEAKER_00");
    assert_eq!(segments[2]["speaker"], "SPEAKER_01");
    assert_eq!(result["word_segments"], json!([]));
}

#[tokio::test]
async fn f11_a_segment_without_any_words_keeps_its_text() {
    let app = TestApp::start().await;
    let result = combine(&app, &words(""), TURN).await;
    let expected =
        json!([{"start": 1.0, "end": 3.0, "text": "x", "words": [], "speaker": "SPEAKER_00"}]);
    assert_eq!(result["segments"], expected);
}

#[tokio::test]
async fn f12_a_number_that_is_none_is_absent() {
    let app = TestApp::start().await;
    let result = combine(&app, &field("12-score-nan.json"), &field("11-turns.json")).await;
    assert_eq!(shown(&result["segments"][0]), ["Hi 0.0-1.0"]);
    for (given, expected) in [
        (
            r#"{"word":"a","start":1,"end":2,"score":-Infinity}"#,
            "a 1.0-2.0",
        ),
        (
            r#"{"word":"a","start":1,"end":2,"score":"NaN"}"#,
            "a 1.0-2.0",
        ),
        (
            r#"{"word":"a","start":"1.0","end":" 2","score":"0.5"}"#,
            "a 1.0-2.0!",
        ),
        (
            r#"{"word":"a","start":NaN,"end":NaN,"score":NaN}"#,
            "a 1.0-3.0",
        ),
        (r#"{"word":"NaN","start":null,"end":null}"#, "NaN 1.0-3.0"),
        (
            r#"{"word":"a","start":2,"score":0.5,"speaker":NaN}"#,
            "a 2.0-3.0",
        ),
    ] {
        let result = combine(&app, &words(given), TURN).await;
        assert_eq!(shown(&result["segments"][0]), [expected], "{given}");
    }
}

#[tokio::test]
async fn f12_what_cannot_be_read_is_told_by_member_and_segment() {
    let app = TestApp::start().await;
    for (given, expected) in [
        (
            r#"{"word":NaN}"#,
            "word 1 of segment 1 has a 'word' that is NaN, where a text is needed",
        ),
        (
            r#"{"word":"a","score":nan}"#,
            "it is not JSON: expected ident at line 1 column 74, in 'score' of word 1 of segment 1",
        ),
    ] {
        let answer = post_words(&app, &words(given), TURN).await.expect(422);
        assert_eq!(answer.code(), "INVALID_TRANSCRIPT_JSON");
        let expected = format!("Invalid transcript JSON: {expected}");
        assert_eq!(answer.json()["detail"], expected);
    }
    let turns = br#"[{"speaker":"A","start":0,"end":1},{"speaker":"A","start":NaN,"end":2}]"#;
    let answer = post_words(&app, &words(""), turns).await.expect(422);
    assert_eq!(answer.code(), "INVALID_DIARIZATION_JSON");
    assert_eq!(
        answer.json()["detail"],
        "Invalid diarization JSON: turn 2 has a 'start' that is NaN, where a number is needed"
    );
}

#[tokio::test]
async fn a_message_quotes_little_of_what_a_client_sent() {
    let app = TestApp::start().await;
    let long = "x".repeat(10_000);
    let wrong = format!(r#"{{"{long}":nope}}"#);
    let line = format!("SPEAKER a 1 {long} 1 <NA> <NA> b");
    for (words, turns) in [(wrong.as_bytes(), TURN), (&words(""), line.as_bytes())] {
        let answer = post_words(&app, words, turns).await.expect(422);
        assert!(answer.text.len() < 1000, "{}", answer.text);
    }
    let language = format!(r#"{{"language":"{long}","segments":[]}}"#);
    let answer = post_text(&app, "", language.as_bytes()).await.expect(422);
    assert!(answer.text.len() < 1000, "{}", answer.text);
}

#[tokio::test]
async fn f13_f15_a_text_is_read_whatever_else_the_document_holds() {
    let app = TestApp::start().await;
    let marked = String::from_utf8(field("15-mark-in-front.json")).unwrap();
    let plain = marked.trim_start_matches('\u{feff}');
    let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let task = format!(r#"{{"status":"completed","result":{plain},"error":null}}"#);
    for document in [
        &field("13-unused-nan.json")[..],
        marked.as_bytes(),
        &utf16,
        task.as_bytes(),
        plain.replace("\"en\"", "\"English\"").as_bytes(),
        plain.replace("\"en\"", "\"EN-us\"").as_bytes(),
        plain.replace(", \"", ",\r\n\"").as_bytes(),
        format!("{plain}\0").as_bytes(),
    ] {
        let answer = post_text(&app, "", document).await.expect(200);
        let task = app.completed(&answer.identifier()).await;
        assert_eq!(task["metadata"]["language"], "en");
        let text = task["result"]["segments"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("And so"), "{task}");
    }
}

#[tokio::test]
async fn f16_a_language_may_be_missing_only_where_a_model_is_named() {
    let app = TestApp::start().await;
    let document = field("16-no-language.json");
    let answer = post_text(&app, "", &document).await.expect(422);
    assert_eq!(answer.code(), "INVALID_TRANSCRIPT_JSON");
    let answer = post_text(&app, "?align_model=WAV2VEC2_ASR_BASE_960H", &document).await;
    app.completed(&answer.expect(200).identifier()).await;
}

#[tokio::test]
async fn turns_are_read_as_tables_give_them() {
    let app = TestApp::start().await;
    let given = words(r#"{"word":"a","start":1,"end":2,"score":1}"#);
    for turns in [
        &br#"{"speaker":{"0":"A","1":"B"},"start":{"0":0,"1":5},"end":{"0":4,"1":6},"label":{"0":"A"}}"#[..],
        br#"{"speaker":["A","B"],"start":[0,5],"end":[4,6]}"#,
        br#"[{"segment":{"start":0,"end":4},"label":"A","speaker":"A","start":"0","end":"4"}]"#,
        br#"{"status":"completed","result":[{"speaker":"A","start":0,"end":4}]}"#,
        b"SPEAKER talk 1 0.000 4.000 <NA> <NA> A <NA> <NA>\r\n",
    ] {
        let result = combine(&app, &given, turns).await;
        assert_eq!(result["segments"][0]["speaker"], "A");
    }
}
