//! What a program should make of an odd recording, as manifests say it.

use crate::engine::Answer;
use crate::score::text::n_words;

/// Words that still count as little.
const LITTLE: usize = 3;

/// Whether `answer` is one of those that `expect` allows: names joined by `_or_`. `None` where a name is not known and no
/// other fits.
///
/// `ok`: no error, and words where `is_speech`; `error`: an error; `empty`: no words; `little` and `short`: up to three
/// words; `any`: whatever, as long as there is an answer.
pub(super) fn is_met(expect: &str, answer: &Answer, is_speech: bool) -> Option<bool> {
    let n_words = answer.text.as_deref().map(n_words);
    let verdicts = expect.split("_or_").map(|wish| match wish {
        "ok" => Some(n_words.is_some_and(|n| n > 0 || !is_speech)),
        "error" => Some(answer.error.is_some()),
        "empty" => Some(n_words == Some(0)),
        "little" | "short" => Some(n_words.is_some_and(|n| n <= LITTLE)),
        "any" => Some(true),
        _ => None,
    });
    let verdicts: Vec<_> = verdicts.collect();
    if verdicts.contains(&Some(true)) {
        Some(true)
    } else if verdicts.contains(&None) {
        None
    } else {
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expect: &str, text: Option<&str>, expected: Option<bool>) {
        let answer = Answer {
            text: text.map(str::to_owned),
            error: text.is_none().then(Default::default),
            ..Answer::default()
        };
        assert_eq!(
            is_met(expect, &answer, true),
            expected,
            "{expect}: {text:?}"
        );
    }

    #[test]
    fn each_wish_has_its_meaning() {
        check("ok", Some("hello"), Some(true));
        check("ok", Some(" …"), Some(false));
        check("ok", None, Some(false));
        check("error", None, Some(true));
        check("error", Some(""), Some(false));
        check("empty", Some(""), Some(true));
        check("empty", Some("hello"), Some(false));
        check("empty_or_little", Some("one two three"), Some(true));
        check("empty_or_little", Some("one two three four"), Some(false));
        check("error_or_empty_or_short", None, Some(true));
        check("any", None, Some(true));
    }

    #[test]
    fn a_wish_that_nobody_knows_decides_nothing() {
        check("miracle", Some("hello"), None);
        check("ok_or_miracle", Some("hello"), Some(true));
        check("error_or_miracle", Some("hello"), None);
    }

    #[test]
    fn no_words_are_fine_where_nothing_is_said() {
        let answer = Answer {
            text: Some(String::new()),
            ..Answer::default()
        };
        assert_eq!(is_met("ok", &answer, false), Some(true));
    }
}
