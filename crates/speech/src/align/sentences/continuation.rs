//! Ends of sentences that are none: after titles and initials, before a word in lower case.

use std::ops::Range;

use super::abbreviations::{self, Abbreviations};
use super::punkt::Punkt;

/// Languages in which all nouns have a capital: it tells no names.
const WITH_CAPITAL_NOUNS: [&str; 2] = ["de", "lb"];

/// What goes on in one language although a mark looks like an end.
#[derive(Debug)]
pub(super) struct Continuation {
    abbreviations: Abbreviations,
    capitals_are_names: bool,
}

impl Continuation {
    pub(super) fn of_language(code: &str) -> Self {
        Self {
            abbreviations: abbreviations::of_language(code),
            capitals_are_names: !WITH_CAPITAL_NOUNS.contains(&code),
        }
    }

    /// Joins `sentences` of `text`, ranges of characters, that are parts of one.
    pub(super) fn join(
        &self,
        text: &[char],
        sentences: Vec<Range<usize>>,
        punkt: Option<&Punkt>,
    ) -> Vec<Range<usize>> {
        let has_capitals = sentences
            .iter()
            .any(|sentence| starts_upper(&text[sentence.clone()]));
        let mut joined: Vec<Range<usize>> = Vec::with_capacity(sentences.len());
        for sentence in sentences {
            let next = &text[sentence.clone()];
            match joined.last_mut() {
                Some(last)
                    if has_capitals && starts_lower(next)
                        || self.announces(&text[last.clone()], next)
                        || self.ends_in_initial(&text[last.clone()], next, punkt) =>
                {
                    last.end = sentence.end;
                }
                _ => joined.push(sentence),
            }
        }
        joined
    }

    /// Whether `before` ends in an abbreviation that `after` must follow.
    fn announces(&self, before: &[char], after: &[char]) -> bool {
        let Some(word) = stem(last_word(before)) else {
            return false;
        };
        let word = word.to_lowercase();
        let last_part = word.rsplit('-').next().unwrap_or(&word);
        let is_in = |list: &[&str]| list.contains(&word.as_str()) || list.contains(&last_part);
        let is_number = after.first().is_some_and(|c| c.is_numeric());
        is_in(self.abbreviations.before_words)
            || is_number && is_in(self.abbreviations.before_numbers)
    }

    /// Whether `before` ends in the initial of somebody whose name goes on in `after`: "George W. Bush", not "Plan B. We".
    fn ends_in_initial(&self, before: &[char], after: &[char], punkt: Option<&Punkt>) -> bool {
        let Some(punkt) = punkt.filter(|_| self.capitals_are_names) else {
            return false; // the plain rule ends no sentence there
        };
        let word = last_word(before);
        let first_name = last_word(&before[..before.len() - word.len()]);
        let next: String = first_word(after).iter().collect();
        is_initial(word)
            && (is_initial(first_name) || punkt.is_name(&first_name.iter().collect::<String>()))
            && starts_upper(after)
            && !punkt.begins_sentence(&next)
    }
}

/// The characters after the last white space between words; white space at the end does not count.
fn last_word(text: &[char]) -> &[char] {
    let n_trailing = text.iter().rev().take_while(|c| c.is_whitespace()).count();
    let text = &text[..text.len() - n_trailing];
    let opens = |c: &char| c.is_whitespace() || "\"'([{¿¡“‘«„".contains(*c);
    let begin = text.iter().rposition(opens).map_or(0, |at| at + 1);
    &text[begin..]
}

/// The letters at the beginning of a sentence.
fn first_word(text: &[char]) -> &[char] {
    let is_before = |c: &&char| !c.is_alphanumeric();
    let begin = text.iter().take_while(is_before).count();
    let rest = &text[begin..];
    let n_letters = rest.iter().take_while(|c| c.is_alphanumeric()).count();
    &rest[..n_letters]
}

/// A word without its full stop; `None` if it has none.
fn stem(word: &[char]) -> Option<String> {
    match word {
        [letters @ .., '.'] if !letters.is_empty() => Some(letters.iter().collect()),
        _ => None,
    }
}

fn is_initial(word: &[char]) -> bool {
    matches!(word, [letter, '.'] if letter.is_uppercase())
}

fn starts_upper(text: &[char]) -> bool {
    first_word(text).first().is_some_and(|c| c.is_uppercase())
}

/// Not so "iPhone", with which a sentence may begin.
fn starts_lower(text: &[char]) -> bool {
    let word = first_word(text);
    let is_lower = |at: usize| word.get(at).is_none_or(|c| !c.is_uppercase());
    word.first().is_some_and(|c| c.is_lowercase()) && is_lower(1) && is_lower(2)
}
