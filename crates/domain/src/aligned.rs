//! Transcripts as other programs write them, and the form in which the reference's services combine them with turns.

use serde::Serialize;
use serde_json::Value;

use crate::document::{self, DocumentError, Members};
use crate::transcript::{Character, Segment, Transcript, Word};
use crate::units::Seconds;

/// How much a document must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Segments with start, end and text; all else may be missing.
    Any,
    /// What the reference's service accepts: also words in each segment, and `word_segments`.
    Service,
}

/// Reads an object with `segments`, such as Scriven, whisperX or a service writes it. Members that it does not know are
/// passed over.
///
/// # Errors
/// If the document is something else, or a segment ends before it starts or starts before the recording.
pub fn read(bytes: &[u8], form: Form) -> Result<Transcript, DocumentError> {
    let document = document::parse(bytes)?;
    let document = document::object("the document", &document)?;
    if form == Form::Service {
        let words = document.list("word_segments")?.iter().zip(1..);
        for (word, number) in words {
            read_word(&format!("word {number} of 'word_segments'"), word)?;
        }
    }
    let segments = document.list("segments")?.iter().zip(1..);
    let segments = segments.map(|(segment, number)| read_segment(segment, number, form));
    Ok(Transcript {
        segments: segments.collect::<Result<_, _>>()?,
        language: document
            .find_text("language")?
            .unwrap_or_default()
            .to_owned(),
        language_probability: document.find_number("language_probability")?,
        word_timing: None,
        speaker_embeddings: None,
    })
}

/// Leaves out what the reference's service leaves out: words without start, end or score, then segments without words.
pub fn drop_incomplete(transcript: &mut Transcript) {
    keep_words(transcript, |word| is_timed(word) && word.score.is_some());
}

/// Leaves out words without start or end, then segments without words: nobody can say who says them (contract 7.6).
pub fn drop_untimed(transcript: &mut Transcript) {
    keep_words(transcript, is_timed);
}

fn is_timed(word: &Word) -> bool {
    word.start.is_some() && word.end.is_some()
}

fn keep_words(transcript: &mut Transcript, is_kept: impl Fn(&Word) -> bool) {
    for segment in &mut transcript.segments {
        segment.words.get_or_insert_default().retain(&is_kept);
    }
    let has_words = |segment: &Segment| segment.words.as_ref().is_some_and(|w| !w.is_empty());
    transcript.segments.retain(has_words);
}

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

fn read_segment(segment: &Value, number: usize, form: Form) -> Result<Segment, DocumentError> {
    let segment = document::object(&format!("segment {number}"), segment)?;
    let (start, end) = segment.span()?;
    let words = match (form, segment.find("words")) {
        (Form::Any, None) => None,
        _ => Some(read_words(&segment)?),
    };
    let chars = segment.find("chars").map(|_| read_characters(&segment));
    Ok(Segment {
        start,
        end,
        text: segment.text("text")?.to_owned(),
        avg_logprob: segment.find_number("avg_logprob")?,
        no_speech_prob: segment.find_number("no_speech_prob")?,
        compression_ratio: segment.find_number("compression_ratio")?,
        temperature: segment.find_number("temperature")?,
        words,
        chars: chars.transpose()?,
        speaker: segment.find_text("speaker")?.map(str::to_owned),
        overlap: false,
    })
}

fn read_words(segment: &Members<'_>) -> Result<Vec<Word>, DocumentError> {
    let words = segment.list("words")?.iter().zip(1..);
    let place = |number: usize| format!("word {number} of {}", segment.place());
    words
        .map(|(word, number)| read_word(&place(number), word))
        .collect()
}

fn read_word(place: &str, word: &Value) -> Result<Word, DocumentError> {
    let word = document::object(place, word)?;
    Ok(Word {
        word: word.text("word")?.to_owned(),
        start: word.find_number("start")?.map(Seconds),
        end: word.find_number("end")?.map(Seconds),
        score: word.find_number("score")?,
        speaker: word.find_text("speaker")?.map(str::to_owned),
        overlap: false,
    })
}

