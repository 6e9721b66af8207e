//! Reads transcripts as other programs write them: for the service and for the commands alike.

use serde_json::Value;

use crate::document::{self, DocumentError, Members};
use crate::language::Language;
use crate::transcript::{Character, Segment, Transcript, Word};
use crate::units::Seconds;

/// What a transcript must hold beside segments with start, end and text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Whether it must name its language, which may be null.
    needs_language: bool,
    words: Words,
}

/// What is done with the words of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// They are passed over, whatever they are.
    Ignored,
    /// They are read where they are there.
    Read,
    /// They must be there, and `word_segments` too.
    Needed,
}

impl Form {
    /// A text whose words are to be timed (contract 7.5). Its language may be missing only where it is given elsewhere.
    pub fn to_align(needs_language: bool) -> Self {
        Self {
            needs_language,
            words: Words::Ignored,
        }
    }

    /// Words that are to get speakers; a segment without words gets one as a whole.
    pub const TO_COMBINE: Self = Self {
        needs_language: false,
        words: Words::Read,
    };

    /// The same as the reference's service takes it (contract 7.6).
    pub const OF_SERVICE: Self = Self {
        needs_language: false,
        words: Words::Needed,
    };
}

/// Reads an object with `segments`, such as Scriven, whisperX or a service writes it, or a task of a service that has it
/// as its `result`. Members that are not known are passed over. A language is kept by its code, or as it stands if nobody
/// knows it; one that is missing or null is empty.
///
/// # Errors
/// If the document is something else, or a segment ends before it starts or starts before the recording.
pub fn read(bytes: &[u8], form: Form) -> Result<Transcript, DocumentError> {
    let document = document::parse(bytes)?;
    let mut document = document::object("the document", &document)?;
    if document.find("segments").is_none()
        && let Some(result) = document.find("result").filter(|result| result.is_object())
    {
        document = document::object("the 'result' of the document", result)?;
    }
    if form.needs_language {
        document.get("language")?;
    }
    if form.words == Words::Needed {
        let words = document.list("word_segments")?.iter().zip(1..);
        for (word, number) in words {
            read_word(&format!("word {number} of 'word_segments'"), word)?;
        }
    }
    let segments = document.list("segments")?.iter().zip(1..);
    let segments = segments.map(|(segment, number)| read_segment(segment, number, form.words));
    Ok(Transcript {
        segments: segments.collect::<Result<_, _>>()?,
        language: document
            .find_text("language")?
            .map_or_else(String::new, code_of),
        language_probability: document.find_number("language_probability")?,
        word_timing: None,
        speaker_embeddings: None,
    })
}

fn code_of(language: &str) -> String {
    let known = Language::from_tag(language);
    known.map_or_else(|| language.to_owned(), |known| known.code().to_owned())
}

/// What only describes a segment is left out where it is not what it should be: nothing is computed from it.
fn read_segment(segment: &Value, number: usize, words: Words) -> Result<Segment, DocumentError> {
    let segment = document::object(&format!("segment {number}"), segment)?;
    let (start, end) = segment.span()?;
    let known = |name: &str| segment.find_number(name).ok().flatten();
    let has = |name: &str| words != Words::Ignored && segment.find(name).is_some();
    let needs_words = words == Words::Needed || has("words");
    Ok(Segment {
        start,
        end,
        text: segment.text("text")?.to_owned(),
        avg_logprob: known("avg_logprob"),
        no_speech_prob: known("no_speech_prob"),
        compression_ratio: known("compression_ratio"),
        temperature: known("temperature"),
        words: needs_words.then(|| read_words(&segment)).transpose()?,
        chars: has("chars")
            .then(|| read_characters(&segment))
            .transpose()?,
        speaker: segment
            .find_text("speaker")
            .ok()
            .flatten()
            .map(str::to_owned),
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
mod tests;
