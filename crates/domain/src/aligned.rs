//! The form in which the reference's services give transcripts whose words have times and speakers.

use serde::Serialize;

use crate::document;
use crate::transcript::{Character, Segment, Transcript, Word};
use crate::units::Seconds;

/// The JSON, on one line, that the reference's service gives: segments with their words and speakers, and an empty list
/// `word_segments`.
pub fn to_service_json(transcript: &Transcript) -> String {
    let segments = transcript.segments.iter().map(ServiceSegment::new);
    let document = ServiceDocument {
        segments: segments.collect(),
        word_segments: Vec::new(),
    };
    document::to_json(&document)
}

/// Segments and words as the reference's service lists them.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceDocument<'a> {
    pub(crate) segments: Vec<ServiceSegment<'a>>,
    pub(crate) word_segments: Vec<&'a Word>,
}

/// A segment in such a list.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceSegment<'a> {
    pub(crate) start: Seconds,
    pub(crate) end: Seconds,
    pub(crate) text: &'a str,
    pub(crate) words: &'a [Word],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chars: Option<&'a [Character]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speaker: Option<&'a str>,
}

impl<'a> ServiceSegment<'a> {
    /// A segment with its words and its speaker.
    pub(crate) fn new(segment: &'a Segment) -> Self {
        Self {
            start: segment.start,
            end: segment.end,
            text: &segment.text,
            words: segment.words.as_deref().unwrap_or_default(),
            chars: None,
            speaker: segment.speaker.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_have_words_and_speakers_and_no_list_of_all_words() {
        let word = Word {
            word: "Hi,".into(),
            start: Some(Seconds(0.1)),
            end: Some(Seconds(0.5)),
            ..Word::default()
        };
        let segment = Segment {
            end: Seconds(1.5),
            text: " Hi,".into(),
            avg_logprob: Some(-0.5),
            words: Some(vec![word]),
            speaker: Some("A".into()),
            ..Segment::default()
        };
        let transcript = Transcript {
            segments: vec![segment],
            ..Transcript::default()
        };
        assert_eq!(
            to_service_json(&transcript),
            "{\"segments\":[{\"start\":0.0,\"end\":1.5,\"text\":\" Hi,\",\"words\":[\
             {\"word\":\"Hi,\",\"start\":0.1,\"end\":0.5}],\"speaker\":\"A\"}],\"word_segments\":[]}"
        );
        assert_eq!(
            to_service_json(&Transcript::default()),
            "{\"segments\":[],\"word_segments\":[]}"
        );
    }
}