fn read_characters(segment: &Members<'_>) -> Result<Vec<Character>, DocumentError> {
    let characters = segment.list("chars")?.iter().zip(1..);
    let read = |(character, number): (&Value, usize)| {
        let place = format!("character {number} of {}", segment.place());
        let character = document::object(&place, character)?;
        Ok(Character {
            char: character.text("char")?.to_owned(),
            start: character.find_number("start")?.map(Seconds),
            end: character.find_number("end")?.map(Seconds),
            score: character.find_number("score")?,
        })
    };
    characters.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = r#"{"segments":[
        {"start":0,"end":"1.5","text":" Hi, 9","words":[
            {"word":"Hi,","start":0.1,"end":0.5,"score":0.9},{"word":"9"}],"chars":null,"more":1},
        {"start":2,"end":3,"text":"...","words":[{"word":"...","start":null}]}],
        "word_segments":[{"word":"Hi,"}]}"#;

    fn check_wrong(document: &str, form: Form, expected: &str) {
        let error = read(document.as_bytes(), form).unwrap_err();
        assert_eq!(error.to_string(), expected, "{document}");
    }

    #[test]
    fn a_service_leaves_out_what_is_incomplete() {
        let mut transcript = read(SERVICE.as_bytes(), Form::Service).unwrap();
        drop_incomplete(&mut transcript);
        transcript.segments[0].speaker = Some("A".into());
        assert_eq!(
            to_service_json(&transcript),
            "{\"segments\":[{\"start\":0.0,\"end\":1.5,\"text\":\" Hi, 9\",\"words\":[\
             {\"word\":\"Hi,\",\"start\":0.1,\"end\":0.5,\"score\":0.9}],\"speaker\":\"A\"}],\
             \"word_segments\":[]}"
        );
        let nothing = read(b"{\"segments\":[],\"word_segments\":[]}", Form::Service).unwrap();
        assert_eq!(
            to_service_json(&nothing),
            "{\"segments\":[],\"word_segments\":[]}"
        );
    }

    #[test]
    fn only_words_that_have_times_can_be_given_speakers() {
        let word = |span: Option<(f64, f64)>, score| Word {
            start: span.map(|span| Seconds(span.0)),
            end: span.map(|span| Seconds(span.1)),
            score,
            ..Word::default()
        };
        let segment = |words| Segment {
            words: Some(words),
            ..Segment::default()
        };
        let timed = vec![
            word(Some((2.878, 3.059)), Some(0.676)),
            word(Some((3.1, 3.5)), None),
        ];
        let mut given = Transcript {
            segments: vec![segment(timed), segment(vec![word(None, None)])],
            ..Transcript::default()
        };
        drop_untimed(&mut given);
        assert_eq!(given.segments.len(), 1);
        assert_eq!(given.segments[0].words.as_ref().map(Vec::len), Some(2));
    }

    #[test]
    fn what_scriven_writes_is_read_whole() {
        let document = r#"{"segments":[{"start":0.0,"end":1.0,"text":" Hi","avg_logprob":-0.5,"no_speech_prob":0.1,
            "compression_ratio":1.0,"temperature":0.0,"words":[{"word":"Hi","start":0.0,"end":1.0,"score":0.5,
            "speaker":"A"}],"chars":[{"char":"H","start":0.0,"end":0.5,"score":1.0},{"char":"i"}],"speaker":"A"}],
            "language":"en","language_probability":0.75}"#;
        let written: Transcript = serde_json::from_str(document).unwrap();
        assert_eq!(read(document.as_bytes(), Form::Any), Ok(written));
    }

    #[test]
    fn words_are_needed_only_by_the_service() {
        let plain = r#"{"segments":[{"start":0,"end":1,"text":"x"}]}"#;
        let transcript = read(plain.as_bytes(), Form::Any).unwrap();
        assert_eq!(transcript.segments[0].words, None);
        check_wrong(plain, Form::Service, "the document has no 'word_segments'");
        let plain = plain.replace("]}", "],\"word_segments\":[]}");
        check_wrong(&plain, Form::Service, "segment 1 has no 'words'");
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        let check = |document: &str, expected: &str| {
            check_wrong(document, Form::Any, expected);
        };
        check("nope", "it is not JSON: expected ident at line 1 column 2");
        check("[]", "the document must be an object, not a list");
        check("{\"segmens\":[]}", "the document has no 'segments'");
        check(
            "{\"segments\":{}}",
            "the document has a 'segments' that is an object, where a list is needed",
        );
        check(
            "{\"segments\":[\"a\"]}",
            "segment 1 must be an object, not a text",
        );
        let segment = |members: &str| format!("{{\"segments\":[{{{members}}}]}}");
        check(&segment("\"end\":1"), "segment 1 has no 'start'");
        check(&segment("\"start\":0,\"end\":1"), "segment 1 has no 'text'");
        check(
            &segment("\"start\":5,\"end\":1,\"text\":\"\""),
            "segment 1 ends at 1 s, before it starts at 5 s",
        );
        check(
            &segment("\"start\":-1,\"end\":1,\"text\":\"\""),
            "segment 1 starts at -1 s, before the recording",
        );
        check(
            &segment(
                "\"start\":0,\"end\":1,\"text\":\"\",\"words\":[{\"word\":\"a\"},{\"word\":1}]",
            ),
            "word 2 of segment 1 has a 'word' that is a number, where a text is needed",
        );
        check_wrong(
            "{\"word_segments\":[{}],\"segments\":[]}",
            Form::Service,
            "word 1 of 'word_segments' has no 'word'",
        );
    }
}
