//! The alphabet of an alignment model: which class of its output stands for which character.

use std::collections::HashMap;

use domain::align_model::TorchaudioBundle;
use unicode_normalization::UnicodeNormalization;

/// Classes by character.
#[derive(Debug, Clone)]
pub(crate) struct Dictionary {
    /// Keys in the file's order, lower-cased, each with its class.
    entries: Vec<(String, usize)>,
    /// The keys that a text can contain, lower-cased and composed.
    characters: HashMap<String, usize>,
    blank: usize,
    delimiter: Option<usize>,
}

/// Keys that stand for no character.
const SPECIAL: [&str; 6] = ["[pad]", "<pad>", "[unk]", "<unk>", "<s>", "</s>"];

impl Dictionary {
    /// Takes keys and classes in the file's order, the key that stands between words, and the blank where no key is
    /// one for padding.
    pub(crate) fn new(
        keys: impl IntoIterator<Item = (String, usize)>,
        delimiter: &str,
        blank_else: usize,
    ) -> Self {
        let keys: Vec<(String, usize)> = keys.into_iter().collect();
        let lower = |key: &str| key.to_lowercase();
        let entries: Vec<_> = keys.iter().map(|(key, id)| (lower(key), *id)).collect();
        let is_padding = |key: &str| key == "[pad]" || key == "<pad>";
        let blank = entries.iter().rev().find(|(key, _)| is_padding(key));
        let blank = blank.map_or(blank_else, |(_, id)| *id);
        let mut characters = HashMap::new();
        // a key that is written in lower case beats one that only becomes so
        for wants_lower in [true, false] {
            for (key, id) in &keys {
                let is_special = *id == blank || SPECIAL.contains(&lower(key).as_str());
                if !is_special && (lower(key) == *key) == wants_lower {
                    let composed = lower(key).nfc().collect();
                    characters.entry(composed).or_insert(*id);
                }
            }
        }
        let delimiter = [delimiter, " "].iter().find_map(|key| characters.get(*key));
        Self {
            delimiter: delimiter.copied(),
            entries,
            characters,
            blank,
        }
    }

    /// The alphabet of a torchaudio pipeline, whose blank is written `-`.
    pub(crate) fn of_bundle(bundle: &TorchaudioBundle) -> Self {
        let letters = std::iter::once('-').chain(bundle.alphabet.chars());
        Self::new(letters.map(String::from).zip(0..), "|", 0)
    }

    /// The class that says "nothing new".
    pub(crate) fn blank(&self) -> usize {
        self.blank
    }

    /// The class between words, if the model has one.
    pub(crate) fn delimiter(&self) -> Option<usize> {
        self.delimiter
    }

    /// The largest class that a key stands for.
    pub(crate) fn largest_class(&self) -> usize {
        self.entries.iter().map(|(_, id)| *id).max().unwrap_or(0)
    }

    /// The class of a lower-cased, composed character.
    pub(crate) fn class_of(&self, character: &str) -> Option<usize> {
        self.characters.get(character).copied()
    }

    /// The class that whisperX finds for a lower-cased key: the last one of the file, the blank's own key included.
    pub(crate) fn whisperx_class_of(&self, key: &str) -> Option<usize> {
        let found = self.entries.iter().rev().find(|(entry, _)| entry == key);
        found.map(|(_, id)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_knows_its_letters_but_not_its_blank() {
        let english = TorchaudioBundle::find("WAV2VEC2_ASR_BASE_960H").unwrap();
        let english = Dictionary::of_bundle(&english);
        assert_eq!(english.blank(), 0);
        assert_eq!(english.delimiter(), Some(1));
        assert_eq!(english.class_of("e"), Some(2));
        assert_eq!(english.class_of("z"), Some(28));
        assert_eq!(english.class_of("-"), None);
        assert_eq!(english.whisperx_class_of("-"), Some(0));
        assert_eq!(english.largest_class(), 28);
    }

    #[test]
    fn keys_of_a_vocabulary_are_folded_and_special_ones_left_out() {
        let keys = ["<s>", "[PAD]", "|", "A", "a", "E\u{301}", "[UNK]", "<pad>"];
        let dictionary = Dictionary::new(keys.map(String::from).into_iter().zip(0..), "|", 0);
        assert_eq!(dictionary.blank(), 7);
        assert_eq!(dictionary.class_of("a"), Some(4));
        assert_eq!(dictionary.class_of("é"), Some(5));
        assert_eq!(dictionary.class_of("[unk]"), None);
        assert_eq!(dictionary.class_of("<s>"), None);
        assert_eq!(dictionary.whisperx_class_of("[unk]"), Some(6));
        assert_eq!(dictionary.delimiter(), Some(2));
    }

    #[test]
    fn a_dictionary_without_padding_has_its_blank_at_zero() {
        let dictionary = Dictionary::new([("x".into(), 0), ("y".into(), 1)], "|", 0);
        assert_eq!((dictionary.blank(), dictionary.delimiter()), (0, None));
        assert_eq!(dictionary.class_of("x"), None);
    }
}
