//! `/speech-to-text` (contract 1.6).

use outbound::testing::{Origin, Reply};
use serde_json::json;

use crate::support::{Form, TestApi};

#[tokio::test]
async fn c1_6_an_accepted_task_is_there_at_once_with_all_its_parameters() {
    let api = TestApi::start().await;
    let identifier = api
        .post("/speech-to-text", &Form::recording("audio_en.mp3"))
        .await
        .queued();
    assert_eq!(identifier.len(), 36);
    assert_eq!(identifier.to_lowercase(), identifier);
    let task = api.task(&identifier).await;
    let params = json!({
        "language": "en", "task": "transcribe", "model": "tiny", "device": "cpu", "device_index": 0,
        "threads": 0, "batch_size": 8, "chunk_size": 20, "compute_type": "int8", "align_model": null,
        "interpolate_method": "nearest", "return_char_alignments": false,
        "asr_options": {
            "beam_size": 5, "best_of": 5, "patience": 1.0, "length_penalty": 1.0, "temperatures": 0.0,
            "compression_ratio_threshold": 2.4, "log_prob_threshold": -1.0, "no_speech_threshold": 0.6,
            "initial_prompt": null, "suppress_tokens": [-1], "suppress_numerals": false, "hotwords": null,
        },
        "vad_options": {"vad_onset": 0.5, "vad_offset": 0.363},
        "min_speakers": null, "max_speakers": null,
    });
    let metadata = json!({
        "task_type": "full_process", "language": "en", "file_name": "audio_en.mp3", "url": null,
        "callback_url": null, "duration": null, "audio_duration": 12.996, "start_time": null,
        "end_time": null, "callback_status": null, "callback_attempts": 0, "callback_error": null,
        "task_params": params,
    });
    assert_eq!(
        task,
        json!({
            "status": "queued", "result": null, "metadata": metadata, "error": null,
            "identifier": identifier, "progress": null,
        })
    );
    assert_eq!(api.n_files(), 1);
}

#[tokio::test]
async fn c1_6_a_file_that_is_missing_or_none_is_422() {
    let api = TestApi::start().await;
    let check = async |form: Form, kind: &str| {
        let answer = api.post("/speech-to-text", &form).await;
        let expected = (kind.to_owned(), json!(["body", "file"]).to_string());
        assert_eq!(answer.problems(), [expected]);
    };
    check(Form::new().text("other", "x"), "missing").await;
    check(Form::new().text("file", "a.mp3"), "value_error").await;
    check(
        Form::new().file("file", "", b"secret content"),
        "value_error",
    )
    .await;
    check(Form::new().file("other", "a.mp3", b"good"), "missing").await;
    for (kind, body) in [
        ("application/json", "{\"file\":\"a.mp3\"}"),
        ("text/plain", "file"),
        ("application/octet-stream", "good"),
    ] {
        let answer = api
            .post_bytes("/speech-to-text", kind, body.as_bytes())
            .await;
        assert_eq!(answer.problems()[0].0, "missing", "{kind}");
    }
    let answer = api.request("POST", "/speech-to-text").await;
    assert_eq!(answer.problems()[0].0, "missing");
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}

#[tokio::test]
async fn x23_bytes_of_files_are_not_sent_back() {
    let api = TestApi::start().await;
    let form = Form::new().file("file", "", &b"secret".repeat(1000));
    let answer = api.post("/speech-to-text", &form).await;
    assert!(!answer.text().contains("secret"), "{}", answer.text());
    let form = Form::new().text("file", &"x".repeat(100_000));
    let answer = api.post("/speech-to-text", &form).await;
    assert_eq!(answer.json()["detail"][0]["input"], "x".repeat(200));
}

#[tokio::test]
async fn c1_6_a_form_without_boundary_or_end_is_400() {
    let api = TestApi::start().await;
    let form = Form::recording("a.mp3");
    let answer = api
        .post_bytes("/speech-to-text", "multipart/form-data", &form.bytes())
        .await;
    let answer = answer.expect(400, "BAD_REQUEST");
    assert_eq!(answer.json()["detail"], "Missing boundary in multipart.");
    for body in [form.beginning(), b"nonsense", b""] {
        let answer = api
            .post_bytes("/speech-to-text", &Form::content_type(), body)
            .await;
        let answer = answer.expect(400, "BAD_REQUEST");
        assert_eq!(
            answer.json()["detail"],
            "There was an error parsing the body"
        );
    }
    let nameless = Form::new().part("form-data; filename=\"a.mp3\"", b"good");
    api.post("/speech-to-text", &nameless)
        .await
        .expect(400, "BAD_REQUEST");
    api.assert_no_files();
}

