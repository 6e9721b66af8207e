//! `/service/*` (contract 1.8 to 1.11).

use serde_json::{Value, json};

use crate::support::{Form, GOOD, TestApi};

const TRANSCRIPT: &[u8] =
    br#"{"language":"en","segments":[{"start":2.858,"end":10.299,"text":" This is a test."}]}"#;
const WORDS: &[u8] = br#"{"segments":[{"start":0,"end":1,"text":"Hi","words":[{"word":"Hi","start":0,"end":1,"score":0.5}]}],"word_segments":[]}"#;
const TURNS: &[u8] = br#"[{"label":"0","speaker":"SPEAKER_00","start":2.86,"end":4.85}]"#;

fn alignment(transcript: &[u8]) -> Form {
    Form::new()
        .file("transcript", "t.json", transcript)
        .file("file", "a.mp3", GOOD)
}

fn combination(words: &[u8], turns: &[u8]) -> Form {
    Form::new()
        .file("aligned_transcript", "a.json", words)
        .file("diarization_result", "d.JSON", turns)
}

#[tokio::test]
async fn c1_8_a_transcription_has_its_own_parameters_only() {
    let api = TestApi::start().await;
    let path = "/service/transcribe?suppress_tokens=1,2&initial_prompt=%C3%A9";
    let identifier = api.post(path, &Form::recording("a.mp3")).await.queued();
    let metadata = &api.task(&identifier).await["metadata"];
    assert_eq!(metadata["task_type"], "transcription");
    assert_eq!(metadata["language"], "en");
    let params = metadata["task_params"].as_object().unwrap();
    assert_eq!(params.len(), 11);
    assert_eq!(params["asr_options"]["suppress_tokens"], json!([1, 2]));
    assert_eq!(params["asr_options"]["initial_prompt"], "é");
}

#[tokio::test]
async fn c1_9_an_alignment_takes_the_language_of_its_transcript() {
    let api = TestApi::start().await;
    let identifier = api
        .post("/service/align", &alignment(TRANSCRIPT))
        .await
        .queued();
    let metadata = &api.task(&identifier).await["metadata"];
    assert_eq!(metadata["task_type"], "transcription_alignment");
    assert_eq!(metadata["language"], "en");
    assert_eq!(metadata["file_name"], "a.mp3");
    assert_eq!(
        metadata["task_params"],
        json!({"align_model": null, "interpolate_method": "nearest", "return_char_alignments": false, "device": "cpu"})
    );
    assert_eq!(api.n_files(), 1, "the transcript is in the row");
}

#[tokio::test]
async fn c1_9_both_files_are_needed_and_named_well() {
    let api = TestApi::start().await;
    let answer = api.post("/service/align", &Form::new()).await;
    let missing = |name| ("missing".to_owned(), json!(["body", name]).to_string());
    assert_eq!(answer.problems(), [missing("transcript"), missing("file")]);
    let form = Form::new()
        .file("transcript", "t.txt", TRANSCRIPT)
        .file("file", "a.mp3", GOOD);
    let answer = api.post("/service/align", &form).await;
    let answer = answer.expect(400, "UNSUPPORTED_FILE_EXTENSION");
    let expected = "Invalid file extension for file t.txt. Allowed: .json";
    assert_eq!(answer.json()["detail"], expected);
    let form = Form::new()
        .file("transcript", "T.JSON", TRANSCRIPT)
        .file("file", "a.flac", GOOD);
    api.post("/service/align", &form)
        .await
        .expect(400, "UNSUPPORTED_FILE_EXTENSION");
    api.assert_no_files();
}

#[tokio::test]
async fn c7_5_a_transcript_that_does_not_fit_is_422() {
    let api = TestApi::start().await;
    let documents: [&[u8]; 12] = [
        br#"{"language":"en","segmens":[]}"#,
        br#"{"segments":[]}"#,
        br#"{"language":"en","segments":[{"start":"abc","end":1,"text":5}]}"#,
        br#"{"language":"en","segments":[{"start":5,"end":1,"text":"x"}]}"#,
        br#"{"language":"en","segments":[{"start":-1,"end":1,"text":"x"}]}"#,
        br#"{"language":"en","segments":[{"start":0,"end":1e999,"text":"x"}]}"#,
        b"[]",
        b"\"abc\"",
        b"null",
        b"{nope",
        b"",
        b"\xff\xfe\x00",
    ];
    for document in documents {
        let answer = api.post("/service/align", &alignment(document)).await;
        let answer = answer.expect(422, "INVALID_TRANSCRIPT_JSON");
        assert!(answer.json()["error"]["field"].is_null());
    }
    let deep = "[".repeat(50_000);
    let answer = api
        .post("/service/align", &alignment(deep.as_bytes()))
        .await;
    answer.expect(422, "INVALID_TRANSCRIPT_JSON");
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}

#[tokio::test]
async fn c7_5_transcripts_that_fit_are_accepted() {
    let api = TestApi::start().await;
    let marked = [b"\xef\xbb\xbf", TRANSCRIPT].concat();
    for document in [
        TRANSCRIPT,
        &marked,
        br#"{"language":"en","segments":[],"more":1}"#,
        br#"{"language":"en","segments":[{"start":"0.5","end":1,"text":"x","words":7}]}"#,
        br#"{"language":"EN","segments":[{"start":0,"end":1,"text":"x","avg_logprob":NaN}]}"#,
    ] {
        api.post("/service/align", &alignment(document))
            .await
            .queued();
    }
}

