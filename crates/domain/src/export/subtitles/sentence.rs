//! Where sentences end.

use super::grammar::Grammar;
use super::tokens::Token;

/// Signs that may follow the one that ends a sentence.
const CLOSING: [char; 11] = ['"', '\'', '”', '’', '»', ')', ']', '」', '』', '）', '】'];

/// The token without what closes quotations and brackets at its end.
pub(super) fn unclosed(token: &Token) -> &str {
    token.text.trim_end_matches(CLOSING)
}

/// Whether a sentence ends between two tokens of one turn.
pub(super) fn ends_sentence(before: &Token, after: &Token, grammar: Option<&Grammar>) -> bool {
    if before.is_label {
        return false;
    }
    // the recogniser leaves out the full stop now and then
    if after.begins_segment && begins_great(after) {
        return true;
    }
    let text = unclosed(before);
    if text.ends_with(['?', '!', '？', '！', '。', '؟', '।', '։']) {
        // what stands in quotation marks may go on
        return !begins_small(after);
    }
    let is_stop = text.ends_with(['.', '…']) && after.has_space;
    is_stop && !begins_small(after) && !is_abbreviation(text, after, grammar)
}

/// Initials, ordinals and the abbreviations of the language.
fn is_abbreviation(text: &str, after: &Token, grammar: Option<&Grammar>) -> bool {
    let Some(word) = text.strip_suffix('.') else {
        return false;
    };
    let is_initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    let begins_with_digit = after.text.starts_with(|c: char| c.is_ascii_digit());
    let is_number = matches!(&*word.to_lowercase(), "no" | "nr" | "art") && begins_with_digit;
    let is_short_number = word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_ordinal = is_short_number && grammar.is_none_or(Grammar::has_ordinals_with_stops);
    is_initial
        || is_number
        || is_ordinal
        || grammar.is_some_and(|grammar| grammar.is_abbreviation(word))
}

fn first_letter(token: &Token) -> Option<char> {
    token.text.chars().find(|c| c.is_alphanumeric())
}

pub(super) fn begins_small(token: &Token) -> bool {
    first_letter(token).is_some_and(char::is_lowercase)
}

pub(super) fn begins_great(token: &Token) -> bool {
    first_letter(token).is_some_and(char::is_uppercase)
}
