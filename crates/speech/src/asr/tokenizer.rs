//! Text to token ids and back, by the byte-level vocabulary of the model's `tokenizer.json`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{DecoderWrapper, Model, NormalizerWrapper, PostProcessorWrapper, TokenizerImpl};

use super::special::{SpecialTokens, SpecialTokensError};

/// The vocabulary of one model.
pub struct Tokenizer {
    /// Knows the text tokens alone: a prompt that spells `<|endoftext|>` means these letters, not the token.
    inner: TextTokenizer,
    special: SpecialTokens,
}

type TextTokenizer =
    TokenizerImpl<BPE, NormalizerWrapper, ByteLevel, PostProcessorWrapper, DecoderWrapper>;

/// What is read of a `tokenizer.json`.
///
/// With these types `tokenizers` builds the vocabulary while it reads, in little more than half of the time (60 instead
/// of 105 ms) that its own reader takes to find out which of its many kinds of tokenizers the file holds: all of
/// Whisper's are of this one.
#[derive(Deserialize)]
struct File {
    added_tokens: Vec<AddedToken>,
    pre_tokenizer: ByteLevel,
    model: BPE,
}

#[derive(Deserialize)]
struct AddedToken {
    id: u32,
    content: String,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer")
            .field("special", &self.special)
            .finish_non_exhaustive()
    }
}

/// Why a `tokenizer.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The file cannot be opened or read.
    #[error("cannot read the tokenizer {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not a tokenizer.
    #[error("{path} is not a tokenizer file ({reason}); fetch the model again")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// The file is a tokenizer, but not this model's.
    #[error("{path} is not the tokenizer of this Whisper model: {source}")]
    NotWhisper {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: SpecialTokensError,
    },
}

impl Tokenizer {
    /// Reads a `tokenizer.json` for a model of `vocabulary_size` token ids.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is no tokenizer, or is one of another model.
    pub fn load(path: &Path, vocabulary_size: usize) -> Result<Self, TokenizerError> {
        let bytes = std::fs::read(path).map_err(|source| TokenizerError::Read {
            path: path.to_owned(),
            source,
        })?;
        let file: File =
            serde_json::from_slice(&bytes).map_err(|error| TokenizerError::Malformed {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
        let find = |name: &str| {
            let added = file.added_tokens.iter().find(|token| token.content == name);
            added.map_or_else(|| file.model.token_to_id(name), |token| Some(token.id))
        };
        let special = SpecialTokens::look_up(find, vocabulary_size).map_err(|source| {
            TokenizerError::NotWhisper {
                path: path.to_owned(),
                source,
            }
        })?;
        let mut inner = TextTokenizer::new(file.model);
        inner.with_pre_tokenizer(Some(file.pre_tokenizer));
        Ok(Self { inner, special })
    }

    /// The control tokens.
    pub fn special(&self) -> &SpecialTokens {
        &self.special
    }

    /// The ids of a text; never a control token.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let Ok(encoding) = self.inner.encode_fast(text, false) else {
            // The byte-level model knows every byte, so no text is beyond it.
            return Vec::new();
        };
        let is_text = |id: &u32| *id < self.special.end_of_text;
        encoding.get_ids().iter().copied().filter(is_text).collect()
    }

    /// The text of a sequence of ids. Control tokens and timestamps are left out; bytes that are not UTF-8 become
    /// U+FFFD; nothing else is changed.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        for id in ids.iter().filter(|id| **id < self.special.end_of_text) {
            let token = self.inner.get_model().id_to_token(*id).unwrap_or_default();
            for c in token.chars() {
                push_byte_of(c, &mut bytes);
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }
}

