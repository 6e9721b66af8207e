//! The transcript that comes with a recording to be aligned (contract 7.5): a language and segments of text with times.

use serde_json::Value;

use crate::document::{self, DocumentError};
use crate::transcript::{Segment, Transcript};

/// Reads an object with `language`, which may be null, and `segments` with `start`, `end` and `text` each. All else is
/// passed over, whatever it is. A language that is null becomes an empty one.
///
/// # Errors
/// If the document is something else, or a segment ends before it starts or starts before the recording.
pub fn read(bytes: &[u8]) -> Result<Transcript, DocumentError> {
    let document = document::parse(bytes)?;
    let document = document::object("the document", &document)?;
    let language = match document.get("language")? {
        Value::Null => "",
        _ => document.text("language")?,
    };
    let segments = document.list("segments")?.iter().zip(1..);
    Ok(Transcript {
        segments: segments.map(read_segment).collect::<Result<_, _>>()?,
        language: language.to_owned(),
        ..Transcript::default()
    })
}

fn read_segment((segment, number): (&Value, usize)) -> Result<Segment, DocumentError> {
    let segment = document::object(&format!("segment {number}"), segment)?;
    let (start, end) = segment.span()?;
    Ok(Segment {
        start,
        end,
        text: segment.text("text")?.to_owned(),
        ..Segment::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;

    const GOOD: &str = r#"{"language":"en","segments":[{"start":2.858,"end":"10.299","text":" This.","words":5}],"x":1}"#;

    #[test]
    fn c7_5_numbers_as_text_a_mark_and_unknown_members_do_no_harm() {
        for document in [GOOD.to_owned(), format!("\u{feff}{GOOD}")] {
            let transcript = read(document.as_bytes()).unwrap();
            assert_eq!(transcript.language, "en");
            assert_eq!(
                transcript.segments,
                [Segment {
                    start: Seconds(2.858),
                    end: Seconds(10.299),
                    text: " This.".into(),
                    ..Segment::default()
                }]
            );
        }
    }

    #[test]
    fn c7_5_the_language_may_be_null_but_not_missing() {
        let nobody = read(br#"{"language":null,"segments":[]}"#).unwrap();
        assert_eq!(nobody, Transcript::default());
        check_wrong(br#"{"segments":[]}"#, "the document has no 'language'");
    }

    #[test]
    fn c7_5_what_does_not_fit_is_told_by_its_place() {
        for (document, expected) in [
            ("[]", "the document must be an object, not a list"),
            ("\"abc\"", "the document must be an object, not a text"),
            ("null", "the document must be an object, not null"),
            ("", "it is not JSON: it is empty"),
            (
                r#"{"language":"en","segmens":[]}"#,
                "the document has no 'segments'",
            ),
            (
                r#"{"language":5,"segments":[]}"#,
                "the document has a 'language' that is a number, where a text is needed",
            ),
            (
                r#"{"language":"en","segments":[{"start":"abc","end":1,"text":5}]}"#,
                "segment 1 has a 'start' that is a text, where a number is needed",
            ),
            (
                r#"{"language":"en","segments":[{"start":0,"end":1,"text":5}]}"#,
                "segment 1 has a 'text' that is a number, where a text is needed",
            ),
            (
                r#"{"language":"en","segments":[{"start":5,"end":1,"text":"x"}]}"#,
                "segment 1 ends at 1 s, before it starts at 5 s",
            ),
            (
                r#"{"language":"en","segments":[{"start":"nan","end":1,"text":"x"}]}"#,
                "segment 1 has a 'start' that is a text, where a number is needed",
            ),
        ] {
            check_wrong(document.as_bytes(), expected);
        }
        for document in [&b"{nope"[..], b"\xff\xfe\x00"] {
            assert!(matches!(read(document), Err(DocumentError::NotJson(_))));
        }
    }

    fn check_wrong(document: &[u8], expected: &str) {
        assert_eq!(read(document).unwrap_err().to_string(), expected);
    }
}
