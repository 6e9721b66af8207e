//! Tokens become words: first pieces whose bytes are whole characters, then words of such pieces.

use domain::language::Language;

use crate::asr::tokenizer::Tokenizer;

/// Languages written without spaces between words: each piece counts as a word.
const WITHOUT_SPACES: [&str; 6] = ["zh", "ja", "th", "lo", "my", "yue"];

/// Marks that begin a piece of their own (Python's `string.punctuation`).
const MARKS: &str = r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##;

/// A text and the number of tokens it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) n_tokens: usize,
}

/// Whether words of this language stand apart.
pub(super) fn has_spaces(language: Language) -> bool {
    !WITHOUT_SPACES.contains(&language.code())
}

/// Splits text tokens into words (`split_to_word_tokens` of Whisper's tokenizer). Marks stand alone, and become part of
/// a word again when their times are known. All tokens are in some word, in order.
pub(super) fn words(tokenizer: &Tokenizer, tokens: &[u32], language: Language) -> Vec<Piece> {
    let pieces = whole_characters(tokenizer, tokens);
    if !has_spaces(language) {
        return pieces;
    }
    let mut words: Vec<Piece> = Vec::new();
    for piece in pieces {
        let begins = piece.text.starts_with(' ') || MARKS.contains(piece.text.trim());
        match words.last_mut() {
            Some(word) if !begins => {
                word.text.push_str(&piece.text);
                word.n_tokens += piece.n_tokens;
            }
            _ => words.push(piece),
        }
    }
    words
}

/// Splits tokens where the bytes so far are whole characters. What is no character at all goes with what it stands by.
fn whole_characters(tokenizer: &Tokenizer, tokens: &[u32]) -> Vec<Piece> {
    let whole: Vec<char> = tokenizer.decode(tokens).chars().collect();
    let mut pieces = Vec::new();
    let (mut begin, mut n_chars) = (0, 0);
    for end in 1..=tokens.len() {
        let text = tokenizer.decode(&tokens[begin..end]);
        let broken = text.chars().position(|c| c == char::REPLACEMENT_CHARACTER);
        let is_whole = broken.is_none_or(|at| {
            // The text as a whole has no character there either.
            whole.get(n_chars + at) == Some(&char::REPLACEMENT_CHARACTER)
        });
        if is_whole || end == tokens.len() {
            n_chars += text.chars().count();
            pieces.push(Piece {
                text,
                n_tokens: end - begin,
            });
            begin = end;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn base() -> Option<Tokenizer> {
        let path = testing::model_folder("base")?.join("tokenizer.json");
        Some(Tokenizer::load(&path, 51_865).unwrap())
    }

    fn check(tokenizer: &Tokenizer, language: &str, text: &str, expected: &[&str]) {
        let tokens = tokenizer.encode(text);
        let found = words(tokenizer, &tokens, language.parse().unwrap());
        let texts: Vec<_> = found.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, expected);
        assert_eq!(
            found.iter().map(|word| word.n_tokens).sum::<usize>(),
            tokens.len()
        );
    }

    #[test]
    fn words_begin_at_spaces_and_marks() {
        let Some(tokenizer) = base() else { return };
        check(
            &tokenizer,
            "en",
            " Hello, world!",
            &[" Hello", ",", " world", "!"],
        );
        check(&tokenizer, "en", " It's 3.5%", &[" It's", " 3", ".5", "%"]);
        check(&tokenizer, "de", "Žluťoučký kůň", &["Žluťoučký", " kůň"]);
        check(
            &tokenizer,
            "en",
            " \"Well-known\"",
            &[" \"Well", "-known", "\""],
        );
        check(&tokenizer, "en", "", &[]);
    }

    #[test]
    fn languages_without_spaces_are_split_at_characters() {
        let Some(tokenizer) = base() else { return };
        check(&tokenizer, "zh", "我爱北京", &["我", "爱", "北", "京"]);
        // One character of two tokens, and two characters of one.
        check(
            &tokenizer,
            "ja",
            "猫が好きです",
            &["猫", "が", "好", "き", "です"],
        );
        // The same in a language with spaces is one word.
        check(&tokenizer, "en", "我爱北京", &["我爱北京"]);
    }

    #[test]
    fn broken_characters_lose_no_token() {
        let Some(tokenizer) = base() else { return };
        let emoji = tokenizer.encode(" a🧿🧿");
        for begin in 0..emoji.len() {
            for end in begin..=emoji.len() {
                let tokens = &emoji[begin..end];
                let found = words(&tokenizer, tokens, "th".parse().unwrap());
                assert_eq!(
                    found.iter().map(|word| word.n_tokens).sum::<usize>(),
                    tokens.len()
                );
                assert!(
                    found
                        .iter()
                        .all(|word| word.n_tokens > 0 && !word.text.is_empty())
                );
            }
        }
    }
}