#[tokio::test]
async fn c1_6_an_unsupported_extension_is_400() {
    let api = TestApi::start().await;
    for name in ["a.txt", "a.flac", "abc", ".mp3", "a.mp3 ", "a.mp3.exe"] {
        let answer = api.post("/speech-to-text", &Form::recording(name)).await;
        let answer = answer.expect(400, "UNSUPPORTED_FILE_EXTENSION");
        let expected = format!(
            "Invalid file extension for file {name}. Allowed: .aac, .amr, .avi, .awb, .m4a, .mkv, .mov, .mp3, .mp4, .oga, .ogg, .wav, .wma, .wmv"
        );
        assert_eq!(answer.json()["detail"], expected);
    }
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}

#[tokio::test]
async fn c1_2_1_the_last_file_of_a_name_wins() {
    let api = TestApi::start().await;
    let form = Form::new()
        .file("file", "first.mp3", b"bad")
        .file("file", "second.txt", b"bad")
        .file("file", "third.mp3", b"good 7")
        .file("other", "fourth.mp3", b"bad");
    let identifier = api.post("/speech-to-text", &form).await.queued();
    let task = api.task(&identifier).await;
    assert_eq!(task["metadata"]["file_name"], "third.mp3");
    assert_eq!(task["metadata"]["audio_duration"], 7.0);
    assert_eq!(api.n_files(), 1);
}

#[tokio::test]
async fn c1_6_what_cannot_be_decoded_never_becomes_a_task() {
    let api = TestApi::start().await;
    for (content, status, code) in [
        ("", 400, "AUDIO_PROCESSING_ERROR"),
        ("random", 400, "AUDIO_PROCESSING_ERROR"),
        ("silent", 400, "AUDIO_PROCESSING_ERROR"),
        ("long", 413, "AUDIO_TOO_LARGE"),
        ("foreign", 503, "FFMPEG_MISSING"),
        ("machine", 500, "INTERNAL_ERROR"),
        ("panic", 500, "INTERNAL_ERROR"),
    ] {
        let form = Form::new().file("file", "a.mp3", content.as_bytes());
        let answer = api
            .post("/speech-to-text", &form)
            .await
            .expect(status, code);
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        assert!(!answer.text().contains("/tmp"), "{}", answer.text());
    }
    let form = Form::new().file("file", "a.mp3", b"");
    let error = &api.post("/speech-to-text", &form).await.json()["error"];
    assert_eq!(error["reason"], "Audio file is unreadable or corrupted");
    assert!(error["original_error"].is_null());
    assert!(error.as_object().unwrap().contains_key("original_error"));
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}

#[tokio::test]
async fn c3_2_a_callback_that_answers_is_kept_in_its_normal_form() {
    let api = TestApi::start().await;
    let receiver = Origin::start().await;
    for status in [200, 201, 204, 302, 405] {
        receiver.on("HEAD /callback", Reply::status(status));
        let url = receiver.url("/callback").replace("http", "HTTP");
        let path = format!("/speech-to-text?callback_url={url}");
        let identifier = api.post(&path, &Form::recording("a.mp3")).await.queued();
        let task = api.task(&identifier).await;
        assert_eq!(task["metadata"]["callback_url"], receiver.url("/callback"));
        assert_eq!(task["metadata"]["callback_status"], "pending");
    }
}

#[tokio::test]
async fn c3_2_a_callback_that_does_not_answer_well_is_400() {
    let api = TestApi::start().await;
    let receiver = Origin::start().await;
    for status in [400, 404, 500, 501, 502] {
        receiver.on(&format!("HEAD /{status}"), Reply::status(status));
        let url = receiver.url(&format!("/{status}"));
        let path = format!("/speech-to-text?callback_url={url}");
        let answer = api.post(&path, &Form::recording("a.mp3")).await;
        let answer = answer.expect(400, "CALLBACK_UNREACHABLE");
        let expected = format!("Callback URL is not reachable: {url}");
        assert_eq!(answer.json()["detail"], expected);
    }
    let path = "/speech-to-text?callback_url=http://127.0.0.1:1/x";
    api.post(path, &Form::recording("a.mp3"))
        .await
        .expect(400, "CALLBACK_UNREACHABLE");
    assert_eq!(api.n_tasks().await, 0);
    api.assert_no_files();
}

