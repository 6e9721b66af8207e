//! Results of tasks as the service stores and serves them (contract section 2), each a JSON text on one line.
//!
//! Times are rounded to a thousandth of a second. Where the reference's service drops words that it could not time, and
//! sentences made of them, here every word is kept, with a time, and without a `score` if that time was interpolated.

use serde::Serialize;

use crate::aligned::{ServiceDocument, ServiceSegment};
use crate::document;
use crate::language::Language;
use crate::transcript::{Segment, Transcript, Word};
use crate::units::Seconds;

/// What comes of a task that ends well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskResult {
    /// A JSON text: contract section 2.
    pub json: String,
    /// What the person who sent the recording should know about it, each a sentence without a full stop.
    pub notes: Vec<String>,
    /// The language that was found; `None` where it was given, or nobody asks.
    pub language: Option<Language>,
}

impl TaskResult {
    /// A result of which there is nothing more to say.
    pub fn new(json: impl Into<String>) -> Self {
        Self {
            json: json.into(),
            ..Self::default()
        }
    }
}

/// The language of a recording whose request left it open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoundLanguage {
    /// The language.
    pub language: Language,
    /// How sure that is, in `[0, 1]`; `None` where the model knows no other.
    pub probability: Option<f64>,
}

/// The words of a recording (contract 2.1), and the probability of its language where that was detected.
pub fn transcription(transcript: &Transcript) -> String {
    let segments = transcript.segments.iter().map(|segment| Spoken {
        text: &segment.text,
        start: rounded(segment.start),
        end: rounded(segment.end),
        avg_logprob: segment.avg_logprob,
    });
    let document = Transcription {
        segments: segments.collect(),
        language: &transcript.language,
        language_probability: transcript.language_probability.map(thousandths),
    };
    document::to_json(&document)
}

/// The times of known words (contract 2.2).
pub fn alignment(transcript: &Transcript) -> String {
    let transcript = tidied(transcript);
    let document = ServiceDocument {
        segments: transcript.segments.iter().map(aligned).collect(),
        word_segments: (transcript.segments.iter())
            .flat_map(|segment| segment.words.iter().flatten())
            .collect(),
    };
    document::to_json(&document)
}

/// Words with times and speakers (contract 2.4 and 2.5), and the language where it was left open. The list
/// `word_segments` is always empty there.
pub fn full_process(transcript: &Transcript, found: Option<FoundLanguage>) -> String {
    let transcript = tidied(transcript);
    let document = FullProcess {
        words: ServiceDocument {
            segments: transcript
                .segments
                .iter()
                .map(ServiceSegment::new)
                .collect(),
            word_segments: Vec::new(),
        },
        language: found.map(|found| found.language.code()),
        language_probability: found.and_then(|found| found.probability).map(thousandths),
    };
    document::to_json(&document)
}

/// A sentence with the times of its words, and of its characters where they were asked for.
fn aligned(segment: &Segment) -> ServiceSegment<'_> {
    ServiceSegment {
        chars: segment.chars.as_deref(),
        speaker: None,
        ..ServiceSegment::new(segment)
    }
}

/// The same with rounded times, and words as the service has them: those of the recogniser begin with the space before
/// them.
fn tidied(transcript: &Transcript) -> Transcript {
    let word = |word: &Word| Word {
        word: word.word.trim().to_owned(),
        start: word.start.map(rounded),
        end: word.end.map(rounded),
        score: word.score.map(thousandths),
        speaker: word.speaker.clone(),
        overlap: false,
    };
    let segment = |segment: &Segment| Segment {
        start: rounded(segment.start),
        end: rounded(segment.end),
        text: segment.text.clone(),
        words: (segment.words.as_ref()).map(|words| words.iter().map(word).collect()),
        chars: segment.chars.clone(),
        speaker: segment.speaker.clone(),
        ..Segment::default()
    };
    Transcript {
        segments: transcript.segments.iter().map(segment).collect(),
        ..Transcript::default()
    }
}

