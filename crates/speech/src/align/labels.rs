//! What of a text the model can hear: one label for each letter, a wildcard for digits and strange letters, and nothing
//! for punctuation, which is not spoken.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::dictionary::Dictionary;

/// What must be heard, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// A class of the model.
    Class(usize),
    /// Anything: characters that the model does not know.
    Wildcard,
}

/// A label and the characters of the text that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) label: Label,
    /// From the first to the last of them; a wildcard may stand for several.
    pub(crate) chars: Range<usize>,
}

/// What a single character is for the ear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sound {
    Class(usize),
    Unknown,
    Space,
    Silent,
}

/// The labels of `text`. `spaced` says whether the language puts white space between words.
///
/// Characters of one word that the model does not know become one wildcard, however many they are.
pub(crate) fn targets(text: &[char], dictionary: &Dictionary, spaced: bool) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    let mut space = None;
    let mut word_start = 0;
    for (at, sound) in sounds(text, dictionary).into_iter().enumerate() {
        let label = match sound {
            Sound::Silent => continue,
            Sound::Space => {
                space.get_or_insert(at);
                continue;
            }
            Sound::Class(class) => Label::Class(class),
            Sound::Unknown => Label::Wildcard,
        };
        if let Some(at) = space.take() {
            let delimiter = dictionary.delimiter().filter(|_| spaced);
            if let Some(class) = delimiter.filter(|_| !targets.is_empty()) {
                targets.push(Target {
                    label: Label::Class(class),
                    chars: at..at + 1,
                });
            }
            word_start = targets.len();
        }
        match targets[word_start..].last_mut() {
            Some(last) if label == Label::Wildcard && last.label == label => {
                last.chars.end = at + 1;
            }
            _ => targets.push(Target {
                label,
                chars: at..at + 1,
            }),
        }
    }
    targets
}

/// True for a character that is said: it gets part of the time of the wildcard it belongs to.
pub(crate) fn is_spoken(c: char) -> bool {
    c.is_alphanumeric() || SPOKEN_SYMBOLS.contains(c)
}

/// Symbols that people read out.
const SPOKEN_SYMBOLS: &str = "%‰&@#§+=$€£¥₹°×÷№";

fn sounds(text: &[char], dictionary: &Dictionary) -> Vec<Sound> {
    let mut sounds = Vec::with_capacity(text.len());
    while let Some(rest) = text.get(sounds.len()..).filter(|rest| !rest.is_empty()) {
        let n_marks = rest[1..]
            .iter()
            .take_while(|c| is_combining_mark(**c))
            .count();
        // a letter and its marks may be one letter of the alphabet, composed or not
        let cluster: String = rest[..=n_marks].iter().collect();
        if n_marks > 0
            && let Some(class) = class_of(&cluster, dictionary)
        {
            sounds.push(Sound::Class(class));
            sounds.extend(std::iter::repeat_n(Sound::Silent, n_marks));
        } else {
            sounds.push(sound(rest[0], dictionary));
        }
    }
    sounds
}

fn sound(c: char, dictionary: &Dictionary) -> Sound {
    if c.is_whitespace() {
        return Sound::Space;
    }
    let plain = match c {
        '’' | 'ʼ' | '‘' | '`' | '´' => '\'',
        c => c,
    };
    let text = plain.to_string();
    let without_marks = || {
        text.nfd()
            .filter(|c| !is_combining_mark(*c))
            .collect::<String>()
    };
    if let Some(class) = class_of(&text, dictionary) {
        let is_delimiter = dictionary.delimiter() == Some(class);
        return if is_delimiter {
            Sound::Silent
        } else {
            Sound::Class(class)
        };
    }
    if let Some(class) = class_of(&without_marks(), dictionary) {
        Sound::Class(class)
    } else if is_spoken(c) && !is_combining_mark(c) {
        Sound::Unknown
    } else {
        Sound::Silent
    }
}

/// The class of what is one letter for the reader.
fn class_of(letter: &str, dictionary: &Dictionary) -> Option<usize> {
    let lower: String = letter.to_lowercase().nfc().collect();
    dictionary.class_of(&lower).or_else(|| {
        // İ becomes two code points in lower case
        let mut chars = lower.chars();
        let first = chars.next()?;
        let is_one = letter.chars().count() == 1 && chars.next().is_some();
        is_one.then(|| dictionary.class_of(first.encode_utf8(&mut [0; 4])))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows targets as their characters, wildcards in braces.
    fn check(dictionary: &Dictionary, text: &str, spaced: bool, expected: &str) {
        let chars: Vec<char> = text.chars().collect();
        let shown: Vec<String> = targets(&chars, dictionary, spaced)
            .into_iter()
            .map(|target| {
                let text: String = chars[target.chars].iter().collect();
                match target.label {
                    Label::Class(_) => text,
                    Label::Wildcard => format!("{{{text}}}"),
                }
            })
            .collect();
        assert_eq!(shown.join(""), expected, "{text}");
    }

    fn letters(keys: &str) -> Dictionary {
        let keys = std::iter::once("<pad>".to_owned()).chain(keys.chars().map(String::from));
        Dictionary::new(keys.zip(0..), "|", 0)
    }

    #[test]
    fn letters_are_heard_and_punctuation_is_not() {
        let english = letters("|abcdefghijklmnopqrstuvwxyz'");
        check(&english, " Hello,  World! ", true, "Hello World");
        check(&english, "don’t - stop", true, "don’t stop");
        check(&english, "\tone\ntwo", true, "one\ntwo");
        check(&english, "...", true, "");
        check(&english, "a|b", true, "ab");
    }

    #[test]
    fn what_the_model_does_not_know_is_one_wildcard_a_run() {
        let english = letters("|abcdefghijklmnopqrstuvwxyz'");
        check(
            &english,
            "in 1984, 3.50 $ ok",
            true,
            "in {1984} {3.50} {$} ok",
        );
        check(&english, "4th x2y", true, "{4}th x{2}y");
        check(&english, "say привет", true, "say {привет}");
        check(&english, "50 %", true, "{50} {%}");
    }

    #[test]
    fn letters_fold_to_those_of_the_alphabet() {
        let english = letters("|abcdefghijklmnopqrstuvwxyz'");
        check(&english, "Café cafe\u{301}", true, "Café cafe");
        check(&english, "İzmir", true, "İzmir");
        let french = letters("|cafeé");
        check(
            &french,
            "Cafe\u{301}",
            true,
            "Cafe\u{301}".trim_end_matches('\u{301}'),
        );
    }

    #[test]
    fn marks_that_are_letters_of_their_own_are_heard() {
        let hindi = letters("|कि");
        check(&hindi, "कि", true, "कि");
    }

    #[test]
    fn languages_without_spaces_have_no_delimiter() {
        let chinese = letters("|你好再见");
        check(&chinese, "你好 再见。", false, "你好再见");
    }

    proptest::proptest! {
        #[test]
        fn labels_come_in_order_and_never_share_a_character(text in "\\PC{0,30}") {
            let chars: Vec<char> = text.chars().collect();
            let mut end = 0;
            for target in targets(&chars, &letters("|abcdeéıi"), true) {
                proptest::prop_assert!(target.chars.start >= end);
                proptest::prop_assert!(target.chars.end > target.chars.start);
                end = target.chars.end;
            }
            proptest::prop_assert!(end <= chars.len());
        }
    }
}
