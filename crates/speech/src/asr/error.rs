//! Why recognition gave no transcript.

use domain::language::Language;

/// Why recognition gave no transcript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AsrError {
    /// The caller no longer wants the result.
    #[error("recognition was cancelled")]
    Cancelled,
    /// The model was not taught the language asked for.
    #[error(
        "the model does not know {name}: {knows}",
        name = capitalised(language.name()),
        knows = if *english_only { "it is for English only; choose a model without '.en' in its name" }
                else { "it was made before this language was added; choose a newer model such as 'large-v3'" }
    )]
    LanguageNotSupported {
        /// The language asked for.
        language: Language,
        /// Whether the model knows nothing but English.
        english_only: bool,
    },
    /// The search that was asked for is wider than there is memory for.
    #[error(
        "not enough memory: a search with {width} beams or samples side by side takes up to {} MB beside the model, and \
         {} MB are allowed; ask for a smaller beam_size and best_of",
        megabytes(*.needed_bytes), megabytes(*.allowed_bytes)
    )]
    NotEnoughMemory {
        /// Rows that are decoded side by side.
        width: usize,
        /// What one window takes.
        needed_bytes: u64,
        /// What the network was given.
        allowed_bytes: u64,
    },
    /// The prompt leaves no room for text.
    #[error(
        "the prompt of {n_tokens} tokens leaves no room for text; the model holds {context} tokens in all"
    )]
    PromptTooLong {
        /// Tokens of the prompt.
        n_tokens: usize,
        /// Tokens that the decoder can hold.
        context: usize,
    },
}

fn megabytes(n_bytes: u64) -> u64 {
    n_bytes.div_ceil(1 << 20)
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_language_is_named_with_what_to_do() {
        let error = AsrError::LanguageNotSupported {
            language: "de".parse().unwrap(),
            english_only: true,
        };
        assert_eq!(
            error.to_string(),
            "the model does not know German: it is for English only; choose a model without '.en' in its name"
        );
    }
}
