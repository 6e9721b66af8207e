//! What is read, and what is told of what is not.

use super::*;

const SPOKEN: &str = r#"{"language":"en","segments":[{"start":2.858,"end":"10.299","text":" This.","words":5}],"x":1}"#;

const SERVICE: &str = r#"{"segments":[
    {"start":0,"end":"1.5","text":" Hi, 9","words":[
        {"word":"Hi,","start":0.1,"end":0.5,"score":"0.9"},{"word":"9"}],"chars":null,"more":1},
    {"start":2,"end":3,"text":"...","words":[{"word":"...","start":null,"score":NaN}]}],
    "word_segments":[{"word":"Hi,"}]}"#;

fn aligned(document: &str) -> Result<Transcript, DocumentError> {
    read(document.as_bytes(), Form::to_align(true))
}

fn combined(document: &str) -> Result<Transcript, DocumentError> {
    read(document.as_bytes(), Form::TO_COMBINE)
}

fn check_wrong(read: Result<Transcript, DocumentError>, expected: &str) {
    assert_eq!(read.unwrap_err().to_string(), expected);
}

fn segment(members: &str) -> String {
    format!(r#"{{"language":"en","segments":[{{{members}}}]}}"#)
}

#[test]
fn c7_5_a_text_to_be_aligned_is_read_whatever_else_is_there() {
    let task = format!(r#"{{"status":"completed","result":{SPOKEN}}}"#);
    let windows = SPOKEN.replace(',', ",\r\n");
    for document in [SPOKEN, &format!("\u{feff}{SPOKEN}"), &windows, &task] {
        let transcript = aligned(document).unwrap();
        assert_eq!(transcript.language, "en");
        let expected = Segment {
            start: Seconds(2.858),
            end: Seconds(10.299),
            text: " This.".into(),
            ..Segment::default()
        };
        assert_eq!(transcript.segments, [expected]);
    }
}

#[test]
fn a_member_that_only_describes_is_left_out_where_it_is_none() {
    let members = r#""start":0,"end":1,"text":"x","avg_logprob":NaN,"temperature":"nan","no_speech_prob":[],
        "compression_ratio":-Infinity,"speaker":NaN"#;
    let transcript = aligned(&segment(members)).unwrap();
    let expected = Segment {
        end: Seconds(1.0),
        text: "x".into(),
        ..Segment::default()
    };
    assert_eq!(transcript.segments, [expected]);
}

#[test]
fn c7_5_the_language_may_be_null_and_missing_only_where_it_is_given_elsewhere() {
    let nobody = aligned(r#"{"language":null,"segments":[]}"#).unwrap();
    assert_eq!(nobody, Transcript::default());
    check_wrong(
        aligned(r#"{"segments":[]}"#),
        "the document has no 'language'",
    );
    let given = read(br#"{"segments":[]}"#, Form::to_align(false)).unwrap();
    assert_eq!(given, Transcript::default());
}

#[test]
fn a_language_is_known_by_its_code_its_name_and_its_tag() {
    for (text, expected) in [
        ("en", "en"),
        ("EN", "en"),
        ("English", "en"),
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("zh-Hant", "zh"),
        ("Haitian Creole", "ht"),
        ("klingon", "klingon"),
        ("en glish", "en glish"),
    ] {
        let document = format!(r#"{{"language":"{text}","segments":[]}}"#);
        assert_eq!(aligned(&document).unwrap().language, expected);
    }
}

#[test]
fn what_scriven_writes_is_read_whole() {
    let document = r#"{"segments":[{"start":0.0,"end":1.0,"text":" Hi","avg_logprob":-0.5,"no_speech_prob":0.1,
        "compression_ratio":1.0,"temperature":0.0,"words":[{"word":"Hi","start":0.0,"end":1.0,"score":0.5,
        "speaker":"A"}],"chars":[{"char":"H","start":0.0,"end":0.5,"score":1.0},{"char":"i"}],"speaker":"A"}],
        "language":"en","language_probability":0.75}"#;
    let written: Transcript = serde_json::from_str(document).unwrap();
    assert_eq!(combined(document), Ok(written));
}

#[test]
fn c7_6_words_are_read_with_what_is_known_of_them() {
    let transcript = read(SERVICE.as_bytes(), Form::OF_SERVICE).unwrap();
    let words: Vec<_> = (transcript.segments.iter())
        .flat_map(|segment| segment.words.as_ref().unwrap())
        .map(|word| (&*word.word, word.start.map(|time| time.0), word.score))
        .collect();
    let expected = [
        ("Hi,", Some(0.1), Some(0.9)),
        ("9", None, None),
        ("...", None, None),
    ];
    assert_eq!(words, expected);
}

#[test]
fn c7_6_words_are_needed_only_by_the_service() {
    let plain = r#"{"segments":[{"start":0,"end":1,"text":"x"}]}"#;
    assert_eq!(combined(plain).unwrap().segments[0].words, None);
    let of_service = |document: &str| read(document.as_bytes(), Form::OF_SERVICE);
    check_wrong(of_service(plain), "the document has no 'word_segments'");
    let plain = plain.replace("]}", "],\"word_segments\":[]}");
    check_wrong(of_service(&plain), "segment 1 has no 'words'");
    check_wrong(
        of_service("{\"word_segments\":[{}],\"segments\":[]}"),
        "word 1 of 'word_segments' has no 'word'",
    );
}

#[test]
fn what_does_not_fit_is_told_by_its_place() {
    for (document, expected) in [
        ("[]", "the document must be an object, not a list"),
        ("\"abc\"", "the document must be an object, not a text"),
        ("null", "the document must be an object, not null"),
        ("NaN", "the document must be an object, not NaN"),
        ("", "it is not JSON: it is empty"),
        (
            r#"{"language":"en","segmens":[]}"#,
            "the document has no 'segments'",
        ),
        (
            r#"{"language":"en","result":{"segmens":[]}}"#,
            "the 'result' of the document has no 'language'",
        ),
        (
            r#"{"language":5,"segments":[]}"#,
            "the document has a 'language' that is a number, where a text is needed",
        ),
        (
            r#"{"language":"en","segments":{}}"#,
            "the document has a 'segments' that is an object, where a list is needed",
        ),
        (
            r#"{"language":"en","segments":["a"]}"#,
            "segment 1 must be an object, not a text",
        ),
        (&segment(r#""end":1"#), "segment 1 has no 'start'"),
        (&segment(r#""start":0,"end":1"#), "segment 1 has no 'text'"),
        (
            &segment(r#""start":"abc","end":1,"text":5"#),
            "segment 1 has a 'start' that is a text, where a number is needed",
        ),
        (
            &segment(r#""start":0,"end":1,"text":5"#),
            "segment 1 has a 'text' that is a number, where a text is needed",
        ),
        (
            &segment(r#""start":5,"end":1,"text":"x""#),
            "segment 1 ends at 1 s, before it starts at 5 s",
        ),
        (
            &segment(r#""start":-1,"end":1,"text":"x""#),
            "segment 1 starts at -1 s, before the recording",
        ),
        (
            &segment(r#""start":NaN,"end":1,"text":"x""#),
            "segment 1 has a 'start' that is NaN, where a number is needed",
        ),
        (
            &segment(r#""start":0,"end":Infinity,"text":"x""#),
            "segment 1 has a 'end' that is Infinity, where a number is needed",
        ),
        (
            &segment(r#""start":null,"end":1,"text":"x""#),
            "segment 1 has a 'start' that is null, where a number is needed",
        ),
        (
            &segment(r#""start":"nan","end":1,"text":"x""#),
            "segment 1 has a 'start' that is a text, where a number is needed",
        ),
    ] {
        check_wrong(aligned(document), expected);
    }
    let with_words = |words: &str| {
        segment(&format!(
            r#""start":0,"end":1,"text":"","words":[{{"word":"a"}},{words}]"#
        ))
    };
    check_wrong(
        combined(&with_words(r#"{"word":1}"#)),
        "word 2 of segment 1 has a 'word' that is a number, where a text is needed",
    );
    check_wrong(
        combined(&with_words(r#"{"word":"b","score":"high"}"#)),
        "word 2 of segment 1 has a 'score' that is a text, where a number is needed",
    );
    for document in [&b"{nope"[..], b"\xff\xfe\x00"] {
        let error = read(document, Form::to_align(true));
        assert!(matches!(error, Err(DocumentError::NotJson(_))));
    }
}
