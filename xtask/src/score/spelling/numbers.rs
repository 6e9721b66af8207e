//! Numbers said in words as digits.

use text2num::{get_interpreter_for, replace_numbers_in_text};

/// The text with its number words as digits, as far as the language's are known: `twenty-first` becomes `21st`, and a year
/// such as `nineteen twenty-one` two numbers, which are one when joined. Hyphens become spaces.
pub(super) fn as_digits(language: &str, text: &str) -> String {
    let text = text.replace(['-', '\u{2010}', '\u{2011}', '\u{2013}'], " ");
    match get_interpreter_for(language) {
        Some(numbers) => replace_numbers_in_text(&text, &numbers, 0.0),
        None => text,
    }
}

/// The words of a text whose numbers are digits, with what else can be said of a number in one form.
pub(super) fn rewritten(language: &str, words: Vec<String>) -> Vec<String> {
    match language {
        "en" => each(&each(&words, without_fillers), |before, word, after| {
            Some(in_one_form(before, word, after))
        }),
        _ => words,
    }
}

/// What `rewrite` makes of each word, of which it also gets the words before and after.
fn each(words: &[String], rewrite: impl Fn(&str, &str, &str) -> Option<String>) -> Vec<String> {
    let at = |i: Option<usize>| i.and_then(|i| words.get(i)).map_or("", String::as_str);
    (0..words.len())
        .filter_map(|i| rewrite(at(i.checked_sub(1)), &words[i], at(Some(i + 1))))
        .collect()
}

/// Drops what stands around a number in some ways of saying it: `a hundred`, `July the fourth`, `the fourth of July`,
/// `5 dollars and 50 cents`. Makes a zero of `nineteen oh five`.
fn without_fillers(before: &str, word: &str, after: &str) -> Option<String> {
    let is_filler = match word {
        "a" => matches!(after, "100" | "1000" | "1000000" | "1000000000"),
        "the" => is_month(before) && ordinal(after).is_some(),
        "and" => is_money(before) && is_number(after),
        "of" => ordinal(before).is_some() && is_month(after),
        _ => false,
    };
    let is_zero = matches!(word, "oh" | "o") && is_number(before) && is_number(after);
    (!is_filler).then(|| if is_zero { "0" } else { word }.to_owned())
}

fn in_one_form(before: &str, word: &str, after: &str) -> String {
    let is_alone = !is_number(before) && !is_number(after);
    let is_in_date = is_month(before) || is_month(after);
    let word = match (word, ordinal(word)) {
        // By itself it is a pronoun more often, and part of `some one`.
        ("1", _) if is_alone => "one",
        // `July fourth` and `4 July`
        (_, Some(number)) if is_in_date => number,
        _ => decade(word).unwrap_or(word),
    };
    word.to_owned()
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// The number of `21st`.
fn ordinal(word: &str) -> Option<&str> {
    let number = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending))?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

fn is_money(word: &str) -> bool {
    matches!(
        word,
        "dollar" | "dollars" | "pound" | "pounds" | "euro" | "euros"
    )
}

fn is_month(word: &str) -> bool {
    matches!(
        word,
        "january"
            | "february"
            | "march"
            | "april"
            | "may"
            | "june"
            | "july"
            | "august"
            | "september"
            | "october"
            | "november"
            | "december"
    )
}

/// A decade as it is written after its century: `nineteen twenties` and `1920s`.
fn decade(word: &str) -> Option<&'static str> {
    Some(match word {
        "twenties" => "20s",
        "thirties" => "30s",
        "forties" => "40s",
        "fifties" => "50s",
        "sixties" => "60s",
        "seventies" => "70s",
        "eighties" => "80s",
        "nineties" => "90s",
        _ => return None,
    })
}
