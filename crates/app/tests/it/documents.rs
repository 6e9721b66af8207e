//! Documents of other programs, given to the commands: the inputs of `fixtures/field`, and their relatives.

use serde_json::Value;

use crate::command::{Desk, silence, tiny_model};
use crate::fixtures::{field, field_path};

/// A folder with the documents of `fixtures/field`, a recording, and `turns.json` with one speaker.
fn desk() -> Desk {
    let desk = Desk::new();
    for name in [
        "11-turns.json",
        "11-words-without-times.json",
        "12-score-nan.json",
        "13-unused-nan.json",
        "14-markup.json",
        "15-mark-in-front.json",
        "16-no-language.json",
    ] {
        desk.put(name, field(name));
    }
    desk.put("talk.wav", silence(12));
    desk.put(
        "turns.json",
        r#"[{"speaker":"A","start":0,"end":20,"label":null}]"#,
    );
    desk
}

/// What `scriven combine` prints.
fn combine(desk: &Desk, arguments: &[&str]) -> String {
    let ran = desk.run(&[&["combine"], arguments].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    ran.stdout
}

/// What `scriven align` makes of a transcript, with a small network that was taught nothing.
fn align(desk: &Desk, arguments: &[&str]) -> Value {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/wav2vec2/base");
    let ran = desk.run(&[&["align", "-q", "--align-model", model], arguments].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn f11_words_without_times_are_kept() {
    let desk = desk();
    for flags in [&[][..], &["--compat"]] {
        let arguments = [&["11-words-without-times.json", "11-turns.json"], flags].concat();
        let json: Value = serde_json::from_str(&combine(&desk, &arguments)).unwrap();
        let segments = json["segments"].as_array().unwrap();
        assert_eq!(segments.len(), 3);
        assert_eq!(segments[0]["words"][1]["word"], "$43,000");
        let year = &segments[1]["words"][0];
        assert_eq!(
            (&year["word"], year.get("score")),
            (&Value::from("1984"), None)
        );
        assert_eq!(
            (year["start"].as_f64(), year["end"].as_f64()),
            (Some(2.0), Some(4.0))
        );
        assert_eq!(year["speaker"], "SPEAKER_00");
    }
}

#[test]
fn f12_a_score_that_is_no_number_is_left_out() {
    let desk = desk();
    let json = combine(&desk, &["12-score-nan.json", "11-turns.json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let word = &json["segments"][0]["words"][0];
    assert_eq!(
        (&word["word"], word.get("score")),
        (&Value::from("Hi"), None)
    );
}

#[test]
fn f14_markup_is_shown_and_not_obeyed() {
    let desk = desk();
    let documents = [
        "--subtitle-style",
        "sentences",
        "14-markup.json",
        "11-turns.json",
    ];
    let vtt = combine(&desk, &[&["-f", "vtt"], &documents[..]].concat());
    let expected =
        "Use &lt;b&gt;bold&lt;/b&gt; &amp; if a &lt; b then AT&amp;T &lt;laughs&gt; A -&gt; B\n";
    assert!(vtt.contains(expected), "{vtt}");
    let srt = combine(&desk, &[&["-f", "srt"], &documents[..]].concat());
    assert!(
        srt.contains("Use <b>bold</b> & if a < b then AT&T <laughs> A -> B\n"),
        "{srt}"
    );
    let vtt = combine(&desk, &["-f", "vtt", "14-markup.json", "11-turns.json"]);
    let expected = "<v SPEAKER_00>Use &lt;b&gt;bold&lt;/b&gt; &amp;\n";
    assert!(vtt.contains(expected), "{vtt}");
}

#[test]
fn f13_f15_f16_a_text_is_aligned_whatever_else_the_document_holds() {
    let desk = desk();
    let plain = String::from_utf8(field("15-mark-in-front.json")).unwrap();
    let utf16: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    desk.put("utf16.json", utf16);
    desk.put("named.json", plain.replace("\"en\"", "\"ENGLISH\""));
    desk.put(
        "task.json",
        format!("{{\"result\":{}}}", plain.trim_start_matches('\u{feff}')),
    );
    for arguments in [
        &["13-unused-nan.json", "talk.wav"][..],
        &["15-mark-in-front.json", "talk.wav"],
        &["--language", "en", "16-no-language.json", "talk.wav"],
        &["utf16.json", "talk.wav"],
        &["named.json", "talk.wav"],
        &["task.json", "talk.wav"],
    ] {
        let aligned = align(&desk, arguments);
        assert_eq!(aligned["language"], "en", "{arguments:?}");
        let text = aligned["segments"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("And so"), "{aligned}");
    }
    let ran = desk.run(&["align", "16-no-language.json", "talk.wav"]);
    ran.assert_failed_saying(
        3,
        "16-no-language.json is no transcript: the document has no 'language'",
    );
    desk.run(&["align", "-", "-"])
        .assert_failed_saying(2, "can be read only once");
}

#[test]
fn f15_a_real_recording_is_aligned() {
    if tiny_model().is_none() {
        return;
    }
    let recording = field_path("01-joined.mp3").display().to_string();
    let desk = desk();
    // No alignment model is on this machine: the recogniser times the words.
    let ran = desk.run(&["align", "15-mark-in-front.json", &recording, "--offline"]);
    if !ran.stderr.contains("words are timed by the model '") {
        skipped::on_this_machine("an alignment model is installed");
        return;
    }
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let aligned: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(aligned["word_timing"], "attention");
    let words: Vec<_> = (aligned["segments"].as_array().unwrap().iter())
        .flat_map(|segment| segment["words"].as_array().unwrap())
        .collect();
    assert_eq!(words.len(), 14, "{aligned}");
    let start = |idx: usize| words[idx]["start"].as_f64().unwrap();
    // "ask" is said after 3.3 s of the recording
    assert!(
        (0.0..1.0).contains(&start(0)) && (3.0..6.0).contains(&start(5)),
        "{aligned}"
    );

    let named = [
        "align",
        "15-mark-in-front.json",
        "talk.wav",
        "--align-model",
        "a/b",
        "--offline",
    ];
    desk.run(&named)
        .assert_failed_saying(4, "'a/b' is not on this machine");
}

#[test]
fn turns_may_be_a_table_or_have_a_mark_in_front() {
    let desk = desk();
    let expected = "[SPEAKER_00]: Hi\n";
    for (name, turns) in [
        (
            "columns.json",
            r#"{"speaker":{"0":"SPEAKER_00"},"start":{"0":0},"end":{"0":"2"}}"#,
        ),
        (
            "marked.rttm",
            "\u{feff}SPEAKER x 1 0 2 <NA> <NA> SPEAKER_00 <NA> <NA>\r\n",
        ),
        (
            "rttm.txt",
            "\u{feff}SPEAKER x 1 0 2 <NA> <NA> SPEAKER_00 <NA> <NA>\r\n",
        ),
        (
            "rows.json",
            "\u{feff}[{\"speaker\":\"SPEAKER_00\",\"start\":\"0\",\"end\":2,\"label\":NaN}]\0",
        ),
    ] {
        desk.put(name, turns);
        assert_eq!(
            combine(&desk, &["-f", "txt", "12-score-nan.json", name]),
            expected
        );
    }
}

#[test]
fn a_name_of_a_speaker_or_a_text_cannot_be_lost_in_subtitles() {
    let desk = desk();
    desk.put(
        "talk.json",
        r#"{"segments":[{"start":0,"end":1,"text":"你好世界","words":[{"word":"你好","start":0,"end":0.5},
            {"word":"世界","start":0.5,"end":1}]},{"start":1,"end":2,"text":"a\tb\nc","words":[]}],"word_segments":[]}"#,
    );
    desk.put(
        "turns.json",
        r#"[{"speaker":"<Ann> & Bob","start":0,"end":2}]"#,
    );
    let vtt = combine(&desk, &["-f", "vtt", "talk.json", "turns.json"]);
    assert!(
        vtt.contains("\n<v &lt;Ann&gt; &amp; Bob>你好世界 a b c\n"),
        "{vtt}"
    );
    let vtt = combine(
        &desk,
        &[
            "-f",
            "vtt",
            "--subtitle-style",
            "sentences",
            "talk.json",
            "turns.json",
        ],
    );
    assert!(
        vtt.contains("\n[&lt;Ann&gt; &amp; Bob]: 你好世界\n"),
        "{vtt}"
    );
    let tsv = combine(&desk, &["-f", "tsv", "talk.json", "turns.json"]);
    assert_eq!(
        tsv,
        "start\tend\ttext\n0\t1000\t你好世界\n1000\t2000\ta b c\n"
    );
}
