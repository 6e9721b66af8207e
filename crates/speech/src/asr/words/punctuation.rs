//! Marks join the words they belong to; the word's time stays that of what is spoken.

use super::Timing;

/// Marks that open something, and so belong to the word after them.
const OPENING: &str = "\"'“¿([{-";
/// Marks that close something, and so belong to the word before them.
const CLOSING: &str = "\"'.。,，!！?？:：”)]}、";
/// Marks that end a sentence.
const SENTENCE_END: &str = ".。!！?？";

/// Whether a word is a mark that ends a sentence.
pub(super) fn ends_sentence(word: &str) -> bool {
    !word.is_empty() && SENTENCE_END.contains(word)
}

/// Whether a word is nothing but one of the marks that are joined to words.
pub(crate) fn is_mark(word: &str) -> bool {
    // In this order, as one string: neighbours across the seam count, as in the reference.
    static ALL: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| format!("{OPENING}{CLOSING}"));
    ALL.contains(word)
}

/// Joins marks to words (`merge_punctuations` of Whisper).
pub(super) fn merge(words: Vec<Timing>) -> Vec<Timing> {
    append_closing(prepend_opening(words))
}

fn prepend_opening(words: Vec<Timing>) -> Vec<Timing> {
    let mut merged: Vec<Timing> = Vec::with_capacity(words.len());
    for word in words.into_iter().rev() {
        match merged.last_mut() {
            Some(next) if word.text.starts_with(' ') && OPENING.contains(word.text.trim()) => {
                next.text.insert_str(0, &word.text);
                next.n_tokens += word.n_tokens;
            }
            _ => merged.push(word),
        }
    }
    merged.reverse();
    merged
}

fn append_closing(words: Vec<Timing>) -> Vec<Timing> {
    let mut merged: Vec<Timing> = Vec::with_capacity(words.len());
    for word in words {
        match merged.last_mut() {
            Some(previous) if !previous.text.ends_with(' ') && CLOSING.contains(&word.text) => {
                previous.text.push_str(&word.text);
                previous.n_tokens += word.n_tokens;
            }
            _ => merged.push(word),
        }
    }
    merged
}

/// Joins what does not begin with a space to the word before it, so that words are what stands between spaces. The
/// word then lasts until the joined part has been spoken, if that holds a letter or digit.
pub(super) fn join_at_spaces(words: Vec<Timing>) -> Vec<Timing> {
    let mut joined: Vec<Timing> = Vec::with_capacity(words.len());
    for word in words {
        match joined.last_mut() {
            Some(previous) if !word.text.starts_with(' ') => {
                if word.text.chars().any(char::is_alphanumeric) {
                    let (a, b) = (previous.n_tokens as f64, word.n_tokens as f64);
                    previous.end = previous.end.max(word.end);
                    previous.probability =
                        (previous.probability * a + word.probability * b) / (a + b).max(1.0);
                }
                previous.text.push_str(&word.text);
                previous.n_tokens += word.n_tokens;
            }
            _ => joined.push(word),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timings(words: &[&str]) -> Vec<Timing> {
        let timing = |(i, text): (usize, &&str)| Timing {
            text: (*text).to_owned(),
            n_tokens: 1,
            start: i as f64,
            end: i as f64 + 0.5,
            probability: 0.5,
        };
        words.iter().enumerate().map(timing).collect()
    }

    /// Texts with their starts.
    fn show(words: &[Timing]) -> String {
        let one = |word: &Timing| format!("{}@{}", word.text, word.start);
        words.iter().map(one).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn marks_join_the_words_they_belong_to() {
        for (words, expected) in [
            (&[" Hello", ",", " world", "!"][..], " Hello,@0| world!@2"),
            (&[" \"", " Hi", ".\""], " \" Hi@1|.\"@2"),
            (&[" Hi", ".", "\""], " Hi.\"@0"),
            (&[" (", " [", " a", "]", ")"], " ( [ a])@2"),
            (&[" ¿", "Qué", "?"], " ¿Qué?@1"),
            (&["今", "。", "日", "、"], "今。@0|日、@2"),
            // Without a space before it a mark does not open anything; at the end there is nothing to open.
            (&["-", "a", " -"], "-@0|a@1| -@2"),
            (&[" a", " .", " b"], " a@0| .@1| b@2"),
            (&[" a", "...", " b"], " a@0|...@1| b@2"),
            (&[" a ", ","], " a @0|,@1"),
            (&[",", " a"], ",@0| a@1"),
            (&[], ""),
        ] {
            assert_eq!(show(&merge(timings(words))), expected, "{words:?}");
        }
    }

    #[test]
    fn a_mark_alone_is_known() {
        assert!(
            ends_sentence(".") && ends_sentence("？") && !ends_sentence("") && !ends_sentence(" .")
        );
        assert!(is_mark("\"") && is_mark("、") && is_mark("{-") && is_mark("") && !is_mark(" a"));
    }

    #[test]
    fn words_are_what_stands_between_spaces() {
        let mut words = timings(&[" well", "-known", " 3", ".5", "%", " x"]);
        words[1].probability = 0.9;
        let joined = join_at_spaces(words);
        assert_eq!(show(&joined), " well-known@0| 3.5%@2| x@5");
        assert!((joined[0].end - 1.5).abs() < 1e-9 && (joined[0].probability - 0.7).abs() < 1e-9);
        // A mark adds no time.
        assert!((joined[1].end - 3.5).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn no_text_and_no_token_is_lost(
            words in proptest::collection::vec("[ ]?[a.,\"'(-]{0,2}[ ]?", 0..12)
        ) {
            let texts: Vec<&str> = words.iter().map(String::as_str).collect();
            for merged in [merge(timings(&texts)), join_at_spaces(timings(&texts))] {
                let text: String = merged.iter().map(|word| word.text.as_str()).collect();
                prop_assert_eq!(text, words.concat());
                prop_assert_eq!(merged.iter().map(|word| word.n_tokens).sum::<usize>(), words.len());
            }
        }
    }
}