#[derive(Serialize)]
struct Transcription<'a> {
    segments: Vec<Spoken<'a>>,
    language: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language_probability: Option<f64>,
}

#[derive(Serialize)]
struct FullProcess<'a> {
    #[serde(flatten)]
    words: ServiceDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language_probability: Option<f64>,
}

#[derive(Serialize)]
struct Spoken<'a> {
    text: &'a str,
    start: Seconds,
    end: Seconds,
    avg_logprob: Option<f64>,
}

fn rounded(time: Seconds) -> Seconds {
    Seconds(thousandths(time.0))
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn word(text: &str, span: Option<(f64, f64)>, score: Option<f64>) -> Word {
        Word {
            word: text.to_owned(),
            start: span.map(|span| Seconds(span.0)),
            end: span.map(|span| Seconds(span.1)),
            score,
            speaker: Some("SPEAKER_00".to_owned()),
            ..Word::default()
        }
    }

    fn transcript() -> Transcript {
        Transcript {
            segments: vec![Segment {
                start: Seconds(2.878_41),
                end: Seconds(10.198_6),
                text: " This is 9.".to_owned(),
                avg_logprob: Some(-0.25),
                words: Some(vec![
                    word(" This", Some((2.878_41, 3.059_4)), Some(0.676_4)),
                    word(" 9.", Some((3.1, 3.5)), None),
                ]),
                speaker: Some("SPEAKER_00".to_owned()),
                chars: Some(Vec::new()),
                ..Segment::default()
            }],
            language: "en".to_owned(),
            ..Transcript::default()
        }
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_transcription_keeps_the_leading_space_and_rounds_its_times() {
        let expected = json!({"segments": [{"text": " This is 9.", "start": 2.878, "end": 10.199, "avg_logprob": -0.25}],
            "language": "en"});
        assert_eq!(value(&transcription(&transcript())), expected);
    }

    #[test]
    fn an_alignment_lists_its_words_twice_and_names_nobody() {
        let words = json!([{"word": "This", "start": 2.878, "end": 3.059, "score": 0.676, "speaker": "SPEAKER_00"},
            {"word": "9.", "start": 3.1, "end": 3.5, "speaker": "SPEAKER_00"}]);
        let expected = json!({"segments": [{"start": 2.878, "end": 10.199, "text": " This is 9.", "words": words,
            "chars": []}], "word_segments": words});
        assert_eq!(value(&alignment(&transcript())), expected);
    }

    #[test]
    fn the_full_process_keeps_words_whose_time_was_interpolated() {
        let found = value(&full_process(&transcript(), None));
        let segment = &found["segments"][0];
        assert_eq!(segment["speaker"], "SPEAKER_00");
        assert_eq!(
            segment["words"][1],
            json!({"word": "9.", "start": 3.1, "end": 3.5, "speaker": "SPEAKER_00"})
        );
        assert_eq!(segment.get("chars"), None);
        assert_eq!(found["word_segments"], json!([]));
    }

    #[test]
    fn a_language_that_was_left_open_is_told_with_its_probability() {
        let german = Transcript {
            language: "de".to_owned(),
            language_probability: Some(0.987_6),
            ..Transcript::default()
        };
        let found = |probability| FoundLanguage {
            language: "de".parse().unwrap(),
            probability,
        };
        let expected = r#"{"segments":[],"language":"de","language_probability":0.988}"#;
        assert_eq!(transcription(&german), expected);
        assert_eq!(
            full_process(&german, Some(found(Some(0.987_6)))),
            r#"{"segments":[],"word_segments":[],"language":"de","language_probability":0.988}"#
        );
        assert_eq!(
            full_process(&german, Some(found(None))),
            r#"{"segments":[],"word_segments":[],"language":"de"}"#
        );
    }

    #[test]
    fn silence_is_an_empty_list() {
        let nothing = Transcript::default();
        assert_eq!(
            full_process(&nothing, None),
            r#"{"segments":[],"word_segments":[]}"#
        );
        assert_eq!(transcription(&nothing), r#"{"segments":[],"language":""}"#);
    }
}
