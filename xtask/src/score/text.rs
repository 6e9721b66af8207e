//! Errors of a text: of its words, or of its characters in languages that write no spaces.

use serde::Serialize;

use super::edits::{Edit, edits};
use super::normalise::normalise;

/// What is counted in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    /// What stands between spaces.
    #[default]
    Words,
    /// Letters, for a language whose words are not told apart in writing.
    Characters,
}

impl Unit {
    /// The unit in which texts of a language (ISO 639-1) are compared.
    pub(crate) fn of(language: Option<&str>) -> Self {
        match language {
            Some("zh" | "yue" | "ja" | "th" | "lo" | "my" | "km" | "bo") => Self::Characters,
            _ => Self::Words,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Characters => "characters",
        }
    }
}

/// Errors of a text against what was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Errors {
    /// Units replaced by others.
    pub(crate) substitutions: usize,
    /// Units left out.
    pub(crate) deletions: usize,
    /// Units put in.
    pub(crate) insertions: usize,
    /// Units of the reference.
    pub(crate) words: usize,
}

impl Errors {
    /// Of a text in words.
    pub(crate) fn of(reference: &str, text: &str) -> Self {
        Self::in_units(Unit::Words, reference, text)
    }

    /// Of a text in whatever `unit` says.
    pub(crate) fn in_units(unit: Unit, reference: &str, text: &str) -> Self {
        let (reference, text) = (normalise(reference), normalise(text));
        match unit {
            Unit::Words => Self::between(&reference, &text),
            Unit::Characters => Self::between(&characters(&reference), &characters(&text)),
        }
    }

    fn between<T: PartialEq>(reference: &[T], text: &[T]) -> Self {
        let mut errors = Self {
            words: reference.len(),
            ..Self::default()
        };
        for edit in edits(reference, text) {
            match edit {
                Edit::Pair(i, j) => {
                    errors.substitutions += usize::from(reference[i] != text[j]);
                }
                Edit::Delete(_) => errors.deletions += 1,
                Edit::Insert(_) => errors.insertions += 1,
            }
        }
        errors
    }

    /// All errors together.
    pub(crate) fn errors(self) -> usize {
        self.substitutions + self.deletions + self.insertions
    }

    /// In per cent of the reference.
    pub(crate) fn rate(self) -> f64 {
        100.0 * self.errors() as f64 / self.words.max(1) as f64
    }
}

impl std::iter::Sum for Errors {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            substitutions: sum.substitutions + one.substitutions,
            deletions: sum.deletions + one.deletions,
            insertions: sum.insertions + one.insertions,
            words: sum.words + one.words,
        })
    }
}

/// How many words a text has.
pub(crate) fn n_words(text: &str) -> usize {
    normalise(text).len()
}

fn characters(words: &[String]) -> Vec<char> {
    words.iter().flat_map(|word| word.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_once_each() {
        let errors = |reference, text| {
            let errors = Errors::of(reference, text);
            (errors.errors(), errors.words)
        };
        assert_eq!(errors("the cat sat", "The cat sat."), (0, 3));
        assert_eq!(errors("the cat sat", "a cat"), (2, 3));
        assert_eq!(errors("", "a cat"), (2, 0));
        assert_eq!(errors("one two three four", "2 3 5 4 4"), (3, 4));
    }

    #[test]
    fn characters_count_where_no_spaces_are_written() {
        let errors = |language, reference, text| {
            let errors = Errors::in_units(Unit::of(Some(language)), reference, text);
            (errors.errors(), errors.words)
        };
        assert_eq!(
            errors("ja", "東京は晴れでした。", "東京 は 晴れです"),
            (2, 8)
        );
        assert_eq!(errors("ko", "서울은 맑았다", "서울 은 맑았다"), (2, 2));
        assert_eq!(errors("zh", "甚至出现", ""), (4, 4));
    }

    /// Texts of faster-whisper whose errors the scorer counted; needs the references beside the repository.
    #[test]
    fn recorded_errors_are_counted_again() {
        let root = crate::step::root();
        let Ok(manifest) = std::fs::read(root.join("../shared/eval/manifest.json")) else {
            skipped::on_this_machine("no recordings beside the repository");
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
                let counted = [errors.substitutions, errors.deletions, errors.insertions];
                let wanted = ["substitutions", "deletions", "insertions"].map(count);
                assert_eq!(counted.map(|n| n as u64), wanted, "{entry}");
                assert_eq!(errors.words as u64, count("words"), "{entry}");
                n_checked += 1;
            }
        }
        assert!(n_checked > 100, "{n_checked}");
    }
}