/// Appends the byte that a character of the vocabulary stands for.
///
/// Vocabularies of this family are written without control characters: the 188 visible Latin-1 characters stand for
/// their own byte, the other 68 bytes for U+0100 and on, in order.
fn push_byte_of(c: char, bytes: &mut Vec<u8>) {
    let code = u32::from(c);
    let byte = match code {
        0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF => Some(code),
        0x100..=0x120 => Some(code - 0x100),
        0x121..=0x142 => Some(code - 0x121 + 0x7F),
        0x143 => Some(0xAD),
        _ => None,
    };
    match byte.and_then(|byte| u8::try_from(byte).ok()) {
        Some(byte) => bytes.push(byte),
        // Not of the alphabet: an entry someone added as plain text.
        None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use domain::language::Language;

    fn load(model: &str, vocabulary_size: usize) -> Option<Tokenizer> {
        let path = testing::model_folder(model)?.join("tokenizer.json");
        Some(Tokenizer::load(&path, vocabulary_size).unwrap())
    }

    #[test]
    fn text_of_any_script_comes_back_unchanged() {
        let Some(tokenizer) = load("base", 51_865) else {
            return;
        };
        for text in [
            "",
            " ",
            " And so, my fellow Americans: ask not what you can do .",
            "don't  we'll\tnever \r\n\n lose   a space ' s ",
            " Žluťoučký kůň úpěl ďábelské ódy",
            "今日は世界 你好，世界。 안녕하세요",
            "مرحبا بالعالم שלום नमस्ते สวัสดี",
            "👩‍👩‍👧 e\u{301} \u{0} \u{ad} \u{a0}♪♪♪",
            "<|endoftext|><|en|> <|0.00|>",
        ] {
            let ids = tokenizer.encode(text);
            assert_eq!(tokenizer.decode(&ids), text);
        }
    }

    #[test]
    fn known_ids_are_met() {
        let Some(tokenizer) = load("tiny.en", 51_864) else {
            return;
        };
        assert_eq!(tokenizer.encode(" "), [220]);
        assert_eq!(tokenizer.encode(" Hello, world!"), [18435, 11, 995, 0]);
        assert_eq!(
            tokenizer.decode(&[50_363, 18_435, 50_413, 50_256]),
            " Hello"
        );
    }

    #[test]
    fn a_cut_character_becomes_a_replacement_character() {
        let Some(tokenizer) = load("base", 51_865) else {
            return;
        };
        let mut ids = tokenizer.encode("a🧿");
        assert!(ids.len() > 2, "the character must be of several tokens");
        ids.pop();
        assert!(tokenizer.decode(&ids).starts_with("a\u{fffd}"));
    }

    #[test]
    fn the_control_tokens_are_where_the_models_have_them() {
        let (Some(english), Some(base)) = (load("tiny.en", 51_864), load("base", 51_865)) else {
            return;
        };
        let (en, multi) = (english.special(), base.special());
        assert!(!en.is_multilingual() && multi.is_multilingual());
        for (special, shift) in [(en, 0), (multi, 1)] {
            assert_eq!(special.end_of_text, 50_256 + shift);
            assert_eq!(special.start_of_transcript, 50_257 + shift);
            assert_eq!(special.translate, 50_357 + shift);
            assert_eq!(special.transcribe, 50_358 + shift);
            assert_eq!(special.start_of_lm, 50_359 + shift);
            assert_eq!(special.start_of_prev, 50_360 + shift);
            assert_eq!(special.no_speech, 50_361 + shift);
            assert_eq!(special.no_timestamps, 50_362 + shift);
            assert_eq!(special.timestamp_begin, 50_363 + shift);
            assert_eq!(special.timestamp_end, 51_863 + shift);
        }
        assert_eq!(en.language_token(Language::ENGLISH), None);
        assert_eq!(multi.languages.len(), 99);
        for (place, (language, id)) in multi.languages.iter().enumerate() {
            assert_eq!(*id as usize, 50_259 + place);
            assert_eq!(Language::all().nth(place), Some(*language));
        }
    }

    #[test]
    fn what_is_no_tokenizer_of_this_model_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        let message = |path: &Path| Tokenizer::load(path, 51_864).unwrap_err().to_string();
        assert!(message(&path).starts_with("cannot read the tokenizer /"));
        std::fs::write(&path, "{").unwrap();
        assert!(message(&path).contains("tokenizer.json is not a tokenizer file"));
        if let Some(base) = testing::model_folder("base") {
            assert!(message(&base.join("tokenizer.json")).contains("different models"));
        }
    }

    #[test]
    fn the_alphabet_of_the_vocabulary_covers_every_byte_once() {
        let mut bytes = Vec::new();
        for c in '\0'..='\u{143}' {
            let n_before = bytes.len();
            let visible = matches!(u32::from(c), 0x21..=0x7E | 0xA1..=0xAC | 0xAE..);
            if visible {
                push_byte_of(c, &mut bytes);
                assert_eq!(bytes.len(), n_before + 1, "{c:?}");
            }
        }
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
    }
}
