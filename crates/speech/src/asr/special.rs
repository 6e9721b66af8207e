//! The control tokens of a Whisper vocabulary, looked up by name.

use domain::language::Language;

/// Number of timestamp tokens: `<|0.00|>` to `<|30.00|>` in steps of 0.02 s.
pub const N_TIMESTAMPS: u32 = 1501;

/// Vocabularies of at least this many tokens know more than English.
const SMALLEST_MULTILINGUAL_VOCABULARY: usize = 51_865;

/// Ids of the tokens that steer the decoder instead of standing for text.
///
/// All ids of text lie below [`end_of_text`](Self::end_of_text), all of these at or above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialTokens {
    /// `<|endoftext|>`: the result is complete.
    pub end_of_text: u32,
    /// `<|startoftranscript|>`: what was recognised begins here.
    pub start_of_transcript: u32,
    /// `<|startofprev|>`: text that came before follows.
    pub start_of_prev: u32,
    /// `<|startoflm|>`: never used in recognition.
    pub start_of_lm: u32,
    /// `<|nospeech|>`, in older vocabularies `<|nocaptions|>`: its probability tells silence.
    pub no_speech: u32,
    /// `<|notimestamps|>`: the result shall have no timestamps.
    pub no_timestamps: u32,
    /// `<|0.00|>`, the first timestamp.
    pub timestamp_begin: u32,
    /// `<|30.00|>`, the last timestamp and the last id of the vocabulary.
    pub timestamp_end: u32,
    /// `<|translate|>`: write English whatever is spoken.
    pub translate: u32,
    /// `<|transcribe|>`: write the language spoken.
    pub transcribe: u32,
    /// The language tokens in the order of their ids; empty for an English-only model, which was never taught them.
    pub languages: Vec<(Language, u32)>,
}

/// Why a vocabulary is not one of Whisper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecialTokensError {
    /// A control token has no entry under any of its names.
    #[error("it has no token '{0}'")]
    Missing(&'static str),
    /// The timestamps reach beyond the last row of the model's embedding table.
    #[error(
        "its timestamps need {needed} token ids, but the model has {vocabulary_size}; the two files are of different models"
    )]
    VocabularyTooSmall {
        /// Size that the tokenizer asks for.
        needed: usize,
        /// Size that the model has.
        vocabulary_size: usize,
    },
}

impl SpecialTokens {
    /// Looks the tokens up with `find`, which gives the id of a name. Timestamps that have no entry of their own, as in
    /// the folders of CTranslate2, follow on `<|notimestamps|>`.
    ///
    /// # Errors
    ///
    /// When a token has no entry, or the ids do not fit into `vocabulary_size`.
    pub fn look_up(
        find: impl Fn(&str) -> Option<u32>,
        vocabulary_size: usize,
    ) -> Result<Self, SpecialTokensError> {
        let get = |name: &'static str| find(name).ok_or(SpecialTokensError::Missing(name));
        let no_timestamps = get("<|notimestamps|>")?;
        let timestamp_begin = find("<|0.00|>").unwrap_or(no_timestamps + 1);
        let timestamp_end = timestamp_begin + N_TIMESTAMPS - 1;
        let needed = timestamp_end as usize + 1;
        if needed > vocabulary_size {
            return Err(SpecialTokensError::VocabularyTooSmall {
                needed,
                vocabulary_size,
            });
        }
        let languages = if vocabulary_size >= SMALLEST_MULTILINGUAL_VOCABULARY {
            Language::all()
                .filter_map(|language| Some((language, find(&format!("<|{language}|>"))?)))
                .collect()
        } else {
            Vec::new()
        };
        Ok(Self {
            end_of_text: get("<|endoftext|>")?,
            start_of_transcript: get("<|startoftranscript|>")?,
            start_of_prev: get("<|startofprev|>")?,
            start_of_lm: get("<|startoflm|>")?,
            no_speech: find("<|nospeech|>").map_or_else(|| get("<|nocaptions|>"), Ok)?,
            no_timestamps,
            timestamp_begin,
            timestamp_end,
            translate: get("<|translate|>")?,
            transcribe: get("<|transcribe|>")?,
            languages,
        })
    }

    /// Whether the model knows languages other than English, and so has language and task tokens in its prompt.
    pub fn is_multilingual(&self) -> bool {
        !self.languages.is_empty()
    }

    /// The token of a language, if the model knows it.
    pub fn language_token(&self, language: Language) -> Option<u32> {
        self.languages
            .iter()
            .find(|(known, _)| *known == language)
            .map(|(_, id)| *id)
    }

    /// Whether `id` is a timestamp.
    pub fn is_timestamp(&self, id: u32) -> bool {
        (self.timestamp_begin..=self.timestamp_end).contains(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vocabulary of large-v3 as far as control tokens go, ids counted from `<|endoftext|>`.
    fn large_v3(name: &str) -> Option<u32> {
        let mut names = vec!["<|endoftext|>".to_owned(), "<|startoftranscript|>".into()];
        names.extend(Language::all().map(|language| format!("<|{language}|>")));
        names.extend(
            ["translate", "transcribe", "startoflm", "startofprev"].map(|n| format!("<|{n}|>")),
        );
        names.extend(["<|nospeech|>".into(), "<|notimestamps|>".into()]);
        let position = names.iter().position(|known| known == name)?;
        Some(50_257 + u32::try_from(position).unwrap())
    }

    #[test]
    fn large_v3_has_a_hundred_languages_and_the_newer_name_for_no_speech() {
        let special = SpecialTokens::look_up(large_v3, 51_866).unwrap();
        assert_eq!(special.languages.len(), 100);
        assert_eq!(special.language_token("yue".parse().unwrap()), Some(50_358));
        assert_eq!(special.no_speech, 50_363);
        assert_eq!(special.timestamp_begin, 50_365);
        assert_eq!(special.timestamp_end, 51_865);
    }

    #[test]
    fn a_vocabulary_of_another_model_is_refused() {
        assert_eq!(
            SpecialTokens::look_up(large_v3, 51_864),
            Err(SpecialTokensError::VocabularyTooSmall {
                needed: 51_866,
                vocabulary_size: 51_864
            })
        );
        assert_eq!(
            SpecialTokens::look_up(|_| None, 51_864),
            Err(SpecialTokensError::Missing("<|notimestamps|>"))
        );
    }
}
