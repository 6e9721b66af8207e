//! Errors of who said what: the texts of all speakers against what each of them said (cpWER, Watanabe and others 2020).

use std::collections::BTreeMap;

use super::assignment;
use super::text::{Errors, Unit};
use super::words::TimedWord;

/// Texts by speaker.
pub(crate) type Texts = BTreeMap<String, String>;

/// Errors of all speakers together where speakers are paired so that these are fewest. Those without partner count whole:
/// as left out, or as put in.
pub(crate) fn errors(unit: Unit, reference: &Texts, found: &Texts) -> Errors {
    let between = |one: &str, other: &str| Errors::in_units(unit, one, other);
    let (spoken, heard): (Vec<_>, Vec<_>) =
        (reference.values().collect(), found.values().collect());
    let left_out: Vec<Errors> = spoken.iter().map(|text| between(text, "")).collect();
    let put_in: Vec<Errors> = heard.iter().map(|text| between("", text)).collect();
    let mut paired = vec![vec![Errors::default(); heard.len()]; spoken.len()];
    let mut saved = vec![vec![0; heard.len()]; spoken.len()];
    for (i, one) in spoken.iter().enumerate() {
        for (j, other) in heard.iter().enumerate() {
            let errors = between(one, other);
            let alone = left_out[i].errors() + put_in[j].errors();
            paired[i][j] = errors;
            saved[i][j] = (alone - errors.errors()) as u64;
        }
    }
    let pairs = assignment::best(&saved);
    let has_partner = |i: usize| pairs.iter().any(|pair| pair.0 == i);
    let is_partner = |j: usize| pairs.iter().any(|pair| pair.1 == j);
    let alone = (0..spoken.len())
        .filter(|i| !has_partner(*i))
        .map(|i| left_out[i]);
    let surplus = (0..heard.len())
        .filter(|j| !is_partner(*j))
        .map(|j| put_in[j]);
    let together = pairs.iter().map(|(i, j)| paired[*i][*j]);
    together.chain(alone).chain(surplus).sum()
}

/// What each speaker is said to say; words without a speaker are one more speaker's.
pub(crate) fn texts(words: &[TimedWord]) -> Texts {
    let mut texts = Texts::new();
    for word in words {
        let speaker = word.speaker.clone().unwrap_or_default();
        let text = texts.entry(speaker).or_default();
        text.push(' ');
        text.push_str(&word.word);
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_speaker(texts: &[(&str, &str)]) -> Texts {
        let owned = texts
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        owned.collect()
    }

    fn check(reference: &[(&str, &str)], found: &[(&str, &str)], n_errors: usize, n_words: usize) {
        let errors = errors(Unit::Words, &by_speaker(reference), &by_speaker(found));
        assert_eq!((errors.errors(), errors.words), (n_errors, n_words));
    }

    #[test]
    fn names_do_not_matter_but_who_says_what_does() {
        let truth = [("eve", "good morning adam"), ("adam", "hello")];
        check(&truth, &[("0", "hello"), ("1", "good morning adam")], 0, 4);
        check(&truth, &[("0", "hello adam"), ("1", "good morning")], 2, 4);
        check(&truth, &[("0", "good morning adam hello")], 2, 4);
    }

    #[test]
    fn speakers_without_partner_count_whole() {
        check(&[("eve", "good morning")], &[], 2, 2);
        check(&[], &[("0", "good morning")], 2, 0);
        let found = [("0", "good morning"), ("1", "what is that")];
        check(&[("eve", "good morning")], &found, 3, 2);
    }

    #[test]
    fn words_are_gathered_by_speaker() {
        let word = |word: &str, speaker: Option<&str>| TimedWord {
            word: word.to_owned(),
            start: None,
            end: None,
            speaker: speaker.map(str::to_owned),
        };
        let words = [word("a", Some("0")), word("b", None), word("c", Some("0"))];
        assert_eq!(texts(&words), by_speaker(&[("0", " a c"), ("", " b")]));
    }
}
