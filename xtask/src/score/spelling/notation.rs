//! Signs and abbreviated notations as they are said.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The text, in lower case and with its number words as digits, with signs, amounts of money, times and large numbers as
/// they are said.
pub(super) fn spoken(language: &str, text: &str) -> String {
    match language {
        "en" => english(text),
        "de" => with_signs(
            text,
            &[
                ("%", "prozent"),
                ("€", "euro"),
                ("$", "dollar"),
                ("&", "und"),
            ],
        ),
        _ => text.to_owned(),
    }
}

fn with_signs(text: &str, signs: &[(&str, &str)]) -> String {
    signs.iter().fold(text.to_owned(), |text, (sign, said)| {
        text.replace(sign, &format!(" {said} "))
    })
}

/// A pattern that is compiled once.
macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is a constant"));
    };
}

pattern!(THOUSANDS_COMMA, r"(\d),(\d{3})");
pattern!(LARGE, r"(\d+)(?:\.(\d+))? 1(00|000|000000|000000000)\b");
pattern!(MONEY, r"([$£€]) ?(\d+)(?:\.(\d\d))?\b");
pattern!(FULL_HOUR, r"\b(\d\d?):00\b|\bo'?clock\b");
pattern!(NUMBER_SIGN, r"(?:#|\bno\.) ?(\d)");
pattern!(DRAWN_TOGETHER, r"\b(gonna|wanna|gotta)\b");

fn english(text: &str) -> String {
    // Twice, since neighbours share a digit: `1,000,000`.
    let text = THOUSANDS_COMMA.replace_all(text, "$1$2");
    let text = THOUSANDS_COMMA.replace_all(&text, "$1$2");
    let text = LARGE.replace_all(&text, multiplied);
    let text = MONEY.replace_all(&text, money);
    let text = FULL_HOUR.replace_all(&text, "$1");
    let text = NUMBER_SIGN.replace_all(&text, "number $1");
    let text = DRAWN_TOGETHER.replace_all(&text, drawn_apart);
    with_signs(&text, &[("%", "percent"), ("&", "and"), ("°", "degrees")])
}

/// `3.5 1000000` as `3500000`; what has more digits after the point than fit stays as it is.
fn multiplied(found: &Captures<'_>) -> String {
    let fraction = found.get(2).map_or("", |digits| digits.as_str());
    match found[3].len().checked_sub(fraction.len()) {
        Some(n_zeros) => format!("{}{fraction}{}", &found[1], "0".repeat(n_zeros)),
        None => found[0].to_owned(),
    }
}

/// `$5.50` as `5 dollars 50 cents`.
fn money(found: &Captures<'_>) -> String {
    let (unit, part) = match &found[1] {
        "$" => ("dollar", "cents"),
        "£" => ("pound", "pence"),
        _ => ("euro", "cents"),
    };
    let whole = &found[2];
    let plural = if whole == "1" { "" } else { "s" };
    let rest = found
        .get(3)
        .map(|digits| digits.as_str())
        .filter(|digits| *digits != "00");
    let rest = rest.map_or_else(String::new, |digits| format!(" {digits} {part}"));
    format!("{whole} {unit}{plural}{rest}")
}

fn drawn_apart(found: &Captures<'_>) -> &'static str {
    match &found[1] {
        "gonna" => "going to",
        "wanna" => "want to",
        _ => "got to",
    }
}
