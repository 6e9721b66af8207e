//! The `OpenAPI` document (contract 4.5).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::TestApi;

async fn document() -> Value {
    TestApi::start().await.get("/openapi.json").await.json()
}

/// Every operation with its path and method.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn c4_5_the_document_is_this() {
    insta::assert_json_snapshot!(document().await);
}

#[tokio::test]
async fn c4_5_the_document_is_the_same_after_a_restart() {
    let (first, second) = (TestApi::start().await, TestApi::start().await);
    let bytes = first.get("/openapi.json").await.body;
    assert_eq!(bytes, second.get("/openapi.json").await.body);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with(r#"{"openapi":"3.1.0","info":{"title":"whisperX REST service","#));
    assert!(text.contains(".aac, .amr, .awb, .m4a, .mp3, .oga, .ogg, .wav, .wma"));
    assert!(text.contains(".avi, .mkv, .mov, .mp4, .wmv"));
}

#[tokio::test]
async fn c1_1_operations_have_their_names_and_tags() {
    let document = document().await;
    let mut told: Vec<_> = operations(&document)
        .into_iter()
        .map(|(path, method, operation)| {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let tag = operation["tags"][0].as_str().unwrap().to_owned();
            (method, path, tag, id)
        })
        .collect();
    told.sort();
    let mut expected = [
        (
            "post",
            "/speech-to-text",
            "Speech-2-Text",
            "speech_to_text_speech_to_text_post",
        ),
        (
            "post",
            "/speech-to-text-url",
            "Speech-2-Text",
            "speech_to_text_url_speech_to_text_url_post",
        ),
        (
            "post",
            "/service/transcribe",
            "Speech-2-Text services",
            "1__Transcribe_service_transcribe_post",
        ),
        (
            "post",
            "/service/align",
            "Speech-2-Text services",
            "2__Align_Transcript_service_align_post",
        ),
        (
            "post",
            "/service/diarize",
            "Speech-2-Text services",
            "3__Diarize_service_diarize_post",
        ),
        (
            "post",
            "/service/combine",
            "Speech-2-Text services",
            "4__Combine_Transcript_and_Diarization_result_service_combine_post",
        ),
        (
            "get",
            "/task/all",
            "Tasks Management",
            "get_all_tasks_status_task_all_get",
        ),
        (
            "get",
            "/task/{identifier}",
            "Tasks Management",
            "get_transcription_status_task__identifier__get",
        ),
        (
            "get",
            "/task/{identifier}/result",
            "Tasks Management",
            "get_task_result",
        ),
        (
            "delete",
            "/task/{identifier}/delete",
            "Tasks Management",
            "delete_task_task__identifier__delete_delete",
        ),
        ("get", "/health", "Health", "health_check_health_get"),
        (
            "get",
            "/health/live",
            "Health",
            "liveness_check_health_live_get",
        ),
        (
            "get",
            "/health/ready",
            "Health",
            "readiness_check_health_ready_get",
        ),
    ]
    .map(|(method, path, tag, id)| {
        (
            method.to_owned(),
            path.to_owned(),
            tag.to_owned(),
            id.to_owned(),
        )
    });
    expected.sort();
    assert_eq!(told, expected);
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().collect();
    assert_eq!(tags.len(), 4);
    assert!(tags.iter().all(|tag| tag["description"].is_string()));
}

#[tokio::test]
async fn c4_5_every_reference_leads_somewhere() {
    let document = document().await;
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect_references(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            members
                .values()
                .for_each(|value| collect_references(value, references));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| collect_references(value, references)),
        _ => {}
    }
}

#[tokio::test]
async fn c4_5_the_schemas_that_clients_know_are_there() {
    let document = document().await;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in [
        "Response",
        "Result",
        "Metadata",
        "TaskListResponse",
        "TaskSummaryResponse",
        "TaskEventReceived",
        "ComputeType",
        "Device",
        "InterpolateMethod",
        "TaskEnum",
        "WhisperModel",
        "HTTPValidationError",
        "ValidationError",
        "Body_speech_to_text_speech_to_text_post",
        "Body_speech_to_text_url_speech_to_text_url_post",
        "Body_1__Transcribe_service_transcribe_post",
        "Body_2__Align_Transcript_service_align_post",
        "Body_3__Diarize_service_diarize_post",
        "Body_4__Combine_Transcript_and_Diarization_result_service_combine_post",
    ] {
        assert!(schemas.contains_key(name), "{name}");
    }
    assert_eq!(
        schemas["WhisperModel"]["enum"].as_array().unwrap().len(),
        19
    );
}