#[tokio::test]
async fn c1_9_words_of_a_language_without_a_model_need_one_by_name() {
    let api = TestApi::start().await;
    for (language, named) in [("null", ""), ("\"xx\"", "xx"), ("\"X-Y\"", "X-Y")] {
        let document = format!(r#"{{"language":{language},"segments":[]}}"#);
        let form = alignment(document.as_bytes());
        let answer = api.post("/service/align", &form).await;
        let answer = answer.expect(422, "INVALID_LANGUAGE_CODE");
        assert_eq!(answer.json()["error"]["language_code"], named);
        let identifier = api
            .post("/service/align?align_model=a/b", &form)
            .await
            .queued();
        let metadata = &api.task(&identifier).await["metadata"];
        let expected = Some(named).filter(|code| !code.is_empty());
        assert_eq!(metadata["language"], json!(expected));
    }
    let form = alignment(br#"{"language":"af","segments":[]}"#);
    let answer = api.post("/service/align", &form).await;
    let place = json!(["query", "align_model"]).to_string();
    assert_eq!(answer.problems(), [("value_error".to_owned(), place)]);
    assert!(
        answer
            .text()
            .contains("No default align-model for language: af")
    );
    api.post("/service/align?align_model=a/b", &form)
        .await
        .queued();
}

#[tokio::test]
async fn c1_10_a_diarization_has_no_language() {
    let api = TestApi::start().await;
    let path = "/service/diarize?min_speakers=1&max_speakers=3";
    let identifier = api.post(path, &Form::recording("a.mp4")).await.queued();
    let metadata = &api.task(&identifier).await["metadata"];
    assert_eq!(metadata["task_type"], "diarization");
    assert!(metadata["language"].is_null());
    let expected = json!({"min_speakers": 1, "max_speakers": 3, "device": "cpu"});
    assert_eq!(metadata["task_params"], expected);
}

#[tokio::test]
async fn c1_11_a_combination_has_nothing_but_its_type() {
    let api = TestApi::start().await;
    let identifier = api
        .post("/service/combine", &combination(WORDS, TURNS))
        .await
        .queued();
    let task = api.task(&identifier).await;
    let metadata = task["metadata"].as_object().unwrap();
    for (name, value) in metadata {
        match name.as_str() {
            "task_type" => assert_eq!(value, "combine_transcript&diarization"),
            "callback_attempts" => assert_eq!(value, 0),
            _ => assert_eq!(value, &Value::Null, "{name}"),
        }
    }
    api.assert_no_files();
}

#[tokio::test]
async fn c7_6_and_7_7_documents_that_do_not_fit_are_422() {
    let api = TestApi::start().await;
    let words: [&[u8]; 6] = [
        br#"{"segments":[]}"#,
        TRANSCRIPT,
        br#"{"segments":[{"start":0,"end":1,"text":"x","words":[{"word":1}]}],"word_segments":[]}"#,
        b"nope",
        b"[]",
        b"",
    ];
    for document in words {
        let answer = api
            .post("/service/combine", &combination(document, TURNS))
            .await;
        answer.expect(422, "INVALID_TRANSCRIPT_JSON");
    }
    let turns: [&[u8]; 6] = [
        br#"[{"speaker":"A"}]"#,
        br#"{"a":1}"#,
        b"[1]",
        b"null",
        b"nope",
        br#"[{"label":"0","speaker":5,"start":0,"end":1}]"#,
    ];
    for document in turns {
        let answer = api
            .post("/service/combine", &combination(WORDS, document))
            .await;
        answer.expect(422, "INVALID_DIARIZATION_JSON");
    }
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}

#[tokio::test]
async fn c1_11_empty_documents_are_accepted() {
    let api = TestApi::start().await;
    let nothing = br#"{"segments":[],"word_segments":[]}"#;
    for (words, turns) in [(WORDS, &b"[]"[..]), (nothing, TURNS)] {
        api.post("/service/combine", &combination(words, turns))
            .await
            .queued();
    }
}

#[tokio::test]
async fn c1_11_missing_parts_and_wrong_names_are_told_in_order() {
    let api = TestApi::start().await;
    let answer = api.post("/service/combine", &Form::new()).await;
    let missing = |name| ("missing".to_owned(), json!(["body", name]).to_string());
    assert_eq!(
        answer.problems(),
        [missing("aligned_transcript"), missing("diarization_result")]
    );
    let form = Form::new().file("diarization_result", "d.txt", b"[]").file(
        "aligned_transcript",
        "a.txt",
        WORDS,
    );
    let answer = api.post("/service/combine", &form).await;
    let answer = answer.expect(400, "UNSUPPORTED_FILE_EXTENSION");
    assert!(answer.text().contains("file a.txt"), "{}", answer.text());
}

#[tokio::test]
async fn c1_11_a_document_that_is_too_large_is_413() {
    let api = TestApi::start().await;
    let large = format!("{}{}", " ".repeat(64 * 1024), "[]");
    let answer = api
        .post("/service/combine", &combination(WORDS, large.as_bytes()))
        .await;
    let answer = answer.expect(413, "AUDIO_TOO_LARGE");
    assert_eq!(answer.json()["error"]["max_size"], 64 * 1024);
    let answer = api
        .post("/service/align", &alignment(large.as_bytes()))
        .await;
    answer.expect(413, "AUDIO_TOO_LARGE");
    api.assert_no_files();
}

#[tokio::test]
async fn c8_29_thirty_combinations_at_once_get_thirty_names() {
    let api = TestApi::start().await;
    let form = combination(WORDS, TURNS);
    let posts = (0..30).map(|_| api.post("/service/combine", &form));
    let answers = futures_util::future::join_all(posts).await;
    let mut names: Vec<_> = answers
        .into_iter()
        .map(super::support::Answer::queued)
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 30);
    assert_eq!(api.n_tasks().await, 30);
}
