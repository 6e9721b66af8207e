//! How texts of queries become values (contract 1.2.2).

use url::Url;
use url::form_urlencoded;

/// The pairs of a query or form, in order.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// A whole number: ` 1 `, `+1`, `1_000` and `1.0` are too; nothing beyond 64 bits.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = without_separators(text.trim())?;
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        Some(_) => return None,
        None => &text,
    };
    whole.parse().ok()
}

/// A number with or without a fraction or exponent, `nan` and `inf` among them.
pub(crate) fn number(text: &str) -> Option<f64> {
    without_separators(text.trim())?.parse().ok()
}

/// `text` without its underscores, which may only stand between digits.
fn without_separators(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        let byte = at.and_then(|at| bytes.get(at));
        byte.is_some_and(u8::is_ascii_digit)
    };
    let stands_well = |(at, _): (usize, &u8)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    let underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    underscores
        .into_iter()
        .all(stands_well)
        .then(|| text.replace('_', ""))
}

/// Yes or no, in the words that are usual for it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "on" | "t" => Some(true),
        "false" | "0" | "no" | "n" | "off" | "f" => Some(false),
        _ => None,
    }
}

/// Why a text is no URL of a web service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoUrl {
    /// It is none at all; the text says why.
    Syntax(String),
    /// Its scheme is neither `http` nor `https`.
    Scheme,
}

/// An absolute URL of a web service, in its normal form.
pub(crate) fn web_url(text: &str) -> Result<Url, NoUrl> {
    if text.trim().is_empty() {
        return Err(NoUrl::Syntax("input is empty".to_owned()));
    }
    let url = Url::parse(text).map_err(|error| NoUrl::Syntax(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(NoUrl::Scheme);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_2_2_integers() {
        for (text, expected) in [
            ("1", 1),
            ("-3", -3),
            ("+1", 1),
            (" 1 ", 1),
            ("1.0", 1),
            ("1.000", 1),
            ("1_000", 1000),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(integer(text), Some(expected), "{text:?}");
        }
        for text in [
            "",
            " ",
            "1.5",
            "1.",
            ".0",
            "1e1",
            "0x10",
            "abc",
            "true",
            "_1",
            "1_",
            "1__0",
            "1 0",
            "--1",
            "9223372036854775808",
            "١",
        ] {
            assert_eq!(integer(text), None, "{text:?}");
        }
    }

    #[test]
    fn c1_2_2_numbers() {
        for (text, expected) in [
            ("0.5", 0.5),
            ("1", 1.0),
            (" 1e-3 ", 0.001),
            (".5", 0.5),
            ("5.", 5.0),
            ("1_0", 10.0),
            ("-inf", f64::NEG_INFINITY),
            ("Infinity", f64::INFINITY),
            ("1e999", f64::INFINITY),
        ] {
            assert_eq!(number(text), Some(expected), "{text:?}");
        }
        assert!(number("NaN").is_some_and(f64::is_nan));
        for text in ["", "abc", "0x1", "1,5", "_1.0", "e5"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }

    #[test]
    fn c1_2_2_booleans() {
        for text in ["true", "1", "yes", "y", "on", "t", "TRUE", "Yes", "T"] {
            assert_eq!(boolean(text), Some(true), "{text:?}");
        }
        for text in ["false", "0", "no", "n", "off", "f", "False", "OFF"] {
            assert_eq!(boolean(text), Some(false), "{text:?}");
        }
        for text in ["", "null", "none", "2", "maybe", " true"] {
            assert_eq!(boolean(text), None, "{text:?}");
        }
    }

    #[test]
    fn c1_5_6_urls_are_put_into_their_normal_form() {
        for (text, expected) in [
            ("HTTP://Example.COM", "http://example.com/"),
            ("http://a/b c#d", "http://a/b%20c#d"),
            ("https://a:8443/x?y=1", "https://a:8443/x?y=1"),
        ] {
            assert_eq!(web_url(text).unwrap().as_str(), expected);
        }
        for (text, reason) in [
            ("/callback", "relative URL without a base"),
            ("", "input is empty"),
            ("http://", "empty host"),
            ("http://a b/", "invalid international domain name"),
        ] {
            assert_eq!(
                web_url(text),
                Err(NoUrl::Syntax(reason.to_owned())),
                "{text}"
            );
        }
        assert_eq!(web_url("ftp://a/"), Err(NoUrl::Scheme));
    }

    #[test]
    fn c1_2_1_pairs_come_decoded_and_in_order() {
        let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            pairs(b"a=1&a=%C3%A9+x&b&c="),
            [
                owned("a", "1"),
                owned("a", "é x"),
                owned("b", ""),
                owned("c", "")
            ]
        );
    }
}
