//! The bytes of a document as JSON: other programs put marks in front, write UTF-16, and numbers that are none.

use std::borrow::Cow;

use serde_json::Value;

use super::DocumentError;
use super::place::place_in;

/// The JSON in `bytes`, as Python's `json.dump` and editors on Windows write it too.
///
/// A byte order mark, UTF-16 with such a mark, and zero bytes at the end are accepted, and so are `NaN`, `Infinity` and
/// `-Infinity` where a number may stand: [`not_a_number`] tells them.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, DocumentError> {
    let text = as_utf8(bytes);
    if text.trim_ascii().is_empty() {
        return Err(DocumentError::NotJson("it is empty".into()));
    }
    if !holds_marks(&text)
        && let Ok(value) = serde_json::from_slice(&text)
    {
        return Ok(value);
    }
    let text = with_marks(&text);
    serde_json::from_slice(&text).map_err(|error| {
        let place = place_in(&text, error.line(), error.column());
        let place = place.map_or_else(String::new, |place| format!(", in {place}"));
        DocumentError::NotJson(format!("{error}{place}"))
    })
}

/// The text without its byte order mark and without zero bytes at its end; UTF-16 with a mark as UTF-8.
pub(crate) fn as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, left_over) = rest.as_chunks::<2>();
        let text = String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>());
        text.ok().filter(|_| left_over.is_empty())
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => None,
    };
    if let Some(text) = text {
        return Cow::Owned(text.trim_end_matches('\0').as_bytes().to_vec());
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let n_zeros = text.iter().rev().take_while(|byte| **byte == 0).count();
    Cow::Borrowed(&text[..text.len() - n_zeros])
}

/// What Python writes for numbers that are none; no two have the same length.
const NOT_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// A control character. Texts of nothing else stand for [`NOT_NUMBERS`].
const MARK: u8 = 0x7f;

/// What is read where a text holds a [`MARK`] of its own.
const INSTEAD_OF_MARK: u8 = b'?';

fn holds_marks(json: &[u8]) -> bool {
    json.contains(&MARK) || json.windows(5).any(|start| start == br"\u007")
}

/// The number that is none for which `value` stands, as Python writes it.
pub(super) fn not_a_number(value: &Value) -> Option<&'static str> {
    let text = value.as_str()?.as_bytes();
    let is_marked = text.iter().all(|byte| *byte == MARK);
    NOT_NUMBERS
        .into_iter()
        .find(|name| is_marked && name.len() == text.len() + 2)
}

