//! Errors of a text but for the way it is written: compounds, hyphens, numbers, titles and variants of spelling.
//!
//! Both texts are rewritten by the same rules ([`notation`], [`numbers`], [`words`]), and where the words of one text
//! joined are a word of the other ([`joins`]), nothing is wrong. Hesitations, names and endings stay errors. English has all
//! the rules, German those for numbers and signs, six more languages those for number words; the others have their
//! compounds compared.

mod joins;
mod notation;
mod numbers;
mod words;

use unicode_normalization::UnicodeNormalization;

use super::normalise::normalise;
use super::text::{Errors, Unit};

/// Errors of `text` against what was said in `language` (ISO 639-1), apart from how it is written. Counted in characters
/// where `unit` says so, for which there is nothing to rewrite.
pub(crate) fn errors(unit: Unit, language: Option<&str>, reference: &str, text: &str) -> Errors {
    match unit {
        Unit::Words => {
            let language = language.unwrap_or_default();
            joins::errors(&rewritten(language, reference), &rewritten(language, text))
        }
        Unit::Characters => Errors::in_units(unit, reference, text),
    }
}

/// The words of a text in one way of writing.
fn rewritten(language: &str, text: &str) -> Vec<String> {
    let text = text.nfkc().collect::<String>().to_lowercase();
    let text = text.replace('\u{2019}', "'");
    let text = notation::spoken(language, &numbers::as_digits(language, &text));
    let tokens = numbers::rewritten(language, normalise(&text));
    tokens
        .into_iter()
        .map(|word| words::folded(language, word))
        .collect()
}

#[cfg(test)]
mod tests;
