//! Real speech, from the recording to the text.

use domain::transcript::Transcript;

use crate::command::{Desk, recorded_call, tiny_model};

/// Words that the recorded call certainly holds.
const SAID: [&str; 3] = ["New Jersey", "Texas", "Chicago"];

#[test]
fn a_recorded_call_becomes_text() {
    const TEST: &str = "a_recorded_call_becomes_text";
    let (Some(_), Some(call)) = (tiny_model(TEST), recorded_call(TEST)) else {
        return;
    };
    let ran = Desk::new().run(&["transcribe", "--model", "tiny.en", &call]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    for words in SAID {
        let text = ran.stdout.replace('\n', " ");
        assert!(text.contains(words), "{words} is not in {text:?}");
    }
}

#[test]
fn every_format_tells_the_same_story() {
    const TEST: &str = "every_format_tells_the_same_story";
    let (Some(_), Some(call)) = (tiny_model(TEST), recorded_call(TEST)) else {
        return;
    };
    let desk = Desk::new();
    let ran = desk.run(&[
        "transcribe",
        "--model",
        "tiny.en",
        "-f",
        "all",
        "-o",
        ".",
        &call,
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");

    let transcript: Transcript = serde_json::from_str(&desk.read("sample.json")).unwrap();
    assert_eq!(transcript.language, "en");
    assert!(!transcript.segments.is_empty());
    let mut latest = 0.0;
    for segment in &transcript.segments {
        assert!(
            latest <= segment.start.0 && segment.start <= segment.end,
            "{segment:?}"
        );
        latest = segment.start.0;
    }
    assert!(latest < 30.0, "{latest}");

    let n_segments = transcript.segments.len();
    assert_eq!(desk.read("sample.txt").lines().count(), n_segments);
    assert_eq!(desk.read("sample.tsv").lines().count(), n_segments + 1);
    assert_eq!(desk.read("sample.srt").matches(" --> ").count(), n_segments);
    assert_eq!(desk.read("sample.vtt").matches(" --> ").count(), n_segments);
}

#[test]
fn subtitles_are_cut_to_the_width_asked_for() {
    const TEST: &str = "subtitles_are_cut_to_the_width_asked_for";
    let (Some(_), Some(call)) = (tiny_model(TEST), recorded_call(TEST)) else {
        return;
    };
    let ran = Desk::new().run(&[
        "transcribe",
        "--model",
        "tiny.en",
        "--format",
        "srt",
        "--max-line-width",
        "20",
        "--max-line-count",
        "1",
        &call,
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for cue in ran.stdout.split_terminator("\n\n") {
        let text: Vec<_> = cue.lines().skip(2).collect();
        let n_letters = text.concat().replace(' ', "").chars().count();
        assert!(text.len() == 1 && n_letters <= 20, "{cue:?}");
    }
}
