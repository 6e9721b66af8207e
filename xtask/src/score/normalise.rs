//! Texts as lists of words that can be compared, by the same rules as the evaluation's own scorer.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Replaced in this order.
const CONTRACTIONS: [(&str, &str); 8] = [
    ("won't", "will not"),
    ("can't", "can not"),
    ("n't", " not"),
    ("'re", " are"),
    ("'ve", " have"),
    ("'ll", " will"),
    ("'m", " am"),
    ("let's", "let us"),
];

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// Lower-case words without punctuation and remarks in brackets; contractions written out, small numbers as digits.
pub(super) fn normalise(text: &str) -> Vec<String> {
    let text: String = text
        .nfkc()
        .collect::<String>()
        .to_lowercase()
        .replace('\u{2019}', "'");
    let mut text = without_brackets(&text);
    for (short, full) in CONTRACTIONS {
        text = text.replace(short, full);
    }
    without_thousands_commas(&text)
        .split(|c: char| c != '\'' && !is_word_character(c))
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
        .map(
            |word| match NUMBERS.iter().position(|number| *number == word) {
                Some(number) => number.to_string(),
                None => word.to_owned(),
            },
        )
        .collect()
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() && !is_combining_mark(c)
}

/// A space in place of each `(remark)`, up to the nearest closing bracket of any kind on the same line.
fn without_brackets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(['[', '(', '<']) {
        let inside = &rest[open + 1..];
        match inside.find([']', ')', '>', '\n']) {
            Some(close) if !inside[close..].starts_with('\n') => {
                out.push_str(&rest[..open]);
                out.push(' ');
                rest = &inside[close + 1..];
            }
            // Nothing closes it, so it stays and reads as punctuation.
            _ => {
                out.push_str(&rest[..=open]);
                rest = inside;
            }
        }
    }
    out + rest
}

/// Drops the commas of `1,000`.
fn without_thousands_commas(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    let is_separator =
        |i: usize| chars[i] == ',' && i > 0 && is_digit(i - 1) && (i + 1..i + 4).all(is_digit);
    (0..chars.len())
        .filter(|i| !is_separator(*i))
        .map(|i| chars[i])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &[&str]) {
        assert_eq!(normalise(text), words, "{text}");
    }

    #[test]
    fn texts_are_normalised_as_the_scorer_does() {
        check(
            "Don't you'll we've (noise) let's go, 1,000 men; 12,34!",
            &[
                "do", "not", "you", "will", "we", "have", "let", "us", "go", "1000", "men", "12",
                "34",
            ],
        );
        check(
            "Twelve o’clock <unk> won't can't",
            &["12", "o'clock", "will", "not", "can", "not"],
        );
        check(
            "I'm ‘quoted’ 'tis rock'n'roll's",
            &["i", "am", "quoted", "tis", "rock'n'roll's"],
        );
        check("[music starts) here (open", &["here", "open"]);
        check("ﬁne ½ x² Ⅳ", &["fine", "1", "2", "x2", "iv"]);
        check(
            "Žluťoučký kůň  под_чёрк",
            &["žluťoučký", "kůň", "под", "чёрк"],
        );
        check("今日は、世界。", &["今日は", "世界"]);
        check("नमस्ते दुनिया", &["नमस", "त", "द", "न", "य"]);
        check("a (b\nc) d", &["a", "b", "c", "d"]);
        check("5,000,000 1,2345 ,123", &["5000000", "12345", "123"]);
        check("ΣΑΣ İstanbul", &["σας", "i", "stanbul"]);
        check("don't n't 've", &["do", "not", "not", "have"]);
    }
}
