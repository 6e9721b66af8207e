//! The cheapest way from one list of words to another where words may be joined at no cost.

use std::collections::VecDeque;

use super::super::text::Errors;

/// As many words as can make one, such as the digits of a telephone number said one by one.
const MOST_JOINED: usize = 12;

/// Errors where replacing, leaving out and putting in a word are one each, and nothing is wrong where several words of one
/// list are one word of the other: `some one` and `someone`, `19 21` and `1921`, `it's` and `it is`.
pub(super) fn errors(reference: &[String], text: &[String]) -> Errors {
    // The last rows of the table of costs, the newest first; a cell holds the errors up to there.
    let mut rows = VecDeque::from([first_row(text.len())]);
    for n_before in 0..reference.len() {
        let row = next_row(&rows, &reference[..=n_before], text);
        rows.push_front(row);
        rows.truncate(MOST_JOINED);
    }
    Errors {
        words: reference.len(),
        ..rows[0][text.len()]
    }
}

fn first_row(n_text: usize) -> Vec<Errors> {
    let put_in = |insertions| Errors {
        insertions,
        ..Errors::default()
    };
    (0..=n_text).map(put_in).collect()
}

/// The costs of all of `reference` against each beginning of `text`, after the rows of its own beginnings.
fn next_row(rows: &VecDeque<Vec<Errors>>, reference: &[String], text: &[String]) -> Vec<Errors> {
    let mut row = Vec::with_capacity(text.len() + 1);
    row.push(Errors {
        deletions: reference.len(),
        ..Errors::default()
    });
    let Some(wanted) = reference.last() else {
        return row;
    };
    for (j, found) in text.iter().enumerate() {
        let (mut pair, mut delete, mut insert) = (rows[0][j], rows[0][j + 1], row[j]);
        delete.deletions += 1;
        insert.insertions += 1;
        let mut joined = [None; 2];
        if wanted != found {
            pair.substitutions += 1;
            joined = [
                n_joined(reference, found).map(|n| rows[n - 1][j]),
                n_joined(&text[..=j], wanted).map(|n| rows[0][j + 1 - n]),
            ];
        }
        let ways = [pair, delete, insert].into_iter();
        let ways = ways.chain(joined.into_iter().flatten());
        row.extend(ways.min_by_key(|errors| errors.errors()));
    }
    row
}

/// How many of the last of `words` are `word` when joined, at least two.
fn n_joined(words: &[String], word: &str) -> Option<usize> {
    let mut rest = word;
    for (n, part) in (1..=MOST_JOINED).zip(words.iter().rev()) {
        rest = match rest.strip_suffix(part.as_str()) {
            Some(rest) => rest,
            None => return is_elided(words, word).then_some(2),
        };
        if rest.is_empty() {
            return (n > 1).then_some(n);
        }
    }
    None
}

/// Whether `word` is the last two of `words` with the second drawn to the first, as in `here's` and `he'd`.
fn is_elided(words: &[String], word: &str) -> bool {
    let [.., first, second] = words else {
        return false;
    };
    let ending = match second.as_str() {
        "is" | "has" | "es" => "'s",
        "had" | "would" => "'d",
        _ => return false,
    };
    word.strip_suffix(ending) == Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reference: &str, text: &str, n_errors: usize) {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let found = errors(&words(reference), &words(text)).errors();
        assert_eq!(found, n_errors, "{reference} | {text}");
    }

    #[test]
    fn words_that_are_one_when_joined_are_no_error() {
        check("is some one there", "is someone there", 0);
        check("is someone there", "is some one there", 0);
        check("call 5 5 5 0 1", "call 55501", 0);
        check("a b c", "abc", 0);
        // A letter less is a wrong word, and a word too many.
        check("is some one there", "is somone there", 2);
        // Only what stands side by side is joined.
        check("some kind one", "someone kind", 2);
        // Both sides cut otherwise is no longer a matter of writing.
        check("an aim", "a naim", 2);
    }

    #[test]
    fn what_is_drawn_together_is_no_error() {
        check("here is why", "here's why", 0);
        check("it's been", "it has been", 0);
        check("he'd go", "he would go", 0);
        check("here are we", "here's we", 2);
    }

    #[test]
    fn other_errors_count_as_ever() {
        check("the cat sat", "a cat", 2);
        let found = errors(&[], &["a".to_owned()]);
        assert_eq!((found.insertions, found.words), (1, 0));
        let found = errors(&["a".to_owned(), "b".to_owned()], &[]);
        assert_eq!((found.deletions, found.words), (2, 2));
    }
}