#[tokio::test]
async fn se4_a_callback_inside_is_422_and_not_asked() {
    let api = TestApi::start_with(|setup| setup.policy = outbound::Policy::default()).await;
    let receiver = Origin::start().await;
    let path = format!("/speech-to-text?callback_url={}", receiver.url("/callback"));
    let answer = api.post(&path, &Form::recording("a.mp3")).await;
    let answer = answer.expect(422, "CALLBACK_NOT_ALLOWED");
    assert_eq!(
        answer.json()["detail"],
        "The provided callback URL is not allowed: the host is not allowed"
    );
    assert_eq!(receiver.connections(), 0);
    api.assert_no_files();
}

#[tokio::test]
async fn x29_a_request_that_is_refused_asks_no_callback() {
    let api = TestApi::start().await;
    let receiver = Origin::start().await;
    let path = format!("/speech-to-text?callback_url={}", receiver.url("/callback"));
    for form in [
        Form::new(),
        Form::recording("a.txt"),
        Form::new().file("file", "a.mp3", b"bad"),
    ] {
        api.post(&path, &form).await;
    }
    api.post(&format!("{path}&beam_size=x"), &Form::recording("a.mp3"))
        .await;
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn c1_8_the_services_pass_over_callbacks_even_broken_ones() {
    let api = TestApi::start().await;
    let receiver = Origin::start().await;
    for url in ["nonsense", &receiver.url("/callback")] {
        let path = format!("/service/transcribe?callback_url={url}");
        let identifier = api.post(&path, &Form::recording("a.mp3")).await.queued();
        assert!(api.task(&identifier).await["metadata"]["callback_url"].is_null());
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_model_that_cannot_be_had_is_told_before_the_recording_is_read() {
    let api = TestApi::start_with(|setup| {
        setup.missing_model = Some("large-v3".parse().unwrap());
    })
    .await;
    for path in ["/speech-to-text", "/service/transcribe"] {
        let answer = api
            .post(&format!("{path}?model=large-v3"), &Form::recording("a.mp3"))
            .await
            .expect(503, "MODEL_UNAVAILABLE");
        assert!(
            answer.text().contains("'large-v3' is not installed"),
            "{}",
            answer.text()
        );
        api.post(path, &Form::recording("a.mp3")).await.queued();
    }
    assert_eq!(api.n_files(), 2);
    // What is wrong with the query is told first.
    api.post(
        "/service/transcribe?model=large-v3&beam_size=0",
        &Form::recording("a.mp3"),
    )
    .await
    .expect(422, "REQUEST_VALIDATION_ERROR");
}

#[tokio::test]
async fn parameters_without_a_value_count_as_not_given() {
    let api = TestApi::start().await;
    let parameters = [
        "language",
        "task",
        "model",
        "device",
        "threads",
        "batch_size",
        "chunk_size",
        "align_model",
        "interpolate_method",
        "return_char_alignments",
        "beam_size",
        "patience",
        "temperatures",
        "initial_prompt",
        "suppress_tokens",
        "suppress_numerals",
        "hotwords",
        "vad_onset",
        "min_speakers",
        "callback_url",
        "audio_track",
    ];
    let query = parameters.map(|name| format!("{name}=")).join("&");
    let given = api
        .post(
            &format!("/speech-to-text?{query}"),
            &Form::recording("a.mp3"),
        )
        .await
        .queued();
    let not_given = api.post("/speech-to-text", &Form::recording("a.mp3")).await;
    let (given, not_given) = (api.task(&given).await, api.task(&not_given.queued()).await);
    assert_eq!(given["metadata"], not_given["metadata"]);
}

#[tokio::test]
async fn control_characters_in_the_name_of_a_file_are_taken_out() {
    let api = TestApi::start().await;
    let identifier = api
        .post(
            "/speech-to-text",
            &Form::recording("a\u{1}b\u{7f}\rc\u{0}.mp3"),
        )
        .await
        .queued();
    assert_eq!(
        api.task(&identifier).await["metadata"]["file_name"],
        "abc.mp3"
    );
}
