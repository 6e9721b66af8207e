//! Word errors: normalisation and distance, the same as those of the evaluation's own scorer.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Errors of a text against what was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Errors {
    /// Words replaced, left out and put in.
    pub(super) errors: usize,
    /// Words of the reference.
    pub(super) words: usize,
}

impl Errors {
    pub(super) fn of(reference: &str, text: &str) -> Self {
        let (reference, text) = (normalise(reference), normalise(text));
        Self {
            errors: distance(&reference, &text),
            words: reference.len(),
        }
    }

    /// In per cent of the words.
    pub(super) fn rate(self) -> f64 {
        100.0 * self.errors as f64 / self.words.max(1) as f64
    }
}

impl std::iter::Sum for Errors {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            errors: sum.errors + one.errors,
            words: sum.words + one.words,
        })
    }
}

/// Replaced in this order.
const CONTRACTIONS: [(&str, &str); 8] = [
    ("won't", "will not"),
    ("can't", "can not"),
    ("n't", " not"),
    ("'re", " are"),
    ("'ve", " have"),
    ("'ll", " will"),
    ("'m", " am"),
    ("let's", "let us"),
];

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// Lower-case words without punctuation and remarks in brackets; contractions written out, small numbers as digits.
fn normalise(text: &str) -> Vec<String> {
    let text: String = text
        .nfkc()
        .collect::<String>()
        .to_lowercase()
        .replace('\u{2019}', "'");
    let mut text = without_brackets(&text);
    for (short, full) in CONTRACTIONS {
        text = text.replace(short, full);
    }
    without_thousands_commas(&text)
        .split(|c: char| c != '\'' && !is_word_character(c))
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
        .map(
            |word| match NUMBERS.iter().position(|number| *number == word) {
                Some(number) => number.to_string(),
                None => word.to_owned(),
            },
        )
        .collect()
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() && !is_combining_mark(c)
}

/// A space in place of each `(remark)`, up to the nearest closing bracket of any kind on the same line.
fn without_brackets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(['[', '(', '<']) {
        let inside = &rest[open + 1..];
        match inside.find([']', ')', '>', '\n']) {
            Some(close) if !inside[close..].starts_with('\n') => {
                out.push_str(&rest[..open]);
                out.push(' ');
                rest = &inside[close + 1..];
            }
            // Nothing closes it, so it stays and reads as punctuation.
            _ => {
                out.push_str(&rest[..=open]);
                rest = inside;
            }
        }
    }
    out + rest
}

/// Drops the commas of `1,000`.
fn without_thousands_commas(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    let is_separator =
        |i: usize| chars[i] == ',' && i > 0 && is_digit(i - 1) && (i + 1..i + 4).all(is_digit);
    (0..chars.len())
        .filter(|i| !is_separator(*i))
        .map(|i| chars[i])
        .collect()
}

/// The least number of replacements, insertions and deletions from one to the other.
fn distance(from: &[String], to: &[String]) -> usize {
    let mut costs: Vec<usize> = (0..=to.len()).collect();
    for (i, word) in from.iter().enumerate() {
        let mut diagonal = costs[0];
        costs[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(word != other);
            diagonal = costs[j + 1];
            costs[j + 1] = replaced.min(diagonal + 1).min(costs[j] + 1);
        }
    }
    costs[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &[&str]) {
        assert_eq!(normalise(text), words, "{text}");
    }

    #[test]
    fn texts_are_normalised_as_the_scorer_does() {
        check(
            "Don't you'll we've (noise) let's go, 1,000 men; 12,34!",
            &[
                "do", "not", "you", "will", "we", "have", "let", "us", "go", "1000", "men", "12",
                "34",
            ],
        );
        check(
            "Twelve o’clock <unk> won't can't",
            &["12", "o'clock", "will", "not", "can", "not"],
        );
        check(
            "I'm ‘quoted’ 'tis rock'n'roll's",
            &["i", "am", "quoted", "tis", "rock'n'roll's"],
        );
        check("[music starts) here (open", &["here", "open"]);
        check("ﬁne ½ x² Ⅳ", &["fine", "1", "2", "x2", "iv"]);
        check(
            "Žluťoučký kůň  под_чёрк",
            &["žluťoučký", "kůň", "под", "чёрк"],
        );
        check("今日は、世界。", &["今日は", "世界"]);
        check("नमस्ते दुनिया", &["नमस", "त", "द", "न", "य"]);
        check("a (b\nc) d", &["a", "b", "c", "d"]);
        check("5,000,000 1,2345 ,123", &["5000000", "12345", "123"]);
        check("ΣΑΣ İstanbul", &["σας", "i", "stanbul"]);
        check("don't n't 've", &["do", "not", "not", "have"]);
    }

    #[test]
    fn errors_are_counted_once_each() {
        let errors = |reference, text| {
            let Errors { errors, words } = Errors::of(reference, text);
            (errors, words)
        };
        assert_eq!(errors("the cat sat", "The cat sat."), (0, 3));
        assert_eq!(errors("the cat sat", "a cat"), (2, 3));
        assert_eq!(errors("", "a cat"), (2, 0));
        assert_eq!(errors("one two three four", "2 3 5 4 4"), (3, 4));
    }

    /// Texts of faster-whisper whose errors the scorer counted; needs the references beside the repository.
    #[test]
    fn recorded_errors_are_counted_again() {
        let root = crate::step::root();
        let Ok(manifest) = std::fs::read(root.join("../shared/eval/manifest.json")) else {
            eprintln!("SKIPPED: no recordings beside the repository");
            return;
        };
        let manifest: Vec<serde_json::Value> = serde_json::from_slice(&manifest).unwrap();
        let mut n_checked = 0;
        for file in std::fs::read_dir(root.join("fixtures/whisper")).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.starts_with("wer_") {
                continue;
            }
            let golden: serde_json::Value =
                serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            for entry in golden["items"].as_array().unwrap() {
                let Some(text) = entry["text"].as_str() else {
                    continue;
                };
                let item = manifest
                    .iter()
                    .find(|item| item["id"] == entry["id"])
                    .unwrap();
                let count = |what: &str| entry[what].as_u64().unwrap();
                let errors = Errors::of(item["ref_text"].as_str().unwrap(), text);
                let wanted = count("substitutions") + count("deletions") + count("insertions");
                assert_eq!(
                    (errors.errors as u64, errors.words as u64),
                    (wanted, count("words")),
                    "{entry}"
                );
                n_checked += 1;
            }
        }
        assert!(n_checked > 100, "{n_checked}");
    }
}
