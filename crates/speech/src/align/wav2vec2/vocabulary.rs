//! `vocab.json` and its companions: the alphabet as Hugging Face's CTC tokenizers keep it.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::folder::LoadError;
use crate::align::dictionary::Dictionary;

/// The list of characters.
pub(super) const VOCABULARY: &str = "vocab.json";
/// Characters that were added to it later.
const ADDED: &str = "added_tokens.json";
/// What stands between words, and the language of a model for many.
const TOKENIZER: &str = "tokenizer_config.json";

/// The alphabet of a model folder whose network has `n_classes` classes.
pub(super) fn read(
    folder: &Path,
    n_classes: usize,
    blank: Option<usize>,
) -> Result<Dictionary, LoadError> {
    let listed: Keys<Entry> = read_json(folder, VOCABULARY)?.ok_or_else(|| LoadError::Missing {
        folder: folder.to_owned(),
        file: VOCABULARY,
    })?;
    let tokenizer: Tokenizer = read_json(folder, TOKENIZER)?.unwrap_or_default();
    let added: Keys<usize> = read_json(folder, ADDED)?.unwrap_or_default();
    let keys = flatten(listed, tokenizer.target_lang.as_deref())
        .into_iter()
        .chain(added.0)
        // later additions often stand for nothing that the network knows
        .filter(|(_, class)| *class < n_classes);
    let keys: Vec<(String, usize)> = keys.collect();
    if keys.is_empty() {
        return Err(LoadError::BadFile {
            path: folder.join(VOCABULARY),
            reason: "it lists no characters".to_owned(),
        });
    }
    let delimiter = tokenizer.word_delimiter_token.unwrap_or("|".to_owned());
    let blank = blank.filter(|class| *class < n_classes).unwrap_or(0);
    Ok(Dictionary::new(keys, &delimiter, blank))
}

/// The characters of one language: some models keep a list for each.
fn flatten(listed: Keys<Entry>, language: Option<&str>) -> Vec<(String, usize)> {
    let mut keys = Vec::new();
    let n_languages = listed
        .0
        .iter()
        .filter(|(_, entry)| matches!(entry, Entry::Language(_)))
        .count();
    for (key, entry) in listed.0 {
        match entry {
            Entry::Class(class) => keys.push((key, class)),
            Entry::Language(own) if n_languages == 1 || Some(&*key) == language => {
                keys.extend(own.0);
            }
            Entry::Language(_) => {}
        }
    }
    keys
}

/// Reads a file of the folder, `None` if it is not there.
pub(super) fn read_json<T: DeserializeOwned>(
    folder: &Path,
    file: &'static str,
) -> Result<Option<T>, LoadError> {
    let path = folder.join(file);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(LoadError::BadFile {
                path,
                reason: error.to_string(),
            });
        }
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| LoadError::BadFile {
            path,
            reason: error.to_string(),
        })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tokenizer {
    word_delimiter_token: Option<String>,
    target_lang: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    Class(usize),
    Language(Keys<usize>),
}

/// An object in the order of its file.
#[derive(Debug)]
struct Keys<T>(Vec<(String, T)>);

impl<T> Default for Keys<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keys<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Keys<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("characters and their classes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys<T>, A::Error> {
                let mut keys = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    keys.push(entry);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(InOrder(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary(files: &[(&str, &str)]) -> Result<Dictionary, LoadError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        read(folder.path(), 5, Some(0))
    }

    #[test]
    fn characters_added_beyond_the_network_are_left_out() {
        let vocabulary = (VOCABULARY, r#"{"b": 2, "a": 1, "|": 3, "[PAD]": 4}"#);
        let found = dictionary(&[vocabulary, (ADDED, r#"{"<s>": 5, "</s>": 6}"#)]).unwrap();
        assert_eq!(found.blank(), 4);
        assert_eq!(
            (found.class_of("a"), found.class_of("b")),
            (Some(1), Some(2))
        );
        assert_eq!(found.largest_class(), 4);
        assert_eq!(found.delimiter(), Some(3));
    }

    #[test]
    fn of_several_languages_the_wanted_one_is_taken() {
        let vocabulary = (VOCABULARY, r#"{"deu": {"ä": 1, "|": 2}, "fra": {"é": 1}}"#);
        let german = (
            TOKENIZER,
            r#"{"target_lang": "deu", "word_delimiter_token": "|"}"#,
        );
        let found = dictionary(&[vocabulary, german]).unwrap();
        assert_eq!((found.class_of("ä"), found.class_of("é")), (Some(1), None));
    }

    #[test]
    fn a_folder_without_a_list_says_which_file_is_missing() {
        let error = dictionary(&[]).unwrap_err().to_string();
        assert!(error.contains("has no vocab.json"), "{error}");
        let error = dictionary(&[(VOCABULARY, "[1]")]).unwrap_err().to_string();
        assert!(error.contains("vocab.json"), "{error}");
    }
}