#[tokio::test]
async fn c4_5_every_status_is_told() {
    let document = document().await;
    for (path, method, operation) in operations(&document) {
        let statuses: Vec<_> = operation["responses"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        let expected: &[&str] = match (method.as_str(), path.as_str()) {
            ("post", _) => &["200", "400", "408", "413", "422", "429", "500", "503"],
            (_, "/task/all") => &["200", "500", "503"],
            (_, "/task/{identifier}/result") => {
                &["200", "304", "400", "404", "409", "422", "500", "503"]
            }
            (_, path) if path.starts_with("/task/") => &["200", "400", "404", "500", "503"],
            (_, "/health/ready") => &["200", "503"],
            _ => &["200"],
        };
        assert_eq!(statuses, expected, "{method} {path}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            // A result is whatever its task computes, and what the client has already has no body.
            if path.ends_with("/result") && matches!(&**status, "200" | "304") {
                continue;
            }
            let schema = &response["content"]["application/json"]["schema"];
            assert!(schema["$ref"].is_string(), "{method} {path} {status}");
        }
    }
}

#[tokio::test]
async fn c1_6_parameters_are_told_in_their_order_with_defaults_and_ranges() {
    let document = document().await;
    let names = |path: &str| -> Vec<String> {
        let parameters = document["paths"][path]["post"]["parameters"]
            .as_array()
            .unwrap();
        let name = |parameter: &Value| parameter["name"].as_str().unwrap().to_owned();
        parameters.iter().map(name).collect()
    };
    assert_eq!(
        names("/speech-to-text"),
        [
            "language",
            "task",
            "model",
            "device",
            "device_index",
            "threads",
            "batch_size",
            "chunk_size",
            "compute_type",
            "align_model",
            "interpolate_method",
            "return_char_alignments",
            "min_speakers",
            "max_speakers",
            "beam_size",
            "best_of",
            "patience",
            "length_penalty",
            "temperatures",
            "compression_ratio_threshold",
            "log_prob_threshold",
            "no_speech_threshold",
            "initial_prompt",
            "suppress_tokens",
            "suppress_numerals",
            "hotwords",
            "vad_onset",
            "vad_offset",
            "callback_url",
            "audio_track"
        ]
    );
    assert_eq!(names("/speech-to-text"), names("/speech-to-text-url"));
    assert_eq!(names("/service/transcribe").len(), 24);
    assert_eq!(
        names("/service/align"),
        [
            "device",
            "align_model",
            "interpolate_method",
            "return_char_alignments",
            "audio_track"
        ]
    );
    assert_eq!(
        names("/service/diarize"),
        ["device", "min_speakers", "max_speakers", "audio_track"]
    );
}

#[tokio::test]
async fn b3_10_options_of_a_result_are_told_with_their_ranges() {
    let document = document().await;
    let parameters = document["paths"]["/task/{identifier}/result"]["get"]["parameters"].clone();
    let parameters = parameters.as_array().unwrap().iter();
    let told: Vec<_> = parameters
        .map(|parameter| {
            let schema = &parameter["schema"];
            let range = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
            (parameter["name"].as_str().unwrap().to_owned(), range)
        })
        .collect();
    let within = |least, most| (Some(least), Some(most));
    let expected = [
        ("identifier", (None, None)),
        ("format", (None, None)),
        ("subtitle_style", (None, None)),
        ("max_line_width", within(1.0, 1000.0)),
        ("max_line_count", within(1.0, 10.0)),
        ("max_cps", within(1.0, 100.0)),
        ("min_duration", within(0.0, 10.0)),
        ("max_duration", within(1.0, 60.0)),
        ("gap", within(0.0, 1.0)),
        ("speaker_labels", (None, None)),
        ("highlight_words", (None, None)),
        ("text_style", (None, None)),
        ("split_speakers", (None, None)),
        ("download", (None, None)),
    ];
    assert_eq!(told, expected.map(|(name, range)| (name.to_owned(), range)));
}

#[tokio::test]
async fn td1_defaults_of_settings_are_told() {
    let api = TestApi::start_with(|setup| {
        setup.settings.defaults.model = "small".parse().unwrap();
        setup.settings.defaults.language = "fr".parse().unwrap();
    })
    .await;
    let document = api.get("/openapi.json").await.json();
    let parameters = document["paths"]["/speech-to-text"]["post"]["parameters"]
        .as_array()
        .unwrap();
    let default = |name: &str| {
        let parameter = parameters
            .iter()
            .find(|parameter| parameter["name"] == name);
        parameter.unwrap()["schema"]["default"].clone()
    };
    assert_eq!(default("model"), "small");
    assert_eq!(default("language"), "fr");
    assert_eq!(default("device"), "cpu");
    assert_eq!(default("compute_type"), "int8");
}

#[tokio::test]
async fn c3_5_both_endpoints_with_callbacks_tell_them() {
    let document = document().await;
    for path in ["/speech-to-text", "/speech-to-text-url"] {
        let callback = &document["paths"][path]["post"]["callbacks"]["task_notification"];
        let post = &callback["{$request.query.callback_url}"]["post"];
        assert!(post["operationId"].is_string());
        let schema = &post["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema["$ref"], "#/components/schemas/Result");
    }
}

#[tokio::test]
async fn c4_5_every_operation_has_its_own_id() {
    let text = document().await.to_string();
    let ids = text.split("\"operationId\":\"").skip(1);
    let mut ids: Vec<_> = ids.map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), 15, "thirteen operations and two callbacks");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 15);
}
