//! The text of a chunk as sentences, each with its words: a chunk may be half a minute long, a subtitle should not.

use domain::transcript::Word;

use crate::align::sentences::Splitter;

/// A sentence of a chunk.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::asr) struct Sentence {
    /// As it stands in the text of the chunk, space around it included.
    pub(in crate::asr) text: String,
    /// At least one; all have times.
    pub(in crate::asr) words: Vec<Word>,
}

impl Sentence {
    /// Start and end, in seconds.
    pub(in crate::asr) fn times(&self) -> (f64, f64) {
        span(&self.words)
    }
}

/// Start of the first word and end of the last, in seconds.
pub(in crate::asr) fn span(words: &[Word]) -> (f64, f64) {
    let start = words.first().and_then(|word| word.start);
    let end = words.last().and_then(|word| word.end);
    (
        start.map_or(0.0, |time| time.0),
        end.map_or(0.0, |time| time.0),
    )
}

/// Where each word begins in `text`, in bytes.
pub(in crate::asr) fn places(text: &str, words: &[Word]) -> Vec<usize> {
    let mut cursor = 0;
    let place = |word: &Word| match text[cursor..].find(&word.word) {
        Some(at) => {
            let place = cursor + at;
            cursor = place + word.word.len();
            place
        }
        None => cursor,
    };
    words.iter().map(place).collect()
}

/// Splits `text`, whose words with their times are `words`.
///
/// No word and no character is lost: what stands between two sentences goes with the first.
pub(in crate::asr) fn sentences(
    text: &str,
    words: Vec<Word>,
    splitter: &Splitter,
) -> Vec<Sentence> {
    let ends = ends(text, splitter);
    let mut sentences: Vec<Sentence> = Vec::new();
    let (mut begin, mut ends) = (0, ends.into_iter().peekable());
    let mut taken: Vec<Word> = Vec::new();
    let places = places(text, &words);
    for (word, at) in words.into_iter().zip(places) {
        // a sentence without a word of its own goes on with the next
        while let Some(end) = ends.next_if(|end| *end <= at) {
            if !taken.is_empty() {
                sentences.push(Sentence {
                    text: text[begin..end].to_owned(),
                    words: std::mem::take(&mut taken),
                });
                begin = end;
            }
        }
        taken.push(word);
    }
    if !taken.is_empty() {
        sentences.push(Sentence {
            text: text[begin..].to_owned(),
            words: taken,
        });
    }
    sentences
}

/// Where sentences end, in bytes; space after a sentence is the next one's.
fn ends(text: &str, splitter: &Splitter) -> Vec<usize> {
    let (bytes, chars): (Vec<usize>, Vec<char>) = text.char_indices().unzip();
    let spans = splitter.spans(&chars);
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(text.len());
    spans.iter().map(|span| byte(span.end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::units::Seconds;

    fn check(text: &str, language: &str, expected: &[&str]) {
        let pieces: Vec<&str> = match language {
            "zh" => text.split_inclusive(|_: char| true).collect(),
            _ => text.split_whitespace().collect(),
        };
        let words: Vec<Word> = (0_u32..)
            .zip(pieces)
            .map(|(i, word)| Word {
                word: word.to_owned(),
                start: Some(Seconds(f64::from(i))),
                end: Some(Seconds(f64::from(i) + 0.5)),
                ..Word::default()
            })
            .collect();
        let found = sentences(text, words.clone(), &Splitter::for_language(language));
        let texts: Vec<&str> = found.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, expected, "{text}");
        assert_eq!(texts.concat(), text);
        let all: Vec<Word> = found.iter().flat_map(|s| s.words.clone()).collect();
        assert_eq!(all, words, "{text}");
    }

    #[test]
    fn texts_are_split_where_sentences_end() {
        check(
            " And so, my fellow Americans",
            "en",
            &[" And so, my fellow Americans"],
        );
        check(
            " Hello there. How are you? Fine!",
            "en",
            &[" Hello there.", " How are you?", " Fine!"],
        );
        check(
            " Mr. Smith paid 3.50 to Dr. Jones.",
            "en",
            &[" Mr. Smith paid 3.50 to Dr. Jones."],
        );
        check("今天很好。明天也好。", "zh", &["今天很好。", "明天也好。"]);
    }

    #[test]
    fn times_are_those_of_the_words() {
        let word = |start: f64| Word {
            word: "a".into(),
            start: Some(Seconds(start)),
            end: Some(Seconds(start + 1.0)),
            ..Word::default()
        };
        let splitter = Splitter::for_language("en");
        let found = sentences(" a. a a", vec![word(1.0), word(3.0), word(5.0)], &splitter);
        assert_eq!(
            found.last().unwrap().words.last().unwrap().end,
            Some(Seconds(6.0))
        );
        assert_eq!(sentences("", Vec::new(), &splitter), []);
    }
}
