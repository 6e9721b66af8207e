//! `scriven align`: with a real network, small and untaught, so that only the form of its times can be foretold.

use std::path::PathBuf;

use serde_json::Value;

use crate::command::{Desk, recorded_call, silence, tiny_model};

const TRANSCRIPT: &str = r#"{
    "segments": [
        {"start": 0.0, "end": 1.5, "text": " Hello, 12 worlds. Again!"},
        {"start": 1.5, "end": 9.0, "text": "Beyond - the end?"}
    ],
    "language": "en"
}"#;

/// The model of `fixtures/wav2vec2/base`.
fn model() -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wav2vec2/base");
    folder.display().to_string()
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("talk.wav", silence(2));
    desk.put("talk.json", TRANSCRIPT);
    desk
}

#[test]
fn every_word_gets_a_time_inside_the_recording() {
    for compute_type in ["int8", "float32"] {
        let desk = desk();
        let model = model();
        let ran = desk.run(&[
            "align",
            "-q",
            "talk.json",
            "talk.wav",
            "--align-model",
            &model,
            "--compute-type",
            compute_type,
        ]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        let result: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(result["language"], "en");
        let segments = result["segments"].as_array().unwrap();
        let texts: Vec<_> = segments
            .iter()
            .map(|segment| segment["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts, [" Hello, 12 worlds.", "Again!", "Beyond - the end?"]);
        let mut before = 0.0;
        let words = segments
            .iter()
            .flat_map(|segment| segment["words"].as_array().unwrap());
        let mut spoken = Vec::new();
        for word in words {
            let (start, end) = (
                word["start"].as_f64().unwrap(),
                word["end"].as_f64().unwrap(),
            );
            assert!(before <= start && start < end && end <= 2.0, "{word}");
            before = start;
            spoken.push(word["word"].as_str().unwrap());
            assert_eq!(word.get("score").is_some(), word["word"] != "-", "{word}");
        }
        assert_eq!(
            spoken,
            [
                "Hello,", "12", "worlds.", "Again!", "Beyond", "-", "the", "end?"
            ]
        );
    }
}

#[test]
fn subtitles_and_characters_can_be_had() {
    let desk = desk();
    let model = model();
    let arguments = [
        "align",
        "-q",
        "talk.json",
        "talk.wav",
        "--align-model",
        &model,
    ];
    let subtitles = desk.run(&[&arguments[..], &["-f", "srt"]].concat()).stdout;
    assert!(
        subtitles.starts_with("1\n00:00:0") && subtitles.contains("Again!"),
        "{subtitles}"
    );
    let with_characters = desk
        .run(&[&arguments[..], &["--return-char-alignments"]].concat())
        .stdout;
    assert!(with_characters.contains("\"chars\""), "{with_characters}");
}

#[test]
fn what_cannot_be_aligned_is_told() {
    let desk = desk();
    desk.put("odd.json", r#"{"text": "x"}"#);
    desk.put(
        "back.json",
        r#"{"segments": [{"start": 2, "end": 1, "text": "x"}], "language": "en"}"#,
    );
    desk.put("welsh.json", r#"{"segments": [], "language": "cy"}"#);
    desk.put("empty.wav", "");
    let model = model();
    for (arguments, code, message) in [
        (
            ["none.json", "talk.wav"],
            3,
            "none.json: there is no such file",
        ),
        (["odd.json", "talk.wav"], 3, "odd.json is no transcript"),
        (
            ["back.json", "talk.wav"],
            3,
            "back.json is no transcript: segment 1 ends at 1 s, before it starts at 2 s",
        ),
        (
            ["talk.json", "none.wav"],
            3,
            "none.wav: there is no such file",
        ),
        (["talk.json", "empty.wav"], 3, "empty"),
    ] {
        let arguments = [&["align"], &arguments[..], &["--align-model", &model]].concat();
        desk.run(&arguments).assert_failed_saying(code, message);
    }
    let welsh = desk.run_without_models(&["align", "welsh.json", "talk.wav"]);
    welsh.assert_failed_saying(4, "there is no default alignment model for welsh");
    let offline = desk.run_without_models(&["align", "--offline", "talk.json", "talk.wav"]);
    offline.assert_failed_saying(4, "'WAV2VEC2_ASR_BASE_960H' is not on this machine");
    let method = desk.run(&[
        "align",
        "talk.json",
        "talk.wav",
        "--interpolate-method",
        "guess",
    ]);
    method.assert_failed_saying(2, "'guess' is not one of nearest, linear, ignore");
}

#[test]
fn a_recording_is_transcribed_and_aligned_at_once() {
    let (Some(_), Some(call)) = (tiny_model(), recorded_call()) else {
        return;
    };
    let desk = Desk::new();
    let model = model();
    let result = |arguments: &[&str]| -> Value {
        let plain = [
            "transcribe",
            "-q",
            "--model",
            "tiny.en",
            "-f",
            "json",
            &call,
        ];
        let ran = desk.run(&[&plain, arguments].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let text = |result: &Value| -> String {
        let segments = result["segments"].as_array().unwrap();
        let texts = segments
            .iter()
            .map(|segment| segment["text"].as_str().unwrap());
        texts.map(str::trim).collect::<Vec<_>>().join(" ")
    };
    let attention = result(&["--align", "attention"]);
    assert_eq!(attention["word_timing"], "attention");
    let off = result(&["--align", "off"]);
    assert_eq!(off.get("word_timing"), None);

    // A model that is named is meant to be used.
    for wish in ["auto", "ctc"] {
        let ctc = result(&["--align", wish, "--align-model", &model]);
        assert_eq!(ctc["word_timing"], "ctc");
        assert_eq!(text(&ctc), text(&attention));
    }
}

#[test]
fn a_language_that_cannot_be_aligned_is_told_before_the_work() {
    let desk = desk();
    let arguments = [
        "--align",
        "ctc",
        "--offline",
        "--model",
        "tiny.en",
        "talk.wav",
    ];
    let offline = desk.run(&[&["transcribe", "-l", "en"], &arguments[..]].concat());
    if tiny_model().is_some() {
        offline.assert_failed_saying(4, "'WAV2VEC2_ASR_BASE_960H' is not on this machine");
    }
    let check = |flags: &[&str], message: &str| {
        let ran = desk.run(&[&["transcribe", "talk.wav"], flags].concat());
        ran.assert_failed_saying(2, message);
    };
    let model = model();
    check(
        &["--align", "ctc", "--task", "translate"],
        "cannot time a translation",
    );
    check(
        &["--align-model", &model, "--multilingual"],
        "works in one language",
    );
    check(
        &["--align", "off", "--align-model", &model],
        "--align-model has no effect",
    );
    check(
        &["--align", "attention", "--return-char-alignments"],
        "--return-char-alignments has no effect",
    );
}
