//! Real speech, from the recording to the text.

use domain::transcript::Transcript;

use crate::command::{Desk, recorded_call, tiny_model};

/// Words that the recorded call certainly holds.
const SAID: [&str; 3] = ["New Jersey", "Texas", "Chicago"];

#[test]
fn a_recorded_call_becomes_text() {
    let (Some(_), Some(call)) = (tiny_model(), recorded_call()) else {
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
    let (Some(_), Some(call)) = (tiny_model(), recorded_call()) else {
        return;
    };
    let desk = Desk::new();
    let ran = desk.run(&[
        "transcribe",
        "--model",
        "tiny.en",
        "--subtitle-style",
        "sentences",
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

    let mut latest = 0.0;
    for segment in &transcript.segments {
        let words = segment.words.as_ref().unwrap();
        let texts: Vec<_> = words.iter().map(|word| word.word.as_str()).collect();
        assert_eq!(texts.join(" "), segment.text.trim());
        for word in words {
            let (start, end) = (word.start.unwrap().0, word.end.unwrap().0);
            assert!(latest <= start && start < end, "{word:?}");
            assert!((0.0..=1.0).contains(&word.score.unwrap()), "{word:?}");
            latest = end;
        }
    }

    let n_segments = transcript.segments.len();
    assert_eq!(desk.read("sample.txt").lines().count(), n_segments);
    assert_eq!(desk.read("sample.tsv").lines().count(), n_segments + 1);
    assert_eq!(desk.read("sample.srt").matches(" --> ").count(), n_segments);
    assert_eq!(desk.read("sample.vtt").matches(" --> ").count(), n_segments);
}

#[test]
fn each_word_is_underlined_while_it_is_spoken() {
    let (Some(_), Some(call)) = (tiny_model(), recorded_call()) else {
        return;
    };
    let ran = Desk::new().run(&[
        "transcribe",
        "--model",
        "tiny.en",
        "--format",
        "vtt",
        "--highlight-words",
        &call,
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for word in ["<u>New</u> Jersey", "New <u>Jersey"] {
        assert!(ran.stdout.contains(word), "{word} is not in {}", ran.stdout);
    }
}

#[test]
fn subtitles_are_cut_to_the_width_asked_for() {
    let (Some(_), Some(call)) = (tiny_model(), recorded_call()) else {
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