/// The same, each of [`NOT_NUMBERS`] outside of texts replaced by a text of marks that is as long with its quotes, and
/// each half of a character, as programs leave them that cut texts, by U+FFFD; no text holds marks of its own. Everything else stays where it is.
fn with_marks(json: &[u8]) -> Vec<u8> {
    let mut marked = json.to_vec();
    let (mut idx, mut is_in_text) = (0, false);
    while idx < json.len() {
        let found = NOT_NUMBERS
            .iter()
            .find(|name| !is_in_text && json[idx..].starts_with(name.as_bytes()));
        idx += match (json[idx], found) {
            (_, Some(name)) => {
                let place = &mut marked[idx..idx + name.len()];
                place.fill(MARK);
                place[0] = b'"';
                place[name.len() - 1] = b'"';
                name.len()
            }
            (b'\\', _) if is_in_text => {
                match (escaped_unit(json, idx), escaped_unit(json, idx + 6)) {
                    (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                    (Some(0xd800..=0xdfff), _) => {
                        marked[idx + 2..idx + 6].copy_from_slice(b"fffd");
                        6
                    }
                    (Some(0x7f), _) => {
                        marked[idx + 2..idx + 6].copy_from_slice(b"003f");
                        6
                    }
                    _ => 2,
                }
            }
            (MARK, _) => {
                marked[idx] = INSTEAD_OF_MARK;
                1
            }
            (byte, _) => {
                is_in_text ^= byte == b'"';
                1
            }
        };
    }
    marked
}

/// The unit of UTF-16 that stands at `idx` as `\uXXXX`.
fn escaped_unit(json: &[u8], idx: usize) -> Option<u16> {
    let digits = json.get(idx..idx + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_of_marks_is_no_number() {
        for text in ["\u{7f}", "\\u007f", "\\u007F"] {
            let value = parse(format!(r#"["{text}", NaN, "a{text}"]"#).as_bytes()).unwrap();
            assert_eq!((&value[0], &value[2]), (&json!("?"), &json!("a?")));
            let is_number = [0, 1].map(|idx| not_a_number(&value[idx]).is_none());
            assert_eq!(is_number, [true, false], "{text}");
            let value = parse(format!(r#"["{text}"]"#).as_bytes()).unwrap();
            assert_eq!(value, json!(["?"]));
        }
    }

    #[test]
    fn what_is_no_number_is_known_outside_of_texts_only() {
        let value = parse(br#"{"a": [NaN,-Infinity],"b":Infinity, "NaN": "NaN \" NaN"}"#).unwrap();
        assert_eq!(not_a_number(&value["a"][0]), Some("NaN"));
        assert_eq!(not_a_number(&value["a"][1]), Some("-Infinity"));
        assert_eq!(not_a_number(&value["b"]), Some("Infinity"));
        assert_eq!(value["NaN"], "NaN \" NaN");
        for text in [json!("NaN"), json!(""), json!(null), json!("\u{7f}x")] {
            assert_eq!(not_a_number(&text), None, "{text}");
        }
    }

    #[test]
    fn marks_in_front_and_zeros_behind_are_passed_over() {
        let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = "\u{feff}{\"é\":\r\n\"好𝄞\"}".encode_utf16();
            units.flat_map(order).collect()
        };
        for bytes in [
            "{\"é\":\"好𝄞\"}".as_bytes(),
            "\u{feff}{\"é\":\"好𝄞\"}\r\n".as_bytes(),
            "{\"é\":\"好𝄞\"}\0\0".as_bytes(),
            &utf16(u16::to_le_bytes),
            &utf16(u16::to_be_bytes),
        ] {
            assert_eq!(parse(bytes), Ok(json!({"é": "好𝄞"})), "{bytes:?}");
        }
    }

    #[test]
    fn half_a_character_is_one_that_nobody_knows() {
        let value = parse(br#"["a\ud83d", "\ude00b\u00e9", "\ud83d\ud83d\ude00", "\\ud83d\ud8"]"#);
        assert!(value.is_err(), "an escape that is cut off");
        let value = parse(br#"["a\ud83d", "\ude00b\u00e9", "\ud83d\ud83d\ude00", "\\ud83d"]"#);
        let expected = json!([
            "a\u{fffd}",
            "\u{fffd}b\u{e9}",
            "\u{fffd}\u{1f600}",
            "\\ud83d"
        ]);
        assert_eq!(value, Ok(expected));
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (bytes, expected) in [
            (&b""[..], "it is not JSON: it is empty"),
            (b"\xef\xbb\xbf \0", "it is not JSON: it is empty"),
            (
                b"\xff\xfe\0",
                "it is not JSON: expected value at line 1 column 1",
            ),
            (
                b"{nope",
                "it is not JSON: key must be a string at line 1 column 2",
            ),
            (
                b"{\"segments\":[{\"start\":0},\n{\"words\":[{},{\"score\":nan}]}]}",
                "it is not JSON: expected ident at line 2 column 24, in 'score' of word 2 of segment 2",
            ),
            (
                b"[{\"start\":0},{\"start\":1.5.5}]",
                "it is not JSON: expected `,` or `}` at line 1 column 26, in 'start' of turn 2",
            ),
        ] {
            assert_eq!(parse(bytes).unwrap_err().to_string(), expected);
        }
        let latin1 = parse(b"{\"segments\":[{\"text\":\"caf\xe9\"}]}").unwrap_err();
        assert!(
            latin1.to_string().ends_with(", in 'text' of segment 1"),
            "{latin1}"
        );
        let deep = parse("[".repeat(50_000).as_bytes())
            .unwrap_err()
            .to_string();
        assert!(deep.chars().count() < 400, "{deep}");
    }
}
